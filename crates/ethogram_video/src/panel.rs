//! What stands beside or below the picture: the title, the counters, and a lane for every bar.

use crate::bars::{Axis, Bars, Scale};
use crate::scene::{Moment, SceneSpec, lanes_of};
use crate::type_face::{Style, TypeFace, Weight};
use crate::{Canvas, Rect, Rgb, text_from_number, theme};

/// Heights of the parts, from the top.
const TITLE: u32 = 28;
const COUNTERS: u32 = 44;
const ACTION: u32 = 30;
const HEAD: u32 = 30;
const LANE: u32 = 26;
const NOTE: u32 = 20;
/// Columns of a lane: the name takes so many hundredths of it; the number and the mark so many pixels.
const NAMES_PERCENT: u32 = 34;
const NUMBER: u32 = 68;
const MARK: u32 = 20;
const RAIL: u32 = 14;
/// Shown where nothing was logged; missing is missing, never zero.
const MISSING: &str = "–";

const TITLE_STYLE: Style = Style { weight: Weight::Medium, size: 16, colour: theme::INK };
const LABEL: Style = Style { weight: Weight::Regular, size: 12, colour: theme::INK_FAINT };
const COUNTER: Style = Style { weight: Weight::Medium, size: 17, colour: theme::INK };
const HEAD_STYLE: Style = Style { weight: Weight::Medium, size: 14, colour: theme::INK };
const NAME: Style = Style { weight: Weight::Regular, size: 14, colour: theme::INK_SOFT };
const TAKEN: Style = Style { weight: Weight::Medium, size: 14, colour: theme::INK };

/// Where its parts are.
pub(crate) struct Panel {
    all: Rect,
    /// Upper edge of the first lane.
    lanes: u32,
    /// Upper edge of what stands under the lanes.
    notes: u32,
}

impl Panel {
    /// Height of what is there without bars.
    pub fn counters_height(has_action: bool) -> u32 {
        TITLE + COUNTERS + if has_action { ACTION } else { 0 }
    }

    /// Height of the bars and what belongs to them.
    pub fn lanes_height(spec: &SceneSpec) -> u32 {
        match &spec.bars {
            Some(bars) => HEAD + LANE * lanes_of(spec) + NOTE * if bars.of_choices { 2 } else { 1 },
            None => 0,
        }
    }

    pub fn new(all: Rect, spec: &SceneSpec) -> Self {
        let lanes = all.y + Self::counters_height(spec.has_action) + HEAD;
        Self { all, lanes, notes: lanes + LANE * lanes_of(spec) }
    }

    /// The rail of the lane at a place, from the top.
    pub fn rail(&self, place: usize) -> Rect {
        let left = (self.all.width * NAMES_PERCENT / 100).next_multiple_of(2);
        Rect {
            x: self.all.x + left,
            y: self.lanes + LANE * place as u32 + (LANE - RAIL) / 2,
            width: self.all.width - left - NUMBER - MARK,
            height: RAIL,
        }
    }

    /// What is the same in every frame.
    pub fn draw_ground(&self, canvas: &mut Canvas, face: &mut TypeFace, spec: &SceneSpec) {
        let Rect { x, y, width, .. } = self.all;
        let title = face.fitted(&spec.title, TITLE_STYLE.weight, TITLE_STYLE.size, width);
        face.draw(canvas, &title, x, y + 17, TITLE_STYLE);
        for (column, name) in self.counters(spec) {
            face.draw(canvas, name, column, y + TITLE + 11, LABEL);
        }
        if spec.has_action {
            face.draw(canvas, "action", x, y + TITLE + COUNTERS + 19, LABEL);
        }
        let Some(bars) = &spec.bars else { return };
        let more = bars.lanes.len().saturating_sub(lanes_of(spec) as usize);
        let room = if more > 0 { width / 2 } else { width };
        let head = face.fitted(&bars.title, HEAD_STYLE.weight, HEAD_STYLE.size, room);
        face.draw(canvas, &head, x, self.lanes - 9, HEAD_STYLE);
        if more > 0 {
            let text = format!("{} largest of {}", lanes_of(spec), bars.lanes.len());
            face.draw_right(canvas, &text, x + width, self.lanes - 9, LABEL);
        }
        if bars.of_choices {
            let y = self.notes + NOTE;
            canvas.outline(Rect { x, y: y + 4, width: 12, height: 10 }, theme::INK);
            face.draw(canvas, "taken", x + 18, y + 14, LABEL);
            let next = x + 18 + face.width("taken", LABEL.weight, LABEL.size) + 16;
            triangle(canvas, next, y + 5, theme::INK);
            face.draw(canvas, "highest", next + 12, y + 14, LABEL);
        }
    }

