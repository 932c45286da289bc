//! `ethogram report`: runs, curves and episodes as one HTML file.

use std::{
    ffi::OsString,
    io::{IsTerminal as _, Write as _},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use ethogram_query::NamePattern;
use ethogram_server::{
    Ui,
    report::{
        EpisodeChoice, MadeReport, NamedEpisode, ReportEpisode, ReportExplanation, ReportFeatures, ReportProgress,
        ReportRequest,
    },
};
use serde_json::json;

use crate::{
    options::ReportOptions,
    runs,
    text::{shown, text_from_bytes, text_from_count},
};

/// How often a terminal is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// The code of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Makes the file, and says what it is. Nothing is written unless all of it was made. `typed` is what makes it again.
pub fn report(options: &ReportOptions, typed: &[OsString]) -> anyhow::Result<u8> {
    let ui = match &options.ui {
        Some(folder) => Ui::folder(folder).map_err(anyhow::Error::msg)?,
        None => Ui::Embedded,
    };
    let is_html = options.output.extension().is_some_and(|end| end.eq_ignore_ascii_case("html"));
    if !is_html {
        bail!("expected a file whose name ends in .html, found {}", options.output.display());
    }
    let workbench = Arc::new(runs::open_runs(&options.runs, &options.stores)?);
    let found = workbench.runs()?;
    if found.is_empty() {
        let given: Vec<_> = options.runs.iter().map(|run| run.display().to_string()).collect();
        bail!("no run there; `ethogram ls FOLDER` lists the runs below a folder: {}", given.join(", "));
    }
    let patterns = options.tags.iter().map(|tag| NamePattern::parse(tag)).collect::<Result<Vec<_>, _>>();
    let handles = found.iter().map(|run| workbench.run(&run.info.id.0)).collect::<Result<Vec<_>, _>>()?;
    runs::check_tags(&handles, &patterns.map_err(|why| anyhow::anyhow!("--tag: {why}"))?)?;
    let request = request(options, typed, found.iter().map(|run| run.info.id.0.clone()).collect());
    let began = Instant::now();
    let mut line = Progress { shown: None };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let made = runtime.block_on(async {
        let mut tell = |progress: ReportProgress| {
            line.tell(progress);
            ControlFlow::Continue(())
        };
        tokio::select! {
            made = ethogram_server::report::make(workbench, ui, &request, &mut tell) => Some(made),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    line.clear();
    // A question that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    let MadeReport { page, left_out } = match made {
        None => {
            eprintln!("stopped; nothing was written");
            return Ok(INTERRUPTED);
        }
        Some(Err(error)) if error.hint.is_empty() => bail!(error.message),
        Some(Err(error)) => bail!("{}; {}", error.message, error.hint),
        Some(Ok(made)) => made,
    };
    write(&options.output, &page)?;
    let secs = began.elapsed().as_secs_f64();
    let bytes = page.len() as u64;
    if options.json {
        println!(
            "{}",
            json!({"path": options.output, "runs": request.runs, "bytes": bytes, "secs": secs, "left_out": left_out})
        );
    } else {
        println!(
            "{}: {} {}, {} in {secs:.1} s; open it with a browser, it needs no server",
            options.output.display(),
            text_from_count(request.runs.len() as i64),
            if request.runs.len() == 1 { "run" } else { "runs" },
            text_from_bytes(bytes),
        );
        for sentence in &left_out {
            eprintln!("not in it: {}", shown(sentence));
        }
    }
    Ok(0)
}

/// In place of what was there, in one moment.
fn write(path: &Path, page: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("html.part");
    let written = std::fs::write(&beside, page).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What was begun is of no use.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("the report cannot be written to {}", path.display()))
}

fn request(options: &ReportOptions, typed: &[OsString], runs: Vec<String>) -> ReportRequest {
    let choices = match options.episodes.as_slice() {
        _ if options.no_episodes => Vec::new(),
        [] => vec![EpisodeChoice::Named(NamedEpisode::Best)],
        given => given.to_vec(),
    };
    let steps = options.steps.clone().unwrap_or(0..u64::MAX);
    let mut episodes = Vec::new();
    for run in &runs {
        for &episode in &choices {
            let to = (steps.end < u64::MAX).then_some(steps.end);
            episodes.push(ReportEpisode { run: run.clone(), episode, from: steps.start, to });
        }
    }
    let layers: Vec<Option<&String>> =
        if options.layers.is_empty() { vec![None] } else { options.layers.iter().map(Some).collect() };
    let mut explanations = Vec::new();
    for method in &options.methods {
        for target in &options.targets {
            for layer in &layers {
                let (method, target, layer) = (method.clone(), target.clone(), layer.cloned());
                explanations.push(ReportExplanation { method, target, layer });
            }
        }
    }
    let features = options.features.map(|factors| ReportFeatures {
        layer: options.features_layer.clone(),
        of: options.features_of.clone(),
        factors,
    });
    ReportRequest {
        title: options.title.clone(),
        note: options.note.clone(),
        runs,
        tags: options.tags.clone(),
        episodes,
        explanations,
        features: features.into_iter().collect(),
        command: command_line(typed),
    }
}

/// What was typed, as a shell takes it.
fn command_line(typed: &[OsString]) -> String {
    let quoted = |word: String| {
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:=@%+,".contains(sign);
        if !word.is_empty() && word.chars().all(is_plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    let words = typed.iter().map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("ethogram".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A line on the terminal that is written over.
struct Progress {
    shown: Option<Instant>,
}

impl Progress {
    fn tell(&mut self, progress: ReportProgress) {
        let mut to = std::io::stderr();
        if self.shown.is_some_and(|at| at.elapsed() < TELL_EVERY) || !to.is_terminal() {
            return;
        }
        self.shown = Some(Instant::now());
        let ReportProgress { phase, done, total, .. } = progress;
        let size = match progress.bytes_expected() {
            0 => String::new(),
            bytes => format!(", about {}", text_from_bytes(bytes)),
        };
        let count = if total == 0 {
            String::new()
        } else {
            format!(" {} of {}", text_from_count(done as i64), text_from_count(total as i64))
        };
        // Where the terminal went away the report is made all the same.
        let _ = write!(to, "\r{:70}\r{phase}{count}{size}", "");
        let _ = to.flush();
    }

    fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r{:70}\r", "");
        }
    }
}
