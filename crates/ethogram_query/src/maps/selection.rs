//! Which steps become points.

/// A step of an episode of one of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index of the source.
    pub source: u32,
    /// Which episode.
    pub episode: u64,
    /// Which step.
    pub step: u64,
}

/// An episode with all its recorded steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Index of the source.
    pub source: u32,
    /// Which episode.
    pub episode: u64,
    /// How many.
    pub steps: u64,
}

/// All steps, or so many of them, spread evenly: the `i`-th of `count` is step `⌊i · total / count⌋` of all.
pub fn spread(stretches: &[Stretch], count: usize) -> Vec<Place> {
    let total: u64 = stretches.iter().map(|stretch| stretch.steps).sum();
    let count = total.min(count as u64);
    let mut places = Vec::with_capacity(count as usize);
    let (mut before, mut at) = (0, 0);
    for index in 0..count {
        let wanted = (u128::from(index) * u128::from(total) / u128::from(count)) as u64;
        while wanted - before >= stretches[at].steps {
            before += stretches[at].steps;
            at += 1;
        }
        let Stretch { source, episode, .. } = stretches[at];
        places.push(Place { source, episode, step: wanted - before });
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(source: u32, episode: u64, steps: u64) -> Stretch {
        Stretch { source, episode, steps }
    }

    #[test]
    fn steps_are_picked_evenly_over_all_episodes() {
        let all = [stretch(0, 3, 4), stretch(0, 7, 0), stretch(1, 3, 6)];
        let told = |count: usize| -> Vec<(u32, u64, u64)> {
            spread(&all, count).into_iter().map(|place| (place.source, place.episode, place.step)).collect()
        };
        assert_eq!(told(5), [(0, 3, 0), (0, 3, 2), (1, 3, 0), (1, 3, 2), (1, 3, 4)]);
        assert_eq!(told(100).len(), 10);
        assert_eq!(told(10)[4], (1, 3, 0), "an empty episode has no step");
        assert_eq!(spread(&[], 10), []);
    }
}
