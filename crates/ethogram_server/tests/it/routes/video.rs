use ethogram_server::video_parts::{PartKind, VIDEO_PARTS_TYPE, decode};

use super::served;
use crate::runs::{RUN, STEPS};

fn path(query: &str) -> String {
    format!("/api/runs/{RUN}/episodes/0/video{query}")
}

/// B-5: the file comes as it is, to be kept; in parts it says how far it is, and the parts together are that file.
#[tokio::test]
async fn row_b5_a_film_comes_as_a_file_and_in_parts() {
    let (_root, served) = served().await;
    let file = served.get(&path("?fps=20&scale=2")).await;
    assert_eq!((file.status, file.header("content-type")), (200, "video/mp4"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"pong_dqn_episode_0.mp4\"");
    assert_eq!(file.header("cache-control"), "no-store");
    let whole = unchunked(&file.body);
    assert_eq!(&whole[4..12], b"ftypisom");

    let told = served.get(&path("?fps=20&scale=2&parts=1")).await;
    assert_eq!((told.status, told.header("content-type")), (200, VIDEO_PARTS_TYPE));
    let parts = decode(&unchunked(&told.body)).expect("parts");
    let last = parts.last().expect("an end");
    assert_eq!((last.kind, u64::from(last.done), u64::from(last.frames)), (PartKind::End, STEPS + 1, STEPS + 1));
    assert!(parts.windows(2).all(|pair| pair[0].done <= pair[1].done), "frames are counted up");
    let joined: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
    assert!(joined == whole, "the same file");

    let gif = served.get(&path("?format=gif&from=3&to=5&layout=below")).await;
    assert_eq!((gif.status, gif.header("content-type")), (200, "image/gif"));
    assert_eq!(&unchunked(&gif.body)[..6], b"GIF89a");
    served.stop().await;
}

#[tokio::test]
async fn what_cannot_be_filmed_is_an_error_before_the_first_byte() {
    let (_root, served) = served().await;
    for (query, status, code, message) in [
        ("?fps=fast", 400, "bad_request", "expected frames a second"),
        ("?fps=900", 400, "bad_request", "expected 0.5 to 120 frames a second of mp4"),
        ("?format=avi", 400, "bad_request", "expected mp4 or gif"),
        ("?quality=9", 400, "bad_request", "one of from, to, format"),
        ("?scale=2&scale=3", 400, "bad_request", "\"scale\" is given twice"),
        ("?parts=yes", 400, "bad_request", "expected 0 or 1"),
        ("?bars=nothing", 404, "not_found", "no field \"nothing\""),
        ("?picture=none", 422, "missing_input", "pass frame= or q_values= to episode.step"),
        ("?from=90&to=95", 422, "missing_input", "no step from 90 to 95"),
        ("?overlay=saliency&picture=frame", 422, "bad_model", ""),
        ("?scale=30&layout=below&picture=frame&bars=observation&to=2&opacity=1", 400, "bad_request", "overlay="),
    ] {
        let answer = served.get(&path(query)).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (status, code), "{query}: {}", answer.text());
        assert!(answer.text().replace('\\', "").contains(message), "{query}: {}", answer.text());
    }
    assert_eq!(served.get(&format!("/api/runs/{RUN}/episodes/7/video")).await.status, 404);
    served.stop().await;
}

/// Two at once; whoever comes third is told so, and films can be made again when these are done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_than_two_films_are_made_at_once() {
    let (_root, served) = served().await;
    let query = path("?scale=30&fps=120");
    let answers = futures::future::join_all((0..8).map(|_| served.get(&query))).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(made >= 1 && made + busy.len() == 8, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    assert!(!busy.is_empty(), "eight came at once");
    assert_eq!(busy[0].error_code(), "busy");
    assert!(busy[0].text().contains("VIDEOS_MAX"), "{}", busy[0].text());
    assert_eq!(served.get(&query).await.status, 200);
    served.stop().await;
}

/// The body without the lengths of its chunks.
pub fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n").expect("a length");
        let text = std::str::from_utf8(&body[..end]).expect("digits");
        let length = usize::from_str_radix(text, 16).expect("a length");
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
}
