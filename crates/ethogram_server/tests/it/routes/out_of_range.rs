//! Every number that a question may hold, with values that nobody means: an answer or a named error comes soon, never a failure of the
//! server. Parameters of derived fields, attributions and maps are taken from the lists that the server gives of them, so that new
//! ones are asked for too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::what_if::cartpole;
use crate::{http::Served, runs::RUN};

/// What is put in place of a number. None of them may cost more than a moment.
const ODD: [&str; 14] = [
    "0",
    "-1",
    "-9223372036854775808",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1000000000",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "inf",
    "",
    "%F0%9F%90%8D%00",
];
/// Longest that any answer may take; a loaded machine takes several seconds for what takes a hundredth.
const SOON: Duration = Duration::from_secs(40);
/// Most memory that all questions together may leave behind or take at a time.
const MEMORY_BYTES_MAX: u64 = 3 << 30;

/// Asks, and checks that what comes is an answer or an error that says what is wrong.
async fn is_answered(served: &Served, method: &str, path: &str, body: &str) {
    let began = Instant::now();
    let json: &[_] = if method == "GET" { &[] } else { &[("Content-Type", "application/json")] };
    let asked = tokio::time::timeout(SOON, served.ask(method, path, json, body.as_bytes())).await;
    let answer = asked.unwrap_or_else(|_| panic!("{method} {path} {body}: no answer after {:?}", began.elapsed()));
    assert!(answer.status < 500, "{method} {path} {body}: {}", answer.text());
    if answer.status >= 400 {
        answer.error_code();
    }
}

/// `{}` in the path stands for each odd value.
async fn asked_of(served: &Served, paths: &[String]) {
    for path in paths {
        for value in ODD {
            is_answered(served, "GET", &path.replace("{}", value), "").await;
        }
    }
}

