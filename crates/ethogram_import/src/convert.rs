//! Makes runs of our own of other people's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::{
    Array, Column, ColumnData, EpisodeRow, Error, Lost, QueuePolicy, Result, RunInfo, RunSource, RunState, RunWriter,
    StepValue, WriterOptions, read_notes, write_notes,
};

use crate::run::ForeignRun;

/// What was written, or would be.
#[derive(Clone, Debug, Default)]
pub struct Converted {
    /// The folder of the new run.
    pub path: PathBuf,
    /// It was there before, and nothing was written.
    pub was_there: bool,
    /// Points of scalars.
    pub points: u64,
    /// Tensors, distributions, pictures and texts.
    pub tensors: u64,
    /// Episodes.
    pub episodes: u64,
    /// Steps of recorded episodes.
    pub steps: u64,
    /// What could not be read, or has no place in a run of ours.
    pub skipped: Vec<Lost>,
}

/// How far it is: parts done, and how many there are.
pub type OnProgress<'a> = &'a dyn Fn(u64, u64);

/// Where the run would lie below `root`.
pub fn place(run: &ForeignRun, root: &Path) -> PathBuf {
    let info = run.info();
    root.join(project(&info.project)).join(info.id.0)
}

/// Says what [`convert`] would write; nothing is written.
pub fn plan(run: &ForeignRun, root: &Path) -> Result<Converted> {
    run.refresh()?;
    let path = place(run, root);
    let mut planned = Converted { was_there: path.join("run.json").exists(), path, ..Converted::default() };
    planned.points = run.scalar_tags().iter().map(|tag| tag.count).sum();
    planned.tensors = run.tensor_tags().iter().map(|tag| tag.count).sum();
    for row in run.episodes(0..u64::MAX)? {
        planned.episodes += 1;
        planned.steps += if row.recorded { run.step_count(row.episode)? } else { 0 };
    }
    planned.skipped = run.lost();
    Ok(planned)
}

/// Writes the run below `root`, under the id that it has already: a run that was imported before is left as it is.
///
/// # Errors
/// The disk refuses. Then nothing is left of the new run.
pub fn convert(run: &ForeignRun, root: &Path, progress: OnProgress<'_>) -> Result<Converted> {
    let planned = plan(run, root)?;
    if planned.was_there {
        return Ok(planned);
    }
    let info = RunInfo { project: project(&run.info().project), ..run.info() };
    let options = WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() };
    let writer = RunWriter::create(root, info, options)?;
    let path = writer.path().to_owned();
    let mut work = Work { run, writer, converted: Converted { path: path.clone(), ..Converted::default() } };
    let written = work.write(&planned, progress).and_then(|()| work.writer.close(RunState::Finished));
    if let Err(error) = written.and_then(|()| keep_times(run, &path)) {
        drop(work);
        // Half a run would be taken for a whole one the next time.
        let _ = std::fs::remove_dir_all(&path);
        return Err(error);
    }
    let mut converted = work.converted;
    converted.skipped.extend(run.lost());
    if let Ok(notes) = run.notes().and_then(|stored| stored.document)
        && notes != ethogram_store::Notes::default()
    {
        let seen = read_notes(&path)?.version;
        write_notes(&path, notes, seen)?;
    }
    Ok(converted)
}

struct Work<'a> {
    run: &'a ForeignRun,
    writer: RunWriter,
    converted: Converted,
}

