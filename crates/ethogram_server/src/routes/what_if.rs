//! `POST /api/runs/RUN/episodes/E/what_if`, `…/disagreement` and `…/counterfactual`: what the policy would say, were its input another.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use ethogram_query::{
    Cancel, Counterfactual, CounterfactualRequest, Disagreement, DisagreementRequest, Edit, EditChange, EditPlace,
    Explanation, Measure, ParamValue, Progress, Said, WhatIf, WhatIfAnswer, WhatIfAttribution, WhatIfRequest,
    WhichCheckpoints,
};
use ethogram_store::{CheckpointRow, Dtype};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    answer,
    app::App,
    cancel::CancelWhenDropped,
    columns::Columns,
    error::ApiResult,
    etag,
    extract::{InBody, InPath},
};

/// Lines of a search that may wait for a slow client.
const LINES_WAITING_MAX: usize = 64;
/// States compared when the request does not say.
const PLACES: usize = 200;

/// One change of one field.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct EditOfWire {
    field: String,
    place: PlaceOfWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    planes: Option<Vec<usize>>,
    change: ChangeOfWire,
}

/// Where.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum PlaceOfWire {
    All,
    Elements(Vec<usize>),
    /// Left, top, columns, rows.
    Rect([usize; 4]),
    /// First pixel and how many.
    Runs(Vec<(usize, usize)>),
}

/// What.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum ChangeOfWire {
    Set(f32),
    Blur(f32),
    Erase,
    Paste(PasteOfWire),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PasteOfWire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode: Option<u64>,
    step: u64,
    #[serde(default)]
    dx: i64,
    #[serde(default)]
    dy: i64,
}

/// Who is asked: nobody named means the one in force.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Checkpoints {
    These(Vec<i64>),
    All(All),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum All {
    All,
}

