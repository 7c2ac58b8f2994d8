//! `weft serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command as Process, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use weft_lab::measure::{Clock, MonotonicClock, Nanos};

use super::*;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A server that is ready, and its URL.
fn serve(data: &Path, path: &str, arguments: &[&str]) -> (Child, String) {
    let mut server = Process::new(WEFT)
        .args(["serve", "--root", ROOT, "--port", "0"])
        .args(arguments)
        .env("XDG_DATA_HOME", data)
        .env("PATH", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.as_mut().unwrap())
        .read_line(&mut url)
        .unwrap();
    (server, url.trim_end().to_owned())
}

/// Ends the server, and gives what it said.
fn end(server: Child) -> String {
    kill(Pid::from_raw(i32::try_from(server.id()).unwrap()), Signal::SIGINT).unwrap();
    let output = server.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn the_url_is_printed_once_it_answers_and_an_interrupt_ends_it() {
    let data = tempfile::tempdir().unwrap();
    let (server, url) = serve(data.path(), "/nowhere", &["--no-open"]);
    let address = url.strip_prefix("http://").unwrap();
    let (host, page) = address.split_once('/').unwrap();
    assert!(host.starts_with("127.0.0.1:") && page.contains("token="), "{url}");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((200..400).contains(&status), "{answer}");
    let said = end(server);
    assert!(!said.contains("browser"), "{said}");
}

#[test]
fn a_machine_without_a_browser_still_serves() {
    let data = tempfile::tempdir().unwrap();
    let (server, url) = serve(data.path(), "/nowhere", &[]);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let said = end(server);
    assert!(said.contains("The browser could not be opened"), "{said}");
}

#[test]
fn the_browser_is_given_the_url() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let opener = data.path().join("xdg-open");
    let given = data.path().join("opened");
    // Made whole before it takes its name, so that who waits for the file finds all of it.
    let script = format!(
        "#!/bin/sh\necho \"$1\" > {0}.part && /bin/mv {0}.part {0}\n",
        given.display()
    );
    std::fs::write(&opener, script).unwrap();
    std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let (server, url) = serve(data.path(), data.path().to_str().unwrap(), &[]);
    let start = MonotonicClock.now();
    while !given.exists() {
        assert!(
            MonotonicClock.now().since(start) < Nanos(10_000_000_000),
            "nothing was opened"
        );
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_to_string(&given).unwrap().trim_end(), url);
    end(server);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = weft_without_records(&["serve", "--no-open", "--root", ROOT, "--port", &port]).code(1);
    let said = stderr(&refused);
    assert!(
        said.contains(&format!("weft: cannot listen on 127.0.0.1:{port}")),
        "{said}"
    );
    assert!(said.contains("--port"), "{said}");
}
