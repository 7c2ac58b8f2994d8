//! The book in a real browser: headless Chromium, driven through `WebDriver`.
//!
//! It needs `chromium` and `chromedriver` on the `PATH`; `cargo xtask test browser` installs them where that is safe.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by a panic and says where"
)]

mod board;
mod book;
mod card;
mod page_lab;
mod session;
mod tour;

use board::Board;
use card::Card;
use session::{Browser, Scripts};

const CHAPTER: &str = "03-process-vs-thread.html";

#[tokio::test]
async fn a_live_chapter_in_a_browser() {
    let book = book::Book::with_a_record();
    let server = book.serve();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(server.url()).await;
            page.goto(&server.page(CHAPTER)).await;
            let card = page.card("creation-cost").await;

            predict(&page, &card).await;
            run_to_the_end(&card).await;
            change_the_language(&page).await;
            cancel_a_run(&card).await;
            reload_during_a_run(&page, &card).await;

            assert_eq!(page.complaints().await, Vec::<String>::new(), "the console is quiet");
            assert_eq!(
                page.strangers(server.origin()).await,
                Vec::<String>::new(),
                "no other host is asked"
            );
        })
        .await;
}

async fn predict(page: &Browser, card: &Card) {
    assert!(
        card.is_hidden(".weft-result").await,
        "no result is shown before the prediction"
    );
    card.click("[name=direction][value=more]").await;
    card.type_into("[name=times]", "5").await;
    card.click(".weft-commit").await;
    card.wait_for(
        "the prediction is kept",
        "!card.querySelector('.weft-predicted').hidden",
    )
    .await;
    assert!(
        !card.is_hidden(".weft-result").await,
        "the recorded result is shown after the prediction"
    );
    assert_eq!(
        card.count(".weft-result[data-source=recorded] g.weft-prediction").await,
        1
    );
    page.goto_again().await;
    assert!(
        card.is_hidden(".weft-predict").await,
        "the prediction outlives a reload"
    );
}

async fn run_to_the_end(card: &Card) {
    card.click(".weft-run").await;
    card.wait_for_state("running").await;
    card.wait_for("progress", "card.querySelector('progress').value > 0")
        .await;
    card.wait_for_state("done").await;
    let live = ".weft-result[data-source=live]";
    let outcome = card
        .text_of(&format!("{live} .weft-verdict[data-claim=creation-cost] .weft-badge"))
        .await;
    assert!(
        ["Supported", "Refuted", "No difference", "Inconclusive"].contains(&outcome.as_str()),
        "{outcome}"
    );
    assert!(card.count(&format!("{live} .weft-figure svg")).await >= 2);
    assert!(card.count(&format!("{live} .weft-table tbody tr")).await >= 2);
    let mark = format!("{live} svg[data-prediction-axis] g.weft-prediction[data-ratio='5']");
    assert_eq!(card.count(&mark).await, 1, "the prediction stands in the figure");
    assert!(!card.text_of(&format!("{live} .weft-compared")).await.is_empty());
    assert!(
        card.is_hidden(".weft-result[data-source=recorded]").await,
        "one of the two results is shown"
    );
    card.click(".weft-toggle [data-which=recorded]").await;
    assert!(!card.is_hidden(".weft-result[data-source=recorded]").await);
}

async fn change_the_language(page: &Browser) {
    page.wait_for("the fragment", "location.hash = '#creation', true").await;
    page.click(".weft-languages a[lang=ko]").await;
    page.wait_for("the Korean edition", "document.documentElement.lang === 'ko'")
        .await;
    let place = page.evaluate("return location.pathname + location.hash").await;
    assert_eq!(
        place,
        format!("/ko/{CHAPTER}#creation"),
        "the picker stays on the page and at the heading"
    );
    let card = page.card("creation-cost").await;
    assert!(is_korean(&card.text_of(".weft-statement").await));
    assert!(
        is_korean(&card.text_of(".weft-predicted").await),
        "the prediction is known here too"
    );
    // The finished run is shown again, in this language.
    card.wait_for_state("done").await;
    assert!(is_korean(
        &card.text_of(".weft-result[data-source=live] .weft-badge").await
    ));
}

fn is_korean(text: &str) -> bool {
    text.chars().any(|letter| ('가'..='힣').contains(&letter))
}

async fn cancel_a_run(card: &Card) {
    card.click(".weft-run").await;
    card.wait_for_state("running").await;
    card.click(".weft-cancel").await;
    card.wait_for_state("cancelled").await;
    assert!(
        card.is_hidden(".weft-cancel").await,
        "what has ended can't be cancelled"
    );
    card.wait_for("another run can start", "!card.querySelector('.weft-run').disabled")
        .await;
}

async fn reload_during_a_run(page: &Browser, card: &Card) {
    const RUN: &str = "return JSON.parse(sessionStorage.getItem('weft-run:creation-cost')).id";
    card.click(".weft-run").await;
    card.wait_for_state("running").await;
    let before = page.evaluate(RUN).await;
    page.goto_again().await;
    card.wait_for_state("done").await;
    assert_eq!(page.evaluate(RUN).await, before, "it is the same run");
    assert_eq!(card.count(".weft-result[data-source=live] .weft-verdict").await, 1);
}

