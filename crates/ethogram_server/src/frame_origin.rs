//! Who may show the web app within a page of their own, as a notebook does.

use std::fmt;

/// Longest origin that is taken, in bytes.
const ORIGIN_BYTES_MAX: usize = 256;

/// An origin whose pages may have the web app in a frame, for example `http://localhost:8888`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameOrigin(String);

impl FrameOrigin {
    /// Reads `http://HOST[:PORT]` or `https://HOST[:PORT]`, without anything behind it.
    ///
    /// # Errors
    ///
    /// It is something else. No wildcard is taken: any page could lead people to click what they do not see.
    pub fn parse(text: &str) -> Result<Self, String> {
        let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or_default();
        let (name, port) = authority.rsplit_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if !named || port.is_some_and(|port| port.parse::<u16>().is_err()) || text.len() > ORIGIN_BYTES_MAX {
            return Err("expected an origin such as http://localhost:8888, without a path".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FrameOrigin {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_name_and_a_port() {
        for text in ["http://localhost:8888", "https://lab.example", "http://127.0.0.1:8889"] {
            assert_eq!(FrameOrigin::parse(text).expect("an origin").to_string(), text);
        }
        for text in [
            "",
            "*",
            "localhost:8888",
            "http://",
            "http://*.example",
            "http://a;b",
            "http://a/b",
            "http://a:1:2",
            "http://a:70000",
            "http://a b",
        ] {
            assert!(FrameOrigin::parse(text).is_err(), "{text:?}");
        }
    }
}
