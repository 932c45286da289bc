//! The TypeScript of the web app describes the JSON that is sent, member for member.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{routes::served, runs::RUN};

/// Members of each interface of `wire.gen.ts`, with whether they may be absent.
fn interfaces() -> BTreeMap<String, BTreeMap<String, bool>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/src/api/wire.gen.ts");
    let text = std::fs::read_to_string(path).expect("web/src/api/wire.gen.ts");
    let mut found = BTreeMap::new();
    for part in text.split("\nexport interface ").skip(1) {
        let (name, rest) = part.split_once(" {\n").expect("a name");
        let body = rest.split("\n}").next().expect("a body");
        let members = body.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
        let members =
            members.filter(|(name, _)| name.trim_end_matches('?').chars().all(|c| c.is_alphanumeric() || c == '_'));
        let member = |(name, _): (&str, &str)| (name.trim_end_matches('?').to_owned(), name.ends_with('?'));
        found.insert(name.to_owned(), members.map(member).collect());
    }
    found
}

#[tokio::test]
async fn every_interface_has_the_members_that_are_sent() {
    let (_root, served) = served().await;
    let runs = served.json("/api/runs").await;
    let run = served.json(&format!("/api/runs/{RUN}")).await;
    let episode = served.json(&format!("/api/runs/{RUN}/episodes/0")).await;
    let derivations = served.json("/api/derivations").await;
    let lost = ethogram_store::Lost { file: String::new(), what: String::new(), why: String::new() };
    let sent = [
        ("Health", served.json("/api/health").await),
        ("RunSummary", runs["runs"][0].clone()),
        ("RunList", runs),
        ("RunInfo", run["info"].clone()),
        ("EnvSpec", run["info"]["env"].clone()),
        ("RunStatus", run["status"].clone()),
        ("ScalarTag", run["scalars"][0].clone()),
        ("TensorTag", run["tensors"][0].clone()),
        ("CheckpointRow", run["checkpoints"][0].clone()),
        ("RunDetail", run),
        ("Lost", json!(lost)),
        ("EpisodeRow", episode["episode"].clone()),
        ("FieldEntry", episode["fields"][0].clone()),
        ("EpisodeDetail", episode),
        ("Derivation", derivations[0].clone()),
        ("ErrorBody", served.get("/api/runs/nobody").await.json()),
    ];
    let interfaces = interfaces();
    for (name, value) in sent {
        let Value::Object(value) = value else { panic!("{name}: {value}") };
        let members = interfaces.get(name).unwrap_or_else(|| panic!("wire.gen.ts has no interface {name}"));
        for key in value.keys() {
            assert!(members.contains_key(key), "wire.gen.ts: {name} lacks {key}, which is sent");
        }
        for (key, optional) in members {
            assert!(*optional || value.contains_key(key), "wire.gen.ts: {name} has {key}, which is not sent");
        }
    }
}
