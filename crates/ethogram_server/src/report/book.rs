//! Answers on their way into the page: packed in chunks, with an index of where each lies.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    error::{ApiError, ApiResult},
    limits::REPORT_BYTES_MAX,
};

/// Bytes of answers that are packed together, about: the page unpacks so much to read one.
const CHUNK_BYTES: usize = 1 << 20;
/// Where the built page takes the report's texts; `web/report_page.ts` writes it.
const PLACE: &str = "<!--ethogram-report-->";
const TITLE: &str = "<title>Ethogram report</title>";

/// What was answered so far.
#[derive(Default)]
pub struct Book {
    entries: Vec<Entry>,
    waiting: Vec<u8>,
    /// Packed, as base64.
    chunks: Vec<String>,
    bytes: u64,
}

#[derive(Serialize)]
struct Entry {
    path: String,
    query: Map<String, Value>,
    chunk: usize,
    offset: usize,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

impl Book {
    /// Keeps an answer under what the pages will ask.
    ///
    /// **Errors**: 413 when the report is over [`REPORT_BYTES_MAX`].
    pub async fn keep(
        &mut self,
        path: &[&str],
        query: &[(&str, String)],
        bytes: &[u8],
        tag: Option<String>,
    ) -> ApiResult<()> {
        if self.waiting.len() + bytes.len() > CHUNK_BYTES && !self.waiting.is_empty() {
            self.pack().await?;
        }
        // Columns are read in place by the browser, eight bytes at once.
        self.waiting.resize(self.waiting.len().next_multiple_of(8), 0);
        self.entries.push(Entry {
            path: format!("/api/{}", path.join("/")),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect(),
            chunk: self.chunks.len(),
            offset: self.waiting.len(),
            bytes: bytes.len(),
            tag,
        });
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// Bytes of the page so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    async fn pack(&mut self) -> ApiResult<()> {
        let raw = std::mem::take(&mut self.waiting);
        let text = tokio::task::spawn_blocking(move || base64(&deflated(&raw)))
            .await
            .map_err(|error| ApiError::internal(format!("packing failed: {error}")))?;
        self.bytes += text.len() as u64;
        self.chunks.push(text);
        if self.bytes > REPORT_BYTES_MAX {
            return Err(ApiError::too_large("bytes of the report (REPORT_BYTES_MAX)", self.bytes, REPORT_BYTES_MAX)
                .hint("choose fewer episodes, steps, tags or explanations"));
        }
        Ok(())
    }

    /// The page: `template` with the report in its place.
    pub async fn into_page(mut self, template: &str, title: &str, head: Value) -> ApiResult<String> {
        if !self.waiting.is_empty() {
            self.pack().await?;
        }
        let Some((before, after)) = template.split_once(PLACE) else {
            return Err(ApiError::internal("report.html of the web app has no place for the report"));
        };
        // Nothing in a text ends the element that it stands in.
        let index = json!({ "head": head, "entries": self.entries }).to_string().replace('<', "\\u003c");
        let title = format!("<title>{} · Ethogram</title>", escaped(title));
        let mut page = String::with_capacity(template.len() + index.len() + self.bytes as usize + 4096);
        page.push_str(&before.replacen(TITLE, &title, 1));
        for (number, chunk) in self.chunks.iter().enumerate() {
            let number = number.to_string();
            let open = ["<script type=\"application/octet-stream\" id=\"ethogram-chunk-", &number, "\">"];
            page.extend(open.into_iter().chain([chunk.as_str(), "</script>\n"]));
        }
        page.push_str("<script type=\"application/json\" id=\"ethogram-report\">");
        page.push_str(&index);
        page.push_str("</script>\n");
        page.push_str(after);
        Ok(page)
    }
}

/// Raw deflate, as the browser's `deflate-raw`.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::best());
    // Writing into memory does not fail.
    let _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three.iter().chain([0_u8, 0].iter()).take(3).fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
        for place in 0..4 {
            let sign = SIGNS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn base64_is_that_of_browsers() {
        let known =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (bytes, text) in known {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }

    #[tokio::test]
    async fn texts_end_nothing_and_answers_lie_where_the_index_says() {
        let mut book = Book::default();
        let evil = "</script><script>alert(1)</script>";
        book.keep(&["runs"], &[], b"abc", None).await.expect("kept");
        book.keep(&["runs", evil], &[("field", evil.into())], &[7; 9], Some("\"1\"".into())).await.expect("kept");
        let template = format!("<html>{TITLE}{PLACE}<script>app</script></html>");
        let page = book.into_page(&template, evil, json!({ "title": evil })).await.expect("a page");
        assert_eq!(page.matches("<script").count(), 3, "{page}");
        assert_eq!(page.matches("</script").count(), 3, "{page}");
        assert!(page.contains("<title>&lt;/script&gt;"), "{page}");
        let (_, rest) = page.split_once("id=\"ethogram-report\">").expect("an index");
        let index: Value = serde_json::from_str(rest.split_once("</script>").expect("an end").0).expect("JSON");
        assert_eq!(index["head"]["title"], evil);
        assert_eq!(index["entries"][1]["path"], format!("/api/runs/{evil}"));
        assert_eq!((&index["entries"][1]["offset"], &index["entries"][1]["bytes"]), (&json!(8), &json!(9)));
        let mut raw = Vec::new();
        let packed = deflated(b"abc\0\0\0\0\0\x07\x07\x07\x07\x07\x07\x07\x07\x07");
        flate2::read::DeflateDecoder::new(&packed[..]).read_to_end(&mut raw).expect("unpacked");
        assert!(page.contains(&base64(&packed)) && raw.len() == 17);
    }
}
