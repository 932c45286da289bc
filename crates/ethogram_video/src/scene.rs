//! Where everything is in a frame, and the drawing of one.

use crate::bars::{Bars, LANES_SHOWN, Scale, lanes_shown};
use crate::film::check_sides;
use crate::panel::Panel;
use crate::type_face::{Style, TypeFace, Weight};
use crate::{Axis, Canvas, Error, Picture, Rect, Result, SCALE_MAX, theme};

/// Around everything, and between the picture and the rest; even, so that pictures lie on whole squares of four pixels.
const MARGIN: u32 = 16;
/// Width of what stands beside a picture, and least width of what stands below one.
const PANEL: u32 = 384;
/// Pixels of the longer side of a picture whose scale nobody chose, at most.
const PICTURE: u32 = 640;

/// Where the bars are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// To the right of the picture.
    #[default]
    Side,
    /// Under it.
    Below,
}

impl Layout {
    /// Every layout, in the order that people see.
    pub const ALL: [Self; 2] = [Self::Side, Self::Below];

    /// `side` or `below`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Side => "side",
            Self::Below => "below",
        }
    }

    /// The inverse of [`Layout::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}

/// What is the same in every frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SceneSpec {
    /// Over everything, for example the name of the run and the episode.
    pub title: String,
    /// Width and height of the pictures, as they come.
    pub picture: Option<(u32, u32)>,
    /// How often a pixel of a picture is repeated in each direction; as often as 640 pixels allow when left out.
    pub scale: Option<u32>,
    /// What the bars are, where there are any.
    pub bars: Option<Bars>,
    /// Where the bars are.
    pub layout: Layout,
    /// Last step of the episode.
    pub last: u64,
    /// Whether rewards were logged, and with them the return so far.
    pub has_reward: bool,
    /// Whether the name of an action is told.
    pub has_action: bool,
}

/// What one frame shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment<'a> {
    /// Index in the episode.
    pub step: u64,
    /// `None` where nothing was logged.
    pub picture: Option<&'a Picture>,
    /// The reward that answers the action.
    pub reward: Option<f64>,
    /// Sum of the rewards up to and with this one.
    pub episode_return: Option<f64>,
    /// The action in words.
    pub action: &'a str,
    /// Whether the action was the policy's own choice; `None` where nobody says.
    pub greedy: Option<bool>,
    /// One a lane, NaN where it has none; empty where nothing was logged.
    pub values: &'a [f64],
    /// Lanes that were taken.
    pub taken: &'a [usize],
    /// Lanes that are highest.
    pub highest: &'a [usize],
}

/// A layout for all frames of a film.
pub struct Scene {
    spec: SceneSpec,
    picture: Rect,
    scale: u32,
    panel: Panel,
    face: TypeFace,
    /// What does not change.
    ground: Canvas,
}

impl Scene {
    /// Lays a film out.
    ///
    /// # Errors
    /// There is neither a picture nor a bar; the scale is 0 or over [`SCALE_MAX`]; the frame would be larger than a film can be.
    pub fn new(spec: SceneSpec) -> Result<Self> {
        let lanes = spec.bars.as_ref().map_or(0, |bars| bars.lanes.len());
        let pixels = spec.picture.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
        if lanes == 0 && pixels == 0 {
            return Err(Error::Empty);
        }
        let scale = scale_of(&spec)?;
        // Sides beyond any film's are refused below; until then they must not overflow.
        let (width, height) = spec.picture.map_or((0, 0), |(width, height)| {
            let side = |side: u32| side.saturating_mul(scale).min(1 << 20);
            (side(width), side(height))
        });
        let counters = Panel::counters_height(spec.has_action);
        let lanes_height = Panel::lanes_height(&spec);
        let between = if pixels > 0 { MARGIN } else { 0 };
        let (picture, panel, size) = match spec.layout {
            Layout::Side => {
                let picture = Rect { x: MARGIN, y: MARGIN, width, height };
                let panel = Rect {
                    x: even(picture.right() + between),
                    y: MARGIN,
                    width: PANEL,
                    height: counters + lanes_height,
                };
                (picture, panel, (panel.right() + MARGIN, picture.bottom().max(panel.bottom()) + MARGIN))
            }
            Layout::Below => {
                let column = even(width.max(PANEL));
                let picture = Rect { x: MARGIN + (column - width) / 4 * 2, y: MARGIN, width, height };
                let top = even(picture.bottom() + between);
                let panel = Rect { x: MARGIN, y: top, width: column, height: counters + lanes_height };
                (picture, panel, (panel.right() + MARGIN, panel.bottom() + MARGIN))
            }
        };
        let (width, height) = (even(size.0), even(size.1));
        check_sides(width, height)?;
        let mut face = TypeFace::new()?;
        let mut ground = Canvas::new(width, height, theme::SURFACE);
        ground.fill(picture, theme::SUNKEN);
        let panel = Panel::new(panel, &spec);
        panel.draw_ground(&mut ground, &mut face, &spec);
        Ok(Self { spec, picture, scale, panel, face, ground })
    }

