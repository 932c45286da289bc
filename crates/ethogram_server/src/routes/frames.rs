//! `GET /api/runs/RUN/episodes/E/frames`: pictures as they lie on disk, in groups.

use std::ops::Range;

use axum::response::Response;
use ethogram_query::RunHandle;
use ethogram_store::FrameGroup;

use crate::{
    answer,
    error::{ApiError, ApiResult},
    extract::InPath,
    frames::{FRAMES_TYPE, encode},
    params::Params,
    run_request::RunRequest,
};

/// Steps read at once, so that an answer that grows over its limit is noticed before all of it is in memory.
const STEPS_AT_ONCE: u64 = 512;

/// The groups that cover the range; they may reach beyond it.
pub async fn frames(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let field = params.take("field")?.unwrap_or_else(|| "frame".into());
    let range = params.take_range_u64()?;
    params.finish()?;
    request.answer(move |run| Ok(answer::parts(FRAMES_TYPE, encode(read(run, episode, &field, range)?)))).await
}

fn read(run: &RunHandle, episode: u64, field: &str, range: Range<u64>) -> ApiResult<Vec<FrameGroup>> {
    run.episode(episode)?;
    let source = run.source();
    let fields = source.step_fields(episode)?;
    let images = || fields.iter().filter(|info| info.image).map(|info| info.name.as_str()).collect::<Vec<_>>();
    match fields.iter().find(|info| info.name == field) {
        Some(info) if info.image => {}
        Some(_) => {
            return Err(ApiError::bad_request(format!("field {field:?} holds no pictures"))
                .hint("ask for it with /fields; images are uint8 with two axes or more and 1,024 elements or more"));
        }
        None => {
            return Err(ApiError::not_found(format!("no images {field:?} in episode {episode}")).hint(format!(
                "images there: {}",
                if images().is_empty() { "none".into() } else { images().join(", ") }
            )));
        }
    }
    let end = range.end.min(source.step_count(episode)?);
    let mut groups: Vec<FrameGroup> = Vec::new();
    let mut bytes = 0;
    let mut start = range.start;
    while start < end {
        let next = end.min(start + STEPS_AT_ONCE);
        for group in source.frame_groups(episode, field, start..next)? {
            // A group that reaches over the seam is given on both sides of it.
            if groups.last().is_none_or(|last| last.first < group.first) {
                bytes += group.bytes.len() as u64;
                groups.push(group);
            }
        }
        answer::check_bytes(bytes)?;
        start = next;
    }
    Ok(groups)
}
