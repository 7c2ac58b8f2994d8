//! The verdict board: filled one experiment after the other, through a reload, until it is cancelled.

use serde_json::Value;

use crate::session::Browser;

pub(crate) const CHAPTER: &str = "08-summary.html";

const STATE: &str = "document.querySelector('.weft-board').dataset.state";

pub(crate) struct Board {
    page: Browser,
}

impl Board {
    pub(crate) fn on(page: &Browser) -> Board {
        Board { page: page.clone() }
    }

    async fn ask(&self, expression: &str) -> Value {
        let script = format!("const board = document.querySelector('.weft-board'); return {expression}");
        self.page.evaluate(&script).await
    }

    async fn number(&self, expression: &str) -> u64 {
        self.ask(expression).await.as_u64().unwrap()
    }

    pub(crate) async fn is_seen(&self, selector: &str) -> bool {
        let seen = format!("board.querySelector(`{selector}`)?.checkVisibility({{visibilityProperty: true}}) ?? false");
        self.ask(&seen).await == true
    }

    /// How many rows have a verdict in this column.
    pub(crate) async fn filled(&self, column: &str) -> u64 {
        let cells = format!("board.querySelectorAll('td[data-column=\"{column}\"][data-outcome]').length");
        self.number(&cells).await
    }

    pub(crate) async fn rows(&self) -> u64 {
        self.number("board.querySelectorAll('tr[id^=board-]').length").await
    }

    /// Waits until the server has said what it knows.
    pub(crate) async fn wait_for_the_server(&self) {
        let said =
            "querySelector('.weft-board-machines [data-column=this-machine] .weft-board-count').textContent !== ''";
        self.wait_for("what the server knows", said).await;
    }

    /// Runs all until some rows are filled, loads the page again, and cancels after some more.
    pub(crate) async fn run_all_and_cancel(&self) {
        self.wait_for_the_server().await;
        let before = self.filled("this-machine").await;
        assert_eq!(before, 2, "what a terminal measured before, and what is drawn from it");
        self.page.click(".weft-board [data-mode=quick]").await;
        self.wait_for("it goes on", "dataset.state === 'running'").await;
        self.wait_for_rows(before + 2).await;
        let kept = self.kept().await;
        assert!(kept["done"].as_array().is_some_and(|done| !done.is_empty()), "{kept}");
        self.page.goto_again().await;
        self.wait_for("it goes on after the reload", "dataset.state === 'running'")
            .await;
        self.wait_for_the_server().await;
        assert!(
            self.filled("this-machine").await >= before + 2,
            "what was finished stays"
        );
        self.wait_for_rows(before + 4).await;
        assert!(self.is_seen(".weft-cancel").await);
        self.page.click(".weft-board .weft-cancel").await;
        self.wait_for("the end", "dataset.state === 'idle'").await;
        assert!(self.kept().await.is_null(), "nothing goes on after a reload");
        assert!(
            self.filled("this-machine").await >= before + 4,
            "what was finished stays"
        );
        assert_eq!(
            self.number("board.querySelectorAll('.weft-board-state').length").await,
            0
        );
        assert!(self.is_seen("[data-mode=full]").await);
    }

    /// What the server makes of the board as a file, by the way that the buttons take.
    pub(crate) async fn save(&self) {
        for (form, begin) in [("html", "<!DOCTYPE html>"), ("json", "{\"board\":1,")] {
            // The browser keeps the file for itself; the script's link is looked at instead.
            let watch = "window.saved = null; URL.createObjectURL = blob => \
                         { blob.text().then(text => { window.saved = text; }); return '#saved'; }; return true";
            self.page.evaluate(watch).await;
            self.page.click(&format!(".weft-board-save [data-form={form}]")).await;
            self.page.wait_for("the file", "window.saved !== null").await;
            let text = self.page.evaluate("return window.saved").await;
            assert!(text.as_str().unwrap().starts_with(begin), "{form}");
        }
    }

    async fn kept(&self) -> Value {
        let kept = "JSON.parse(sessionStorage.getItem('weft-board'))";
        self.ask(kept).await
    }

    async fn wait_for(&self, what: &str, about: &str) {
        let expression = format!("document.querySelector('.weft-board').{about}");
        self.page.wait_for(what, &expression).await;
    }

    async fn wait_for_rows(&self, count: u64) {
        let rows = format!(
            "{STATE} !== 'running' || document.querySelectorAll('.weft-board td[data-column=this-machine][data-outcome]').length >= {count}"
        );
        self.page.wait_for("rows that are filled", &rows).await;
        let error = self.ask("board.querySelector('.weft-error').textContent").await;
        assert!(self.filled("this-machine").await >= count, "{error}");
    }
}
