//! `ethogram embed`: steps as points, laid out, and written.

use std::{
    fs::File,
    io::{BufWriter, IsTerminal as _, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use ethogram_query::{Cancel, Error, MapNews, MapRequest, MapSource, Workbench};
use serde_json::json;

use crate::{
    embed::{Sprite, Table, write_csv, write_npz, write_projector},
    explain::{INTERRUPTED, stop_at_interrupt},
    options::EmbedOptions,
    runs,
    text::text_from_count,
};

/// How often a terminal is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// What a file is written as.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    Npz,
}

/// Lays the points out and writes them. The code is 130 when it was interrupted; then nothing is written.
pub fn embed(options: &EmbedOptions) -> anyhow::Result<u8> {
    let format = options.output.as_deref().map(format_of).transpose()?;
    let bench = runs::open_runs(&options.runs, &options.stores)?;
    let request = request(&bench, options)?;
    let cancel = Cancel::default();
    stop_at_interrupt(&cancel)?;
    let began = Instant::now();
    let line = Progress(Mutex::default());
    let made = make(&bench, &request, &cancel, &line);
    line.clear();
    let (map, layout) = match made {
        Err(Error::Stopped) => {
            eprintln!("stopped; nothing was written");
            return Ok(INTERRUPTED);
        }
        other => other?,
    };
    let table = Table::new(&bench, map, layout, &options.fields)?;
    if let (Some(path), Some(format)) = (&options.output, format) {
        let write = |to: &mut BufWriter<File>| match format {
            Format::Csv => write_csv(&table, to),
            Format::Npz => write_npz(&table, to),
        };
        let written =
            File::create(path).map(BufWriter::new).and_then(|mut to| write(&mut to).and_then(|()| to.flush()));
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(folder) = &options.projector {
        let sprite = Sprite::new(&bench, &table)?;
        write_projector(&table, sprite.as_ref(), folder)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
    }
    say(&table, options, began.elapsed());
    Ok(0)
}

fn make(
    bench: &Workbench,
    request: &MapRequest,
    cancel: &Cancel,
    line: &Progress,
) -> Result<(std::sync::Arc<ethogram_query::StateMap>, std::sync::Arc<ethogram_query::MapLayout>), Error> {
    let goes_on = || cancel.check().is_ok();
    let plan = bench.plan_map(request)?;
    let map = bench.read_map(plan, cancel, &mut |share| {
        line.tell("reading steps", share);
        goes_on()
    })?;
    let layout = map.lay_out(&|news| {
        match news {
            MapNews::Progress { phase, share } => line.tell(phase, share),
            MapNews::Layout(layout) => line.tell("laying out", layout.round as f64 / layout.rounds.max(1) as f64),
            MapNews::Waiting => {}
        }
        goes_on()
    })?;
    Ok((map, layout))
}

fn request(bench: &Workbench, options: &EmbedOptions) -> anyhow::Result<MapRequest> {
    let runs = bench.runs()?;
    if runs.is_empty() {
        match bench.skipped().first() {
            Some(skipped) => bail!("the run cannot be read: {}", runs::text_from_skipped(skipped)),
            None => bail!("no run there; `ethogram ls FOLDER` lists the runs below a folder"),
        }
    }
    let mut sources = Vec::with_capacity(runs.len());
    for run in runs {
        let episodes = match &options.episodes {
            None => None,
            Some(asked) => {
                let rows = bench.run(&run.info.id.0)?.source().episodes(0..u64::MAX)?;
                let is_asked = |row: &&ethogram_store::EpisodeRow| row.recorded && asked.holds(row.episode);
                let found: Vec<u64> = rows.iter().filter(is_asked).map(|row| row.episode).collect();
                if let Some(missing) = asked.singles().find(|episode| !found.contains(episode)) {
                    bail!("episode {missing} of {} is not there, or its steps were not recorded", run.info.name);
                }
                Some(found)
            }
        };
        sources.push(MapSource {
            run: run.info.id.clone(),
            episodes,
            checkpoint: options.checkpoint,
            samples: options.samples.clone(),
        });
    }
    Ok(MapRequest {
        sources,
        of: options.of.clone(),
        points: options.points,
        method: options.method.clone(),
        dims: options.dims,
        settings: options.settings.0.clone(),
        supervised_by: options.supervised_by.clone(),
        align_to: None,
    })
}

fn format_of(path: &Path) -> anyhow::Result<Format> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("npz") => Ok(Format::Npz),
        _ => bail!("expected a name that ends in .csv or .npz, found {}", path.display()),
    }
}

fn say(table: &Table, options: &EmbedOptions, took: Duration) {
    let map = &table.map;
    if options.json {
        let left_out = map.left_out().iter().map(|out| json!({"why": out.why, "count": out.count}));
        let told = json!({
            "points": table.rows(), "steps": map.steps(), "of": map.of(), "width": map.width(),
            "supervised_by": map.supervised_by(), "method": table.layout.method, "dims": table.layout.dims, "variance_ratio": table.layout.variance_ratio,
            "left_out": left_out.collect::<Vec<_>>(), "notes": map.notes(),
            "output": options.output, "projector": options.projector, "secs": took.as_secs_f64(),
        });
        println!("{told}");
        return;
    }
    for out in map.left_out() {
        eprintln!("note: {} steps are left out: {}", text_from_count(out.count as i64), out.why);
    }
    for note in map.notes() {
        eprintln!("note: {note}");
    }
    for path in options.output.iter().chain(&options.projector) {
        println!(
            "{}: {} of {} steps, {} numbers each, by {} in {:.1} s",
            path.display(),
            text_from_count(table.rows() as i64),
            text_from_count(map.steps() as i64),
            text_from_count(map.width() as i64),
            table.layout.method,
            took.as_secs_f64(),
        );
    }
}

/// A line on the terminal that is written over.
struct Progress(Mutex<Option<Instant>>);

impl Progress {
    fn tell(&self, phase: &str, share: f64) {
        let mut to = std::io::stderr();
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.is_some_and(|at| at.elapsed() < TELL_EVERY) || !to.is_terminal() {
            return;
        }
        *shown = Some(Instant::now());
        // Where the terminal went away the work goes on all the same.
        let _ = write!(to, "\r{phase}: {:.0} %{:20}", 100.0 * share, "");
        let _ = to.flush();
    }

    fn clear(&self) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            eprint!("\r{:60}\r", "");
        }
    }
}