/// The body of `what_if`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    step: u64,
    #[serde(default)]
    edits: Vec<EditOfWire>,
    #[serde(default)]
    checkpoints: Option<Checkpoints>,
    #[serde(default)]
    attribution: Option<Attribution>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribution {
    method: String,
    #[serde(default = "greedy")]
    target: String,
    #[serde(default)]
    wrt: Option<String>,
    /// Settings of the method, as in the address of an attribution.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

fn greedy() -> String {
    "greedy".to_owned()
}

impl From<Attribution> for WhatIfAttribution {
    fn from(asked: Attribution) -> Self {
        let Attribution { method, target, wrt, settings } = asked;
        let params = settings.into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect();
        WhatIfAttribution { method, target, wrt, params }
    }
}

/// What follows from the edits, by each checkpoint.
pub async fn what_if(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Response> {
    let cancel = Cancel::default();
    let _guard = CancelWhenDropped(cancel.clone());
    let pool = app.pool.clone();
    pool.run(move || {
        let request = WhatIfRequest {
            episode,
            step: ask.step,
            edits: ask.edits.into_iter().map(Edit::from).collect(),
            checkpoints: which(ask.checkpoints),
            attribution: ask.attribution.map(WhatIfAttribution::from),
        };
        answer::columns(columns(&app.run(&run)?.what_if(&request, &cancel)?))
    })
    .await
}

/// The body of `disagreement`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskMany {
    #[serde(default)]
    checkpoints: Option<Checkpoints>,
    #[serde(default = "places")]
    places: usize,
}

fn places() -> usize {
    PLACES
}

/// What many checkpoints say of the same states; all of them when none is named.
pub async fn disagreement(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
    InBody(ask): InBody<AskMany>,
) -> ApiResult<Response> {
    let cancel = Cancel::default();
    let _guard = CancelWhenDropped(cancel.clone());
    let pool = app.pool.clone();
    pool.run(move || {
        let checkpoints = ask.checkpoints.map_or(WhichCheckpoints::All, |asked| which(Some(asked)));
        let request = DisagreementRequest { episode, checkpoints, places: ask.places };
        answer::columns(many(&app.run(&run)?.disagreement(&request, &cancel)?))
    })
    .await
}

/// The body of `counterfactual`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskOther {
    step: u64,
    action: usize,
    #[serde(default)]
    edits: Vec<EditOfWire>,
    #[serde(default)]
    checkpoint: Option<i64>,
    #[serde(default)]
    measure: MeasureOfWire,
    #[serde(default)]
    field: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MeasureOfWire {
    #[default]
    Fewest,
    Least,
}

/// A search, a line of JSON each time that it gets further: the last has what was found. It ends when the client goes.
pub async fn counterfactual(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
    InBody(ask): InBody<AskOther>,
) -> ApiResult<Response> {
    let run = app.run(&run)?;
    let request = CounterfactualRequest {
        episode,
        step: ask.step,
        edits: ask.edits.into_iter().map(Edit::from).collect(),
        checkpoint: ask.checkpoint,
        action: ask.action,
        measure: match ask.measure {
            MeasureOfWire::Fewest => Measure::Fewest,
            MeasureOfWire::Least => Measure::Least,
        },
        field: ask.field,
    };
    let (lines, received) = mpsc::channel::<Value>(LINES_WAITING_MAX);
    tokio::spawn(async move {
        let last = lines.clone();
        let found = app
            .pool
            .run(move || {
                let cancel = Cancel::default();
                let mut progress = |Progress { asked, margin }: Progress| {
                    // A client that reads slowly misses lines; one that went away ends the search.
                    if let Err(mpsc::error::TrySendError::Closed(_)) =
                        lines.try_send(json!({"asked": asked, "margin": f64::from(margin)}))
                    {
                        cancel.cancel();
                    }
                };
                Ok(run.counterfactual(&request, &cancel, &mut progress)?)
            })
            .await;
        let line = match found {
            Ok(found) => json!({"found": found_of(&found)}),
            Err(error) => json!({"error": error}),
        };
        drop(last.send(line).await);
    });
    let lines = futures::stream::unfold(received, |mut received| async {
        let line = received.recv().await?;
        Some((line, received))
    });
    let body = lines.map(|line| Ok::<_, std::convert::Infallible>(Bytes::from(format!("{line}\n"))));
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, etag::ASK_AGAIN)];
    Ok((headers, Body::from_stream(body)).into_response())
}

impl From<EditOfWire> for Edit {
    fn from(EditOfWire { field, place, planes, change }: EditOfWire) -> Self {
        let place = match place {
            PlaceOfWire::All => EditPlace::All,
            PlaceOfWire::Elements(elements) => EditPlace::Elements(elements),
            PlaceOfWire::Rect([x, y, width, height]) => EditPlace::Rect { x, y, width, height },
            PlaceOfWire::Runs(runs) => EditPlace::Runs(runs),
        };
        let change = match change {
            ChangeOfWire::Set(value) => EditChange::Set(value),
            ChangeOfWire::Blur(sigma) => EditChange::Blur(sigma),
            ChangeOfWire::Erase => EditChange::Erase,
            ChangeOfWire::Paste(PasteOfWire { episode, step, dx, dy }) => EditChange::Paste { episode, step, dx, dy },
        };
        Edit { field, place, planes, change }
    }
}

impl From<&Edit> for EditOfWire {
    fn from(edit: &Edit) -> Self {
        let place = match &edit.place {
            EditPlace::All => PlaceOfWire::All,
            EditPlace::Elements(elements) => PlaceOfWire::Elements(elements.clone()),
            &EditPlace::Rect { x, y, width, height } => PlaceOfWire::Rect([x, y, width, height]),
            EditPlace::Runs(runs) => PlaceOfWire::Runs(runs.clone()),
        };
        let change = match edit.change {
            EditChange::Set(value) => ChangeOfWire::Set(value),
            EditChange::Blur(sigma) => ChangeOfWire::Blur(sigma),
            EditChange::Erase => ChangeOfWire::Erase,
            EditChange::Paste { episode, step, dx, dy } => ChangeOfWire::Paste(PasteOfWire { episode, step, dx, dy }),
        };
        EditOfWire { field: edit.field.clone(), place, planes: edit.planes.clone(), change }
    }
}

