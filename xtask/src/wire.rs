//! `cargo xtask wire`: the TypeScript of what the server sends, made from the Rust that sends it.
//!
//! Types are read from the source of the server and the store, with their comments and what serde is told about them; nothing has to
//! be annotated for it. [`TYPES`] says which are sent, in the order of the file, and all that they are made of must be among them.
//!
//! JSON has no NaN and no infinity: a floating-point number is sent as a number or as `null`, and that is its type here, but for
//! those in [`FINITE`].

mod read;
mod write;

use anyhow::{Context as _, Result, bail};

use crate::root::root;

/// Where the generated file lies.
const PATH: &str = "web/src/api/wire.gen.ts";

/// Where types are read from.
const SOURCES: [&str; 2] = ["crates/ethogram_server/src", "crates/ethogram_store/src"];

/// What is sent: the type, with the file's name where several share theirs, and what TypeScript calls it.
const TYPES: &[(&str, &str)] = &[
    ("wire::Health", "Health"),
    ("wire::Runs", "RunList"),
    ("wire::SkippedRun", "SkippedRun"),
    ("wire::RunSummary", "RunSummary"),
    ("wire::RunDetail", "RunDetail"),
    ("run::RunInfo", "RunInfo"),
    ("run::RunStatus", "RunStatus"),
    ("run::RunState", "RunState"),
    ("run::EnvSpec", "EnvSpec"),
    ("run::ActionGroup", "ActionGroup"),
    ("run::CodeState", "CodeState"),
    ("space::Space", "Space"),
    ("array::Dtype", "Dtype"),
    ("error::Lost", "Lost"),
    ("field::Axis", "Axis"),
    ("source::ScalarTag", "ScalarTag"),
    ("source::TensorTag", "TensorTag"),
    ("source::TensorKind", "TensorKind"),
    ("source::CheckpointRow", "CheckpointRow"),
    ("source::EpisodeRow", "EpisodeRow"),
    ("source::EpisodeEnd", "EpisodeEnd"),
    ("wire::EpisodeDetail", "EpisodeDetail"),
    ("films::FilmEntry", "Film"),
    ("wire::FieldEntry", "FieldEntry"),
    ("wire::Origin", "Origin"),
    ("wire::DerivationEntry", "Derivation"),
    ("wire::ParamEntry", "DerivationParam"),
    ("wire::EpisodeSummary", "EpisodeSummary"),
    ("wire::Summary", "Summary"),
    ("actions::Actions", "ActionCounts"),
    ("actions::Part", "ActionPart"),
    ("actions::Action", "ActionCount"),
    ("found_events::FoundEvents", "FoundEvents"),
    ("found_events::FoundKind", "FoundKind"),
    ("found_events::FoundEvent", "FoundEvent"),
    ("run_health::RunHealth", "RunHealth"),
    ("run_health::Finding", "HealthFinding"),
    ("run_health::Rule", "HealthRule"),
    ("policy_change::Divergence", "PolicyDivergence"),
    ("policy_change::DivergenceOfEpisode", "DivergenceOfEpisode"),
    ("policy_change::CheckpointChanges", "CheckpointChanges"),
    ("policy_change::ChangeOfCheckpoint", "ChangeOfCheckpoint"),
    ("tags::Tags", "Tags"),
    ("tags::TagsOfRun", "TagsOfRun"),
    ("series::SeriesEntry", "SeriesEntry"),
    ("benchmark::Benchmark", "Benchmark"),
    ("benchmark::Estimate", "Estimate"),
    ("benchmark::BenchmarkAlgorithm", "BenchmarkAlgorithm"),
    ("benchmark::BenchmarkProfile", "BenchmarkProfile"),
    ("benchmark::BenchmarkRun", "BenchmarkRun"),
    ("benchmark::LeftOut", "LeftOut"),
    ("benchmark::BenchmarkCell", "BenchmarkCell"),
    ("benchmark::BenchmarkPairEntry", "BenchmarkPair"),
    ("benchmark::BenchmarkCurveEntry", "BenchmarkCurve"),
    ("benchmark::ConfigDifference", "ConfigDifference"),
    ("parameters::Parameters", "Parameters"),
    ("parameters::ParametersRun", "ParametersRun"),
    ("parameters::Parameter", "Parameter"),
    ("parameters::PermutationImportance", "PermutationImportance"),
    ("notes::Notes", "Notes"),
    ("feature_label::FeatureLabel", "FeatureLabel"),
    ("notes::EpisodeNotes", "EpisodeNotes"),
    ("notes::Hotspot", "Hotspot"),
    ("notes::Probe", "Probe"),
    ("layouts::Layouts", "Layouts"),
    ("layouts::Layout", "Layout"),
    ("error::ApiError", "ErrorBody"),
    ("events::RunRevision", "RunRevision"),
];

/// Members whose numbers are finite however a run looks: counts, and edges between finite bounds.
const FINITE: &[&str] =
    &["Part::edges", "Part::counts", "Part::below", "Part::above", "Part::not_finite", "BenchmarkProfile::threshold"];

/// Writes the file anew.
pub fn run() -> Result<()> {
    let text = generate()?;
    std::fs::write(root().join(PATH), text).with_context(|| PATH.to_owned())?;
    println!("wrote {PATH}");
    Ok(())
}

/// Complains when the file is not what the sources say.
pub fn stale() -> Option<String> {
    let found = std::fs::read_to_string(root().join(PATH)).unwrap_or_default();
    match generate() {
        Ok(expected) if expected == found => None,
        Ok(_) => Some(format!("{PATH}: is not what the Rust sources say; `cargo xtask wire` renews it")),
        Err(error) => Some(format!("{PATH}: cannot be made: {error:#}")),
    }
}

fn generate() -> Result<String> {
    let sources = read::Sources::read(&root(), &SOURCES)?;
    let mut text = String::from(
        "/** What the server sends. Made from the Rust sources by `cargo xtask wire`; `docs/http.md` says which route sends what. */\n\
         \n/** A value as it came from outside. */\n\
         export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\n",
    );
    for (rust, name) in TYPES {
        let item = sources.find(rust).with_context(|| format!("type {rust}"))?;
        text.push('\n');
        text.push_str(&write::declaration(item, name, &sources).with_context(|| format!("type {rust}"))?);
    }
    Ok(text)
}

/// What TypeScript calls a type that is sent.
fn name_of(item: &read::Item) -> Result<&'static str> {
    let path = format!("{}::{}", item.module, item.name());
    match TYPES.iter().find(|(rust, _)| *rust == path) {
        Some((_, name)) => Ok(name),
        None => bail!("{path} is sent but not among TYPES of xtask/src/wire.rs"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_types_of_the_web_app_are_those_of_the_server() {
        assert_eq!(super::stale(), None);
    }
}
