//! What is typed behind an option, read.

use std::net::IpAddr;
use std::ops::Range;

use ethogram_query::NamePattern;

pub(super) fn steps_from_text(text: &str) -> Result<Range<u64>, String> {
    let fail = || format!("expected steps such as 100..400, 100.. or ..400, found {text:?}");
    let (from, to) = text.split_once("..").ok_or_else(fail)?;
    let end = |text: &str, open: u64| if text.is_empty() { Ok(open) } else { text.parse().map_err(|_| fail()) };
    let range = end(from.trim(), 0)?..end(to.trim(), u64::MAX)?;
    if range.is_empty() { Err(format!("{} holds no step: the last one is left out", text.trim())) } else { Ok(range) }
}

pub(super) fn pattern_from_text(text: &str) -> Result<NamePattern, String> {
    NamePattern::parse(text)
}

pub(super) fn setting_from_text(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("expected a setting such as loop_share=0.1, found {text:?}")),
    }
}

pub(super) fn endpoint_from_text(text: &str) -> Result<String, String> {
    if ["http://", "https://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("expected an address such as https://s3.example.org or http://127.0.0.1:9000".to_owned())
}

pub(super) fn address_from_text(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        _ => text.parse().map_err(|_| "expected an address such as 127.0.0.1, ::1 or 0.0.0.0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_may_be_open_at_either_end() {
        assert_eq!(steps_from_text("100..400"), Ok(100..400));
        assert_eq!(steps_from_text("100.."), Ok(100..u64::MAX));
        assert_eq!(steps_from_text("..400"), Ok(0..400));
        for text in ["", "100", "100-400", "a..b", "-1..3", "400..100", "5..5"] {
            assert!(steps_from_text(text).is_err(), "{text}");
        }
    }
}
