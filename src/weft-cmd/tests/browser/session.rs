//! A browser with an empty profile, and what it says of itself.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::card::Card;

/// A condition that is not met by then will not be: a quick run takes 5 seconds, and the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// May the pages run scripts?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    driver: Arc<Mutex<Driver>>,
}

/// The driver's process and the browser's profile.
struct Driver {
    process: Child,
    profile: TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Browser {
    pub(crate) async fn open(scripts: Scripts) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is on the PATH; `cargo xtask test browser` installs it where that is safe");
        let printed = BufReader::new(process.stdout.take().unwrap());
        let driver = Driver { process, profile };
        let port = printed
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("started successfully on port ")
                    .map(|(_, port)| port.to_owned())
            })
            .expect("chromedriver says its port");
        let port = port.trim_end_matches('.');
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(driver.profile.path(), scripts))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver starts chromium");
        Browser {
            client,
            driver: Arc::new(Mutex::new(driver)),
        }
    }

    /// Goes through the steps of a test, and closes the browser also when one of them panics.
    pub(crate) async fn through(self, steps: impl Future<Output = ()> + Send + 'static) {
        let ended = tokio::spawn(steps).await;
        let page = self.client.source().await.unwrap_or_default();
        let _closed = self.client.close().await;
        drop(self.driver);
        if let Err(panic) = ended {
            let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
            let left = folder.join("browser-failed.html");
            if std::fs::write(&left, page).is_ok() {
                eprintln!("the page as it was then: {}", left.display());
            }
            std::panic::resume_unwind(panic.into_panic());
        }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Loads the page again.
    pub(crate) async fn goto_again(&self) {
        self.client.refresh().await.unwrap();
    }

    pub(crate) async fn evaluate(&self, script: &str) -> Value {
        self.client
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub(crate) async fn click(&self, selector: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Waits until the expression is true; `what` is for who reads the failure.
    pub(crate) async fn wait_for(&self, what: &str, expression: &str) {
        let script = format!("return Boolean({expression})");
        let start = Instant::now();
        loop {
            // While a page is being left there is nothing to ask.
            let met: Result<Value, CmdError> = self.client.execute(&script, vec![]).await;
            if met.as_ref().is_ok_and(|met| met == &json!(true)) {
                return;
            }
            assert!(
                start.elapsed() < DEADLINE,
                "not met in {DEADLINE:?}: {what}; {expression} gave {met:?}"
            );
            sleep(LOOK_EVERY).await;
        }
    }

    /// Makes the window so large, in pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// What pages are told of the reader's choice: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.client
            .issue_cmd(Protocol("Emulation.setEmulatedMedia", media))
            .await
            .unwrap();
    }

    /// Waits until what was asked for is drawn.
    pub(crate) async fn settle(&self) {
        sleep(Duration::from_secs(2)).await;
    }

    /// What the window shows, as a PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    pub(crate) async fn card(&self, claim: &str) -> Card {
        let card = Card::of(self.clone(), claim);
        assert_eq!(card.count_of_cards().await, 1, "the page has one card of {claim}");
        card
    }

    /// Errors on the console, and whatever the content security policy refused.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let is_grave = |entry: &&Value| entry["level"] == "SEVERE";
        entries
            .iter()
            .filter(is_grave)
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// Addresses that the pages asked for and that don't begin with `home`.
    pub(crate) async fn strangers(&self, home: &str) -> Vec<String> {
        let entries = self.log("performance").await;
        let asked = entries.iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            (message["method"] == "Network.requestWillBeSent")
                .then(|| message["params"]["request"]["url"].as_str().map(str::to_owned))?
        });
        let asked: Vec<String> = asked.collect();
        assert!(
            asked.iter().any(|url| url.starts_with(home)),
            "the log holds what was asked for"
        );
        // The browser's own first page is no host.
        let is_ours = |url: &String| [home, "data:", "chrome:"].iter().any(|start| url.starts_with(start));
        asked.into_iter().filter(|url| !is_ours(url)).collect()
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let log = self.client.issue_cmd(Log(kind)).await.unwrap();
        log.as_array().cloned().unwrap_or_default()
    }
}

fn capabilities(profile: &std::path::Path, scripts: Scripts) -> Capabilities {
    let content = if scripts == Scripts::On { 1 } else { 2 };
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
        "--window-size=1200,1000",
        "--lang=en",
        &format!("--user-data-dir={}", profile.display()),
    ];
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": { "profile.default_content_setting_values.javascript": content },
        },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    wanted.as_object().cloned().unwrap()
}

/// The driver's own command for what was logged since the last time: `browser` or `performance`.
#[derive(Debug)]
struct Log(&'static str);

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": self.0 }).to_string()))
    }
}

/// The driver's own way to a command of the browser's protocol, with its parameters.
#[derive(Debug)]
struct Protocol(&'static str, Value);

impl WebDriverCompatibleCommand for Protocol {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (http::Method::POST, Some(body.to_string()))
    }
}
