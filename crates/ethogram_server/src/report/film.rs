//! Films that somebody else made of the episodes of a report.

use serde_json::Value;

use super::{episode::PlannedEpisode, maker::Maker};
use crate::{error::ApiResult, limits::REPORT_FILM_BYTES_MAX};

/// What `extra` of an episode says of its film (`docs/format.md`, Films).
const MEMBERS: [&str; 4] = ["video", "video_blob", "video_bytes", "video_first_step"];

/// Is there a film of the episode with this `extra`?
pub fn is_filmed(extra: &Value) -> bool {
    extra["video_blob"].is_string()
}

/// The `extra` of an episode whose film is not in the report.
pub fn without_film(extra: &mut Value) {
    if let Some(members) = extra.as_object_mut() {
        for name in MEMBERS {
            members.remove(name);
        }
    }
}

/// Keeps the film of an episode while there is room for it; gives whether it did, and says why where it did not.
pub async fn keep(maker: &mut Maker<'_>, one: &PlannedEpisode) -> ApiResult<bool> {
    let episode = one.episode.to_string();
    let path = ["runs", &one.run, "episodes", &episode];
    let about = format!("the film of episode {episode} of {}", one.run_name);
    let described = match maker.asker.ask(&[&path[..], &["film"]].concat(), &[], None).await {
        Ok(described) => described,
        Err(error) => {
            maker.left_out.push(format!("{about}: {}", error.message));
            return Ok(false);
        }
    };
    let film: Value = serde_json::from_slice(&described.bytes).unwrap_or_default();
    let bytes = film["bytes"].as_u64().unwrap_or(u64::MAX);
    if bytes > REPORT_FILM_BYTES_MAX - maker.film_bytes {
        let taken = match maker.film_bytes {
            0 => String::new(),
            taken => format!(", {} of which are taken", mebibytes(taken)),
        };
        maker.left_out.push(format!(
            "{about}: it has {}, and the films of a report may have {} together{taken} (REPORT_FILM_BYTES_MAX)",
            mebibytes(bytes),
            mebibytes(REPORT_FILM_BYTES_MAX)
        ));
        return Ok(false);
    }
    let file = maker.asker.ask(&[&path[..], &["film.mp4"]].concat(), &[], None).await?;
    maker.film_bytes += bytes;
    maker.keep_answer("films", &[&path[..], &["film.mp4"]].concat(), &[], &file).await?;
    maker.keep_answer("films", &[&path[..], &["film"]].concat(), &[], &described).await?;
    Ok(true)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_not_promised() {
        let mut extra =
            json!({"video": "a.mp4", "video_blob": "ab", "video_bytes": 3, "video_first_step": 0, "mood": 1});
        assert!(is_filmed(&extra));
        without_film(&mut extra);
        assert!(!is_filmed(&extra));
        assert_eq!(extra, json!({"mood": 1}));
        assert!(!is_filmed(&Value::Null));
    }
}
