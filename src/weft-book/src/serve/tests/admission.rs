//! Who is let in.

use super::*;

#[test]
fn the_token_becomes_a_cookie_and_leaves_the_url() {
    let rig = Rig::start();
    let entered = rig.bare("GET", &format!("/?token={}", rig.token)).answer();
    assert_eq!(entered.status, 303);
    assert_eq!(entered.header("location"), format!("http://127.0.0.1:{}/", rig.port));
    let cookie = entered.header("set-cookie").to_owned();
    assert_eq!(
        cookie,
        format!("weft-{}={}; Path=/; HttpOnly; SameSite=Strict", rig.port, rig.token)
    );
    let cookie = cookie.split(';').next().unwrap();
    let page = rig.bare("GET", "/").header("Cookie", cookie).answer();
    assert_eq!((page.status, page.text().as_str()), (200, "<h1>Weft</h1>"));
}

#[test]
fn the_token_leads_to_no_other_host_and_keeps_the_rest_of_the_url() {
    let rig = Rig::start();
    let location = |path: &str| {
        let path = path.replace("TOKEN", &rig.token);
        rig.bare("GET", &path).answer().header("location").to_owned()
    };
    let own = format!("http://127.0.0.1:{}", rig.port);
    assert_eq!(location("/ko/?a=1&token=TOKEN&b=2"), format!("{own}/ko/?a=1&b=2"));
    assert_eq!(location("//evil.example/?token=TOKEN"), format!("{own}//evil.example/"));
}

#[test]
fn nobody_enters_without_the_token() {
    let rig = Rig::start();
    let wrong = "0".repeat(32);
    for path in [
        "/",
        "/weft.js",
        "/ko/",
        "/api/experiments",
        "/api/reload",
        "/api/runs/x/events",
        "/nothing",
    ] {
        rig.bare("GET", path).answer().refuses(401);
        let cookie = format!("weft-{}={wrong}", rig.port);
        rig.bare("GET", path).header("Cookie", cookie).answer().refuses(401);
    }
    rig.bare("GET", &format!("/?token={wrong}")).answer().refuses(401);
    rig.bare("GET", "/?token=").answer().refuses(401);
    // The token opens pages; the interface takes the cookie alone.
    rig.bare("GET", &format!("/api/experiments?token={}", rig.token))
        .answer()
        .refuses(401);
    rig.bare("POST", &format!("/api/runs?token={}", rig.token))
        .json("{}")
        .answer()
        .refuses(401);
    rig.bare("DELETE", "/api/runs/x").answer().refuses(401);
    // Another server's cookie is not ours, even with our secret in it.
    rig.bare("GET", "/")
        .header("Cookie", format!("weft-1={}", rig.token))
        .answer()
        .refuses(401);
}

#[test]
fn only_its_own_names_are_answered() {
    let rig = Rig::start();
    let port = rig.port;
    let with = |host: &str| rig.ask("GET", "/").header("Host", host).answer();
    assert_eq!(with(&format!("localhost:{port}")).status, 200);
    for host in ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "[::1]", ""] {
        with(host).refuses(403);
    }
    for host in [
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("127.0.0.2:{port}"),
    ] {
        with(&host).refuses(403);
    }
    rig.ask("GET", "/").without("Host").answer().refuses(403);
    let twice = rig.ask("GET", "/").twice("Host", "evil.example").answer();
    assert!(matches!(twice.status, 400 | 403), "{}", twice.status);
    rig.ask("GET", "http://evil.example/").answer().refuses(403);
    // Even the right token does not help under a wrong name.
    let entry = rig.bare("GET", &format!("/?token={}", rig.token));
    let entry = entry.header("Host", format!("evil.example:{port}")).answer();
    assert!(!entry.has("set-cookie"));
    entry.refuses(403);
}

#[test]
fn only_its_own_pages_may_ask() {
    let rig = Rig::start();
    let own = format!("http://127.0.0.1:{}", rig.port);
    let order = || rig.order(r#"{"experiment": "creation-cost"}"#);
    assert_eq!(order().header("Origin", own.clone()).answer().status, 202);
    // A program that is no browser sends none.
    assert_eq!(order().answer().status, 202);
    let foreign = [
        "null",
        "http://evil.example",
        "http://127.0.0.1:1",
        "https://127.0.0.1",
        "http://localhost",
    ];
    for origin in foreign {
        order().header("Origin", origin).answer().refuses(403);
        rig.ask("DELETE", "/api/runs/x")
            .header("Origin", origin)
            .answer()
            .refuses(403);
        rig.ask("GET", "/api/experiments")
            .header("Origin", origin)
            .answer()
            .refuses(403);
        rig.ask("GET", "/").header("Origin", origin).answer().refuses(403);
    }
    // Two names, one server, but to a browser two origins.
    let localhost = format!("http://localhost:{}", rig.port);
    order().header("Origin", localhost).answer().refuses(403);
    order()
        .header("Origin", own.clone())
        .twice("Origin", &own)
        .answer()
        .refuses(403);
}

#[test]
fn another_server_on_loopback_may_link_here_but_not_ask() {
    let rig = Rig::start();
    let from = |path: &str, site: &str, mode: &str, dest: &str| {
        let ask = rig.ask("GET", path).header("Sec-Fetch-Site", site);
        ask.header("Sec-Fetch-Mode", mode)
            .header("Sec-Fetch-Dest", dest)
            .answer()
    };
    for site in ["same-site", "cross-site"] {
        from("/weft.js", site, "no-cors", "script").refuses(403);
        from("/api/experiments", site, "cors", "empty").refuses(403);
        from("/api/experiments", site, "navigate", "document").refuses(403);
        from("/", site, "navigate", "iframe").refuses(403);
        assert_eq!(from("/", site, "navigate", "document").status, 200);
    }
    assert_eq!(from("/weft.js", "same-origin", "no-cors", "script").status, 200);
    assert_eq!(from("/", "none", "navigate", "document").status, 200);
}

#[test]
fn a_followed_link_gets_a_second_chance_to_bring_its_cookie() {
    let rig = Rig::start();
    let link = |site: &str| {
        let ask = rig.bare("GET", "/").header("Sec-Fetch-Site", site);
        ask.header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", "document")
            .answer()
    };
    let answer = link("cross-site");
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("http-equiv=\"refresh\""));
    // The second time our own page asked, so that it does not go on for ever.
    link("same-origin").refuses(401);
}

#[test]
fn every_answer_bears_the_security_headers() {
    let rig = Rig::start();
    let answers = [
        rig.ask("GET", "/").answer(),
        rig.ask("GET", "/nothing.html").answer(),
        rig.ask("GET", "/api/experiments").answer(),
        rig.bare("GET", "/").answer(),
        rig.bare("GET", "/").header("Host", "evil.example").answer(),
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(
            !policy.contains("'unsafe-eval'") && !policy.contains("script-src 'self' "),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-embedder-policy"), "require-corp");
        assert!(answer.header("cache-control").contains("no-store"));
    }
}
