//! Frame after frame.

use std::ops::Range;

use ethogram_model::Cancel;
use ethogram_video::{Blend, Canvas, Heat, Moment, Picture, Scene, Sign, lay_heads};

use super::moments::Moments;
use super::pictures::{PictureField, Pictures};
use super::{Overlay, Video};
use crate::{Error, Explanation, ExplanationRequest, Result, RunHandle};

/// Steps whose numbers are read at once.
const STEPS_AT_ONCE: u64 = 256;
/// Steps that are explained at once.
const EXPLAINED_AT_ONCE: u64 = 32;

/// Draws the frames of a film.
pub(super) struct Reel<'a> {
    video: &'a Video<'a>,
    scene: Scene,
    canvas: Canvas,
    pictures: Option<Pictures<'a>>,
}

impl<'a> Reel<'a> {
    pub fn new(video: &'a Video<'a>) -> Result<Self> {
        let scene = Scene::new(video.spec.clone())?;
        let canvas = scene.canvas();
        let pictures = video.picture.as_ref().map(|field| Pictures::new(video.run, video.episode, field));
        Ok(Self { video, scene, canvas, pictures })
    }

    /// Draws these steps and shows each to `see`.
    pub fn play(&mut self, steps: Range<u64>, see: &mut dyn FnMut(&Canvas) -> Result<()>) -> Result<()> {
        let Video { run, episode, lanes, overlay, .. } = self.video;
        let mut moments: Option<Moments> = None;
        let mut found: Vec<Explanation> = Vec::new();
        for step in steps.clone() {
            let at = step - steps.start;
            if at.is_multiple_of(STEPS_AT_ONCE) {
                let range = step..steps.end.min(step + STEPS_AT_ONCE);
                moments = Some(Moments::read(run, *episode, range, lanes.as_ref())?);
            }
            if let Some(overlay) = overlay
                && at.is_multiple_of(EXPLAINED_AT_ONCE)
            {
                let range = step..steps.end.min(step + EXPLAINED_AT_ONCE);
                found = explain(run, *episode, range, overlay, self.video.picture.as_ref())?;
            }
            let Some(moments) = &moments else { continue };
            let told = moments.tell(run, step, lanes.as_ref());
            let mut picture = match &mut self.pictures {
                Some(pictures) => pictures.read(step)?,
                None => None,
            };
            if let (Some(overlay), Some(picture)) = (overlay, &mut picture) {
                lay_over(overlay, &found, step, picture)?;
            }
            let moment = Moment {
                step,
                picture: picture.as_ref(),
                reward: told.reward,
                episode_return: told.episode_return,
                action: &told.action,
                greedy: told.greedy,
                values: &told.values,
                taken: &told.taken,
                highest: &told.highest,
            };
            self.scene.draw(&mut self.canvas, &moment)?;
            see(&self.canvas)?;
        }
        Ok(())
    }
}

/// Lays what was explained of a step over its picture; nothing where nothing is known of it.
fn lay_over(overlay: &Overlay, found: &[Explanation], step: u64, picture: &mut Picture) -> Result<()> {
    let sides = (picture.height(), picture.width());
    let heats: Vec<Option<Heat>> = found.iter().map(|found| heat_of(overlay, found, step, sides)).collect();
    match heats.as_slice() {
        [Some(heat)] => heat.lay_over(picture, &overlay.look)?,
        [blue, red] => lay_heads([blue.as_ref(), red.as_ref()], picture, overlay.look.opacity)?,
        _ => {}
    }
    Ok(())
}

/// Attributions of some steps to the pixels of the picture that is shown, one of each target.
pub(super) fn explain(
    run: &RunHandle,
    episode: u64,
    range: Range<u64>,
    overlay: &Overlay,
    picture: Option<&PictureField>,
) -> Result<Vec<Explanation>> {
    let sides = picture.map(PictureField::size);
    let targets = overlay.targets();
    let request = ExplanationRequest {
        episode,
        range,
        method: overlay.method.clone(),
        target: targets.join(","),
        checkpoint: overlay.checkpoint,
        ..ExplanationRequest::default()
    };
    // Actor and critic are explained together.
    let found = match targets.as_slice() {
        [_] => vec![run.explanation(&request, &Cancel::default())?],
        _ => run.explanations_of(&request, &Cancel::default())?,
    };
    let explained = |found: &Explanation| match found.wrt_shape.as_slice() {
        [.., height, width] => Some((*width as u32, *height as u32)),
        _ => None,
    };
    // Nothing could be explained at these steps; that is no reason against the others.
    let fits =
        |found: &&Explanation| found.wrt_shape.is_empty() || explained(found).is_some() && explained(found) == sides;
    match found.iter().find(|found| !fits(found)) {
        None => Ok(found),
        Some(found) => Err(Error::BadInput {
            field: "video".into(),
            input: "overlay".into(),
            expected: "a picture of what the network received, picture=\"observation\"".into(),
            found: format!(
                "{:?}, explained are values of shape {:?}",
                picture.map(|field| &field.name),
                found.wrt_shape
            ),
        }),
    }
}

fn heat_of(overlay: &Overlay, found: &Explanation, step: u64, sides: (u32, u32)) -> Option<Heat> {
    let row = (step - found.first) as usize;
    if !*found.valid.get(row)? {
        return None;
    }
    let count = found.shape.iter().product::<usize>();
    let values = found.values.get(row * count..(row + 1) * count)?;
    // What is added to a channel has no sign.
    let sign = match overlay.sign {
        Sign::Both if overlay.look.blend == Blend::Heads => Sign::Absolute,
        sign => sign,
    };
    Heat::new(values, &found.shape, sides, sign, overlay.outliers)
}
