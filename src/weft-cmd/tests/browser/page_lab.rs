//! The lab that runs in the page: live, where the page is isolated, and from a folder, where it is not.

use serde_json::Value;

use crate::book::Book;
use crate::card::Card;
use crate::session::{Browser, Scripts};

const CHAPTER: &str = "07-backend-and-frontend.html";
const CLAIM: &str = "browser-manages";
const RESULT: &str = ".weft-page-result";

/// What the browser keeps of the run.
async fn kept(page: &Browser) -> Value {
    let script = format!("return localStorage.getItem('weft-page-result:{CLAIM}')");
    let text = page.evaluate(&script).await;
    serde_json::from_str(text.as_str().expect("a result is kept")).expect("JSON")
}

async fn run(card: &Card) {
    card.click(".weft-run").await;
    card.wait_for_state("running").await;
    card.wait_for(
        "the animation",
        "parseInt(card.querySelector('.weft-frame-count').textContent.match(/[0-9]+/)) > 3",
    )
    .await;
    card.wait_for_state("done").await;
}

/// The card, its stored form and what is to be read there say the same; the numbers are of this browser.
async fn check_result(page: &Browser, card: &Card) -> Value {
    let result = kept(page).await;
    assert_eq!(
        (&result["claim"], &result["schema"], &result["unit"]),
        (&CLAIM.into(), &1.into(), &"1".into())
    );
    let said = [
        ("supported", "Supported"),
        ("refuted", "Refuted"),
        ("no-difference", "No difference"),
        ("inconclusive", "Inconclusive"),
    ];
    let badge = card.text_of(&format!("{RESULT} .weft-badge")).await;
    assert!(
        said.contains(&(result["outcome"].as_str().unwrap(), badge.as_str())),
        "{badge}"
    );
    let [low, effect, high] = ["low", "effect", "high"].map(|key| result[key].as_f64().unwrap());
    assert!(0.0 < low && low <= effect && effect <= high, "{low} {effect} {high}");
    for side in ["main", "worker"] {
        let blocks = result["samples"][side].as_array().unwrap();
        assert_eq!(blocks.len(), 10, "a quick run has ten pairs of blocks");
        assert!(blocks.iter().all(|gaps| gaps.as_array().unwrap().len() >= 2));
    }
    assert!(result["user_agent"].as_str().unwrap().contains("Chrome"));
    assert_eq!(
        card.count(&format!("{RESULT} .weft-figure svg[role=img] > title"))
            .await,
        2
    );
    assert_eq!(card.count(&format!("{RESULT} .weft-figure svg > desc")).await, 2);
    assert_eq!(card.count(&format!("{RESULT} .weft-table tbody tr")).await, 1 + 2);
    let read = weft_lab::page_lab::PageRecord::from_json(&result.to_string()).expect("the program can read it");
    let again = read.verdict().effect.expect("an effect");
    assert!((again.estimate / effect - 1.0).abs() < 1e-6, "both estimate the same");
    result
}

#[tokio::test]
async fn the_lab_in_a_live_page_in_a_browser() {
    let server = Book::with_a_record().serve();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(server.url()).await;
            page.goto(&server.page(CHAPTER)).await;
            let card = page.card(CLAIM).await;
            assert_eq!(page.evaluate("return crossOriginIsolated").await, true);
            card.click("[name=direction][value=more]").await;
            card.type_into("[name=times]", "7").await;
            card.click(".weft-commit").await;

            run(&card).await;
            let result = check_result(&page, &card).await;
            let shared = &result["samples"]["shared"];
            assert_eq!(
                shared["atomic"],
                serde_json::json!([0, 0, 0, 0, 0]),
                "Atomics lose nothing"
            );
            assert_eq!(shared["plain"].as_array().unwrap().len(), 5);
            assert_eq!(card.count(&format!("{RESULT} .weft-findings li")).await, 3);
            let mark = format!("{RESULT} svg[data-prediction-axis] g.weft-prediction[data-ratio='7']");
            assert_eq!(card.count(&mark).await, 1, "the prediction stands in the figure");
            assert!(!card.text_of(&format!("{RESULT} .weft-compared")).await.is_empty());
            assert!(card.is_hidden(".weft-stage").await, "the animation has ended");

            page.goto_again().await;
            assert!(
                !card.is_hidden(&format!("{RESULT} .weft-verdict")).await,
                "the result outlives a reload"
            );
            card.click(".weft-run").await;
            card.wait_for_state("running").await;
            card.click(".weft-cancel").await;
            card.wait_for("the end of the run", "card.dataset.state === 'cancelled'")
                .await;
            assert_eq!(
                kept(&page).await["when"],
                result["when"],
                "a cancelled run keeps nothing"
            );
            page.click(".weft-languages a[lang=ko]").await;
            page.wait_for("the Korean edition", "document.documentElement.lang === 'ko'")
                .await;
            let badge = page.card(CLAIM).await.text_of(&format!("{RESULT} .weft-badge")).await;
            assert!(super::is_korean(&badge), "{badge}");
            assert_eq!(page.complaints().await, Vec::<String>::new(), "the console is quiet");
            assert_eq!(page.strangers(server.origin()).await, Vec::<String>::new());
        })
        .await;
}

/// Not a test: what `cargo xtask record browser-manages` runs.
#[tokio::test]
#[ignore = "it makes the recorded result; WEFT_PAGE_RESULT names the file"]
async fn a_full_run_to_record_in_a_browser() {
    let file = std::env::var_os("WEFT_PAGE_RESULT").expect("WEFT_PAGE_RESULT names the file to write");
    let server = Book::with_a_record().serve();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(server.url()).await;
            page.goto(&server.page(CHAPTER)).await;
            let card = page.card(CLAIM).await;
            card.click(".weft-just-show").await;
            page.evaluate("document.querySelector('.weft-page-run [name=mode]').value = 'full'")
                .await;
            run(&card).await;
            let result = kept(&page).await;
            assert_eq!((&result["mode"], &result["isolated"]), (&"full".into(), &true.into()));
            std::fs::write(file, format!("{result}\n")).unwrap();
        })
        .await;
}

#[tokio::test]
async fn the_lab_in_a_page_from_a_folder_in_a_browser() {
    let site = Book::with_a_record().build();
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.goto(&site.page(CHAPTER)).await;
            let card = page.card(CLAIM).await;
            card.click(".weft-just-show").await;
            run(&card).await;
            let result = check_result(&page, &card).await;
            assert_eq!(
                (&result["isolated"], &result["samples"]["shared"]),
                (&false.into(), &Value::Null)
            );
            let doubt = card.text_of(&format!("{RESULT} .weft-doubts")).await;
            assert!(
                doubt.contains("no SharedArrayBuffer") && doubt.contains("weft serve"),
                "{doubt}"
            );
            assert_eq!(page.complaints().await, Vec::<String>::new(), "the console is quiet");
        })
        .await;
}
