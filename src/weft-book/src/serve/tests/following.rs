//! Runs, the queue, and the events that pages follow.

use super::*;

#[test]
fn a_run_from_the_queue_to_its_verdict() {
    let rig = Rig::start();
    let id = rig.run();
    let mut events = rig.follow(&id).events();
    events.expect("queued");
    let started = events.expect("progress");
    assert_eq!(
        (&started.data["fraction"], &started.data["elapsed_ms"]),
        (&0.0.into(), &0.into())
    );
    rig.step(Step::Progress("Warming <up>", 0.25));
    let progress = events.expect("progress");
    assert_eq!(progress.data["fraction"], 0.25);
    assert_eq!(progress.data["html"]["en"], "Warming &lt;up&gt;");
    assert_eq!(progress.data["html"]["ko"], "예열 &lt;중&gt;");
    rig.step(Step::Printed("nobody hears this"));
    rig.step(Step::Finish);
    let record = events.expect("record");
    assert_eq!(record.data["experiment"], "creation-cost");
    assert_eq!(
        rig.records.recv().unwrap().to_json().trim_end(),
        record.data.to_string()
    );
    let verdict = events.expect("verdict");
    assert_eq!(verdict.data["claim"], "creation-cost");
    assert_eq!(verdict.data["outcome"], "inconclusive");
    for language in ["en", "ko"] {
        let html = verdict.data["html"][language].as_str().unwrap();
        assert!(
            html.starts_with("<div class=\"weft-verdict\" data-claim=\"creation-cost\""),
            "{html}"
        );
    }
    assert_eq!(events.until("done").data, serde_json::json!({}));
    events.expect_end();
}

#[test]
fn who_comes_late_or_back_gets_the_rest() {
    let rig = Rig::start();
    let id = rig.run();
    rig.step(Step::Progress("Warming up", 0.1));
    rig.step(Step::Progress("Warming up", 0.2));
    rig.step(Step::Progress("Comparing", 0.9));
    rig.step(Step::Finish);
    let all: Vec<_> = rig.follow(&id).events().collect();
    let names: Vec<&str> = all.iter().map(|sent| sent.name.as_str()).collect();
    assert!(
        names.starts_with(&["queued", "progress"]) && names.ends_with(&["verdict", "done"]),
        "{names:?}"
    );
    assert!(all.is_sorted_by(|one, next| one.id < next.id));
    // The whole again, to one who comes when the run has ended: of each phase the newest.
    let again: Vec<_> = rig.follow(&id).events().collect();
    assert_eq!(again.last(), all.last());
    let fractions: Vec<_> = again
        .iter()
        .filter(|sent| sent.name == "progress")
        .map(|sent| sent.data["fraction"].as_f64().unwrap())
        .collect();
    assert_eq!(fractions, [0.0, 0.2, 0.9]);
    // Only what is new, to one who comes back.
    let record = again.iter().position(|sent| sent.name == "record").unwrap();
    let seen = again[record].id.to_string();
    let rest: Vec<_> = rig.follow(&id).header("Last-Event-ID", seen).events().collect();
    assert_eq!(rest, again[record + 1..]);
    // Nothing, and not to be asked again, to one who saw all.
    let last = all.last().unwrap().id.to_string();
    assert_eq!(rig.follow(&id).header("Last-Event-ID", last).answer().status, 204);
    // From the start, to one whose number makes no sense.
    assert_eq!(
        rig.follow(&id).header("Last-Event-ID", "x").events().count(),
        again.len()
    );
}

#[test]
fn sixteen_may_wait_and_each_knows_its_place() {
    let rig = Rig::start();
    let going_on = rig.run();
    rig.follow(&going_on).events().until("progress");
    let waiting: Vec<String> = (0..16).map(|_| rig.run()).collect();
    let refused = rig.order(r#"{"experiment": "creation-cost"}"#).answer().refuses(429);
    assert!(refused["message"].as_str().unwrap().contains("16"));
    for (place, id) in waiting.iter().enumerate() {
        let queued = rig.follow(id).events().expect("queued");
        assert_eq!(queued.data["position"], place + 1);
    }
    // One from the middle goes, those behind it move up, and there is room for one more.
    let mut last = rig.follow(&waiting[15]).events();
    assert_eq!(last.expect("queued").data["position"], 16);
    assert_eq!(rig.cancel(&waiting[3]), 204);
    assert_eq!(last.expect("queued").data["position"], 15);
    let cancelled = rig.follow(&waiting[3]).events().until("error");
    assert_eq!(cancelled.data["cancelled"], true);
    rig.run();
    rig.step(Step::Finish);
    rig.follow(&going_on).events().until("done");
    assert_eq!(last.expect("queued").data["position"], 14);
}

#[test]
fn a_run_that_goes_on_is_cancelled_and_the_next_begins() {
    let rig = Rig::start();
    let (one, other) = (rig.run(), rig.run());
    let mut events = rig.follow(&one).events();
    events.until("progress");
    assert_eq!(rig.cancel(&one), 204);
    let error = events.expect("error");
    assert_eq!(error.data["cancelled"], true);
    assert_eq!(error.data["message"], "creation-cost: cancelled");
    events.expect_end();
    // Again, and after its end, changes nothing.
    assert_eq!(rig.cancel(&one), 204);
    rig.step(Step::Finish);
    rig.follow(&other).events().until("done");
    assert_eq!(rig.cancel(&other), 204);
    assert_eq!(rig.follow(&other).events().last().unwrap().name, "done");
}

#[test]
fn failures_are_told_and_the_next_run_goes_on() {
    let rig = Rig::start();
    for (step, words) in [
        (Step::Fail("cannot pin"), "creation-cost: cannot pin"),
        (Step::Panic, "could not be judged"),
    ] {
        let id = rig.run();
        rig.step(step);
        let error = rig.follow(&id).events().until("error");
        assert_eq!(error.data["cancelled"], false);
        assert!(error.data["message"].as_str().unwrap().contains(words), "{error:?}");
        assert!(!error.data["hint"].as_str().unwrap().is_empty());
    }
    let id = rig.run();
    rig.step(Step::Finish);
    rig.follow(&id).events().until("done");
}

#[test]
fn the_last_sixty_four_are_kept() {
    let rig = Rig::start();
    let ids: Vec<String> = (0..65)
        .map(|_| {
            let id = rig.run();
            rig.step(Step::Fail("as the test wants"));
            rig.follow(&id).events().until("error");
            id
        })
        .collect();
    // The run before it was retired before this one could begin.
    let id = rig.run();
    rig.follow(&id).events().until("progress");
    rig.follow(&ids[0]).answer().refuses(404);
    assert_eq!(rig.follow(&ids[1]).events().last().unwrap().name, "error");
    let servers_own = |id: &str| id.split('-').next().unwrap().to_owned();
    assert_ne!(servers_own(&ids[0]), servers_own(&Rig::start().run()));
}
