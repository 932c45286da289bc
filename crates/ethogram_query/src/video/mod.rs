//! Steps of an episode as a film: the picture, and beside it what the policy said.

mod choices;
mod file;
mod lanes;
mod moments;
mod pictures;
mod reel;
mod request;
mod segments;

use std::io::Write;
use std::ops::{ControlFlow, Range};

use ethogram_video::{Film, Format, Scene, SceneSpec};

pub use request::{NOTHING, OVERLAY_OPACITY_DEFAULT, Overlay, VideoAxis, VideoRequest};

pub(crate) use choices::action_in_words;
pub(crate) use pictures::{PictureField, Pictures};

use crate::{Error, Result, RunHandle};
use lanes::Lanes;
use reel::Reel;

/// Steps a second where neither the request nor the environment says so.
pub const VIDEO_FPS_DEFAULT: f64 = 30.0;

/// A film that can be made: everything that could be wrong with the question has been looked at.
pub struct Video<'a> {
    run: &'a RunHandle,
    episode: u64,
    range: Range<u64>,
    format: Format,
    fps: f64,
    spec: SceneSpec,
    size: (u32, u32),
    picture: Option<PictureField>,
    lanes: Option<Lanes>,
    overlay: Option<Overlay>,
}

impl RunHandle {
    /// Prepares a film of steps of an episode.
    ///
    /// # Errors
    /// [`Error::Unfilmed`] when there is nothing to show, saying what to log; what fields, explanations and `ethogram_video` refuse.
    pub fn video(&self, request: &VideoRequest) -> Result<Video<'_>> {
        let episode = request.episode;
        let row = self.episode(episode)?;
        let steps = self.source().step_count(episode)?;
        let range = request.range.start.min(steps)..request.range.end.min(steps);
        let unfilmed = |why: String| Error::Unfilmed { episode, why };
        if steps == 0 {
            let why = "its steps were not recorded; choose a schedule that records it, eg.record(env, run, schedule=eg.always)";
            return Err(unfilmed(why.to_owned()));
        }
        if range.is_empty() {
            return Err(unfilmed(format!(
                "no step from {} to {}; it has {steps}",
                request.range.start, request.range.end
            )));
        }
        let frames = range.end - range.start;
        if frames > ethogram_video::FRAMES_MAX {
            let what = "frames of the film (FRAMES_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: ethogram_video::FRAMES_MAX, found: frames });
        }
        let env = self.info().env.as_ref();
        let own = env.and_then(|env| env.fps).filter(|fps| *fps > 0.0);
        let fps = request.fps.or_else(|| own.filter(|fps| request.format.check_fps(*fps).is_ok()));
        let fps = fps.unwrap_or(VIDEO_FPS_DEFAULT);
        request.format.check_fps(fps)?;

        let fields = self.fields(episode)?;
        let picture = PictureField::choose(self, request, &fields)?;
        let lanes = Lanes::choose(self, request, &fields, range.clone())?;
        if picture.is_none() && lanes.is_none() {
            return Err(unfilmed(
                "neither pictures nor numbers of the policy were logged; record with render_mode=\"rgb_array\", or pass frame= or q_values= to episode.step"
                    .to_owned(),
            ));
        }
        let has = |name: &str| fields.iter().any(|field| field.info.name == name && field.info.dtype.is_some());
        let name = if self.info().name.is_empty() { &self.id().0 } else { &self.info().name };
        let spec = SceneSpec {
            title: format!("{name} · episode {episode}"),
            picture: picture.as_ref().map(PictureField::size),
            scale: request.scale,
            bars: lanes.as_ref().map(|lanes| lanes.bars(request.axis, &range)),
            layout: request.layout,
            last: steps.max(row.length) - 1,
            has_reward: has("reward"),
            has_action: has("action"),
        };
        let size = Scene::new(spec.clone())?.size();
        let overlay = request.overlay.clone();
        if let Some(overlay) = &overlay {
            // What cannot be explained is told before anything is written.
            let first = range.start..range.start + 1;
            reel::explain(self, episode, first, overlay, picture.as_ref())?;
        }
        Ok(Video { run: self, episode, range, format: request.format, fps, spec, size, picture, lanes, overlay })
    }
}

impl Video<'_> {
    /// One a step.
    pub fn frames(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// The steps that it shows.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Width and height of a frame.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Frames a second.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// What kind of file it becomes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What is the same in every frame.
    pub fn spec(&self) -> &SceneSpec {
        &self.spec
    }

    /// Makes the film. `progress` is told how many frames are done, again and again, and may stop the work.
    ///
    /// # Errors
    /// [`Error::Stopped`] when `progress` said so; what reading the run, encoding and writing refuse.
    pub fn write<W: Write>(&self, sink: W, progress: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<W> {
        let (width, height) = self.size;
        let mut film = Film::new(sink, self.format, width, height, self.fps)?;
        match film.segment_frames() {
            Some(frames) => segments::write_segments(self, &mut film, frames, progress)?,
            None => {
                let mut done = 0;
                Reel::new(self)?.play(self.range.clone(), &mut |canvas| {
                    film.frame(canvas)?;
                    done += 1;
                    stop_or_go(progress(done))
                })?;
            }
        }
        Ok(film.finish()?)
    }
}

/// The end of the work, once somebody asked for it.
fn stop_or_go(told: ControlFlow<()>) -> Result<()> {
    match told {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}
