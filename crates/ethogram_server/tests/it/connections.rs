//! Callers that say nothing, or speak very slowly, or are too many.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ethogram_server::{Patience, ServeOptions, Token};

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

/// A connection that was let in, and may ask again.
fn known(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let head = format!("GET /api/health HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).expect("an answer");
    assert_eq!(&begin, b"HTTP/1.1 200", "{}", String::from_utf8_lossy(&begin));
    stream
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_told_so_and_places_come_back() {
    let (_root, served) = served(Patience { connections: 4, ..Patience::default() }).await;
    let port = served.port;
    let held: Vec<TcpStream> =
        tokio::task::spawn_blocking(move || (0..4).map(|_| known(port)).collect()).await.expect("held");
    let refused = served.get("/api/health").await;
    assert_eq!((refused.status, refused.error_code().as_str()), (503, "busy"));
    assert!(refused.text().contains("4 connections are open, the limit is 4"), "{}", refused.text());
    drop(held);
    let began = Instant::now();
    // The server may not have heard of all ends yet.
    while served.get("/api/health").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "no place came back");
    }
    served.stop().await;
}

/// What strangers say before they wait: nothing, a part of a head, and a whole one with a wrong token.
const SAID_BY_STRANGERS: [&str; 3] = [
    "",
    "GET /api/runs HTTP/1.1\r\nHost: localhost\r\n",
    "GET /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a-wrong-word\r\n\r\n",
];

/// What came of a flood, so far.
#[derive(Default)]
struct Flood {
    over: AtomicBool,
    /// Connections that were opened.
    opened: AtomicUsize,
    /// Those that the server had closed before they were let go.
    closed: AtomicUsize,
}

/// Opens connections as fast as it can until that is over, and holds the newest `held` of them.
fn flood(port: u16, held: usize, so_far: &Flood) {
    let mut open = VecDeque::new();
    while !so_far.over.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        let said = SAID_BY_STRANGERS[so_far.opened.fetch_add(1, Ordering::Relaxed) % SAID_BY_STRANGERS.len()];
        drop(stream.write_all(said.as_bytes()));
        open.push_back(stream);
        if open.len() > held {
            let mut oldest: TcpStream = open.pop_front().expect("one");
            oldest.set_nonblocking(true).expect("set");
            let waits = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
            // What it was answered is read first; then either there is nothing yet, or the end.
            let is_closed = !oldest.read_to_end(&mut Vec::new()).is_err_and(|error| waits(&error));
            so_far.closed.fetch_add(usize::from(is_closed), Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_who_come_again_and_again_do_not_keep_out_who_has_the_token() {
    const PLACES: usize = 128;
    let root = tempfile::tempdir().expect("a folder");
    let token = Token::parse("the-right-word").expect("a token");
    let patience = Patience { connections: PLACES, ..Patience::default() };
    let options = ServeOptions { patience, token: Some(token), ..ServeOptions::default() };
    let served = Served::start(&[root.path().to_owned()], options).await;
    let port = served.port;
    let request = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer the-right-word\r\n\r\n")
    };

    // Somebody was here before: a page with its event stream.
    let mut page = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    page.write_all(request("/api/events").as_bytes()).expect("sent");
    page.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    page.read_exact(&mut [0; 12]).expect("an answer");

    let so_far = Arc::new(Flood::default());
    let floods: Vec<_> = (0..2)
        .map(|_| {
            let so_far = Arc::clone(&so_far);
            std::thread::spawn(move || flood(port, PLACES, &so_far))
        })
        .collect();
    let text = request("/api/health");
    let ask = move || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(text.as_bytes())?;
        let mut begin = [0; 12];
        stream.read_exact(&mut begin)?;
        Ok(&begin == b"HTTP/1.1 200")
    };
    let flooded = Arc::clone(&so_far);
    let asking = tokio::task::spawn_blocking(move || {
        while flooded.closed.load(Ordering::Relaxed) < 4 * PLACES {
            std::thread::sleep(Duration::from_millis(10));
        }
        let (mut longest, mut attempts) = (Duration::ZERO, 0);
        for _ in 0..50 {
            let began = Instant::now();
            // As a browser does: a connection that was closed before an answer is begun again.
            loop {
                attempts += 1;
                if ask().unwrap_or(false) {
                    break;
                }
                assert!(began.elapsed() < Duration::from_secs(20), "not served beside the flood");
            }
            longest = longest.max(began.elapsed());
        }
        (longest, attempts)
    });
    let (longest, attempts) = asking.await.expect("asked");
    so_far.over.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.join().expect("flooded");
    }
    let opened = so_far.opened.load(Ordering::Relaxed);
    println!(
        "50 answers in {attempts} attempts, the longest after {longest:?}, beside {opened} connections of strangers"
    );
    assert!(longest < Duration::from_secs(2), "an answer came after {longest:?}");

    // Whoever was let in before is still here.
    page.set_nonblocking(true).expect("set");
    let mut heard = vec![0; 1 << 16];
    let end = loop {
        match page.read(&mut heard) {
            Ok(0) => break None,
            Ok(_) => {}
            Err(error) => break Some(error.kind()),
        }
    };
    assert_eq!(end, Some(std::io::ErrorKind::WouldBlock), "the event stream was closed");
    served.stop().await;
}
