//! The pages and what they load.

use super::*;

#[track_caller]
fn check(rig: &Rig, path: &str, status: u16, body: &str) {
    let answer = rig.ask("GET", path).answer();
    assert_eq!((answer.status, answer.text().as_str()), (status, body), "{path}");
}

#[test]
fn pages_in_both_languages() {
    let rig = Rig::start();
    check(&rig, "/", 200, "<h1>Weft</h1>");
    check(&rig, "/index.html?x=1", 200, "<h1>Weft</h1>");
    check(&rig, "/ko/", 200, "<h1>위프트</h1>");
    check(&rig, "/%6Bo/index.html", 200, "<h1>위프트</h1>");
    let folder = rig.ask("GET", "/ko").answer();
    assert_eq!((folder.status, folder.header("location")), (303, "/ko/"));
    let page = rig.ask("GET", "/").answer();
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    let head = rig.ask("HEAD", "/").answer();
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn nothing_outside_the_book() {
    let rig = Rig::start();
    let attempts = [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/ko/../../../../etc/passwd",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/index.html%00.js",
        "/%ff%fe",
        "/.git/config",
        "/Cargo.toml",
    ];
    for path in attempts {
        check(&rig, path, 404, "<h1>Nothing here</h1>");
    }
}

#[test]
fn other_methods_are_refused() {
    let rig = Rig::start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = rig.ask(method, "/").answer();
        assert_eq!(answer.header("allow"), "GET,HEAD");
        answer.refuses(405);
    }
}

#[test]
fn a_browser_that_has_a_file_need_not_load_it_again() {
    let rig = Rig::start();
    let first = rig.ask("GET", "/weft.js").answer();
    assert_eq!(first.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let tag = first.header("etag").to_owned();
    let again = rig.ask("GET", "/weft.js").header("If-None-Match", tag).answer();
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = rig.ask("GET", "/weft.js").header("If-None-Match", "\"0\"").answer();
    assert_eq!((other.status, other.text().as_str()), (200, "'use strict';"));
}

#[test]
fn a_new_build_is_served_and_open_pages_hear_of_it() {
    let rig = Rig::start();
    let mut page = rig.ask("GET", "/api/reload").events();
    let before = page.expect("").id;
    assert!(!rig.app.publish(rig::pages()), "the same pages are no new build");
    assert!(rig.app.publish(crate::serve::site::Site::default()));
    let reload = page.expect("reload");
    assert!(reload.id > before);
    rig.ask("GET", "/").answer().refuses(404);
    // A page that was away meanwhile hears of it when it comes back.
    let mut back = rig
        .ask("GET", "/api/reload")
        .header("Last-Event-ID", before.to_string())
        .events();
    assert_eq!(back.expect("reload").id, reload.id);
}
