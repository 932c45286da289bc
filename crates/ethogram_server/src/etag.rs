//! Tags of answers, so that what did not change is not sent twice.

use std::hash::Hasher;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::error::{ApiError, ApiResult};

/// `Cache-Control` of what is named by its content.
pub const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// `Cache-Control` of what is kept, but asked for again with its tag.
pub const ASK_AGAIN: &str = "private, no-cache";

/// The tag of an answer by its content.
pub fn of_bytes(bytes: &[u8]) -> String {
    format!("\"{:016x}\"", xxh3_64(bytes))
}

/// The tag of an answer that follows from what was asked (`target`) and from a run's `revision`.
///
/// Revisions and derivations may change their meaning with the program: `server` is another number at each start.
pub fn of_revision(server: u64, revision: u64, target: &str) -> String {
    let mut hash = Xxh3::new();
    for number in [server, revision] {
        hash.write_u64(number);
    }
    hash.write(target.as_bytes());
    format!("\"{:016x}\"", hash.finish())
}

/// Whether the client has the answer with this tag already.
pub fn matches(request: &HeaderMap, tag: &str) -> bool {
    let lines = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// The one tag of `If-Match`, without its quotes: what a client saw of what it replaces.
///
/// **Errors**: 428 when there is none or it is `*`: nobody writes over what they have not seen.
pub fn if_match(request: &HeaderMap) -> ApiResult<&str> {
    let mut lines = request.get_all(header::IF_MATCH).iter();
    let asked = || {
        ApiError::new(StatusCode::PRECONDITION_REQUIRED, "no_if_match", "expected If-Match with one ETag")
            .hint("GET it first, and send its ETag as If-Match: nothing is replaced that was not seen")
    };
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(asked()) };
    let tag = line.to_str().unwrap_or_default().trim();
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).ok_or_else(asked)
}

/// 304.
pub fn not_modified(tag: &str, cache: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag), (header::CACHE_CONTROL, cache)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list() {
        let mut request = HeaderMap::new();
        assert!(!matches(&request, "\"a\""));
        request.insert(header::IF_NONE_MATCH, "\"b\", W/\"a\"".parse().expect("a value"));
        assert!(matches(&request, "\"a\"") && matches(&request, "\"b\"") && !matches(&request, "\"c\""));
        request.insert(header::IF_NONE_MATCH, "*".parse().expect("a value"));
        assert!(matches(&request, "\"c\""));
    }

    #[test]
    fn who_writes_says_what_was_seen() {
        let check = |lines: &[&str], expected: Result<&str, StatusCode>| {
            let mut request = HeaderMap::new();
            for line in lines {
                request.append(header::IF_MATCH, line.parse().expect("a value"));
            }
            assert_eq!(if_match(&request).map_err(|error| error.status()), expected, "{lines:?}");
        };
        check(&["\"a\""], Ok("a"));
        for lines in [&[] as &[&str], &["*"], &["a"], &["W/\"a\""], &["\"a\", \"b\""], &["\"a\"", "\"a\""]] {
            check(lines, Err(StatusCode::PRECONDITION_REQUIRED));
        }
    }

    #[test]
    fn the_tag_changes_with_all_that_it_stands_for() {
        let tag = of_revision(1, 2, "/a?b");
        assert_eq!(tag, of_revision(1, 2, "/a?b"));
        for other in [of_revision(2, 2, "/a?b"), of_revision(1, 3, "/a?b"), of_revision(1, 2, "/a?c")] {
            assert_ne!(tag, other);
        }
    }
}
