//! Callers that say nothing, or speak very slowly, or are too many.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use ethogram_server::{Patience, ServeOptions};

use crate::http::{Answer, Served};

async fn served(patience: Patience) -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().to_owned()], ServeOptions { patience, ..ServeOptions::default() }).await;
    (root, served)
}

/// Says something, and then nothing more; gives what came back until the server closed.
async fn say(port: u16, text: String) -> Vec<u8> {
    let saying = move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        stream.write_all(text.as_bytes()).expect("sent");
        let mut came = Vec::new();
        stream.read_to_end(&mut came).expect("the server closes within 20 s");
        came
    };
    tokio::task::spawn_blocking(saying).await.expect("said")
}

#[tokio::test]
async fn a_caller_that_does_not_end_its_head_is_let_go() {
    let head = Duration::from_millis(300);
    let (_root, served) = served(Patience { head, ..Patience::default() }).await;
    for said in ["", "GET /api/health HTT", "GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let asked = Instant::now();
        let came = say(served.port, said.to_owned()).await;
        assert!(asked.elapsed() >= head, "{said:?} after {:?}", asked.elapsed());
        assert!(!came.starts_with(b"HTTP/1.1 200"), "{said:?}");
    }
    // One that was answered may ask again, but not wait for ever.
    let host = format!("localhost:{}", served.port);
    let came = say(served.port, format!("GET /api/health HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert!(came.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&came));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_clear_error() {
    let (_root, served) = served(Patience { body: Duration::from_millis(300), ..Patience::default() }).await;
    for path in ["/api/series", "/api/trend?method=linear"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\
             Connection: close\r\n\r\n{{\"series\"",
            served.port
        );
        let answer = Answer::parse(&say(served.port, head).await);
        assert_eq!((answer.status, answer.error_code().as_str()), (408, "too_slow"), "{path}");
    }
    let answer = served.post("/api/tags", &serde_json::json!({ "runs": [] })).await;
    assert_eq!(answer.status, 200, "one that comes is read: {}", answer.text());
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_told_so_and_places_come_back() {
    let (_root, served) = served(Patience { connections: 4, ..Patience::default() }).await;
    let silent: Vec<TcpStream> =
        (0..4).map(|_| TcpStream::connect(("127.0.0.1", served.port)).expect("a connection")).collect();
    let until = |status: u16| {
        let served = &served;
        async move {
            let began = Instant::now();
            loop {
                let answer = served.get("/api/health").await;
                if answer.status == status {
                    return answer;
                }
                assert!(began.elapsed() < Duration::from_secs(20), "{}: {}", answer.status, answer.text());
            }
        }
    };
    // The server may not have accepted all of them yet.
    let refused = until(503).await;
    assert_eq!(refused.error_code(), "busy");
    assert!(refused.text().contains("4 connections are open, the limit is 4"), "{}", refused.text());
    drop(silent);
    until(200).await;
    served.stop().await;
}
