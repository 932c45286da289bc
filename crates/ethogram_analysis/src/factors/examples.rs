//! States that show what a factor answers to.

/// Thumbnails of a factor, laid out four by four.
pub const THUMBNAILS: usize = 16;
/// Thumbnails a row.
const ACROSS: usize = 4;
/// Most thumbnails that look at one cell.
const A_CELL: usize = 4;
/// The share of all states that should at least be seen among the cells' examples, as far as it can be.
const VARIETY: f64 = 0.1;

/// A place of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Example {
    /// The state's row.
    pub state: usize,
    /// Its cell, row after row of the layer.
    pub cell: usize,
    /// How strong the factor is there.
    pub strength: f32,
}

/// For each cell the state in which a factor is strongest there, no state more often than so that a tenth of all states are seen: the strongest
/// cells choose first. `None` where the factor is nowhere above 0 in the states that are left.
///
/// **Shape** of `strengths`: `[states, cells]`. What is not a number counts as 0.
pub fn strongest_at_each_cell(strengths: &[f32], cells: usize) -> Vec<Option<Example>> {
    let states = strengths.len() / cells.max(1);
    let mut examples = vec![None; cells];
    if states == 0 {
        return examples;
    }
    let uses_max = (cells as f64 / (states as f64 * VARIETY)).ceil().max(1.0) as usize;
    let at = |state: usize, cell: usize| strengths[state * cells + cell];
    // The best states of each cell, best last; more of them are never asked for, since so many others would have to be used up.
    let depth = (cells / uses_max + 1).min(states);
    let mut ranked: Vec<Vec<usize>> = (0..cells)
        .map(|cell| {
            let mut order: Vec<usize> = (0..states).filter(|&state| at(state, cell) > 0.0).collect();
            order.sort_by(|&a, &b| at(b, cell).total_cmp(&at(a, cell)).then(a.cmp(&b)));
            order.truncate(depth);
            order.reverse();
            order
        })
        .collect();
    let mut uses = vec![0; states];
    let mut open: Vec<usize> = (0..cells).collect();
    while !open.is_empty() {
        // Whoever's best is strongest chooses; others look on with what is left.
        for &cell in &open {
            while ranked[cell].last().is_some_and(|&state| uses[state] >= uses_max) {
                ranked[cell].pop();
            }
        }
        open.retain(|&cell| !ranked[cell].is_empty());
        let best = |cell: usize| ranked[cell].last().map_or(0.0, |&state| at(state, cell));
        let Some((place, cell)) =
            open.iter().copied().enumerate().max_by(|(_, a), (_, b)| best(*a).total_cmp(&best(*b)).then(b.cmp(a)))
        else {
            break;
        };
        if let Some(&state) = ranked[cell].last() {
            uses[state] += 1;
            examples[cell] = Some(Example { state, cell, strength: at(state, cell) });
        }
        open.remove(place);
    }
    examples
}

/// Up to [`THUMBNAILS`] states, each at the cell where a factor is strongest in it, no cell more than four times; ordered by place as
/// they are laid out, four a row: from top to bottom, and in a row from left to right. `across` is the number of cells in a row of the layer.
///
/// **Shape** of `strengths`: `[states, cells]`. What is not a number counts as 0.
pub fn thumbnails(strengths: &[f32], cells: usize, across: usize) -> Vec<Example> {
    let mut best: Vec<Example> = strengths
        .chunks_exact(cells.max(1))
        .enumerate()
        .filter_map(|(state, row)| {
            let (cell, &strength) = row
                .iter()
                .enumerate()
                .filter(|(_, v)| **v > 0.0)
                .max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a)))?;
            Some(Example { state, cell, strength })
        })
        .collect();
    best.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.state.cmp(&b.state)));
    let mut seen = vec![0; cells];
    best.retain(|example| {
        seen[example.cell] += 1;
        seen[example.cell] <= A_CELL
    });
    best.truncate(THUMBNAILS);
    let across = across.max(1);
    best.sort_by_key(|example| (example.cell / across, example.cell % across, example.state));
    for row in best.chunks_mut(ACROSS) {
        row.sort_by_key(|example| (example.cell % across, example.cell / across, example.state));
    }
    best
}

/// The [`THUMBNAILS`] states in which a factor is strongest, strongest first: for layers that have no places.
pub fn strongest_rows(strengths: &[f32]) -> Vec<Example> {
    let mut all: Vec<Example> = strengths
        .iter()
        .enumerate()
        .filter(|(_, strength)| **strength > 0.0)
        .map(|(state, &strength)| Example { state, cell: 0, strength })
        .collect();
    all.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.state.cmp(&b.state)));
    all.truncate(THUMBNAILS);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_is_used_too_often_and_strong_cells_choose_first() {
        // 20 states of 4 cells: a state may be seen ceil(4 / 2) = 2 times. State 7 is the strongest everywhere.
        let mut strengths = vec![0.1; 80];
        strengths[28..32].copy_from_slice(&[0.9, 0.7, 0.8, 0.6]);
        strengths[3 * 4 + 1] = 0.5;
        let found = strongest_at_each_cell(&strengths, 4);
        let of = |cell: usize| found[cell].map(|example| (example.state, example.strength));
        assert_eq!([of(0), of(2), of(1)], [Some((7, 0.9)), Some((7, 0.8)), Some((3, 0.5))]);
        assert_eq!(of(3).map(|(state, _)| state), Some(0));
        for state in 0..20 {
            assert!(found.iter().flatten().filter(|example| example.state == state).count() <= 2);
        }
    }

    #[test]
    fn cells_at_which_nothing_speaks_stay_empty() {
        let found = strongest_at_each_cell(&[0.0, 1.0, f32::NAN, -1.0], 2);
        assert_eq!(found[0], None);
        assert_eq!(found[1].map(|example| example.state), Some(0));
        assert_eq!(strongest_at_each_cell(&[], 2), [None, None]);
    }

    #[test]
    fn thumbnails_lie_as_their_places_do() {
        // 40 states of 5 by 5 cells, each strong at one cell, stronger the later; a cell four times at most.
        let mut strengths = vec![0.0; 40 * 25];
        for state in 0..40 {
            strengths[state * 25 + (state * 7) % 25] = 1.0 + state as f32;
        }
        let found = thumbnails(&strengths, 25, 5);
        assert_eq!(found.len(), THUMBNAILS);
        assert!(found.iter().all(|example| example.state >= 24), "the strongest");
        for (row, next) in found.chunks(4).zip(found.chunks(4).skip(1)) {
            let rows = |of: &[Example]| of.iter().map(|example| example.cell / 5).collect::<Vec<_>>();
            assert!(rows(row).iter().max() <= rows(next).iter().min());
            assert!(row.is_sorted_by_key(|example| example.cell % 5));
        }
        let one_place = thumbnails(&[1.0; 10], 1, 1);
        assert_eq!(one_place.len(), 4, "a cell is looked at four times");
    }

    #[test]
    fn rows_without_places_are_ranked() {
        let found = strongest_rows(&[0.5, -1.0, 2.0, 0.0]);
        assert_eq!(found.iter().map(|example| example.state).collect::<Vec<_>>(), [2, 0]);
    }
}
