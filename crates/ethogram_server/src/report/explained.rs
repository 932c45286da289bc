//! Why the policy said what it said, at every step of an episode; and layers taken apart.

use serde_json::{Value, json};

use super::{
    asker::Answer,
    episode::PlannedEpisode,
    maker::Maker,
    maps::Reduction,
    request::{ReportExplanation, ReportFeatures},
};
use crate::{
    columns::decode,
    error::{ApiError, ApiResult},
};

/// What stands for the layer that the server recommends.
const RECOMMENDED: &str = "recommended";
/// States that a layer is taken apart by, as the app asks when nobody says otherwise.
const FEATURE_STEPS: usize = 1024;

/// Keeps what can be asked of the episode's networks; false, and a sentence, where nothing can.
pub async fn keep_choices(maker: &mut Maker<'_>, one: &PlannedEpisode) -> ApiResult<bool> {
    let episode = one.episode.to_string();
    let path = ["runs", &one.run, "episodes", &episode];
    match maker.asker.ask(&[&path[..], &["explanations"]].concat(), &[], None).await {
        Ok(answer) => {
            maker.book.keep(&[&path[..], &["explanations"]].concat(), &[], &answer.bytes, None).await?;
        }
        Err(error) => {
            maker
                .left_out
                .push(format!("explanations of episode {} of {}: {}", one.episode, one.run_name, error.message));
            return Ok(false);
        }
    }
    // Whether the network is the one that acted may not be told by the log: the rest stands without.
    if let Ok(answer) = maker.asker.ask(&[&path[..], &["parity"]].concat(), &[], None).await {
        maker.book.keep(&[&path[..], &["parity"]].concat(), &[], &answer.bytes, None).await?;
    }
    maker.begin("explanations")?;
    Ok(true)
}

async fn choices(maker: &mut Maker<'_>, one: &PlannedEpisode) -> ApiResult<Value> {
    maker.asker.json(&["runs", &one.run, "episodes", &one.episode.to_string(), "explanations"], &[], None).await
}

/// The layer that is recommended, else the first.
fn usual_layer(choices: &Value) -> Option<&str> {
    let layers = choices["layers"].as_array()?;
    let usual = layers.iter().find(|layer| layer["recommended"] == true).or(layers.first());
    usual?["name"].as_str()
}

/// Keeps the answers to a question at every step, and what they sum to; gives what the head says of them.
pub async fn explain(maker: &mut Maker<'_>, one: &PlannedEpisode, ask: &ReportExplanation) -> ApiResult<Value> {
    let known = choices(maker, one).await?;
    let layer = match ask.layer.as_deref() {
        Some(RECOMMENDED) => Some(usual_layer(&known).ok_or_else(|| no_layer(one))?.to_owned()),
        layer => layer.map(str::to_owned),
    };
    let inputs = known["inputs"].as_array();
    let observation = inputs.and_then(|inputs| inputs.iter().find(|input| input["recurrent"] != true));
    let observation = observation.and_then(|input| input["field"].as_str()).unwrap_or("observation");
    let exact = one.is_vector(observation);

    let episode = one.episode.to_string();
    let path = ["runs", &one.run, "episodes", &episode, "attribution"];
    let mut question = vec![("method", ask.method.clone()), ("target", ask.target.clone())];
    question.extend(layer.clone().map(|layer| ("wrt", layer)));
    let asked = |range: (u64, u64), form: Option<(&'static str, &str)>| {
        let mut query = question.clone();
        query.extend([("from", range.0.to_string()), ("to", range.1.to_string())]);
        query.extend(form.map(|(name, value)| (name, value.to_owned())));
        query
    };
    let form = exact.then_some(("as", "float32"));
    let ranges: Vec<(u64, u64)> = one.ranges().collect();
    let mut reduction = Reduction::NONE;
    if !exact && let Some(middle) = ranges.get(ranges.len() / 2) {
        // The middle of an episode is more like the rest of it than its beginning.
        let answer = maker.asker.ask(&path, &asked(*middle, form), None).await?;
        reduction = tokio::task::spawn_blocking(move || Reduction::for_answer(&answer.bytes))
            .await
            .map_err(|error| ApiError::internal(format!("maps could not be packed: {error}")))?
            .map_err(ApiError::internal)?;
    }
    for range in ranges {
        let query = asked(range, form);
        let answer = maker.asker.ask(&path, &query, None).await?;
        let bytes = reduction.apply(&answer.bytes).map_err(ApiError::internal)?;
        let small = Answer { bytes: bytes.into(), tag: None };
        maker.keep_answer("explanations", &path, &query, &small).await?;
        maker.keep("explanations", &path, &asked(range, Some(("only", "totals"))), None).await?;
    }
    let kept = (reduction != Reduction::NONE).then(|| json!({"bits": reduction.bits, "pool": reduction.pool}));
    Ok(json!({"method": ask.method, "target": ask.target, "layer": layer, "kept": kept}))
}