fn which(asked: Option<Checkpoints>) -> WhichCheckpoints {
    match asked {
        None => WhichCheckpoints::InForce,
        Some(Checkpoints::These(steps)) => WhichCheckpoints::These(steps),
        Some(Checkpoints::All(All::All)) => WhichCheckpoints::All,
    }
}

fn checkpoint_of(row: &CheckpointRow) -> Value {
    json!({"global_step": row.global_step, "name": row.name})
}

fn said_of(said: &Said) -> Value {
    json!({
        "role": said.role,
        "numbers": said.numbers,
        "probabilities": said.probabilities,
        "sd": said.sd,
        "parts": said.parts,
        "greedy": said.greedy,
        "value": said.value,
    })
}

fn columns(found: &WhatIf) -> Columns {
    let mut columns = Columns::new();
    let mut fields = Vec::with_capacity(found.fields.len());
    for (index, known) in found.fields.iter().enumerate() {
        let info = &known.field.info;
        push_row(&mut columns, &format!("field/{index}/before"), &info.shape, &known.field.before);
        push_row(&mut columns, &format!("field/{index}/after"), &info.shape, &known.field.after);
        fields.push(json!({
            "name": info.name,
            "dtype": info.dtype.map(Dtype::name),
            "shape": info.shape,
            "stack_axis": info.stack_axis,
            "changed": known.changed,
            "clipped": known.field.clipped,
            "outside": known.outside,
        }));
    }
    let answers: Vec<Value> = found
        .answers
        .iter()
        .enumerate()
        .map(|(index, answer)| {
            let mut told = answer_of(answer);
            if let Some((before, after)) = &answer.attributions {
                push_row(&mut columns, &format!("attribution/{index}/before"), &before.shape, &before.values);
                push_row(&mut columns, &format!("attribution/{index}/after"), &after.shape, &after.values);
                told["attribution"] = json!({
                    "output": after.output, "wrt": after.wrt, "shape": after.shape, "wrt_shape": after.wrt_shape,
                    "before": summary_of(before), "after": summary_of(after),
                });
            }
            told
        })
        .collect();
    columns.set("fields", fields.into());
    columns.set("answers", answers.into());
    columns
}

fn answer_of(answer: &WhatIfAnswer) -> Value {
    json!({
        "checkpoint": checkpoint_of(&answer.checkpoint),
        "in_force": answer.in_force,
        "kl": answer.kl,
        "kl_from_force": answer.kl_from_force,
        "before": said_of(&answer.before),
        "after": said_of(&answer.after),
    })
}

/// What an attribution of one step says besides its numbers; null where the step has no answer.
fn summary_of(found: &Explanation) -> Value {
    let first = |values: &[f32]| values.first().map(|&value| f64::from(value));
    if found.valid.first() != Some(&true) {
        return Value::Null;
    }
    json!({
        "at_input": first(&found.at_input),
        "completeness_error": first(&found.completeness_error),
        "entry": found.entry.first(),
    })
}

