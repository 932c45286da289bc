//! What a store said when something failed, in words that say what to do.

use crate::Error;

/// Longest part of a store's own words that is passed on.
const WORDS_MAX: usize = 300;

/// In the addresses where a machine in Amazon's cloud is told its role, which is asked when nothing else names credentials.
const METADATA: &str = "/latest/";

/// Where one half of a pair of keys is set without the other.
const HALF: &str = "Missing SecretAccessKey";

/// The store, as errors name it.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) bucket: String,
    pub(super) endpoint: String,
    /// The environment names some.
    pub(super) has_credentials: bool,
}

impl Place {
    /// Our error for one of theirs.
    pub(super) fn error(&self, action: &'static str, url: &str, error: &object_store::Error) -> Error {
        use object_store::Error as Theirs;
        let words = error.to_string();
        let code = within(&words, "<Code>", "</Code>").unwrap_or_default();
        let absent = matches!(error, Theirs::NotFound { .. });
        let denied = matches!(error, Theirs::PermissionDenied { .. } | Theirs::Unauthenticated { .. });
        let Self { bucket, endpoint, .. } = self;
        let why = if code == "NoSuchBucket" {
            format!("there is no bucket {bucket:?} at {endpoint}; check the name, AWS_REGION and --s3-endpoint")
        } else if absent {
            "there is no such object".to_owned()
        } else if !self.has_credentials && (words.contains(METADATA) || denied || words.contains(HALF)) {
            let how = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`eval \"$(aws configure export-credentials --format env)\"` \
                       takes them from a profile), or AWS_SKIP_SIGNATURE=true for a public bucket";
            format!("no credentials for {endpoint}; {how}")
        } else if words.contains(HALF) {
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and one of them is not set".to_owned()
        } else if denied || matches!(code, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AccessDenied") {
            let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
            format!("{endpoint} does not let these credentials in{code}; check AWS_ACCESS_KEY_ID and what it may read")
        } else if is_refusal_of_connection(error) {
            format!("{endpoint} does not answer ({}); check --s3-endpoint or AWS_ENDPOINT_URL", root_cause(error))
        } else if words.contains("redirect") || code == "PermanentRedirect" {
            format!("the bucket {bucket:?} lies in another region; set AWS_REGION")
        } else {
            let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
            words.chars().take(WORDS_MAX).collect()
        };
        Error::Remote { action, url: url.to_owned(), why, absent: absent || code == "NoSuchBucket" }
    }
}

/// No answer came at all: nothing listens, the name is unknown, or it took too long.
fn is_refusal_of_connection(error: &object_store::Error) -> bool {
    use object_store::client::{HttpError, HttpErrorKind};
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return matches!(
                error.kind(),
                HttpErrorKind::Connect | HttpErrorKind::Timeout | HttpErrorKind::Interrupted
            );
        }
        cause = error.source();
    }
    false
}

fn root_cause(error: &object_store::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string().chars().take(WORDS_MAX).collect()
}

fn within<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(words: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: words.to_owned().into() }
    }

    #[test]
    fn what_a_store_says_becomes_what_to_do() {
        let place = |has_credentials| Place { bucket: "lab".into(), endpoint: "http://here".into(), has_credentials };
        let check = |error: object_store::Error, has_credentials: bool, expected: &str| {
            let told = place(has_credentials).error("list", "s3://lab/runs", &error).to_string();
            assert!(told.starts_with("list failed: ") && told.ends_with(": s3://lab/runs"), "{told}");
            assert!(told.contains(expected), "{told}");
        };
        check(generic("404: <Code>NoSuchBucket</Code>"), true, "there is no bucket \"lab\" at http://here");
        check(generic("PUT http://169.254.169.254/latest/api/token"), false, "set AWS_ACCESS_KEY_ID");
        check(generic("Missing SecretAccessKey"), false, "no credentials");
        check(generic("Missing SecretAccessKey"), true, "belong together");
        check(generic("<Code>InvalidAccessKeyId</Code>"), true, "(InvalidAccessKeyId); check AWS_ACCESS_KEY_ID");
        check(generic("Received redirect without LOCATION"), true, "set AWS_REGION");
        check(generic("something\n   else"), true, "something else");
        let denied = object_store::Error::PermissionDenied { path: "x".into(), source: "403".into() };
        check(denied, true, "does not let these credentials in; ");
    }

    #[test]
    fn only_what_is_not_there_counts_as_not_found() {
        let place = Place { has_credentials: true, ..Place::default() };
        assert!(place.error("list", "", &generic("<Code>NoSuchBucket</Code>")).is_not_found());
        let down = place.error("list", "", &generic("boom"));
        assert!(down.is_unavailable() && !down.is_not_found());
    }
}
