//! The server's end.

use super::*;

#[test]
fn open_pages_do_not_keep_the_server_and_hear_of_the_end() {
    let mut rig = Rig::start();
    let (going_on, waiting) = (rig.run(), rig.run());
    let mut events = rig.follow(&going_on).events();
    events.until("progress");
    let mut queued = rig.follow(&waiting).events();
    queued.expect("queued");
    let mut reload = rig.ask("GET", "/api/reload").events();
    reload.expect("");
    let _idle = std::net::TcpStream::connect(("127.0.0.1", rig.port)).unwrap();
    rig.stop();
    assert!(rig.ends_in_time());
    for mut events in [events, queued] {
        assert_eq!(events.until("error").data["cancelled"], true);
        events.expect_end();
    }
    reload.expect_end();
    assert!(std::net::TcpStream::connect(("127.0.0.1", rig.port)).is_err());
}

#[test]
fn no_run_begins_while_the_server_ends() {
    let rig = Rig::start();
    rig.app.runs.close();
    rig.order(r#"{"experiment": "creation-cost"}"#).answer().refuses(503);
}
