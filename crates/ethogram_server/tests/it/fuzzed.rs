//! Whatever bytes come as a query or a body: an answer, or an error that says what is wrong. Also the target of `fuzz/`.

use std::fmt::Write as _;

use crate::{
    http::{Answer, Served},
    runs::RUN,
};

/// Routes that are asked with a query. `RUN` stands for a run.
const GETS: [&str; 33] = [
    "runs",
    "runs/RUN",
    "runs/RUN/episodes",
    "runs/RUN/episodes/0",
    "runs/RUN/episodes/0/fields",
    "runs/RUN/episodes/0/extents",
    "runs/RUN/episodes/0/explanations",
    "runs/RUN/episodes/0/attribution",
    "runs/RUN/episodes/0/attribution/quality",
    "runs/RUN/episodes/0/parity",
    "runs/RUN/episodes/0/frames",
    "runs/RUN/episodes/0/film",
    "runs/RUN/episodes/0/events",
    "runs/RUN/episodes/0/checkpoint_changes",
    "runs/RUN/events",
    "runs/RUN/health",
    "runs/RUN/divergence",
    "runs/RUN/tensors",
    "runs/RUN/histograms",
    "runs/RUN/heat_maps",
    "runs/RUN/network",
    "runs/RUN/network/picture",
    "runs/RUN/network/strip",
    "runs/RUN/notes",
    "layouts",
    "series.csv",
    "exports/points",
    "exports/episodes",
    "exports/steps",
    "maps/methods",
    "plugins",
    "derivations",
    "health",
];

/// Routes that are asked with a body.
const POSTS: [&str; 11] = [
    "runs/RUN/episodes/summary",
    "runs/RUN/episodes/0/what_if",
    "runs/RUN/episodes/0/counterfactual",
    "runs/RUN/actions",
    "runs/RUN/features",
    "series",
    "tags",
    "trend",
    "benchmark",
    "benchmark/parameters",
    "maps/choices",
];

/// What [`ask`] is given to begin with: the number of a route, then a query or a body.
pub fn questions() -> Vec<Vec<u8>> {
    let asked = [
        ("runs/RUN/episodes", "from=0&to=9".to_owned()),
        ("runs/RUN/episodes/0/fields", "names=reward,observation,advantage&from=3&to=9&advantage.lambda=0.9".into()),
        ("runs/RUN/episodes/0/frames", "field=frame&from=0&to=3".into()),
        ("runs/RUN/episodes/0/extents", "names=reward".into()),
        ("runs/RUN/tensors", "tag=weights&from=-3&to=99".into()),
        ("runs/RUN/histograms", "tag=losses/td_loss&bins=9&rows=3&low=0&high=1".into()),
        ("runs/RUN/heat_maps", "tag=weights&rows=4&entries=9".into()),
        ("series.csv", format!("run={RUN}&axis=global_step&tag=losses%2Ftd_loss&from=3")),
        ("exports/points", format!("run={RUN}&tag=losses/td_loss&format=json")),
        ("exports/steps", format!("run={RUN}&episode=0&format=csv")),
        ("runs/RUN/events", "top=5".into()),
        ("runs/RUN/divergence", "of=1000&base=1000".into()),
        (
            "series",
            format!(
                r#"{{"series":[{{"run":"{RUN}","axis":"global_step","tag":"losses/td_loss","from":3,"smooth":{{"ema":0.5}}}}],"buckets":9}}"#
            ),
        ),
        ("tags", format!(r#"{{"runs":["{RUN}"]}}"#)),
        ("runs/RUN/actions", r#"{"episodes":[0],"bins":3}"#.into()),
        ("runs/RUN/episodes/summary", r#"{"episodes":[0,1]}"#.into()),
        ("benchmark", format!(r#"{{"runs":["{RUN}"],"reps":20,"seed":1}}"#)),
    ];
    let number = |path: &str| GETS.iter().chain(&POSTS).position(|route| *route == path).expect("a route") as u8;
    asked.iter().map(|(path, text)| [&[number(path)], text.as_bytes()].concat()).collect()
}

/// Asks a route, by the first byte, with the rest as its query or body, and checks that what comes is an answer or an error as
/// `docs/http.md` has it. Says whether it was an answer.
pub async fn ask(served: &Served, bytes: &[u8]) -> bool {
    let Some((&first, rest)) = bytes.split_first() else { return false };
    let number = usize::from(first) % (GETS.len() + POSTS.len());
    let answer = match GETS.get(number) {
        Some(path) => served.ask("GET", &format!("{}?{}", path_of(path), query(rest)), &[], b"").await,
        None => {
            let json = [("Content-Type", "application/json")];
            served.ask("POST", &path_of(POSTS[number - GETS.len()]), &json, rest).await
        }
    };
    check(&answer)
}

fn check(answer: &Answer) -> bool {
    assert!(answer.status < 500, "{}: {}", answer.status, answer.text());
    if answer.status >= 400 {
        answer.error_code();
    }
    answer.status < 400
}

fn path_of(route: &str) -> String {
    format!("/api/{}", route.replace("RUN", RUN))
}

/// The bytes as they may stand in an address; what is percent-encoded already stays so.
fn query(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        if byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
