//! The web app: embedded when it was built before this crate, else a page that says how to build it; or a folder.

use std::path::{Path, PathBuf};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use crate::{error::ApiError, etag};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));
}

/// Files with a hash in their name lie here, and never change.
const HASHED: &str = "assets/";

const NOT_BUILT: &str = include_str!("ui_missing.html");

/// Where the web app comes from.
#[derive(Clone, Debug, Default)]
pub enum Ui {
    /// What was built into this program.
    #[default]
    Embedded,
    /// A folder, read anew at each request; for work on the app itself.
    Folder(PathBuf),
}

impl Ui {
    /// The folder as it is after links; it must hold `index.html`.
    ///
    /// **Errors**: a text that says what is missing.
    pub fn folder(path: &Path) -> Result<Self, String> {
        let fail = |why: String| Err(format!("no web app there: {why}; build it with `make web`: {}", path.display()));
        let folder = match path.canonicalize() {
            Ok(folder) => folder,
            Err(error) => return fail(error.to_string()),
        };
        if folder.join("index.html").is_file() { Ok(Self::Folder(folder)) } else { fail("expected index.html".into()) }
    }

    /// Whether there is an app to show; otherwise people see how to build it.
    pub fn is_built(&self) -> bool {
        self.read("index.html").is_some()
    }

    /// The page that reports are made of; `None` where the app was not built.
    pub fn report_template(&self) -> Option<String> {
        String::from_utf8(self.read("report.html")?.to_vec()).ok()
    }

    /// Answers a path that is no route: a file of the app, or the app itself for addresses that it makes up.
    pub fn answer(&self, path: &str, request: &HeaderMap) -> Response {
        let name = path.trim_start_matches('/');
        if let Some(bytes) = self.read(name) {
            return file(name, bytes, request);
        }
        if name.starts_with(HASHED) {
            return ApiError::not_found(format!("no file {name:?} in the web app"))
                .hint("the app was updated; reload the page")
                .into_response();
        }
        match self.read("index.html") {
            Some(page) => file("index.html", page, request),
            None => file("index.html", Bytes::from_static(NOT_BUILT.as_bytes()), request),
        }
    }

    fn read(&self, name: &str) -> Option<Bytes> {
        if !is_plain(name) {
            return None;
        }
        match self {
            Self::Embedded => {
                let at = embedded::FILES.binary_search_by_key(&name, |(name, _)| name).ok()?;
                Some(Bytes::from_static(embedded::FILES[at].1))
            }
            Self::Folder(folder) => {
                // A link may lead out of the folder even when the name does not.
                let path = folder.join(name).canonicalize().ok().filter(|path| path.starts_with(folder))?;
                std::fs::read(path).ok().map(Bytes::from)
            }
        }
    }
}

/// Names such as `assets/index-4f2a.js`: no way up, no hidden files, nothing that needs decoding.
fn is_plain(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
}

fn file(name: &str, bytes: Bytes, request: &HeaderMap) -> Response {
    let cache = if name.starts_with(HASHED) { etag::FOR_EVER } else { etag::ASK_AGAIN };
    let tag = etag::of_bytes(&bytes);
    if etag::matches(request, &tag) {
        return etag::not_modified(&tag, cache);
    }
    let headers = [
        (header::CONTENT_TYPE, content_type(name).to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, tag),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder_are_not_read() {
        for name in ["index.html", "assets/index-4f2a_B.js", "favicon.svg"] {
            assert!(is_plain(name), "{name}");
        }
        let bad =
            ["", "..", "../Cargo.toml", "assets/../../x", "assets//x", ".env", "a/.git", "%2e%2e/x", "a\\b", "a\0b"];
        for name in bad {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn embedded_files_are_sorted_for_the_search() {
        assert!(embedded::FILES.is_sorted_by_key(|(name, _)| name));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("secret.txt"), "secret").expect("written");
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Ui::folder(folder.path()).expect_err("no app").contains("expected index.html"));
        std::fs::write(folder.path().join("index.html"), "<title>app</title>").expect("written");
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("link.txt")).expect("linked");
        let ui = Ui::folder(folder.path()).expect("an app");
        assert!(ui.is_built());
        assert_eq!(ui.read("link.txt"), None);
        assert_eq!(ui.read("index.html").as_deref(), Some("<title>app</title>".as_bytes()));
    }
}
