//! The tour notebook in `JupyterLab`, as a reader sees it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::session::{Browser, Scripts};

const THEMES: [(&str, &str); 2] = [("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")];
/// The first cell that the picture shows: the one of the experiment.
const SHOWN: &str = "run(\"thread-life\")";

/// Gives `JupyterLab` a command, and waits for its end.
async fn command(page: &Browser, name: &str, arguments: &Value) {
    let done = "window.weftDone";
    page.evaluate(&format!(
        "{done} = false; jupyterapp.commands.execute({name:?}, {arguments}).finally(() => {done} = true)"
    ))
    .await;
    page.wait_for(name, done).await;
}

/// Not a test: what `cargo xtask record tour` runs, which has started `JupyterLab` with the application in its page.
#[tokio::test]
#[ignore = "it makes the README's pictures; WEFT_TOUR_URL names the notebook, WEFT_TOUR_PICTURES a folder"]
async fn the_tour_to_record_in_a_browser() {
    let url = std::env::var("WEFT_TOUR_URL").expect("WEFT_TOUR_URL names the notebook in JupyterLab");
    let folder = std::env::var_os("WEFT_TOUR_PICTURES").map(PathBuf::from);
    let folder = folder.expect("WEFT_TOUR_PICTURES names a folder");
    let browser = Browser::open(Scripts::On).await;
    let page = browser.clone();
    browser
        .through(async move {
            page.resize(1200, 1000).await;
            page.goto(&url).await;
            page.wait_for("the notebook", "document.querySelectorAll('.jp-CodeCell').length > 3")
                .await;
            page.wait_for("a kernel that waits", "document.querySelector('[data-status=idle]')")
                .await;
            // Its end is the end of the notebook, which has one cell that is meant to fail.
            command(&page, "notebook:run-all-cells", &serde_json::json!({})).await;
            assert_eq!(
                page.evaluate("return document.querySelectorAll('.jp-Notebook [data-mime-type=\"application/vnd.jupyter.stderr\"]').length")
                    .await,
                1,
                "one cell is meant to fail, and no other does"
            );
            for collapse in ["application:toggle-left-area", "application:toggle-side-tabbar"] {
                let side = serde_json::json!({ "side": "left" });
                command(&page, collapse, &side).await;
            }
            for (name, theme) in THEMES {
                command(&page, "apputils:change-theme", &serde_json::json!({ "theme": theme })).await;
                picture(&page, &folder, name).await;
            }
        })
        .await;
}

async fn picture(page: &Browser, folder: &Path, theme: &str) {
    page.wait_for(
        "the theme",
        &format!("document.body.dataset.jpThemeLight === '{}'", theme == "light"),
    )
    .await;
    page.prefer(theme).await;
    // Once to have the outputs drawn, which moves all below them, and once more.
    for _ in 0..2 {
        page.evaluate(&format!(
            "[...document.querySelectorAll('.jp-CodeCell')].find(cell => cell.textContent.includes({SHOWN:?}))
                .scrollIntoView({{ block: 'start' }})"
        ))
        .await;
        page.settle().await;
    }
    std::fs::write(folder.join(format!("tour-{theme}.png")), page.screenshot().await).unwrap();
}
