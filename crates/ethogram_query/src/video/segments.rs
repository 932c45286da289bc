//! Many stretches of a film at once, each with an encoder of its own.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ethogram_video::{Film, Segment, SegmentEncoder};

use super::reel::Reel;
use super::{Video, stop_or_go};
use crate::{Error, Result};

/// Most segments that are encoded at once.
const THREADS_MAX: usize = 4;
/// Segments that are given out and not yet in the film, for each thread: whoever is done early need not wait, and memory stays bounded.
const AHEAD: usize = 2;

/// What a worker tells.
enum News {
    Frame,
    Segment(usize, Result<Segment>),
}

/// Makes a film of segments of at most `frames` frames, several at once; they are added in their order.
pub(super) fn write_segments<W: Write>(
    video: &Video<'_>,
    film: &mut Film<W>,
    frames: u64,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<()> {
    let ranges = segments_of(&video.range, frames);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(ranges.len());
    let stopped = AtomicBool::new(false);
    let (give, given) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let given = Mutex::new(given);
    thread::scope(|scope| {
        // In here, so that the workers hear of the end however this is left.
        let (give, told) = (give, told);
        for _ in 0..threads {
            let (given, tell, stopped) = (&given, tell.clone(), &stopped);
            scope.spawn(move || work(video, given, stopped, &tell));
        }
        drop(tell);
        let mut waiting = ranges.iter().cloned().enumerate();
        let mut give_next = || waiting.next().is_some_and(|segment| give.send(segment).is_ok());
        for _ in 0..threads * AHEAD {
            give_next();
        }
        let (mut done, mut added) = (0, 0);
        let mut early: BTreeMap<usize, Segment> = BTreeMap::new();
        while added < ranges.len() {
            let news = told.recv().map_err(|_| Error::Unfilmed {
                episode: video.episode,
                why: "a thread of the encoder panicked".to_owned(),
            });
            let found = news.and_then(|news| match news {
                News::Frame => {
                    done += 1;
                    stop_or_go(progress(done))
                }
                News::Segment(index, segment) => {
                    early.insert(index, segment?);
                    while let Some(segment) = early.remove(&added) {
                        film.append(segment)?;
                        added += 1;
                        give_next();
                    }
                    Ok(())
                }
            });
            if found.is_err() {
                stopped.store(true, Ordering::Relaxed);
                return found;
            }
        }
        Ok(())
    })
}

/// Stretches of one length, about, none over `frames`; an even number of them where the film is long enough to be worth two encoders, so that two threads end together.
fn segments_of(range: &Range<u64>, frames: u64) -> Vec<Range<u64>> {
    let steps = range.end - range.start;
    let count = steps.div_ceil(frames.max(1)).max(1);
    let count = if steps * 2 < frames { count } else { count.next_multiple_of(2) };
    let length = steps.div_ceil(count).max(1);
    (range.start..range.end).step_by(length as usize).map(|start| start..range.end.min(start + length)).collect()
}

/// Encodes what is given, until there is no more.
fn work(video: &Video<'_>, given: &Mutex<Receiver<(usize, Range<u64>)>>, stopped: &AtomicBool, tell: &Sender<News>) {
    loop {
        let next = given.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, range)) = next else { return };
        // Who waits for this segment must hear of it, come what may.
        let segment = catch_unwind(AssertUnwindSafe(|| encode(video, range, stopped, tell)))
            .unwrap_or_else(|_| Err(panicked(video)));
        // Nobody listens any more once the work was given up.
        if tell.send(News::Segment(index, segment)).is_err() {
            return;
        }
    }
}

fn panicked(video: &Video<'_>) -> Error {
    Error::Unfilmed { episode: video.episode, why: "a thread of the encoder panicked".to_owned() }
}

fn encode(video: &Video<'_>, range: Range<u64>, stopped: &AtomicBool, tell: &Sender<News>) -> Result<Segment> {
    let (width, height) = video.size;
    let mut encoder = SegmentEncoder::new(width, height, video.fps)?;
    Reel::new(video)?.play(range, &mut |canvas| {
        if stopped.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        encoder.frame(canvas)?;
        let _ = tell.send(News::Frame);
        Ok(())
    })?;
    Ok(encoder.finish())
}

#[cfg(test)]
mod tests {
    use super::segments_of;

    #[test]
    fn segments_are_of_one_length_and_leave_nothing_out() {
        for (range, frames, lengths) in [
            (0..1_000, 120, vec![100; 10]),
            (7..107, 120, vec![50; 2]),
            (0..59, 120, vec![59]),
            (0..60, 120, vec![30; 2]),
            (0..481, 120, vec![81, 81, 81, 81, 81, 76]),
            (5..6, 1, vec![1]),
            (0..3, 1, vec![1; 3]),
        ] {
            let segments = segments_of(&range, frames);
            assert_eq!(segments.iter().map(|one| one.end - one.start).collect::<Vec<_>>(), lengths, "{range:?}");
            assert!(segments.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!((segments[0].start, segments[segments.len() - 1].end), (range.start, range.end));
        }
    }
}
