//! `ethogram info`: everything about one run.

use std::{collections::BTreeMap, fmt::Write as _};

use ethogram_query::{FieldEntry, RunHandle};
use ethogram_server::wire;
use ethogram_store::Axis;
use serde::Serialize;

use crate::{
    commands::ls::state_name,
    disk,
    options::InfoOptions,
    runs,
    text::{text_from_age, text_from_bytes, text_from_count, text_from_number},
};

/// Prints the run: who, how it stands, what it holds, what it weighs.
pub fn info(options: &InfoOptions) -> anyhow::Result<u8> {
    let run = runs::open_one(&options.run, &options.stores)?;
    let weight = Weight::of(&run)?;
    let fields = last_recorded(&run)?.map(|episode| run.fields(episode)).transpose()?.unwrap_or_default();
    if options.json {
        let whole = Whole {
            path: run.path().display().to_string(),
            run: wire::run_detail(&run),
            recorded: weight.recorded,
            fields: fields.into_iter().map(wire::FieldEntry::from).collect(),
            weight: &weight,
        };
        println!("{}", serde_json::to_string_pretty(&whole)?);
    } else {
        print!("{}", crate::text::shown(&text(&run, &fields, &weight, runs::now_us())?));
    }
    Ok(0)
}

#[derive(Serialize)]
struct Whole<'a> {
    path: String,
    #[serde(flatten)]
    run: wire::RunDetail,
    recorded: u64,
    /// Those of the last recorded episode.
    fields: Vec<wire::FieldEntry>,
    weight: &'a Weight,
}

/// What room a run takes.
#[derive(Serialize)]
struct Weight {
    bytes: u64,
    bytes_by_kind: BTreeMap<String, u64>,
    scalars: u64,
    bytes_per_scalar: Option<f64>,
    frames: u64,
    bytes_per_frame: Option<f64>,
    #[serde(skip)]
    episodes: u64,
    #[serde(skip)]
    recorded: u64,
}

impl Weight {
    fn of(run: &RunHandle) -> anyhow::Result<Self> {
        let source = run.source();
        let bytes_by_kind = disk::bytes_by_kind(run);
        let scalars = source.scalar_tags().iter().map(|tag| tag.count).sum();
        let mut frames = 0;
        let mut recorded = 0;
        let rows = source.episodes(0..u64::MAX)?;
        let episodes = rows.len() as u64;
        for episode in rows.into_iter().filter(|row| row.recorded) {
            recorded += 1;
            let images = source.step_fields(episode.episode)?.iter().filter(|field| field.image).count() as u64;
            frames += images * source.step_count(episode.episode)?;
        }
        let each = |kind: &str, count: u64| {
            bytes_by_kind.get(kind).filter(|_| count > 0).map(|&bytes| bytes as f64 / count as f64)
        };
        Ok(Self {
            bytes: bytes_by_kind.values().sum(),
            scalars,
            bytes_per_scalar: each("scalars", scalars),
            frames,
            bytes_per_frame: each("frames", frames),
            episodes,
            recorded,
            bytes_by_kind,
        })
    }
}

fn last_recorded(run: &RunHandle) -> anyhow::Result<Option<u64>> {
    let rows = run.source().episodes(0..u64::MAX)?;
    Ok(rows.iter().rev().find(|row| row.recorded).map(|row| row.episode))
}

fn text(run: &RunHandle, fields: &[FieldEntry], weight: &Weight, now_us: i64) -> anyhow::Result<String> {
    let detail = wire::run_detail(run);
    let mut lines: Vec<(&str, String)> = Vec::new();
    describe(&detail, now_us, &mut lines);
    let recorded = format!("{}, {} recorded", text_from_count(weight.episodes as i64), weight.recorded);
    lines.push(("episodes", recorded));
    lines.push(("size", text_from_bytes(weight.bytes)));
    for (kind, bytes) in &weight.bytes_by_kind {
        let each = match kind.as_str() {
            "scalars" => weight.bytes_per_scalar.map(|each| format!(", {} B a value", text_from_number(each))),
            "frames" => weight.bytes_per_frame.map(|each| format!(", {} B a frame", text_from_number(each))),
            _ => None,
        };
        lines.push(("", format!("{kind} {}{}", text_from_bytes(*bytes), each.unwrap_or_default())));
    }
    for lost in &detail.lost {
        lines.push(("lost", format!("{}: {} ({})", lost.file, lost.what, lost.why)));
    }
    for tag in &detail.scalars {
        let axis = if tag.axis == Axis::Episode { " by episode" } else { "" };
        let count = text_from_count(tag.count as i64);
        lines.push(("scalar", format!("{}{axis}: {count} values, last {}", tag.tag, text_from_number(tag.last_value))));
    }
    for field in fields {
        let info = &field.info;
        let kind = info.dtype.map_or("text", |dtype| dtype.name());
        let formula = field.formula.map(|formula| format!(" = {formula}")).unwrap_or_default();
        lines.push((field.origin.name(), format!("{} {kind} {:?}{formula}", info.name, info.shape)));
    }
    for tag in &detail.tensors {
        lines.push(("tensor", format!("{}: {} rows", tag.tag, text_from_count(tag.count as i64))));
    }
    for checkpoint in &detail.checkpoints {
        let size = text_from_bytes(checkpoint.bytes);
        lines.push((
            "checkpoint",
            format!("{} at {} ({} {size})", checkpoint.name, checkpoint.global_step, checkpoint.format),
        ));
    }
    let mut text = format!("{}\n", run.path().display());
    for (label, value) in lines {
        writeln!(text, "{label:<12}{value}")?;
    }
    Ok(text)
}

fn describe(detail: &wire::RunDetail, now_us: i64, lines: &mut Vec<(&'static str, String)>) {
    let (info, status) = (&detail.info, &detail.status);
    lines.push(("name", info.name.clone()));
    lines.push(("id", info.id.0.clone()));
    lines.push(("project", info.project.clone()));
    if detail.format != "ethogram" {
        lines.push(("format", detail.format.to_owned()));
    }
    lines.extend(info.group.as_ref().map(|group| ("group", group.clone())));
    if !info.tags.is_empty() {
        lines.push(("tags", info.tags.join(", ")));
    }
    let heard = text_from_age(now_us - status.heartbeat_us);
    lines.push(("state", format!("{}, last heard of {heard} ago", state_name(detail.state))));
    lines.push(("created", format!("{} ago on {}", text_from_age(now_us - info.created_us), info.host)));
    lines.extend(info.env.as_ref().map(|env| ("environment", env.id.clone())));
    lines.extend(info.code.as_ref().map(|code| {
        let dirty = if code.dirty { " with changes" } else { "" };
        ("code", format!("{} {}{dirty}", code.branch, code.commit))
    }));
    if !info.command.is_empty() {
        lines.push(("command", info.command.join(" ")));
    }
    lines.extend(status.global_step.map(|step| ("step", text_from_count(step))));
    if status.dropped > 0 {
        lines.push(("dropped", format!("{} values", text_from_count(status.dropped as i64))));
    }
    lines.extend(status.fault.as_ref().map(|fault| ("fault", fault.clone())));
}