#[tokio::test]
async fn the_verdict_board_in_a_browser() {
    let server = book::Book::with_a_record().serve();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(server.url()).await;
            page.goto(&server.page(board::CHAPTER)).await;
            let board = Board::on(&page);
            assert_eq!(board.rows().await, weft_lab::claim::CLAIMS.len() as u64);
            assert!(board.filled("as-it-is").await >= 1, "what was recorded");
            assert!(!board.is_seen(".weft-static-hint").await);
            board.run_all_and_cancel().await;
            board.save().await;
            // A card of an experiment that the board ran shows that run.
            page.goto(&server.page("01-process.html")).await;
            let card = page.card("process-is-running-program").await;
            card.wait_for_state("done").await;
            assert_eq!(card.count(".weft-result[data-source=live] .weft-verdict").await, 1);
            // And a run on a card fills the board's row.
            page.goto(&server.page(CHAPTER)).await;
            let card = page.card("stability").await;
            card.click(".weft-run").await;
            card.wait_for_state("done").await;
            page.goto(&server.page(&format!("ko/{}", board::CHAPTER))).await;
            let row = "document.querySelector('td[data-column=this-machine][data-claim=stability][data-outcome] > .weft-badge')";
            page.wait_for("the row", row).await;
            let label = page.evaluate(&format!("return {row}.textContent")).await;
            assert!(is_korean(label.as_str().unwrap()), "{label}");
            assert_eq!(page.complaints().await, Vec::<String>::new(), "the console is quiet");
            assert_eq!(page.strangers(server.origin()).await, Vec::<String>::new());
        })
        .await;
}

#[tokio::test]
async fn the_static_board_without_a_script_in_a_browser() {
    let site = book::Book::with_a_record().build();
    let browser = Browser::open(Scripts::Off).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(&site.page(board::CHAPTER)).await;
            let board = Board::on(&page);
            assert_eq!(board.rows().await, weft_lab::claim::CLAIMS.len() as u64);
            assert!(
                board
                    .is_seen("td[data-column=as-it-is][data-claim=creation-cost] > .weft-badge")
                    .await
            );
            assert!(board.is_seen(".weft-static-hint").await, "it says how to fill it");
            for live in ["td[data-column=this-machine]", "[data-mode=quick]", "[data-form=html]"] {
                assert!(!board.is_seen(live).await, "{live} needs a server");
            }
            assert_eq!(page.strangers("file://").await, Vec::<String>::new());
        })
        .await;
}

#[tokio::test]
async fn the_static_site_without_a_script_in_a_browser() {
    let site = book::Book::with_a_record().build();
    let browser = Browser::open(Scripts::Off).await;
    let page = browser.clone();
    browser
        .through(async move {
            for (edition, language) in [("", "en"), ("ko/", "ko")] {
                page.goto(&site.page(&format!("{edition}{CHAPTER}"))).await;
                let scripts = page
                    .evaluate("return document.documentElement.classList.contains('js')")
                    .await;
                assert_eq!(scripts, false, "the page's scripts are off");
                assert_eq!(page.evaluate("return document.documentElement.lang").await, language);
                let card = page.card("creation-cost").await;
                assert!(!card.text_of(".weft-statement").await.is_empty());
                assert!(!card.text_of(".weft-result .weft-verdict .weft-badge").await.is_empty());
                assert!(!card.text_of(".weft-result .weft-machine").await.is_empty());
                assert!(card.count(".weft-result .weft-table tbody tr").await >= 2);
                assert!(card.is_drawn(".weft-result .weft-figure svg").await);
                assert!(card.is_hidden(".weft-run").await, "nothing can be run here");
                assert!(card.is_hidden(".weft-commit").await, "nothing can be kept here");
            }
            assert_eq!(page.strangers("file://").await, Vec::<String>::new());
        })
        .await;
}

#[tokio::test]
async fn the_static_site_with_scripts_in_a_browser() {
    let site = book::Book::with_a_record().build();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(&site.page(CHAPTER)).await;
            let card = page.card("creation-cost").await;
            assert!(card.is_hidden(".weft-run").await, "without a server nothing can be run");
            assert!(card.text_of(".weft-static-hint").await.contains("serve"));
            card.click(".weft-just-show").await;
            assert!(card.is_drawn(".weft-result .weft-figure svg").await);
            page.click(".weft-languages a[lang=ko]").await;
            page.wait_for("the Korean edition", "document.documentElement.lang === 'ko'")
                .await;
            let place = page.evaluate("return location.pathname").await;
            assert!(place.as_str().unwrap().ends_with(&format!("/ko/{CHAPTER}")), "{place}");
            assert_eq!(page.complaints().await, Vec::<String>::new(), "the console is quiet");
            assert_eq!(page.strangers("file://").await, Vec::<String>::new());
        })
        .await;
}
