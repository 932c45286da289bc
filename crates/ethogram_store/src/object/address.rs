//! Which prefix of which store, and how it is reached: a URL, options, and the environment.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ObjectStore, RetryConfig};

use super::fault::Place;
use super::remote::Remote;
use crate::{Error, Result};

/// What a URL of an object store begins with.
pub const SCHEME: &str = "s3://";

/// A request that fails for a reason that may pass is sent again so many times, and not after so long: somebody waits for it.
const RETRIES: usize = 2;
const RETRY_FOR: Duration = Duration::from_secs(15);

/// Where credentials are found; one of these must be set unless the machine itself has a role.
const CREDENTIALS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
];

/// How a store is reached, beside what the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteOptions {
    /// For example `http://127.0.0.1:9000`; `AWS_ENDPOINT_URL`, or Amazon's own, when not given.
    pub endpoint: Option<String>,
}

impl Remote {
    /// The prefix that `s3://BUCKET/PREFIX` names. Nothing is asked yet.
    ///
    /// Read from the environment, as other tools do: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
    /// `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_SKIP_SIGNATURE`, and what containers and machines with a role have.
    ///
    /// # Errors
    /// [`Error::BadName`] when it is not such a URL; [`Error::Remote`] when the settings contradict each other.
    pub fn open(url: &str, options: &RemoteOptions) -> Result<Self> {
        let bad = |why| Error::BadName { name: url.chars().take(200).collect(), why };
        let rest = url.strip_prefix(SCHEME).ok_or(bad("a URL of an object store begins with s3://"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(bad("it names no bucket; write s3://BUCKET/PREFIX"));
        }
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_FOR,
            ..RetryConfig::default()
        });
        let in_environment =
            ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|name| value_of(name));
        let endpoint = options.endpoint.clone().or(in_environment);
        if let Some(endpoint) = &endpoint {
            // Whoever writes http:// means it.
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if builder.get_config_value(&AmazonS3ConfigKey::Region).is_none()
            && let Some(region) = builder.get_config_value(&AmazonS3ConfigKey::DefaultRegion)
        {
            builder = builder.with_region(region);
        }
        let place = Place {
            bucket: bucket.to_owned(),
            endpoint: endpoint.unwrap_or_else(|| "Amazon S3".to_owned()),
            has_credentials: CREDENTIALS.iter().any(|name| value_of(name).is_some()),
        };
        // The first to ask sets it for the process; whoever comes later finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = builder.build().map_err(|error| place.error("open", url, &error))?;
        Ok(Self::new(Arc::new(store) as Arc<dyn ObjectStore>, prefix, url, place))
    }
}

fn value_of(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
