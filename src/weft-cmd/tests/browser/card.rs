//! One lab card, as a reader sees it.

use serde_json::Value;

use crate::session::Browser;

pub(crate) struct Card {
    page: Browser,
    selector: String,
}

impl Card {
    pub(crate) fn of(page: Browser, claim: &str) -> Card {
        Card {
            page,
            selector: format!(".weft-card[data-claim=\"{claim}\"]"),
        }
    }

    pub(crate) async fn count_of_cards(&self) -> u64 {
        let script = format!("return document.querySelectorAll(`{}`).length", self.selector);
        self.page.evaluate(&script).await.as_u64().unwrap_or(0)
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.page.click(&format!("{} {selector}", self.selector)).await;
    }

    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        self.page
            .type_into(&format!("{} {selector}", self.selector), text)
            .await;
    }

    /// Waits until an expression about `card` is true.
    pub(crate) async fn wait_for(&self, what: &str, expression: &str) {
        let expression = format!("(card => {expression})(document.querySelector(`{}`))", self.selector);
        self.page.wait_for(what, &expression).await;
    }

    /// Waits for a state of the run; another end than the one waited for fails at once.
    pub(crate) async fn wait_for_state(&self, state: &str) {
        let expression = format!("['{state}', 'failed'].includes(card.dataset.state)");
        self.wait_for(state, &expression).await;
        let [reached, error] = [
            self.ask("card.dataset.state").await,
            self.ask("card.querySelector('.weft-error').textContent").await,
        ];
        assert_eq!(reached, state, "{error}");
    }

    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let count = self.ask(&format!("card.querySelectorAll(`{selector}`).length")).await;
        count.as_u64().unwrap()
    }

    /// What is to be read there; fails where there is nothing, or nothing visible.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let text = self
            .ask(&format!("card.querySelector(`{selector}`)?.innerText ?? null"))
            .await;
        let text = text
            .as_str()
            .unwrap_or_else(|| panic!("there is no {selector} in the card"));
        assert!(!self.is_hidden(selector).await, "{selector} is not visible");
        text.trim().to_owned()
    }

    /// Is the element there, and does the reader not see it?
    pub(crate) async fn is_hidden(&self, selector: &str) -> bool {
        let visible =
            format!("card.querySelector(`{selector}`)?.checkVisibility({{visibilityProperty: true}}) ?? null");
        let visible = self.ask(&visible).await;
        !visible
            .as_bool()
            .unwrap_or_else(|| panic!("there is no {selector} in the card"))
    }

    /// Does the element take up room on the page?
    pub(crate) async fn is_drawn(&self, selector: &str) -> bool {
        let size = format!(
            "Math.min(...['width', 'height'].map(side => card.querySelector(`{selector}`).getBoundingClientRect()[side]))"
        );
        let is_large = self.ask(&size).await.as_f64().is_some_and(|size| size > 50.0);
        is_large && !self.is_hidden(selector).await
    }

    async fn ask(&self, expression: &str) -> Value {
        let script = format!(
            "const card = document.querySelector(`{}`); return {expression}",
            self.selector
        );
        self.page.evaluate(&script).await
    }
}
