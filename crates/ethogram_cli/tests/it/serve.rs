//! `ethogram serve`, from the start to the signal that ends it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

use crate::{
    program::{program, run},
    serving::Serving,
};

#[test]
fn it_prints_its_address_answers_and_ends_at_a_signal() {
    let root = tempfile::tempdir().expect("a folder");
    for signal in ["-INT", "-TERM"] {
        let serving = Serving::start(&["--port", "0", "."], root.path());
        let health = serving.get("/api/health");
        assert!(health.starts_with("HTTP/1.1 200") && health.contains("\"version\""), "{health}");
        let mut events = TcpStream::connect(("127.0.0.1", serving.port())).expect("a connection");
        events.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut first = [0; 16];
        events.read_exact(&mut first).expect("an open stream");
        let (code, err) = serving.end(signal);
        assert_eq!(code, Some(0), "{signal}: an open page does not hold up the end: {err}");
        assert_eq!(err, "0 runs in .\n");
    }
}

#[test]
fn the_default_root_need_not_be_there() {
    let root = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(&["--port", "0"], root.path());
    assert!(serving.get("/api/runs").contains(r#""roots":["runs"],"runs":[]"#));
    assert_eq!(serving.end("-INT").1, "0 runs in runs, which does not exist yet\n");
    assert!(!root.path().join("runs").exists(), "serving writes nothing");
}

#[test]
fn json_has_the_address_in_a_line() {
    let root = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(&["--port", "0", "--json", "."], root.path());
    let line: serde_json::Value = serde_json::from_str(&serving.line).expect("json");
    let keys: Vec<_> = line.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["url", "address", "roots"]);
    assert!(line["url"].as_str().expect("an address").starts_with("http://127.0.0.1:"));
}

#[test]
fn an_open_bind_prints_a_token_and_the_environment_may_choose_it() {
    let root = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(&["--port", "0", "--host", "0.0.0.0", "."], root.path());
    let token = serving.line.split_once("?token=").expect("a token").1;
    assert_eq!(token.len(), 48, "{}", serving.line);

    let mut command = program();
    command.args(["serve", "--port", "0", "."]).env("ETHOGRAM_TOKEN", "from-outside").current_dir(root.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("an output")).read_line(&mut line).expect("a line");
    let serving = Serving { child, line };
    assert!(serving.line.ends_with("/?token=from-outside\n"), "{}", serving.line);
}

#[test]
fn what_cannot_be_served_is_said_with_what_to_do() {
    let root = tempfile::tempdir().expect("a folder");
    let at = |name: &str| root.path().join(name).display().to_string();
    let said = run(&["serve", "--port", "0", &at("missing")]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.starts_with(&format!("error: cannot look for runs in {}", at("missing"))), "{}", said.err);
    assert!(said.err.contains("mkdir -p"), "{}", said.err);

    std::fs::write(at("file"), "").expect("written");
    let said = run(&["serve", "--port", "0", &at("file")]);
    assert!(said.err.starts_with("error: expected a folder that holds runs, found a file: "), "{}", said.err);

    let said = run(&["serve", "--port", "0", "gs://bucket/runs"]);
    assert!(
        said.err.starts_with("error: gs:// is not known; give a folder, or an object store as s3://"),
        "{}",
        said.err
    );

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let said = run(&["serve", "--port", &port, &at("")]);
    assert_eq!(said.code, 1);
    let expected = format!(
        "error: port {port} of 127.0.0.1 is taken; give another --port, or none for the next one that is free\n"
    );
    assert!(said.err.ends_with(&expected), "{}", said.err);

    let said = run(&["serve", "--port", "0", "--ui", &at("no-app"), &at("")]);
    assert!(said.err.contains("no web app there") && said.err.contains("make web"), "{}", said.err);
}

#[test]
fn the_next_port_is_taken_when_the_default_is_not_free_and_said_so() {
    let root = tempfile::tempdir().expect("a folder");
    // Whether 8000 is free on this machine or not: of two servers one has to go elsewhere.
    let first = Serving::start(&["."], root.path());
    let second = Serving::start(&["."], root.path());
    assert_ne!(first.port(), second.port());
    let port = second.port();
    assert!(port > 8000, "{port}");
    assert!(second.end("-INT").1.starts_with(&format!("port 8000 is taken, using {port}\n")));
}