fn many(found: &Disagreement) -> Columns {
    let mut columns = Columns::new();
    let rows = found.steps.len();
    columns.push_f64("step", found.steps.iter().map(|&step| step as f64));
    columns.push_f64("apart", found.apart.iter().copied());
    let force = found.said.get(found.in_force);
    for (index, said) in found.said.iter().enumerate() {
        let width = said.first().map_or(0, |said| said.numbers.len());
        let all: Vec<f32> = said.iter().flat_map(|said| said.numbers.iter().copied()).collect();
        push_f32(&mut columns, &format!("{index}/numbers"), &[rows, width], &all);
        let likely: Vec<f32> =
            said.iter().flat_map(|said| said.probabilities.iter().map(|&probability| probability as f32)).collect();
        push_f32(&mut columns, &format!("{index}/probabilities"), &[rows, likely.len() / rows.max(1)], &likely);
        let value = |said: &Said| said.value.map_or(f64::NAN, f64::from);
        columns.push_f64(&format!("{index}/value"), said.iter().map(value));
        let choice = |said: &Said| said.greedy.first().map_or(f64::NAN, |&choice| choice as f64);
        columns.push_f64(&format!("{index}/greedy"), said.iter().map(choice));
        let kl = |at: usize| force.and_then(|force| force.get(at)?.kl(&said[at])).unwrap_or(f64::NAN);
        columns.push_f64(&format!("{index}/kl"), (0..said.len()).map(kl));
    }
    columns.set("checkpoints", found.checkpoints.iter().map(checkpoint_of).collect());
    columns.set("in_force", found.in_force.into());
    columns.set("by_kl", found.by_kl.into());
    let role = force.and_then(|said| said.first()).map_or("", |said| said.role.as_str());
    columns.set("role", role.into());
    columns
}

fn found_of(found: &Counterfactual) -> Value {
    json!({
        "edits": found.edits.iter().map(EditOfWire::from).collect::<Vec<_>>(),
        "flips": found.flips,
        "before": said_of(&found.before),
        "after": said_of(&found.after),
        "field": found.field,
        "size": {"l0": found.size.l0, "l1": found.size.l1, "l2": found.size.l2, "l_inf": found.size.l_inf},
        "bounds": found.bounds,
        "alone": found.alone,
        "asked": found.asked,
    })
}

/// One row of a shape.
fn push_row(columns: &mut Columns, name: &str, shape: &[usize], values: &[f32]) {
    push_f32(columns, name, &[&[1], shape].concat(), values);
}

/// Numbers of a shape; flat where they are none or others.
fn push_f32(columns: &mut Columns, name: &str, shape: &[usize], values: &[f32]) {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let fits = shape.iter().product::<usize>() == values.len();
    let shape = if fits { shape.to_vec() } else { vec![values.len()] };
    columns.push(name, Dtype::Float32, shape, bytes, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_read_as_they_are_written() {
        let text = r#"[
            {"field":"observation","place":"all","change":"erase"},
            {"field":"observation","place":{"elements":[1,5]},"change":{"set":0.5}},
            {"field":"observation","place":{"rect":[1,2,3,4]},"planes":[0],"change":{"blur":2.0}},
            {"field":"recurrent_state","place":{"runs":[[3,4]]},"change":{"paste":{"step":7,"dx":-1,"dy":0}}}
        ]"#;
        let read: Vec<EditOfWire> = serde_json::from_str(text).expect("edits");
        let edits: Vec<Edit> = read.into_iter().map(Edit::from).collect();
        assert_eq!(edits[3].change, EditChange::Paste { episode: None, step: 7, dx: -1, dy: 0 });
        let again: Vec<EditOfWire> = edits.iter().map(EditOfWire::from).collect();
        let written = serde_json::to_value(again).expect("JSON");
        assert_eq!(written, serde_json::from_str::<Value>(text).expect("JSON"));
        let wrong = r#"{"field":"x","place":"all","change":"erase","because":1}"#;
        assert!(serde_json::from_str::<EditOfWire>(wrong).is_err());
    }

    #[test]
    fn who_is_asked_is_named_or_all() {
        let read = |text: &str| which(serde_json::from_str::<Ask>(text).expect("a question").checkpoints);
        assert_eq!(read(r#"{"step":1}"#), WhichCheckpoints::InForce);
        assert_eq!(read(r#"{"step":1,"checkpoints":"all"}"#), WhichCheckpoints::All);
        assert_eq!(read(r#"{"step":1,"checkpoints":[4]}"#), WhichCheckpoints::These(vec![4]));
    }
}