impl Work<'_> {
    fn write(&mut self, planned: &Converted, progress: OnProgress<'_>) -> Result<()> {
        let total = planned.points + planned.tensors + planned.episodes + planned.steps;
        let done = |work: &Self| {
            let now = &work.converted;
            progress(now.points + now.tensors + now.episodes + now.steps, total);
        };
        for tag in self.run.scalar_tags() {
            self.scalars(tag.axis, &tag.tag)?;
            done(self);
        }
        for tag in self.run.tensor_tags() {
            for step in self.run.tensor_steps(tag.axis, &tag.tag, i64::MIN..i64::MAX)? {
                for row in self.run.tensors(tag.axis, &tag.tag, step..step.saturating_add(1))? {
                    let written = self.writer.tensor(tag.axis, &tag.tag, row);
                    let kept = self.kept(written, || format!("{:?} at step {step}", tag.tag))?;
                    self.converted.tensors += u64::from(kept);
                }
                done(self);
            }
        }
        for mut row in self.run.episodes(0..u64::MAX)? {
            let (episode, recorded) = (row.episode, row.recorded);
            self.film(&mut row)?;
            self.writer.episode(row)?;
            self.converted.episodes += 1;
            if recorded {
                self.steps(episode)?;
            }
            done(self);
        }
        Ok(())
    }

    /// The film of an episode comes along; one that cannot be read is noted, and the episode says nothing of it.
    fn film(&mut self, row: &mut EpisodeRow) -> Result<()> {
        let Some(hash) = row.extra.get("video_blob").and_then(|hash| hash.as_str()) else { return Ok(()) };
        match self.run.blob(hash) {
            Ok(film) => {
                let hash = self.writer.blob(film.to_vec())?;
                row.extra.insert("video_blob".into(), hash.into());
            }
            Err(error) => {
                let what = format!("the film of episode {}", row.episode);
                self.converted.skipped.push(Lost { file: String::new(), what, why: error.to_string() });
                row.extra.retain(|name, _| !name.starts_with("video"));
            }
        }
        Ok(())
    }

    fn scalars(&mut self, axis: ethogram_store::Axis, name: &str) -> Result<()> {
        let tag = self.writer.tag(axis, name);
        let tag = match tag {
            Ok(tag) => tag,
            Err(error) => return self.kept(Err(error), || format!("points of {name:?}")).map(drop),
        };
        let points = self.run.scalars(axis, name, i64::MIN..i64::MAX)?;
        let mut repeated = 0_u64;
        for row in 0..points.step.len() {
            // Of points at one step, a run of ours has the newest.
            if points.step.get(row + 1) == Some(&points.step[row]) {
                repeated += 1;
            } else {
                self.writer.points(points.step[row], points.time_us[row], &[(tag, points.value[row])])?;
                self.converted.points += 1;
            }
        }
        if repeated > 0 {
            let what = format!("{repeated} points of {name:?}");
            let why = "another came later at the same step; the newest of each step was kept".into();
            self.converted.skipped.push(Lost { file: String::new(), what, why });
        }
        Ok(())
    }

    fn steps(&mut self, episode: u64) -> Result<()> {
        let mut columns: Vec<(Arc<str>, Column)> = Vec::new();
        for field in self.run.step_fields(episode)? {
            columns.push((field.name.as_str().into(), self.run.steps(episode, &field.name, 0..u64::MAX)?));
        }
        for step in 0..self.run.step_count(episode)? {
            let values =
                columns.iter().filter_map(|(name, column)| Some((Arc::clone(name), value(column, step as usize)?)));
            let written = self.writer.step(episode, step, values.collect());
            if !self.kept(written, || format!("steps of episode {episode}"))? {
                return Ok(());
            }
            self.converted.steps += 1;
        }
        Ok(())
    }

    /// Whether it was written; what a run of ours has no place for is noted.
    fn kept(&mut self, written: Result<()>, what: impl FnOnce() -> String) -> Result<bool> {
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.is_bad_input() => {
                self.converted.skipped.push(Lost { file: String::new(), what: what(), why: error.to_string() });
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// One row of a column; `None` where nothing was logged.
fn value(column: &Column, row: usize) -> Option<StepValue> {
    if row >= column.rows() || !column.is_valid(row) {
        return None;
    }
    match &column.data {
        ColumnData::Numeric(bytes) => {
            let (size, info) = (column.row_bytes(), &column.info);
            let array = Array::new(info.dtype?, info.shape.clone(), bytes[row * size..(row + 1) * size].to_vec());
            array.ok().map(StepValue::Array)
        }
        ColumnData::Text(texts) => Some(StepValue::Text(texts[row].clone())),
    }
}

/// A run that ended long ago did not end when it was imported.
fn keep_times(run: &ForeignRun, path: &Path) -> Result<()> {
    let Some(mut status) = ethogram_store::read_status(path) else { return Ok(()) };
    let before = run.status();
    (status.heartbeat_us, status.ended_us) = (before.heartbeat_us, before.ended_us.or(Some(before.heartbeat_us)));
    let file = path.join("status.json");
    let new = path.join("status.json.tmp");
    let json = serde_json::to_vec_pretty(&status).unwrap_or_default();
    std::fs::write(&new, json).and_then(|()| std::fs::rename(&new, &file)).map_err(|source| Error::Io {
        action: "replace",
        path: file,
        source,
    })
}

/// A project is a folder: signs that no folder has become `_`.
fn project(name: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    let sound: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).take(64).collect();
    match sound.trim_start_matches('.') {
        "" => "imported".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_project_is_a_name_that_a_folder_may_have() {
        for (name, expected) in
            [("runs", "runs"), ("..", "imported"), (".x", "x"), ("a/b:c", "a_b_c"), ("", "imported")]
        {
            assert_eq!(super::project(name), expected);
        }
    }
}
