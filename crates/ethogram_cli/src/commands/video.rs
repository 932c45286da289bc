//! `ethogram video`: steps of an episode as a film.

use std::{
    io::{IsTerminal as _, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use ethogram_query::{RunHandle, StepsRequest, TableFile, Video, VideoRequest};
use serde_json::json;

use super::export::write_whole;
use crate::{
    options::VideoOptions,
    runs::open_one,
    text::{text_from_bytes, text_from_count},
};

/// How often a terminal is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Writes the film and says what it is.
pub fn video(options: &VideoOptions) -> anyhow::Result<u8> {
    let run = open_one(&options.run, &options.stores)?;
    let episode = match options.episode {
        Some(episode) => episode,
        None => newest_recorded(&run)?,
    };
    let path = options.output.clone().unwrap_or_else(|| PathBuf::from(format!("episode_{episode}.mp4")));
    if let Some(table) = &options.table {
        // Said before the film is made.
        TableFile::of_path(table).map_err(anyhow::Error::msg)?;
    }
    let video = run.video(&request(options, episode, &path)?)?;
    let began = Instant::now();
    let mut line = Progress { shown: None, frames: video.frames() };
    video.write_file(&path, &mut |done| {
        line.tell(done);
        ControlFlow::Continue(())
    })?;
    line.clear();
    let table = options.table.as_deref().map(|table| beside(&run, &video, episode, table)).transpose()?;
    let ((width, height), bytes) = (video.size(), std::fs::metadata(&path).map_or(0, |found| found.len()));
    let secs = began.elapsed().as_secs_f64();
    if options.json {
        let told = json!({
            "path": path, "episode": episode, "frames": video.frames(), "width": width, "height": height,
            "fps": video.fps(), "bytes": bytes, "secs": secs, "table": table,
        });
        println!("{told}");
    } else {
        println!(
            "{}: {} frames of {width} × {height} at {} a second, {} in {secs:.1} s",
            path.display(),
            text_from_count(video.frames() as i64),
            video.fps(),
            text_from_bytes(bytes),
        );
        if let Some(table) = table {
            println!("{}: a row a frame", table.display());
        }
    }
    Ok(0)
}

/// Writes the table of the film's steps.
fn beside(run: &RunHandle, video: &Video<'_>, episode: u64, path: &Path) -> anyhow::Result<PathBuf> {
    let format = TableFile::of_path(path).map_err(anyhow::Error::msg)?;
    let (range, fps) = (video.range(), Some(video.fps()));
    let table = run.steps_table(&StepsRequest { episode, range, fields: None, fps })?;
    write_whole(path, &table.to_bytes(format)?)?;
    Ok(path.to_owned())
}

fn request(options: &VideoOptions, episode: u64, path: &Path) -> anyhow::Result<VideoRequest> {
    let mut texts: Vec<(&str, String)> = vec![("layout", options.layout.clone()), ("axis", options.axis.clone())];
    let mut add = |name, text: Option<String>| texts.extend(text.map(|text| (name, text)));
    add("fps", options.fps.map(|fps| fps.to_string()));
    add("picture", options.picture.clone());
    add("bars", options.bars.clone());
    add("scale", options.scale.map(|scale| scale.to_string()));
    add("overlay", options.overlay.clone());
    add("target", options.target.clone());
    add("checkpoint", options.checkpoint.map(|step| step.to_string()));
    add("opacity", options.opacity.map(|opacity| opacity.to_string()));
    add("blend", options.blend.clone());
    add("colours", options.colours.clone());
    add("sign", options.sign.clone());
    add("outliers", options.outliers.map(|outliers| outliers.to_string()));
    let request = VideoRequest::new(episode).with_options(texts.iter().map(|(name, text)| (*name, text.as_str())))?;
    Ok(VideoRequest { format: Video::format_of(path)?, range: options.range.clone().unwrap_or(0..u64::MAX), ..request })
}

pub fn newest_recorded(run: &RunHandle) -> anyhow::Result<u64> {
    let rows = run.source().episodes(0..u64::MAX).context("the episodes cannot be read")?;
    match rows.iter().rev().find(|row| row.recorded) {
        Some(row) => Ok(row.episode),
        None => bail!("no episode of the run was recorded; record with eg.record(env, run, schedule=eg.every(10))"),
    }
}

/// A line on the terminal that is written over.
struct Progress {
    shown: Option<Instant>,
    frames: u64,
}

impl Progress {
    fn tell(&mut self, done: u64) {
        let mut to = std::io::stderr();
        if self.shown.is_some_and(|at| at.elapsed() < TELL_EVERY) || !to.is_terminal() {
            return;
        }
        self.shown = Some(Instant::now());
        // Where the terminal went away the film is made all the same.
        let _ = write!(to, "\r{} of {} frames", text_from_count(done as i64), text_from_count(self.frames as i64));
        let _ = to.flush();
    }

    fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r{:40}\r", "");
        }
    }
}
