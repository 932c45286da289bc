//! `GET /api/runs/RUN/episodes/E/film` and `…/film.mp4`: a film that somebody else made of the episode, and its file.

use std::ops::Range;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ethogram_query::AttachedFilm;
use serde::Serialize;

use crate::{
    answer,
    app::App,
    error::{ApiError, ApiResult},
    etag,
    extract::InPath,
    run_request::RunRequest,
};

/// What a film says of itself.
#[derive(Debug, Serialize)]
pub struct FilmEntry {
    /// Of the file.
    pub name: String,
    /// Of the file.
    pub bytes: u64,
    /// Step of the episode that the first frame shows.
    pub first_step: u64,
    /// How many there are; frame *k* shows step `first_step + k`.
    pub frames: u64,
    /// Frames a second.
    pub fps: f64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Four letters, `avc1` for H.264.
    pub codec: String,
}

/// How many frames, how fast, from which step on.
pub async fn film(request: RunRequest, InPath((_, episode)): InPath<(String, u64)>) -> ApiResult<Response> {
    request
        .answer(move |run| {
            let AttachedFilm { name, bytes, first_step, times, .. } = run.attached_film(episode)?;
            let entry = FilmEntry {
                name,
                bytes: bytes.len() as u64,
                first_step,
                frames: times.frames,
                fps: times.fps,
                width: times.width,
                height: times.height,
                codec: times.codec,
            };
            Ok(axum::Json(entry).into_response())
        })
        .await
}

/// The file, or the part of it that a player asks for. It was looked into: what is no mp4 is never sent as one.
pub async fn file(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
    request: HeaderMap,
) -> ApiResult<Response> {
    let run = app.run(&run)?;
    let film = app.pool.run(move || Ok(run.attached_film(episode)?)).await?;
    let tag = format!("\"{}\"", film.hash);
    if etag::matches(&request, &tag) {
        return Ok(etag::not_modified(&tag, etag::ASK_AGAIN));
    }
    let length = film.bytes.len();
    answer::check_bytes(length as u64)?;
    let asked =
        request.get(header::RANGE).filter(|_| is_unchanged(&request, &tag)).and_then(|asked| asked.to_str().ok());
    let (status, range) = match asked.map(|asked| part(asked, length)) {
        None | Some(Part::Whole) => (StatusCode::OK, 0..length),
        Some(Part::Of(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Part::Beyond) => {
            let error = ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "bad_range",
                format!("range: expected bytes within the {length} of the film, found {}", asked.unwrap_or_default()),
            );
            let mut answer = error.into_response();
            put(&mut answer, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(answer);
        }
    };
    let mut answer = (status, Bytes::from_owner(film.bytes).slice(range.clone())).into_response();
    put(&mut answer, header::CONTENT_TYPE, "video/mp4");
    put(&mut answer, header::CONTENT_DISPOSITION, &format!("inline; filename=\"{}\"", answer::file_name(&film.name)));
    put(&mut answer, header::ACCEPT_RANGES, "bytes");
    put(&mut answer, header::CACHE_CONTROL, etag::ASK_AGAIN);
    put(&mut answer, header::ETAG, &tag);
    if status == StatusCode::PARTIAL_CONTENT {
        put(&mut answer, header::CONTENT_RANGE, &format!("bytes {}-{}/{length}", range.start, range.end - 1));
    }
    Ok(answer)
}

fn put(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Whether a range may be answered: the client does not say which file it means, or means this one.
fn is_unchanged(request: &HeaderMap, tag: &str) -> bool {
    request.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes())
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// It says nothing that is understood (several ranges, another unit): all of it, as the standard has it.
    Whole,
    Of(Range<usize>),
    /// Nothing of it is there.
    Beyond,
}

/// **Source** RFC 9110, section 14.
fn part(asked: &str, length: usize) -> Part {
    let Some((first, last)) = asked.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let range = match (first.trim().parse::<usize>(), last.trim()) {
        (Ok(first), "") => first..length,
        (Ok(first), last) => match last.parse::<usize>() {
            Ok(last) if last >= first => first..last.saturating_add(1).min(length),
            _ => return Part::Whole,
        },
        (Err(_), last) if first.trim().is_empty() => match last.parse::<usize>() {
            Ok(last) => length.saturating_sub(last)..length,
            Err(_) => return Part::Whole,
        },
        _ => return Part::Whole,
    };
    if range.start >= range.end { Part::Beyond } else { Part::Of(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_asks_for_parts() {
        for (asked, expected) in [
            ("bytes=0-", Part::Of(0..100)),
            ("bytes=10-19", Part::Of(10..20)),
            ("bytes=90-1000", Part::Of(90..100)),
            ("bytes=-30", Part::Of(70..100)),
            ("bytes=-1000", Part::Of(0..100)),
            ("bytes=100-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=20-10", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=x-", Part::Whole),
            ("bytes=18446744073709551615-", Part::Beyond),
            ("bytes=0-18446744073709551615", Part::Of(0..100)),
            ("lines=0-5", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part(asked, 100), expected, "{asked}");
        }
    }
}
