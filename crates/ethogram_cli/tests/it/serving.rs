//! A server as people start it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::program::program;

/// A server that is ended when dropped.
pub struct Serving {
    pub child: Child,
    pub line: String,
}

impl Serving {
    pub fn start(args: &[&str], folder: &Path) -> Self {
        let mut command = program();
        command.arg("serve").args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("an output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        Self { child, line: line.trim_end().to_owned() }
    }

    /// The path and port that follow the host.
    pub fn port(&self) -> u16 {
        let rest = self.line.strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("an address: {:?}", self.line));
        rest.trim_end_matches('/').parse().expect("a port")
    }

    pub fn get(&self, path: &str) -> String {
        let port = self.port();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a signal and waits; gives the exit code and what was said to standard error.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let code = self.child.wait().expect("it ended").code();
        let mut err = String::new();
        self.child.stderr.take().expect("an output").read_to_string(&mut err).expect("text");
        (code, err)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
