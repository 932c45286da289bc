//! The word that lets people in when the server can be reached from outside this machine.

/// A secret of printable ASCII that needs no escaping in an address, a header or a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Shortest token that is taken.
    pub const BYTES_MIN: usize = 8;
    /// Longest token that is taken.
    pub const BYTES_MAX: usize = 256;

    /// A new one of 192 bits from the operating system.
    ///
    /// **Errors**: the operating system has no randomness to give.
    pub fn random() -> std::io::Result<Self> {
        use std::fmt::Write as _;

        let mut bytes = [0_u8; 24];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })))
    }

    /// One that the user chose.
    ///
    /// **Errors**: a text that names the rule it breaks.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !(Self::BYTES_MIN..=Self::BYTES_MAX).contains(&text.len()) {
            let (min, max) = (Self::BYTES_MIN, Self::BYTES_MAX);
            return Err(format!("a token has {min} to {max} characters, found {}", text.len()));
        }
        if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.~".contains(*c))) {
            return Err(format!("a token is made of letters, digits and -_.~, found {bad:?}"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `given` is the token. Takes equally long for all texts of its length.
    pub fn is(&self, given: &str) -> bool {
        let same = self.0.bytes().zip(given.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0;
        std::hint::black_box(same) && self.0.len() == given.len()
    }

    /// The word itself, for the printed address and the cookie.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Takes the first `token=` out of a query: its value, and the query without it.
pub fn split_query(query: &str) -> (Option<&str>, String) {
    let (tokens, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("token="));
    (tokens.first().map(|pair| &pair["token=".len()..]), rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_tokens_are_long_sound_and_differ() {
        let (a, b) = (Token::random().expect("randomness"), Token::random().expect("randomness"));
        assert_ne!(a, b);
        assert_eq!(a.text().len(), 48);
        assert_eq!(Token::parse(a.text()).as_ref(), Ok(&a));
        assert_eq!(format!("{a:?}"), "Token(…)", "a token never shows in a log");
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token::parse("secret-word").expect("a token");
        assert!(token.is("secret-word"));
        for other in ["", "secret", "secret-word2", "secret-worD", "xecret-word"] {
            assert!(!token.is(other), "{other:?}");
        }
    }

    #[test]
    fn words_that_would_need_escaping_are_refused() {
        assert_eq!(Token::parse("short"), Err("a token has 8 to 256 characters, found 5".into()));
        assert_eq!(Token::parse("has a space"), Err("a token is made of letters, digits and -_.~, found ' '".into()));
        assert!(Token::parse("semi;colon=1").is_err());
    }

    #[test]
    fn the_token_is_taken_out_of_the_query() {
        assert_eq!(split_query("a=1&token=t&b=2"), (Some("t"), "a=1&b=2".into()));
        assert_eq!(split_query("token=t"), (Some("t"), String::new()));
        assert_eq!(split_query("a=1"), (None, "a=1".into()));
    }
}
