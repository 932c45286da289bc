use ethogram_store::codec::decode_group;

use super::served;
use crate::runs::{RUN, STEPS, pixel};

#[tokio::test]
async fn groups_cover_the_range_and_decode_to_the_pixels() {
    let (_root, served) = served().await;
    let answer = served.get(&format!("/api/runs/{RUN}/episodes/0/frames")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ethogram-frames"));
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    let groups = ethogram_server::frames::decode(&answer.body).expect("groups");
    let mut next = 0;
    for (first, bytes) in &groups {
        assert_eq!(*first, next, "groups follow each other");
        let decoded = decode_group(bytes).expect("a group").into_data();
        let rows = decoded.len() / (32 * 48);
        for row in 0..rows {
            let picture = &decoded[row * 32 * 48..(row + 1) * 32 * 48];
            let expected: Vec<u8> = (0..32 * 48).map(|at| pixel(first + row as u64, at)).collect();
            assert_eq!(picture, expected, "step {}", first + row as u64);
        }
        next += rows as u64;
    }
    assert_eq!(next, STEPS + 1, "the final observation has a picture, too");
}

#[tokio::test]
async fn a_range_is_covered_by_whole_groups_each_once() {
    let (_root, served) = served().await;
    let part = served.get(&format!("/api/runs/{RUN}/episodes/0/frames?field=frame&from=35&to=37")).await;
    let groups = ethogram_server::frames::decode(&part.body).expect("groups");
    assert_eq!(groups.len(), 1);
    assert!(groups[0].0 <= 35, "{}", groups[0].0);
    let none = served.get(&format!("/api/runs/{RUN}/episodes/0/frames?from=5&to=5")).await;
    assert_eq!((none.status, none.body.len()), (200, 0));
    let beyond = served.get(&format!("/api/runs/{RUN}/episodes/0/frames?from=500")).await;
    assert_eq!((beyond.status, beyond.body.len()), (200, 0));
}

#[tokio::test]
async fn what_holds_no_pictures_is_said_so() {
    let (_root, served) = served().await;
    let check = async |path: &str, status: u16, hint: &str| {
        let answer = served.get(&format!("/api/runs/{RUN}/episodes/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.json()["hint"].as_str().expect("a hint").contains(hint), "{path}: {}", answer.text());
    };
    check("0/frames?field=reward", 400, "/fields").await;
    check("0/frames?field=camera", 404, "images there: frame").await;
    check("1/frames", 404, "images there: none").await;
    check("2/frames", 404, "").await;
}
