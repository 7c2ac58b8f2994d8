//! The verdict board's interface, and the language of what the server says.

use weft_lab::claim::CLAIMS;

use super::*;

const RESULT: &str = r#"{"claim": "browser-manages", "outcome": "supported", "effect": 8, "low": 7, "high": 9, "unit": "1",
    "when": "2026-02-08T00:00:00.000Z", "user_agent": "Example/1.0 <b>", "samples": [1, 2, 3]}"#;

fn board(rig: &Rig, body: &str) -> serde_json::Value {
    let answer = rig.ask("POST", "/api/board").json(body).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_run_fills_its_row_and_other_parameters_do_not() {
    let rig = Rig::start();
    let empty = board(&rig, "{}");
    assert_eq!(empty["found"], 0);
    assert_eq!(empty["cells"].as_object().unwrap().len(), CLAIMS.len());
    assert!(empty["machine"].is_null());
    let changed = rig
        .order(r#"{"experiment": "creation-cost", "set": {"aa": true}}"#)
        .answer();
    let changed = changed.json()["id"].as_str().unwrap().to_owned();
    rig.step(Step::Finish);
    rig.follow(&changed).events().until("done");
    assert_eq!(board(&rig, "{}")["found"], 0);
    let run = rig.run();
    rig.step(Step::Finish);
    rig.follow(&run).events().until("done");
    let filled = board(&rig, "{}");
    let cell = filled["cells"]["creation-cost"]["en"].as_str().unwrap();
    assert!(cell.contains("data-outcome=\"inconclusive\""), "{cell}");
    assert!(
        filled["cells"]["stability"]["en"]
            .as_str()
            .unwrap()
            .contains("No verdict yet")
    );
    assert!(!filled["machine"]["ko"].as_str().unwrap().is_empty());
    // The claim itself, and what is drawn from it.
    assert_eq!(filled["found"], 2);
}

#[test]
fn what_the_page_found_is_taken_and_checked() {
    let rig = Rig::start();
    let filled = board(&rig, &format!("{{\"page\": [{RESULT}]}}"));
    let cell = filled["cells"]["browser-manages"]["en"].as_str().unwrap();
    assert!(
        cell.contains("data-outcome=\"supported\"") && cell.contains("ratio 8.00 [7.00, 9.00]"),
        "{cell}"
    );
    assert!(cell.contains("&lt;b&gt;") && !cell.contains("<b>"), "{cell}");
    for (wrong, status) in [
        (RESULT.replace("browser-manages", "creation-cost"), 422),
        (RESULT.replace("\"high\": 9", "\"high\": 6"), 422),
        (RESULT.replace("supported", "proved"), 400),
    ] {
        let body = format!("{{\"page\": [{wrong}]}}");
        rig.ask("POST", "/api/board").json(body).answer().refuses(status);
    }
    let many = format!("{{\"page\": [{}]}}", [RESULT; 17].join(","));
    rig.ask("POST", "/api/board").json(many).answer().refuses(422);
    rig.ask("GET", "/api/board").answer().refuses(405);
    rig.ask("POST", "/api/board").answer().refuses(415);
    rig.bare("POST", "/api/board").json("{}").answer().refuses(401);
}

#[test]
fn the_board_as_a_file() {
    let rig = Rig::start();
    let run = rig.run();
    rig.step(Step::Finish);
    rig.follow(&run).events().until("done");
    let body = format!("{{\"page\": [{RESULT}]}}");
    let json = rig.ask("POST", "/api/board/json").json(body.clone()).answer();
    assert_eq!(
        json.header("content-disposition"),
        "attachment; filename=\"weft-verdicts.json\""
    );
    let json: weft_lab::board::Board = serde_json::from_slice(&json.body).unwrap();
    let names: Vec<&str> = json.columns.iter().map(|column| column.name.as_str()).collect();
    assert!(names.starts_with(&["this-machine", "as-it-is"]), "{names:?}");
    assert!(json.columns[0].find("browser-manages").is_some());
    let korean = rig
        .ask("POST", "/api/board/html")
        .header("Accept-Language", "ko")
        .json(body)
        .answer();
    assert_eq!(korean.header("content-type"), "text/html; charset=utf-8");
    let html = korean.text();
    assert!(html.contains("<html lang=\"ko\">") && html.contains("<section id=\"creation-cost\">"));
    assert!(!html.contains("<script") && !html.contains(" src="));
}

#[test]
fn a_refusal_is_in_the_page_s_language() {
    let rig = Rig::start();
    let ask = |language: &str| {
        let ask = rig.order("{}").header("Accept-Language", language);
        let said = ask.without("Content-Type").answer().refuses(415);
        said["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask("en"), "the body is no JSON");
    assert_eq!(ask("ko"), "본문이 JSON이 아닙니다");
    // The guard's words too, which stand before everything.
    let stranger = rig.bare("GET", "/").header("Accept-Language", "ko-KR").answer();
    assert!(stranger.has("content-security-policy"));
    assert_eq!(stranger.refuses(401)["message"], "시작 토큰이 없거나 다릅니다");
    let method = rig.ask("PUT", "/api/runs").header("Accept-Language", "ko").answer();
    assert_eq!(method.header("allow"), "POST");
    method.refuses(405);
}

#[test]
fn a_run_that_fails_says_so_in_each_language() {
    let rig = Rig::start();
    let run = rig.run();
    rig.step(Step::Fail("cannot start a process"));
    let said = rig.follow(&run).events().until("error").data;
    assert_eq!(said["message"], "creation-cost: cannot start a process");
    assert_eq!(said["words"]["en"]["message"], said["message"]);
    assert_eq!(
        said["words"]["ko"]["message"],
        "creation-cost 실패: cannot start a process"
    );
    assert_eq!(
        said["words"]["ko"]["hint"], said["hint"],
        "what the catalogue lacks stays English"
    );
}
