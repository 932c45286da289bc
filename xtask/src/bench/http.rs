//! Just enough HTTP to ask our own server on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The body of the answer to one request, on a connection of its own.
pub fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_nodelay(true)?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no end of its head")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 200"), "{method} {path}: {}", String::from_utf8_lossy(&answer));
    ensure!(!head.contains("transfer-encoding"), "{method} {path}: the answer comes in chunks: {head}");
    Ok(answer.split_off(end + 4))
}

/// Opens a stream of events; what comes is read and thrown away until the server ends or this is dropped.
pub fn listen(address: SocketAddr, path: &str) -> Result<Listening> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())?;
    // One descriptor a stream, so that very many fit into what a process may open.
    let stream = Arc::new(stream);
    let reader = Arc::clone(&stream);
    std::thread::spawn(move || std::io::copy(&mut &*reader, &mut std::io::sink()));
    Ok(Listening(stream))
}

/// An open stream of events.
pub struct Listening(Arc<TcpStream>);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

/// The header of an answer in columns.
pub fn columns_header(body: &[u8]) -> Result<Value> {
    ensure!(body.starts_with(b"ETHC"), "expected columns");
    let length = body.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes).context("cut")?;
    Ok(serde_json::from_slice(body.get(8..8 + length as usize).context("cut")?)?)
}