    /// Width and height of a frame: even, with a column or row of the ground more where they would not be.
    pub fn size(&self) -> (u32, u32) {
        (self.ground.width(), self.ground.height())
    }

    /// Where the picture is, and how often each of its pixels is repeated in each direction.
    pub fn picture(&self) -> (Rect, u32) {
        (self.picture, self.scale)
    }

    /// The lanes that a moment shows, from the top, each with the rail that its bar runs on.
    pub fn rails(&self, moment: &Moment<'_>) -> Vec<(usize, Rect)> {
        let lanes = self.spec.bars.as_ref().map_or(0, |bars| bars.lanes.len());
        let shown = lanes_shown(lanes, moment.values, moment.taken);
        shown.into_iter().enumerate().map(|(place, lane)| (lane, self.panel.rail(place))).collect()
    }

    /// The axis of a moment.
    pub fn axis(&self, moment: &Moment<'_>) -> Scale {
        match self.spec.bars.as_ref().map(|bars| bars.axis) {
            Some(Axis::Fixed(scale)) => scale,
            _ => Scale::over(moment.values.iter().copied()),
        }
    }

    /// A canvas to draw on.
    pub fn canvas(&self) -> Canvas {
        self.ground.clone()
    }

    /// Draws a moment over whatever the canvas of [`Scene::canvas`] showed.
    ///
    /// # Errors
    /// The picture or the row of numbers is not of the size that the scene was laid out for.
    pub fn draw(&mut self, canvas: &mut Canvas, moment: &Moment<'_>) -> Result<()> {
        // The picture covers its place whole.
        let covered =
            if moment.picture.is_some() && self.spec.picture.is_some() { self.picture } else { Rect::default() };
        canvas.copy_around(&self.ground, covered);
        if let (Some(picture), Some(sides)) = (moment.picture, self.spec.picture) {
            let found = (picture.width(), picture.height());
            if found != sides {
                return Err(mismatch("pixels of the picture", sides, found));
            }
            canvas.place(picture, self.picture.x, self.picture.y, self.scale);
        } else if self.spec.picture.is_some() {
            let style = Style { weight: Weight::Regular, size: 12, colour: theme::INK_FAINT };
            let room = self.picture.width.saturating_sub(8);
            let text = self.face.fitted("no picture at this step", style.weight, style.size, room);
            self.face.draw(canvas, &text, self.picture.x + 8, self.picture.y + 20, style);
        }
        let lanes = self.spec.bars.as_ref().map_or(0, |bars| bars.lanes.len());
        if !moment.values.is_empty() && moment.values.len() != lanes {
            return Err(Error::ShapeMismatch {
                what: "numbers of a row",
                expected: lanes.to_string(),
                found: moment.values.len().to_string(),
            });
        }
        self.panel.draw_counters(canvas, &mut self.face, &self.spec, moment);
        let axis = self.axis(moment);
        if let Some(bars) = &self.spec.bars {
            let shown = lanes_shown(lanes, moment.values, moment.taken);
            self.panel.draw_lanes(canvas, &mut self.face, bars, moment, &shown, axis);
        }
        Ok(())
    }
}

fn mismatch(what: &'static str, expected: (u32, u32), found: (u32, u32)) -> Error {
    let text = |(width, height): (u32, u32)| format!("{width} × {height}");
    Error::ShapeMismatch { what, expected: text(expected), found: text(found) }
}

fn scale_of(spec: &SceneSpec) -> Result<u32> {
    let longer = spec.picture.map_or(1, |(width, height)| width.max(height).max(1));
    match spec.scale {
        None => Ok((PICTURE / longer).clamp(1, SCALE_MAX)),
        Some(scale) if (1..=SCALE_MAX).contains(&scale) => Ok(scale),
        Some(found) => {
            let expected = format!("1 to {SCALE_MAX}");
            Err(Error::BadOption { option: "scale", expected, found: found.to_string() })
        }
    }
}

/// How many lanes a frame has room for.
pub(crate) fn lanes_of(spec: &SceneSpec) -> u32 {
    spec.bars.as_ref().map_or(0, |bars| bars.lanes.len().min(LANES_SHOWN) as u32)
}

fn even(side: u32) -> u32 {
    side.next_multiple_of(2)
}