/// Keeps a layer taken apart, and how strong its features are at every step; gives what the head says of it.
pub async fn take_apart(maker: &mut Maker<'_>, one: &PlannedEpisode, ask: &ReportFeatures) -> ApiResult<Value> {
    let known = choices(maker, one).await?;
    let layer = match ask.layer.as_deref() {
        None | Some(RECOMMENDED) => usual_layer(&known).ok_or_else(|| no_layer(one))?.to_owned(),
        Some(layer) => layer.to_owned(),
    };
    let in_force = known["in_force"].as_u64().unwrap_or(0) as usize;
    let checkpoint = known["checkpoints"][in_force]["global_step"].as_i64().unwrap_or(0);
    let body = json!({
        "layer": layer, "checkpoint": checkpoint, "of": ask.of, "factors": ask.factors, "steps": FEATURE_STEPS,
    });
    let answer = maker.asker.ask(&["runs", &one.run, "features"], &[], Some(&body)).await?;
    let last = last_part(&answer.bytes)?;
    let found = decode(&last[4..]).map_err(ApiError::internal)?;
    if found.header.get("part").and_then(Value::as_str) == Some("error") {
        let message = found.header.get("message").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
        return Err(ApiError::bad_request(message));
    }
    let id = found.header.get("features").and_then(Value::as_str).unwrap_or_default().to_owned();
    let query = [
        ("layer", layer.clone()),
        ("checkpoint", checkpoint.to_string()),
        ("of", ask.of.clone()),
        ("factors", ask.factors.to_string()),
        ("steps", FEATURE_STEPS.to_string()),
    ];
    maker.book.keep(&["runs", &one.run, "features"], &query, last, None).await?;
    for (from, to) in one.ranges() {
        let query = [
            ("episode", one.episode.to_string()),
            ("from", from.to_string()),
            ("to", to.to_string()),
            ("of", ask.of.clone()),
        ];
        maker.keep("features", &["runs", &one.run, "features", &id, "maps"], &query, None).await?;
    }
    Ok(json!({"layer": layer, "checkpoint": checkpoint, "of": ask.of, "factors": ask.factors, "steps": FEATURE_STEPS}))
}

fn no_layer(one: &PlannedEpisode) -> ApiError {
    ApiError::bad_request(format!(
        "the network of episode {} of {} has no layer to look into",
        one.episode, one.run_name
    ))
}

/// The last part of an answer in parts, with its length before it: those before it told how far the work was.
fn last_part(mut body: &[u8]) -> ApiResult<&[u8]> {
    let broken = || ApiError::internal("an answer in parts broke off");
    loop {
        let (length, rest) = body.split_first_chunk::<4>().ok_or_else(broken)?;
        let end = 4 + u32::from_le_bytes(*length) as usize;
        if end > 4 + rest.len() {
            return Err(broken());
        }
        if end == body.len() {
            return Ok(body);
        }
        body = &body[end..];
    }
}
