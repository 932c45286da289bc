//! Strangers are kept out, and nothing they send does harm.

use std::path::PathBuf;

use ethogram_server::{ServeOptions, Server, Token};

use crate::http::Served;

fn token() -> Token {
    Token::parse("open-sesame").expect("a token")
}

async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

async fn locked() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let options = ServeOptions { token: Some(token()), ..ServeOptions::default() };
    let served = Served::start(&[root.path().to_owned()], options).await;
    (root, served)
}

#[tokio::test]
async fn every_answer_carries_the_safety_headers() {
    let (_root, served) = served().await;
    let refused = served.ask("GET", "/api/health", &[("Host", "evil.example")], b"").await;
    let answers = [served.get("/api/health").await, served.get("/").await, served.get("/api/none").await, refused];
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' data:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; \
             frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("access-control-allow-origin"), "", "no other origin may read");
    }
}

#[tokio::test]
async fn a_rebound_name_and_a_foreign_page_are_refused() {
    let (_root, served) = served().await;
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "169.254.169.254"] {
        let answer = served.ask("GET", "/api/runs", &[("Host", host)], b"").await;
        assert_eq!((answer.status, answer.error_code().as_str()), (403, "foreign_host"), "{host}");
    }
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let answer = served.ask("GET", "/api/runs", &[("Origin", origin)], b"").await;
        assert_eq!((answer.status, answer.error_code().as_str()), (403, "foreign_origin"), "{origin}");
        let answer = served.ask("POST", "/api/series", &[("Origin", origin)], b"{}").await;
        assert_eq!(answer.status, 403, "{origin}");
    }
    let own = format!("http://127.0.0.1:{}", served.port);
    assert_eq!(served.ask("GET", "/api/runs", &[("Origin", &own)], b"").await.status, 200);
    // What a page embeds comes without an origin: browsers say whose page it is.
    for site in ["cross-site", "same-site", "odd"] {
        let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")];
        let answer = served.ask("GET", "/api/runs", &headers, b"").await;
        assert_eq!((answer.status, answer.error_code().as_str()), (403, "foreign_origin"), "{site}");
        assert_eq!(served.ask("GET", "/", &headers, b"").await.status, 200, "a link to the page: {site}");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(served.ask("GET", "/api/runs", &[("Sec-Fetch-Site", site)], b"").await.status, 200, "{site}");
    }
    // A page may not ask leave to send what browsers hold back: there is no route for that.
    let preflight = served.ask("OPTIONS", "/api/series", &[("Origin", "http://evil.example")], b"").await;
    assert_eq!(preflight.status, 403);
    assert_eq!(served.ask("OPTIONS", "/api/series", &[], b"").await.error_code(), "method_not_allowed");
}

#[tokio::test]
async fn nothing_is_answered_without_the_token() {
    let (_root, served) = locked().await;
    let paths = ["/", "/api/health", "/api/runs", "/api/events", "/assets/index.js", "/api/none", "/?token=wrong-word"];
    for path in paths {
        let answer = served.get(path).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (401, "no_token"), "{path}");
    }
    let posted = served.ask("POST", "/api/series?token=open-sesame", &[], b"{}").await;
    assert_eq!(posted.status, 401, "the address lets in to pages only");
    for authorization in ["Bearer wrong-word", "open-sesame", "Basic open-sesame", "Bearer "] {
        assert_eq!(served.ask("GET", "/api/runs", &[("Authorization", authorization)], b"").await.status, 401);
    }
    for cookie in ["ethogram_token=open-sesame", "ethogram_token_1=open-sesame", "other=open-sesame"] {
        assert_eq!(served.ask("GET", "/api/runs", &[("Cookie", cookie)], b"").await.status, 401, "{cookie}");
    }
}

#[tokio::test]
async fn nothing_is_changed_for_a_page_of_a_stranger() {
    let path = "/api/layouts?project=pong&name=wide";
    let json = ("Content-Type", "application/json");
    let (root, open) = served().await;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", ""] {
        for method in ["PUT", "DELETE"] {
            let answer = open.ask(method, path, &[json, ("Origin", origin)], b"{}").await;
            assert_eq!((answer.status, answer.error_code().as_str()), (403, "foreign_origin"), "{method} {origin}");
        }
    }
    for headers in [&[json] as &[_], &[json, ("Authorization", "Bearer open-sesame")]] {
        let answer = open.ask("PUT", path, headers, b"{}").await;
        assert_eq!((answer.status, answer.error_code().as_str()), (403, "no_origin"), "a server without a token");
    }
    // Forms send these types across origins without asking.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let answer = open.ask("PUT", path, &[("Content-Type", kind), ("Origin", &open.origin())], b"{}").await;
        assert_eq!(answer.error_code(), "bad_request", "{kind:?}");
    }
    assert!(!root.path().join(".ethogram").exists(), "nothing was written");
    assert_eq!(open.put(path, "", &serde_json::json!({})).await.status, 200);

    let (_root, locked) = locked().await;
    let cookie = format!("ethogram_token_{}=open-sesame", locked.port);
    let answer = locked.ask("PUT", path, &[json, ("Cookie", &cookie)], b"{}").await;
    assert_eq!(answer.error_code(), "no_origin", "the cookie comes by itself, an origin does not");
    let own = locked.origin();
    assert_eq!(locked.ask("PUT", path, &[json, ("Cookie", &cookie), ("Origin", &own)], b"{}").await.status, 200);
    let bearer = ("Authorization", "Bearer open-sesame");
    assert_eq!(locked.ask("PUT", path, &[json, bearer], b"{}").await.status, 200, "a program");
    assert_eq!(locked.ask("PUT", path, &[json, ("Origin", &own)], b"{}").await.error_code(), "no_token");
}

