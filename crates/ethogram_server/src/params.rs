//! What a request asks for beside its path: `key=value` pairs, each read by name, none passed over in silence.

use std::ops::Range;

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::error::{ApiError, ApiResult};

/// The pairs of a query, percent-decoded, in order.
#[derive(Debug, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Most pairs of one request.
    pub const PAIRS_MAX: usize = 512;

    /// Takes the value of `name` out. **Errors**: it is given twice.
    pub fn take(&mut self, name: &str) -> ApiResult<Option<String>> {
        let Some(at) = self.pairs.iter().position(|(key, _)| key == name) else { return Ok(None) };
        let (_, value) = self.pairs.remove(at);
        if self.pairs.iter().any(|(key, _)| key == name) {
            return Err(ApiError::bad_request(format!("parameter {name:?} is given twice")));
        }
        Ok(Some(value))
    }

    /// Takes all values of `name` out, in order.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes the value of `name` out. **Errors**: it is missing or given twice.
    pub fn require(&mut self, name: &str) -> ApiResult<String> {
        self.take(name)?.ok_or_else(|| ApiError::bad_request(format!("parameter {name:?} is missing")))
    }

    /// Takes `name` out as a number or another type that is written as text.
    pub fn take_as<T: std::str::FromStr>(&mut self, name: &str, expected: &str) -> ApiResult<Option<T>> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(ApiError::bad_request(format!("parameter {name:?} expected {expected}, found {text:?}"))),
        }
    }

    /// Takes `name` out as a switch, `0` or `1`; off where it is missing.
    pub fn take_flag(&mut self, name: &str) -> ApiResult<bool> {
        match self.take(name)?.as_deref() {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(ApiError::bad_request(format!("parameter {name:?} expected 0 or 1, found {other:?}"))),
        }
    }

    /// Takes `from` and `to` out: `from <= index < to`, all of it where they are missing.
    pub fn take_range_u64(&mut self) -> ApiResult<Range<u64>> {
        let expected = "a whole number from 0";
        let from = self.take_as("from", expected)?.unwrap_or(0);
        let to = self.take_as("to", expected)?.unwrap_or(u64::MAX);
        ordered(from, to)
    }

    /// Takes `from` and `to` out: `from <= step < to`, all of it where they are missing.
    pub fn take_range_i64(&mut self) -> ApiResult<Range<i64>> {
        let from = self.take_as("from", "a whole number")?.unwrap_or(i64::MIN);
        let to = self.take_as("to", "a whole number")?.unwrap_or(i64::MAX);
        ordered(from, to)
    }

    /// All pairs that nobody took.
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.pairs)
    }

    /// **Errors**: there is a pair that nobody took; most likely a misspelt name.
    pub fn finish(&self) -> ApiResult<()> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::bad_request(format!("parameter {name:?} is not known here"))
                .hint("docs/http.md lists the parameters of each route")),
        }
    }
}

/// A half-open range. **Errors**: it ends before it begins.
pub fn ordered<T: PartialOrd + std::fmt::Display>(from: T, to: T) -> ApiResult<Range<T>> {
    if from > to {
        return Err(ApiError::bad_request(format!("the range ends at {to}, before it begins at {from}"))
            .hint("give from <= to; to is the first index left out"));
    }
    Ok(from..to)
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if pairs.len() > Self::PAIRS_MAX {
            return Err(ApiError::too_large("parameters", pairs.len() as u64, Self::PAIRS_MAX as u64));
        }
        Ok(Self { pairs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params { pairs: pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect() }
    }

    #[test]
    fn ranges_are_half_open_and_open_ended() {
        assert_eq!(params(&[]).take_range_u64(), Ok(0..u64::MAX));
        assert_eq!(params(&[("to", "9"), ("from", "3")]).take_range_u64(), Ok(3..9));
        assert_eq!(params(&[("from", "-3")]).take_range_i64(), Ok(-3..i64::MAX));
    }

    #[test]
    fn switches_are_off_or_on() {
        assert_eq!(params(&[]).take_flag("parts"), Ok(false));
        assert_eq!(params(&[("parts", "0")]).take_flag("parts"), Ok(false));
        assert_eq!(params(&[("parts", "1")]).take_flag("parts"), Ok(true));
        let error = params(&[("parts", "yes")]).take_flag("parts").expect_err("no switch");
        assert_eq!(error.message, r#"parameter "parts" expected 0 or 1, found "yes""#);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |result: ApiResult<Range<u64>>| result.expect_err("an error").message;
        let check = |pairs: &[(&str, &str)], expected: &str| {
            assert_eq!(message(params(pairs).take_range_u64()), expected);
        };
        check(&[("from", "-1")], r#"parameter "from" expected a whole number from 0, found "-1""#);
        check(&[("to", "1e9")], r#"parameter "to" expected a whole number from 0, found "1e9""#);
        check(
            &[("to", "99999999999999999999")],
            r#"parameter "to" expected a whole number from 0, found "99999999999999999999""#,
        );
        check(&[("from", "5"), ("to", "4")], "the range ends at 4, before it begins at 5");
        check(&[("from", "1"), ("from", "2")], r#"parameter "from" is given twice"#);
        let left = params(&[("form", "1")]).finish().expect_err("a misspelt name");
        assert_eq!(left.message, r#"parameter "form" is not known here"#);
    }
}
