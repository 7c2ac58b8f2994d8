//! As much of an HTTP client as the tests need; it sends what it is told, right or wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A server that is silent for so long fails its test.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request in the making.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    port: u16,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Ask {
    pub(super) fn new(port: u16, method: &'static str, path: &str) -> Self {
        Ask {
            port,
            method,
            path: path.to_owned(),
            headers: vec![("Host".to_owned(), format!("127.0.0.1:{port}"))],
            body: String::new(),
        }
    }

    /// This header in the place of any of the same name.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn twice(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn json(self, body: impl Into<String>) -> Self {
        let mut ask = self.header("Content-Type", "application/json");
        ask.body = body.into();
        ask
    }

    fn send(&self) -> BufReader<TcpStream> {
        let mut lines = vec![
            format!("{} {} HTTP/1.1", self.method, self.path),
            "Connection: close".to_owned(),
        ];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !self.body.is_empty() {
            lines.push(format!("Content-Length: {}", self.body.len()));
        }
        let request = format!("{}\r\n\r\n{}", lines.join("\r\n"), self.body);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A server that refuses a body may close before it has read it all.
        let _refused = stream.write_all(request.as_bytes());
        BufReader::new(stream)
    }

    /// The whole answer.
    pub(super) fn answer(self) -> Answer {
        let mut stream = self.send();
        let (status, headers) = head(&mut stream);
        let mut body = Vec::new();
        let _reset_after_a_refusal = stream.read_to_end(&mut body);
        Answer { status, headers, body }
    }

    /// The answer's events, as they come.
    pub(super) fn events(self) -> Events {
        let mut stream = self.send();
        let (status, headers) = head(&mut stream);
        assert_eq!(status, 200, "{headers:?}");
        Events { stream }
    }
}

fn head(stream: &mut impl BufRead) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no status in {line:?}"));
    let status = status.parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => return (status, headers),
        }
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no {name} in {:?}", self.headers), |(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Is it a refusal as the page understands it?
    #[track_caller]
    pub(super) fn refuses(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let json = self.json();
        assert!(!json["message"].as_str().unwrap().is_empty());
        assert!(!json["hint"].as_str().unwrap().is_empty());
        json
    }
}

/// Server-sent events as they come. An end of the connection ends them.
pub(super) struct Events {
    stream: BufReader<TcpStream>,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) data: Value,
}

impl Iterator for Events {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        let mut sent = Sent {
            id: 0,
            name: String::new(),
            data: Value::Null,
        };
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            // The sizes of chunks are lines of their own and have no colon.
            match line.trim_end().split_once(':') {
                Some(("id", id)) => sent.id = id.trim().parse().unwrap(),
                Some(("event", name)) => name.trim().clone_into(&mut sent.name),
                Some(("data", data)) => sent.data = serde_json::from_str(data).unwrap(),
                _ if line == "\n" && sent.id > 0 => return Some(sent),
                _ => {}
            }
        }
    }
}

impl Events {
    /// The next event, which has this name.
    #[track_caller]
    pub(super) fn expect(&mut self, name: &str) -> Sent {
        let sent = self.next().unwrap_or_else(|| panic!("the stream ended before {name}"));
        assert_eq!(sent.name, name, "{sent:?}");
        sent
    }

    /// The first event of this name; others before it are passed over.
    #[track_caller]
    pub(super) fn until(&mut self, name: &str) -> Sent {
        self.find(|sent| sent.name == name)
            .unwrap_or_else(|| panic!("the stream ended before {name}"))
    }

    #[track_caller]
    pub(super) fn expect_end(&mut self) {
        assert_eq!(self.next(), None);
    }
}