/// Names of parameters in a list of `{"name", LIST: [{"name"}]}`.
fn named(list: &Value, params: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let entries = list.as_array().expect("a list").iter();
    let pairs = entries.flat_map(|entry| {
        let params = entry[params].as_array().unwrap_or_else(|| panic!("no {params:?} in {entry}"));
        params.iter().map(|param| (text(entry), text(param))).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// The most memory that this process ever held.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib << 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_of_a_question_is_too_much_for_the_server() {
    let (_root, policy) = cartpole().await;
    let (_other, log) = super::served().await;
    let of = |rest: &str| format!("/api/runs/{RUN}{rest}");
    let of_episode = |rest: &str| format!("/api/runs/{RUN}/episodes/0{rest}");

    let mut paths: Vec<String> =
        ["/episodes?from={}", "/episodes?to={}", "/episodes/{}", "/episodes/{}/fields?names=reward"].map(of).to_vec();
    for params in ["from={}", "to={}", "from={}&to={}"] {
        for rest in ["/fields?names=reward,observation&", "/frames?", "/extents?names=reward&"] {
            paths.push(of_episode(&format!("{rest}{params}")));
        }
        for rest in ["/tensors?tag=weights&", "/histograms?tag=weights&", "/heat_maps?tag=weights&"] {
            paths.push(of(&format!("{rest}{params}")));
        }
        paths.push(format!("/api/series.csv?run={RUN}&axis=global_step&tag=losses/td_loss&{params}"));
    }
    for param in ["rows={}", "bins={}", "low={}", "high={}", "low={}&high={}"] {
        paths.push(of(&format!("/histograms?tag=losses/td_loss&{param}")));
    }
    paths.extend(["/heat_maps?tag=weights&rows={}", "/heat_maps?tag=weights&entries={}"].map(of));
    for param in ["fps", "scale", "from", "to", "bars", "picture"] {
        paths.push(of_episode(&format!("/video?{param}={{}}")));
    }
    paths.extend(["/events?top={}", "/checkpoint_changes?places={}"].map(of));
    asked_of(&log, &paths).await;

    let derivations = log.json("/api/derivations").await;
    let fields = named(&derivations, "params");
    assert!(fields.len() > 5, "{fields:?}");
    for (field, param) in fields {
        asked_of(&log, &[of_episode(&format!("/fields?names={field}&{field}.{param}={{}}"))]).await;
    }

    let choices = policy.json(&of_episode("/explanations")).await;
    let settings = named(&choices["methods"], "params");
    assert!(settings.len() > 10, "{settings:?}");
    let ask = |rest: &str| of_episode(&format!("/attribution?target=0&to=1&{rest}"));
    for (method, setting) in settings {
        asked_of(&policy, &[ask(&format!("method={method}&{setting}={{}}"))]).await;
    }
    for param in ["history", "checkpoint", "target", "wrt", "as", "only"] {
        asked_of(&policy, &[of_episode(&format!("/attribution?method=saliency&to=1&{param}={{}}"))]).await;
    }
    for param in ["step", "planted", "checks"] {
        asked_of(&policy, &[of_episode(&format!("/attribution/quality?method=saliency&target=0&{param}={{}}"))]).await;
    }
    asked_of(&policy, &[of_episode("/parity?checkpoint={}"), of_episode("/checkpoint_changes?places={}")]).await;

    let peak = peak_bytes();
    assert!(peak.is_none_or(|bytes| bytes < MEMORY_BYTES_MAX), "{peak:?} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_in_a_body_is_too_much_for_the_server() {
    let (_root, policy) = cartpole().await;
    let (_other, log) = super::served().await;
    let series = json!({"run": RUN, "axis": "global_step", "tag": "losses/td_loss"});
    let bodies = [
        ("/api/series", json!({"series": [series], "buckets": "ODD"})),
        (
            "/api/series",
            json!({"series": [{"run": RUN, "axis": "global_step", "tag": "losses/td_loss", "from": "ODD"}]}),
        ),
        ("/api/series", json!({"series": [{"run": RUN, "axis": "global_step", "tag": "losses/td_loss", "to": "ODD"}]})),
        (
            "/api/series",
            json!({"series": [{"run": RUN, "axis": "global_step", "tag": "losses/td_loss", "smooth": {"rolling": "ODD"}}]}),
        ),
        (
            "/api/series",
            json!({"series": [{"run": RUN, "axis": "global_step", "tag": "losses/td_loss", "smooth": {"ema": "ODD"}}]}),
        ),
        ("/api/benchmark", json!({"runs": [RUN], "reps": "ODD"})),
        ("/api/benchmark", json!({"runs": [RUN], "points": "ODD"})),
        ("/api/benchmark", json!({"runs": [RUN], "seed": "ODD"})),
        ("/api/benchmark/parameters", json!({"runs": [RUN], "trees": "ODD"})),
        ("/api/runs/RUN/actions", json!({"episodes": [0], "bins": "ODD"})),
        ("/api/runs/RUN/actions", json!({"episodes": ["ODD"], "bins": 3})),
        ("/api/runs/RUN/episodes/summary", json!({"episodes": ["ODD"]})),
    ];
    let of_policy = [
        ("/api/runs/RUN/episodes/0/what_if", json!({"step": "ODD", "edits": []})),
        ("/api/runs/RUN/episodes/0/what_if", json!({"step": 0, "edits": [], "checkpoints": ["ODD"]})),
        ("/api/runs/RUN/episodes/0/disagreement", json!({"places": "ODD"})),
        (
            "/api/runs/RUN/episodes/0/counterfactual",
            json!({"step": "ODD", "action": 1, "edits": [], "measure": "least"}),
        ),
        (
            "/api/runs/RUN/episodes/0/counterfactual",
            json!({"step": 0, "action": "ODD", "edits": [], "measure": "least"}),
        ),
        ("/api/runs/RUN/features", json!({"layer": "q_values", "steps": "ODD"})),
        ("/api/runs/RUN/features", json!({"layer": "q_values", "factors": "ODD"})),
        ("/api/maps", json!({"sources": [{"run": RUN}], "points": "ODD"})),
        ("/api/maps", json!({"sources": [{"run": RUN}], "dims": "ODD"})),
        ("/api/maps", json!({"sources": [{"run": RUN, "episodes": ["ODD"]}]})),
    ];
    let methods = policy.json("/api/maps/methods").await;
    let settings = named(&methods["methods"], "params");
    assert!(settings.len() > 3, "{settings:?}");
    let maps = settings.into_iter().map(|(method, setting)| {
        ("/api/maps", json!({"sources": [{"run": RUN}], "method": method, "settings": {setting: "ODD AS TEXT"}}))
    });
    let of_policy: Vec<(&str, Value)> = of_policy.into_iter().chain(maps).collect();
    for (served, bodies) in [(&log, &bodies[..]), (&policy, &of_policy[..])] {
        for (path, body) in bodies {
            for value in ODD.iter().filter(|value| !value.contains('%')) {
                let body = body.to_string().replace("ODD AS TEXT", value).replace("\"ODD\"", value);
                is_answered(served, "POST", &path.replace("RUN", RUN), &body).await;
            }
        }
    }
    let peak = peak_bytes();
    assert!(peak.is_none_or(|bytes| bytes < MEMORY_BYTES_MAX), "{peak:?} bytes");
}
