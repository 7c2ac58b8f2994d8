//! What may be asked for, and how the server says no.

use super::*;

#[test]
fn lists_the_experiments() {
    let rig = Rig::start();
    let listed = rig.ask("GET", "/api/experiments").answer();
    assert_eq!(listed.json(), crate::serve::experiments());
}

#[track_caller]
fn refused(body: &str, status: u16, words: &str) -> serde_json::Value {
    let rig = Rig::start();
    let json = rig.order(body).answer().refuses(status);
    let message = json["message"].as_str().unwrap();
    assert!(message.contains(words), "{message:?} does not say {words:?}");
    json
}

#[test]
fn an_experiment_that_is_not_there() {
    refused(r#"{"experiment": "../../bin/sh"}"#, 404, "creation-cost");
    refused(r#"{"experiment": ""}"#, 404, "there is no experiment");
    refused(r#"{"experiment": "drill-hang"}"#, 404, "there is no experiment");
}

#[test]
fn parameters_out_of_their_bounds() {
    let wrong = refused(
        r#"{"experiment": "creation-cost", "set": {"aa": 3}}"#,
        422,
        "aa=3 is not allowed",
    );
    assert_eq!(wrong["bounds"], "true or false");
    assert_eq!(wrong["parameter"], "aa");
    let all = crate::serve::experiments();
    let creation = all
        .as_array()
        .unwrap()
        .iter()
        .find(|known| known["id"] == "creation-cost")
        .unwrap();
    let integer = creation["params"]
        .as_array()
        .unwrap()
        .iter()
        .find(|param| param["kind"] == "integer")
        .unwrap();
    let (name, max) = (integer["name"].as_str().unwrap(), integer["max"].as_i64().unwrap());
    for value in [
        format!("{}", max + 1),
        format!("\"{}\"", max + 1),
        "1.5".to_owned(),
        "1e99".to_owned(),
    ] {
        let body = format!(r#"{{"experiment": "creation-cost", "set": {{"{name}": {value}}}}}"#);
        let wrong = refused(&body, 422, "is not allowed");
        assert!(wrong["bounds"].as_str().unwrap().ends_with(&format!("to {max}")));
    }
    refused(
        r#"{"experiment": "creation-cost", "set": {"program": "/bin/sh"}}"#,
        422,
        "no parameter",
    );
}

#[test]
fn bodies_that_say_nothing() {
    for body in [
        "{",
        "[]",
        "{}",
        "null",
        r#"{"experiment": 1}"#,
        r#"{"experiment": "creation-cost", "mode": "slow"}"#,
        r#"{"experiment": "creation-cost", "seed": -1}"#,
        r#"{"experiment": "creation-cost", "set": {"aa": [true]}}"#,
        r#"{"experiment": "creation-cost", "program": "/bin/sh"}"#,
    ] {
        refused(body, 400, "cannot read the body");
    }
}

#[test]
fn a_body_of_another_kind_or_size() {
    let rig = Rig::start();
    let body = r#"{"experiment": "creation-cost"}"#;
    rig.order(body)
        .header("Content-Type", "text/plain")
        .answer()
        .refuses(415);
    rig.order(body).without("Content-Type").answer().refuses(415);
    let with_charset = rig
        .order(body)
        .header("Content-Type", "application/json; charset=utf-8");
    assert_eq!(with_charset.answer().status, 202);
    let padded = |bytes: usize| format!("{body}{}", " ".repeat(bytes - body.len()));
    assert_eq!(rig.order(&padded(64 << 10)).answer().status, 202);
    rig.order(&padded((64 << 10) + 1)).answer().refuses(413);
    rig.order(&padded(1 << 20)).answer().refuses(413);
}

#[test]
fn paths_and_methods_that_are_not_there() {
    let rig = Rig::start();
    for path in ["/api", "/api/", "/api/nothing", "/api/runs/x/y/z"] {
        rig.ask("GET", path).answer().refuses(404);
    }
    rig.ask("GET", "/api/runs/x/events").answer().refuses(404);
    rig.ask("GET", "/api/runs/%ff/events").answer().refuses(404);
    rig.ask("DELETE", "/api/runs/x").answer().refuses(404);
    for (method, path, allow) in [
        ("PUT", "/api/runs", "POST"),
        ("GET", "/api/runs", "POST"),
        ("POST", "/api/runs/x/events", "GET,HEAD"),
        ("DELETE", "/api/experiments", "GET,HEAD"),
    ] {
        let answer = rig.ask(method, path).answer();
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        answer.refuses(405);
    }
}

#[test]
fn scalars_and_words_are_taken_alike() {
    let rig = Rig::start();
    let order = r#"{"experiment": "creation-cost", "mode": "full", "seed": 7, "set": {"aa": true}}"#;
    assert_eq!(rig.order(order).answer().status, 202);
    rig.step(Step::Finish);
    let record = rig.records.recv().unwrap();
    assert_eq!(
        (record.mode, record.seed, record.is_aa()),
        (weft_lab::Mode::Full, 7, true)
    );
}