    pub fn draw_counters(&self, canvas: &mut Canvas, face: &mut TypeFace, spec: &SceneSpec, moment: &Moment<'_>) {
        let Rect { x, y, width, .. } = self.all;
        let number = |value: Option<f64>| value.map_or_else(|| MISSING.to_owned(), text_from_number);
        let texts = [format!("{} / {}", moment.step, spec.last), number(moment.reward), number(moment.episode_return)];
        for ((column, _), text) in self.counters(spec).into_iter().zip(&texts) {
            let text = face.fitted(text, COUNTER.weight, COUNTER.size, width / 3 - 8);
            face.draw(canvas, &text, column, y + TITLE + 32, COUNTER);
        }
        if !spec.has_action {
            return;
        }
        let baseline = y + TITLE + COUNTERS + 19;
        let left = x + 52;
        let room = width - 52 - 72;
        let action = if moment.action.is_empty() { MISSING } else { moment.action };
        let name = face.fitted(action, TAKEN.weight, TAKEN.size, room);
        face.draw(canvas, &name, left, baseline, TAKEN);
        let Some(greedy) = moment.greedy else { return };
        let (word, ground, ink) =
            if greedy { ("greedy", theme::SUNKEN, theme::INK_SOFT) } else { ("random", theme::WARN_SOFT, theme::WARN) };
        let style = Style { weight: Weight::Medium, colour: ink, ..LABEL };
        let wide = face.width(word, style.weight, style.size) + 16;
        let pill = Rect { x: x + width - wide, y: baseline - 14, width: wide, height: 20 };
        canvas.fill(pill, ground);
        face.draw(canvas, word, pill.x + 8, baseline, style);
    }

    pub fn draw_lanes(
        &self,
        canvas: &mut Canvas,
        face: &mut TypeFace,
        bars: &Bars,
        moment: &Moment<'_>,
        shown: &[usize],
        axis: Scale,
    ) {
        let Rect { x, width, .. } = self.all;
        for (place, &index) in shown.iter().enumerate() {
            let lane = &bars.lanes[index];
            let (top, rail) = (self.lanes + LANE * place as u32, self.rail(place));
            let (baseline, right) = (top + 18, x + width - MARK);
            let is_taken = moment.taken.contains(&index);
            let colour = theme::ink_of_slot(lane.slot);
            if is_taken {
                canvas.fill(Rect { x, y: top + 1, width, height: LANE - 2 }, theme::SELECTED);
            }
            canvas.fill(Rect { x: x + 6, y: top + 9, width: 8, height: 8 }, colour);
            let style = if is_taken { TAKEN } else { NAME };
            let name = face.fitted(&lane.name, style.weight, style.size, rail.x - x - 28);
            face.draw(canvas, &name, x + 20, baseline, style);
            canvas.fill(rail, theme::SUNKEN);
            let value = moment.values.get(index).copied();
            if let Some((left, length)) = value.and_then(|value| axis.bar(value, rail.width)) {
                canvas.fill(Rect { x: rail.x + left, width: length, ..rail }, colour);
            }
            if axis.low < 0.0 && axis.high > 0.0 {
                let zero = (axis.part(0.0) * f64::from(rail.width)).round() as u32;
                canvas.fill(Rect { x: rail.x + zero.min(rail.width - 1), width: 1, ..rail }, theme::INK_FAINT);
            }
            if is_taken {
                let frame = Rect { x: rail.x - 1, y: rail.y - 1, width: rail.width + 2, height: rail.height + 2 };
                canvas.outline(frame, theme::INK);
            }
            let text = value.map_or_else(|| MISSING.to_owned(), text_from_number);
            face.draw_right(canvas, &text, right, baseline, style);
            if moment.highest.contains(&index) {
                triangle(canvas, right + 8, top + 9, theme::INK);
            }
        }
        let note = match bars.axis {
            Axis::Auto => "fits each step",
            Axis::Fixed(_) => &bars.note,
        };
        let text = format!("axis {} to {}, {note}", text_from_number(axis.low), text_from_number(axis.high));
        let text = face.fitted(&text, LABEL.weight, LABEL.size, width);
        face.draw(canvas, &text, x, self.notes + 14, LABEL);
    }

    /// Left edge and name of each counter.
    fn counters(&self, spec: &SceneSpec) -> Vec<(u32, &'static str)> {
        let names: &[&str] = if spec.has_reward { &["step", "reward", "return"] } else { &["step"] };
        names.iter().enumerate().map(|(i, name)| (self.all.x + self.all.width * i as u32 / 3, *name)).collect()
    }
}

/// Points to the left, eight pixels a side.
fn triangle(canvas: &mut Canvas, x: u32, y: u32, colour: Rgb) {
    for row in 0..8_u32 {
        let length = if row < 4 { 2 * row + 2 } else { 2 * (8 - row) };
        canvas.fill(Rect { x: x + 8 - length, y: y + row, width: length, height: 1 }, colour);
    }
}