#[tokio::test]
async fn people_with_a_browser_are_told_in_words() {
    let (_root, served) = locked().await;
    let answer = served.ask("GET", "/", &[("Accept", "text/html,*/*")], b"").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.text().contains("open the address with ?token="), "{}", answer.text());
    assert!(!answer.text().contains("open-sesame"));
    let evil = [("Accept", "text/html"), ("Host", "<script>alert(1)</script>")];
    assert!(!served.ask("GET", "/", &evil, b"").await.text().contains("<script>"));
}

#[tokio::test]
async fn the_printed_address_trades_the_token_for_a_cookie() {
    let (_root, served) = locked().await;
    assert_eq!(served.url, format!("http://127.0.0.1:{}/?token=open-sesame", served.port));
    let answer = served.get("/?token=open-sesame&tab=2").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/?tab=2"));
    let cookie = answer.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/");
    assert_eq!(served.ask("GET", "/api/runs", &[("Cookie", &format!("a=b; {pair}"))], b"").await.status, 200);
    let bearer = [("Authorization", "Bearer open-sesame")];
    assert_eq!(served.ask("GET", "/api/runs", &bearer, b"").await.status, 200);
    for path in ["//evil.example/?token=open-sesame", "/\\evil.example/?token=open-sesame"] {
        let answer = served.get(path).await;
        assert!(answer.header("location").starts_with("/evil.example") || answer.status == 400, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn pages_of_named_origins_alone_may_have_the_app_in_a_frame() {
    let root = tempfile::tempdir().expect("a folder");
    let frames = ["http://localhost:8888", "https://lab.example"];
    let frames = frames.map(|text| ethogram_server::FrameOrigin::parse(text).expect("an origin")).to_vec();
    let served = Served::start(&[root.path().into()], ServeOptions { frames, ..ServeOptions::default() }).await;
    let answer = served.get("/api/runs").await;
    let policy = answer.header("content-security-policy");
    assert!(policy.ends_with("; frame-ancestors http://localhost:8888 https://lab.example"), "{policy}");
    let frame = served.get("/plugin_frame.html").await;
    let policy = frame.header("content-security-policy");
    assert!(policy.ends_with("; frame-ancestors 'self' http://localhost:8888 https://lab.example"), "{policy}");
}

#[tokio::test]
async fn an_open_bind_always_has_a_token() {
    let root = tempfile::tempdir().expect("a folder");
    let options = ServeOptions { host: ([0, 0, 0, 0]).into(), ..ServeOptions::default() };
    let served = Served::start(&[root.path().to_owned()], options).await;
    let token = served.url.split_once("?token=").expect("a token in the address").1;
    assert_eq!(token.len(), 48);
    assert!(!served.url.contains("0.0.0.0"), "{}", served.url);
    assert_eq!(served.get("/api/runs").await.status, 401);
    let bearer = format!("Bearer {token}");
    let headers = [("Host", "10.20.30.40:80"), ("Authorization", bearer.as_str())];
    assert_eq!(served.ask("GET", "/api/runs", &headers, b"").await.status, 200);
    let headers = [("Host", "evil.example"), ("Authorization", bearer.as_str())];
    assert_eq!(served.ask("GET", "/api/runs", &headers, b"").await.error_code(), "foreign_host");
}

#[tokio::test]
async fn a_port_that_was_asked_for_and_is_taken_is_an_error() {
    let (_root, served) = served().await;
    let workbench = ethogram_query::Workbench::open(vec![], ethogram_query::Options::default()).expect("a workbench");
    let options = ServeOptions { port: Some(served.port), ..ServeOptions::default() };
    let error = Server::bind(workbench.into(), options).await.expect_err("the port is taken");
    let expected = format!(
        "port {} of 127.0.0.1 is taken; give another --port, or none for the next one that is free",
        served.port
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn paths_never_leave_the_runs_or_the_app() {
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "the secret").expect("written");
    let root = outside.path().join("root");
    std::fs::create_dir(&root).expect("a folder");
    let app = outside.path().join("app");
    std::fs::create_dir(&app).expect("a folder");
    std::fs::write(app.join("index.html"), "<title>app</title>").expect("written");
    let ui = ethogram_server::Ui::folder(&app).expect("an app");
    let served = Served::start(&[root], ServeOptions { ui, ..ServeOptions::default() }).await;
    let ways = [
        "../secret",
        "..%2fsecret",
        "..%2Fsecret",
        "%2e%2e/secret",
        "%2e%2e%2fsecret",
        "....//secret",
        "..\\secret",
        "..%5csecret",
        "%00secret",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "%ff%fe",
        "..%c0%afsecret",
    ];
    for way in ways {
        let paths = [
            format!("/{way}"),
            format!("/assets/{way}"),
            format!("/api/runs/{way}"),
            format!("/api/runs/{way}/episodes/0/frames"),
            format!("/api/runs/{way}/blobs/{}", "0".repeat(32)),
            format!("/api/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/blobs/{way}"),
            format!("/api/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/tensors?tag={way}"),
        ];
        for path in paths {
            let answer = served.get(&path).await;
            assert!(!answer.text().contains("the secret") && !answer.text().contains("root:"), "{path}");
            if path.starts_with("/api/") && answer.status != 400 {
                assert_eq!(answer.error_code(), "not_found", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_name() {
    let (_root, served) = served().await;
    let long = served.get(&format!("/api/runs?{}", "x".repeat(20_000))).await;
    assert_eq!((long.status, long.error_code().as_str()), (414, "too_large"));
    let body = format!(r#"{{"series": [], "buckets": 1{}}}"#, " ".repeat(2 << 20));
    let headers = [("Content-Type", "application/json")];
    let huge = served.ask("POST", "/api/series", &headers, body.as_bytes()).await;
    assert_eq!((huge.status, huge.error_code().as_str()), (413, "too_large"));
    let one = serde_json::json!({ "run": "R", "axis": "global_step", "tag": "t" });
    let many = serde_json::json!({ "series": vec![one; 513] });
    let many = served.post("/api/series", &many).await;
    assert_eq!((many.status, many.json()["message"].as_str()), (413, Some("series: found 513, over the limit of 512")));
    for buckets in [0, 10_001] {
        let answer = served.post("/api/series", &serde_json::json!({ "series": [], "buckets": buckets })).await;
        assert_eq!(answer.error_code(), "bad_request");
    }
    let pairs = "a=1&".repeat(600);
    assert_eq!(served.get(&format!("/api/runs/R/episodes?{pairs}")).await.error_code(), "too_large");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_clear_error_never_a_hang() {
    let (_root, served) = served().await;
    let bodies =
        ["", "{", "[]", r#"{"series": 1}"#, r#"{"series": [], "bucket": 1}"#, r#"{"series": [], "buckets": -1}"#];
    for body in bodies {
        let answer = served.ask("POST", "/api/series", &[("Content-Type", "application/json")], body.as_bytes()).await;
        assert_eq!(answer.error_code(), "bad_request", "{body}");
    }
    let no_type = served.ask("POST", "/api/series", &[], br#"{"series": []}"#).await;
    assert_eq!(no_type.error_code(), "bad_request", "a form of another page cannot send this type");
    for path in
        ["/api/runs/R/episodes/x", "/api/runs/R/episodes/-1", "/api/runs/R/episodes/99999999999999999999/fields"]
    {
        assert_eq!(served.get(path).await.error_code(), "bad_request", "{path}");
    }
    let origin = served.origin();
    for (method, path) in [("POST", "/api/runs"), ("DELETE", "/api/runs/R"), ("PUT", "/"), ("GET", "/api/series")] {
        let answer = served.ask(method, path, &[("Origin", &origin)], b"").await;
        assert_eq!((answer.status, answer.error_code().as_str()), (405, "method_not_allowed"), "{method} {path}");
    }
    for path in ["/api", "/api/", "/api/run", "/api/runs/R/x", "/api//runs"] {
        assert_eq!(served.get(path).await.error_code(), "not_found", "{path}");
    }
    for garbage in [b"GET / HTTP/9.9\r\n\r\n".to_vec(), b"\0\0\0\0\r\n\r\n".to_vec(), vec![b'A'; 1 << 20]] {
        assert!(served.raw(garbage).await.status >= 400);
    }
    served.stop().await;
}

#[tokio::test]
async fn row_a18_an_empty_root_and_a_missing_one_are_served_and_said_so() {
    let root = tempfile::tempdir().expect("a folder");
    let roots: Vec<PathBuf> = vec![root.path().join("empty"), root.path().join("missing")];
    std::fs::create_dir(&roots[0]).expect("a folder");
    let served = Served::start(&roots, ServeOptions::default()).await;
    let runs = served.json("/api/runs").await;
    assert_eq!(runs["roots"], serde_json::json!(roots));
    assert_eq!(runs["runs"], serde_json::json!([]));
    assert_eq!(served.get("/").await.status, 200, "the app, or how to build it");
    assert!(!roots[1].exists(), "A-18: serving writes nothing");
}
