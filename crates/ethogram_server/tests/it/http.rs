//! A server on a port of its own, and a client that says exactly what it is told to.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ethogram_query::{Options, Workbench};
use ethogram_server::{ServeOptions, Server};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// A server that ends when the test does.
pub struct Served {
    pub port: u16,
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Served {
    /// Serves the runs below `roots`.
    pub async fn start(roots: &[PathBuf], options: ServeOptions) -> Self {
        let query = Options {
            openers: vec![Arc::new(ethogram_query::NativeOpener)],
            search_every: Duration::from_millis(300),
            ..Options::default()
        };
        let roots = roots.iter().cloned().map(Into::into).collect();
        let workbench = Workbench::open(roots, query).expect("a workbench");
        let options = ServeOptions { port: options.port.or(Some(0)), ..options };
        Self::of(Server::bind(Arc::new(workbench), options).await.expect("a server"))
    }

    /// Lets a server that is bound answer.
    pub fn of(server: Server) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (port, url) = (server.address().port(), server.url());
        let task = tokio::spawn(async move {
            server.run(async move { drop(stopped.await) }).await;
        });
        Self { port, url, stop: Some(stop), task }
    }

    /// Tells the server to stop and waits for it.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.task).await.expect("the server ended in order");
    }

    /// `GET` of a path with a sound `Host`.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").await
    }

    /// `GET` of a path, which must succeed, as JSON.
    pub async fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// `GET` of a path, which must succeed, as columns.
    pub async fn columns(&self, path: &str) -> ethogram_server::columns::Decoded {
        self.get(path).await.columns()
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        let body = body.to_string();
        self.ask("POST", path, &[("Content-Type", "application/json")], body.as_bytes()).await
    }

    /// A change, as a page of this server sends it; `tag` is what it saw.
    pub async fn put(&self, path: &str, tag: &str, body: &serde_json::Value) -> Answer {
        let origin = self.origin();
        let mut headers = vec![("Content-Type", "application/json"), ("Origin", origin.as_str())];
        if !tag.is_empty() {
            headers.push(("If-Match", tag));
        }
        self.ask("PUT", path, &headers, body.to_string().as_bytes()).await
    }

    /// `DELETE`, as a page of this server sends it.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[("Origin", &self.origin())], b"").await
    }

    /// Where pages of this server come from.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Any request; a `Host` among `headers` replaces the sound one.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), "Connection: close".to_owned()];
        if !headers.iter().any(|(name, _)| *name == "Host") {
            lines.push(format!("Host: 127.0.0.1:{}", self.port));
        }
        if !body.is_empty() {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        self.raw([lines.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn raw(&self, request: Vec<u8>) -> Answer {
        let port = self.port;
        let exchange = move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            let mut sending = stream.try_clone().expect("a second handle");
            // The server may answer before it has read everything, and close: then the rest cannot be sent.
            let sender = std::thread::spawn(move || drop(sending.write_all(&request)));
            let mut bytes = Vec::new();
            drop(stream.read_to_end(&mut bytes));
            sender.join().expect("sent");
            bytes
        };
        Answer::parse(&tokio::task::spawn_blocking(exchange).await.expect("an exchange"))
    }

    /// Opens the event stream.
    pub fn events(&self) -> EventStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let head = format!("GET /api/events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port);
        stream.write_all(head.as_bytes()).expect("sent");
        EventStream::of(stream)
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The head and body of one answer.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no HTTP answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).expect("an ASCII head");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let pairs = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.parse().expect("a status"),
            headers: pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn columns(&self) -> ethogram_server::columns::Decoded {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/x-ethogram-columns");
        ethogram_server::columns::decode(&self.body).expect("columns")
    }

    /// Checks that this is an error as `docs/http.md` has it, and gives its code.
    pub fn error_code(&self) -> String {
        assert!(self.status >= 400, "expected an error, found {}: {}", self.status, self.text());
        let json = self.json();
        let keys: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["code", "message", "hint"], "{json}");
        assert!(!json["message"].as_str().expect("a message").is_empty(), "{json}");
        json["code"].as_str().expect("a code").to_owned()
    }
}

/// An open event stream.
pub struct EventStream {
    events: mpsc::UnboundedReceiver<(String, serde_json::Value)>,
}

impl EventStream {
    fn of(mut stream: TcpStream) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                text += &String::from_utf8_lossy(&bytes[..count]);
                while let Some(event) = take_event(&mut text) {
                    if sender.send(event).is_err() {
                        return;
                    }
                }
            }
        });
        Self { events }
    }

    /// The next event: its name and data. That the server is alive is passed over.
    pub async fn next(&mut self) -> (String, serde_json::Value) {
        self.next_or_end().await.expect("an event, found the end of the stream")
    }

    /// The next event; `None` when the server closed the stream.
    pub async fn next_or_end(&mut self) -> Option<(String, serde_json::Value)> {
        let next = async {
            loop {
                let event = self.events.recv().await;
                if event.as_ref().is_none_or(|(name, _)| name != "alive") {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("an event within 20 s")
    }

    /// The name of the next event, whatever it is.
    pub async fn next_name(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        next.expect("an event within 20 s").expect("an event, found the end of the stream").0
    }

    /// The next event of this name; others are passed over.
    pub async fn next_of(&mut self, name: &str) -> serde_json::Value {
        loop {
            let (found, data) = self.next().await;
            if found == name {
                return data;
            }
        }
    }
}

/// Takes the first whole event out of what was read; sizes of chunks stand around it.
fn take_event(text: &mut String) -> Option<(String, serde_json::Value)> {
    let start = text.find("event: ")?;
    let end = start + text[start..].find("\n\n")?;
    let event = text[start..end].to_owned();
    text.drain(..end + 2);
    let (name, data) = event.split_once('\n').expect("a line of data");
    let data = data.strip_prefix("data: ").expect("a line of data");
    Some((name["event: ".len()..].to_owned(), serde_json::from_str(data).expect("json")))
}
