//! The one step of an episode with the most extreme score, as Understanding RL Vision links them.

/// One step, chosen for its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bookmark {
    /// Index in the episode.
    pub step: usize,
    /// The score there, with the sign that it had.
    pub score: f64,
}

/// The step with the largest score (`sign` 1) or the smallest (`sign` −1), if it is above 0 (below 0); of equals the first.
/// Missing rows and NaN are passed over.
///
/// **Shapes** `[T]`.
///
/// **Source** Hilton, Cammarata, Carter, Goh and Olah, Understanding RL Vision, 2020: `get_bookmarks`, at most one step an episode and sign.
///
/// ```
/// let found = ethogram_analysis::bookmark(&[Some(0.5), None, Some(-2.0), Some(1.5)], -1.0).expect("one below 0");
/// assert_eq!((found.step, found.score), (2, -2.0));
/// ```
pub fn bookmark(scores: &[Option<f64>], sign: f64) -> Option<Bookmark> {
    let mut best: Option<Bookmark> = None;
    for (step, score) in scores.iter().enumerate() {
        let Some(score) = score.filter(|score| score * sign > 0.0) else { continue };
        if best.is_none_or(|best| score * sign > best.score * sign) {
            best = Some(Bookmark { step, score });
        }
    }
    best
}

/// The `top` bookmarks of many episodes, the most extreme first; of equals the earlier episode. Each with the index of its episode.
///
/// **Shapes** one entry an episode.
pub fn best_bookmarks(episodes: &[Option<Bookmark>], top: usize) -> Vec<(usize, Bookmark)> {
    let mut found: Vec<_> =
        episodes.iter().enumerate().filter_map(|(episode, found)| found.map(|found| (episode, found))).collect();
    found.sort_by(|(a, left), (b, right)| right.score.abs().total_cmp(&left.score.abs()).then(a.cmp(b)));
    found.truncate(top);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scores_of_the_sign_count() {
        assert_eq!(bookmark(&[Some(-1.0), Some(0.0), None], 1.0), None);
        assert_eq!(bookmark(&[Some(1.0), Some(f64::NAN)], -1.0), None);
        assert_eq!(bookmark(&[Some(f64::NAN), Some(2.0), Some(2.0)], 1.0), Some(Bookmark { step: 1, score: 2.0 }));
        assert_eq!(bookmark(&[], 1.0), None);
    }

    #[test]
    fn the_best_of_many_are_sorted_and_cut() {
        let of = |score: f64| Some(Bookmark { step: 7, score });
        let found = best_bookmarks(&[of(-1.0), None, of(-3.0), of(-1.0), of(-2.0)], 3);
        let episodes: Vec<_> = found.iter().map(|(episode, found)| (*episode, found.score)).collect();
        assert_eq!(episodes, [(2, -3.0), (4, -2.0), (0, -1.0)]);
    }
}
