//! A bar for every entry of a row of numbers: an action, a dimension, an element.

/// More lanes than this are not drawn: then the largest are, and what was taken.
pub const LANES_SHOWN: usize = 20;

/// What the bars of a film show.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Over them, for example `Q-values`.
    pub title: String,
    /// One an entry of a row.
    pub lanes: Vec<Lane>,
    /// What their lengths mean.
    pub axis: Axis,
    /// Where the ends of a fixed axis come from, for example `fixed over steps 0 to 99`.
    pub note: String,
    /// Whether lanes can be taken: what the marks mean is then said below.
    pub of_choices: bool,
}

/// One bar's name and colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// For example `RIGHT`.
    pub name: String,
    /// As in [`crate::ink_of_slot`].
    pub slot: usize,
}

/// What the lengths of bars mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// The same in every frame.
    Fixed(Scale),
    /// From the smallest to the largest number of the frame.
    Auto,
}

/// Ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Left end.
    pub low: f64,
    /// Right end.
    pub high: f64,
}

impl Scale {
    /// Over finite numbers: without any 0 to 1; over a single one from zero to it.
    pub fn over(numbers: impl IntoIterator<Item = f64>) -> Self {
        let finite = numbers.into_iter().filter(|number| number.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)));
        match low.partial_cmp(&high) {
            Some(std::cmp::Ordering::Less) => Self { low, high },
            Some(std::cmp::Ordering::Equal) if low != 0.0 => Self { low: low.min(0.0), high: high.max(0.0) },
            _ => Self { low: 0.0, high: 1.0 },
        }
    }

    /// Where `value` lies, from 0 to 1; values beyond the ends lie at them.
    pub fn part(self, value: f64) -> f64 {
        // Halves, so that the distance between the ends of the largest doubles is finite.
        let part = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        part.clamp(0.0, 1.0)
    }

    /// What bars grow from: zero, or the end next to it.
    pub fn base(self) -> f64 {
        0.0_f64.clamp(self.low, self.high)
    }

    /// First column and number of columns of the bar of `value` on a rail of `width` pixels: from the base to the pixel that the value
    /// is nearest to, one pixel at least. `None` where there is no finite number.
    pub fn bar(self, value: f64, width: u32) -> Option<(u32, u32)> {
        if !value.is_finite() || width == 0 {
            return None;
        }
        let pixel = |value: f64| (self.part(value) * f64::from(width)).round() as u32;
        let (base, end) = (pixel(self.base()), pixel(value));
        let left = base.min(end).min(width - 1);
        Some((left, base.abs_diff(end).max(1)))
    }
}

/// Which lanes are drawn: all in their order, or of too many the largest, largest first, with those taken even when they are not among
/// them.
pub(crate) fn lanes_shown(count: usize, values: &[f64], taken: &[usize]) -> Vec<usize> {
    if count <= LANES_SHOWN {
        return (0..count).collect();
    }
    let value = |lane: &usize| values.get(*lane).copied().filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY);
    let mut shown: Vec<usize> = (0..count).collect();
    shown.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.cmp(b)));
    shown.truncate(LANES_SHOWN);
    let absent = taken.iter().filter(|lane| **lane < count && !shown.contains(lane)).copied();
    let absent: Vec<usize> = absent.take(LANES_SHOWN).collect();
    shown.truncate(LANES_SHOWN - absent.len());
    shown.extend(absent);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_from_zero_or_the_end_next_to_it() {
        let scale = Scale { low: -1.0, high: 3.0 };
        assert_eq!(scale.bar(3.0, 100), Some((25, 75)));
        assert_eq!(scale.bar(-1.0, 100), Some((0, 25)));
        assert_eq!(scale.bar(0.0, 100), Some((25, 1)), "what is at the base is seen to be there");
        assert_eq!(scale.bar(9.0, 100), Some((25, 75)), "beyond the end lies at the end");
        assert_eq!(scale.bar(f64::NAN, 100), None);
        let above = Scale { low: 2.0, high: 4.0 };
        assert_eq!(above.bar(3.0, 100), Some((0, 50)));
        let below = Scale { low: -4.0, high: -2.0 };
        assert_eq!(below.bar(-2.0, 100), Some((99, 1)));
        assert_eq!(below.bar(-4.0, 100), Some((0, 100)));
    }

    #[test]
    fn an_axis_without_extent_is_one_all_the_same() {
        let ends = |numbers: &[f64]| {
            let scale = Scale::over(numbers.iter().copied());
            (scale.low, scale.high)
        };
        assert_eq!(ends(&[]), (0.0, 1.0));
        assert_eq!(ends(&[f64::NAN, f64::INFINITY]), (0.0, 1.0));
        assert_eq!(ends(&[0.0]), (0.0, 1.0));
        assert_eq!(ends(&[-3.0]), (-3.0, 0.0));
        assert_eq!(ends(&[2.0, f64::NAN, 5.0]), (2.0, 5.0));
        let widest = Scale { low: f64::MIN, high: f64::MAX };
        assert!((widest.part(0.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn of_many_lanes_the_largest_are_shown_and_the_one_taken() {
        let values: Vec<f64> = (0..100).map(|i| if i == 7 { f64::NAN } else { f64::from(i) }).collect();
        let shown = lanes_shown(100, &values, &[3]);
        assert_eq!(shown.len(), LANES_SHOWN);
        assert_eq!((shown[0], shown[18], shown[19]), (99, 81, 3));
        assert_eq!(lanes_shown(4, &[1.0, 4.0], &[2]), [0, 1, 2, 3]);
        assert_eq!(lanes_shown(100, &values, &[99])[19], 80, "what is shown already takes no place");
        let all: Vec<usize> = (0..60).collect();
        assert_eq!(lanes_shown(100, &values, &all).len(), LANES_SHOWN, "however many were taken");
    }
}
