//! `ethogram explain`: attributions of whole episodes, computed once and kept beside the run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ethogram_query::{Cancel, Explanation, ExplanationRequest, Of, RunHandle};

use crate::explain::{Chunk, INTERRUPTED, Outcome, Plan, Progress, stop_at_interrupt, text_from_duration};
use crate::{
    options::{ExplainOptions, StoreOptions},
    runs,
    text::{text_from_bytes, text_from_count},
};

/// Explains what was asked for and is not kept yet. The code is 1 when something could not be explained, 130 when it was interrupted.
pub fn explain(options: &ExplainOptions) -> anyhow::Result<u8> {
    if options.ray.is_some() {
        bail!("--ray needs Python; with the packages ethogram and ray: python -m ethogram explain RUN --ray");
    }
    let run = runs::open_one(&options.run, &StoreOptions::default())?;
    if options.forget {
        return Ok(forget(&run));
    }
    let plan = Plan::of(&run, options)?;
    // One step tells whether the question makes sense, how long it takes and how large its answer is. It is not kept.
    run.keep_attributions(0);
    let probe = Probe::of(&run, &plan, options)?;
    if options.dry_run {
        print!("{}", crate::text::shown(&described(&run, &plan, &probe, options)));
        return Ok(0);
    }
    run.keep_attributions(options.keep as u64);
    run.check_kept().with_context(|| {
        let path = run.path().display();
        format!(
            "cannot keep attributions beside {path}; copy the run to a folder that can be written, and explain the copy"
        )
    })?;
    let need = plan.bytes_at_most(probe.width);
    if need > options.keep as u64 {
        bail!(
            "{} steps may take {}, the limit --keep is {}; explain fewer episodes, or raise it",
            text_from_count(plan.steps() as i64),
            text_from_bytes(need),
            text_from_bytes(options.keep as u64),
        );
    }

    let cancel = Cancel::default();
    stop_at_interrupt(&cancel)?;
    let outcome = work(&run, &plan, options, &cancel);
    let stopped = cancel.check().is_err();
    print!("{}", outcome.text());
    for error in outcome.errors() {
        eprintln!("error: {error}");
    }
    if stopped {
        eprintln!("stopped; what was explained is kept: run the same command again to go on");
        return Ok(INTERRUPTED);
    }
    Ok(u8::from(!outcome.errors().is_empty()))
}

/// Removes what is kept. The code is 1 when something stays.
fn forget(run: &RunHandle) -> u8 {
    let (before, left) = (run.kept_attributions(), run.forget_attributions());
    let bytes = before.bytes.saturating_sub(left.bytes);
    println!(
        "removed {} of attributions, {} questions",
        text_from_bytes(bytes),
        before.questions - left.questions.min(before.questions)
    );
    if left.questions > 0 {
        eprintln!(
            "error: {} questions stay: somebody adds to them just now, or they may not be removed in {}",
            left.questions,
            run.path().display()
        );
    }
    u8::from(left.questions > 0)
}

/// Goes through the chunks, several at once.
fn work(run: &RunHandle, plan: &Plan, options: &ExplainOptions, cancel: &Cancel) -> Outcome {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let chunks = plan.chunks();
    let next = AtomicUsize::new(0);
    let progress = Progress::new(plan.steps());
    let outcome = Mutex::new(Outcome::default());
    let one = || {
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if cancel.check().is_err() {
                return;
            }
            let found = request(options, chunk, 1).and_then(|request| Ok(run.explanations_of(&request, cancel)?));
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match found {
                // It was called off, which is no fault of the chunk's.
                Err(_) if cancel.check().is_err() => return,
                Ok(found) => {
                    // Of several answers a step was kept when all were.
                    let recalled = found.iter().map(|answer| answer.recalled).min().unwrap_or_default();
                    progress.advance(chunk.steps(), recalled);
                    for answer in &found {
                        outcome.add(chunk, answer);
                    }
                }
                Err(error) => {
                    progress.advance(chunk.steps(), chunk.steps() as usize);
                    outcome.fail(chunk, &error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(chunks.len()) {
            scope.spawn(one);
        }
        one();
    });
    progress.finish();
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn request(options: &ExplainOptions, chunk: &Chunk, threads: usize) -> anyhow::Result<ExplanationRequest> {
    let params = options.settings.0.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
    Ok(ExplanationRequest {
        episode: chunk.episode,
        range: chunk.range.clone(),
        method: options.method.clone(),
        params,
        target: options.target.clone(),
        of: Of::parse(&options.of)?,
        checkpoint: chunk.checkpoint,
        wrt: options.wrt.clone(),
        history: 0,
        threads,
    })
}

/// The first step, explained.
struct Probe {
    found: Vec<Explanation>,
    took: Duration,
    /// Numbers of the answer.
    width: usize,
}

impl Probe {
    fn of(run: &RunHandle, plan: &Plan, options: &ExplainOptions) -> anyhow::Result<Self> {
        let first = plan.chunks().first().context("there is nothing to explain")?;
        let one = Chunk { range: first.range.start..first.range.start + 1, ..first.clone() };
        let start = Instant::now();
        let found = run.explanations_of(&request(options, &one, 0)?, &Cancel::default())?;
        let width = found.iter().map(|answer| answer.shape.iter().product::<usize>()).sum();
        Ok(Self { found, took: start.elapsed(), width })
    }
}

fn described(run: &RunHandle, plan: &Plan, probe: &Probe, options: &ExplainOptions) -> String {
    let all = probe.took.saturating_mul(plan.steps().min(u64::from(u32::MAX)) as u32);
    format!(
        "would explain {} steps of {} episodes by {} checkpoint(s): {} of target {} to {} {:?}\n\
         a step alone takes {}, all of them no more than {}; at most {} below {}\n",
        text_from_count(plan.steps() as i64),
        plan.episodes(),
        plan.checkpoints(),
        options.method,
        options.target,
        probe.found.first().map_or("nothing", |answer| answer.wrt.as_str()),
        probe.found.first().map_or(&[][..], |answer| answer.wrt_shape.as_slice()),
        text_from_duration(probe.took),
        text_from_duration(all),
        text_from_bytes(plan.bytes_at_most(probe.width)),
        run.path().join("derived").display(),
    )
}
