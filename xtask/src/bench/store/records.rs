//! How many full step records a second the writer's one thread brings to disk.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use ethogram_store::{Array, Dtype, QueuePolicy, RunInfo, RunState, RunWriter, StepValue, WriterOptions};

use super::super::lab::{Lab, number};
use super::super::measure::{Bar, Measure};
use crate::random::Random;
use crate::statistics::{max, median};

const RECORDS: usize = 20_000;
const SIDE: usize = 84;
const STACK: usize = 4;
const LOGITS: usize = 18;

/// Real pictures of Breakout, 4×84×84 observations made of them, 18 logits, value, reward and action.
pub fn sustained(lab: &Lab) -> Result<Vec<Measure>> {
    let folder = lab.folder().display().to_string();
    let exported = lab.python("frames.py", &["export", &folder, "breakout"])?;
    let about = exported.iter().find(|line| line["game"] == "breakout").context("breakout was not exported")?;
    let shape = [number(about, "height")? as usize, number(about, "width")? as usize, 3];
    let pixels = std::fs::read(lab.folder().join("breakout.rgb"))?;
    let frames: Vec<&[u8]> = pixels.chunks_exact(shape.iter().product()).collect();
    let planes: Vec<Vec<u8>> = frames.iter().map(|frame| plane(frame, shape)).collect();
    let (mut rates, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..lab.rounds {
        let root = lab.empty_folder("records")?;
        let options = WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() };
        let writer = RunWriter::create(&root, RunInfo::default(), options)?;
        let began = Instant::now();
        log_records(&writer, &frames, &planes, shape)?;
        writer.flush()?;
        rates.push(RECORDS as f64 / began.elapsed().as_secs_f64());
        bytes.push(writer.counters().written_bytes as f64 / RECORDS as f64);
        writer.close(RunState::Finished)?;
    }
    std::fs::remove_dir_all(lab.folder().join("records"))?;
    Ok(vec![
        Measure::new("store/full step records, median", median(&rates), "1/s").bar(Bar::AtLeast(8_000.0)),
        Measure::new("store/full step records, best", max(&rates), "1/s").bar(Bar::AtLeast(8_000.0)),
        Measure::new("store/live full step record", median(&bytes), "B"),
    ])
}

fn log_records(writer: &RunWriter, frames: &[&[u8]], planes: &[Vec<u8>], shape: [usize; 3]) -> Result<()> {
    let names = ["observation", "logits", "value", "reward", "action", "frame"].map(Arc::<str>::from);
    let mut random = Random::new(1);
    let float = |value: f64| Array::new(Dtype::Float32, vec![], (value as f32).to_le_bytes().to_vec());
    for record in 0..RECORDS {
        let (episode, t) = ((record / frames.len()) as u64, record % frames.len());
        let stack: Vec<u8> = (0..STACK).flat_map(|back| &planes[t.saturating_sub(STACK - 1 - back)]).copied().collect();
        let logits: Vec<f32> = (0..LOGITS).map(|_| random.signed() as f32).collect();
        let arrays = [
            Array::new(Dtype::Uint8, vec![STACK, SIDE, SIDE], stack)?,
            Array::from_f32(&logits),
            float(random.signed())?,
            float(f64::from(u8::from(record % 50 == 0)))?,
            Array::scalar_i64(random.within(0..4) as i64),
            Array::new(Dtype::Uint8, shape.to_vec(), frames[t].to_vec())?,
        ];
        let values = names.iter().cloned().zip(arrays.map(StepValue::Array)).collect();
        writer.step(episode, t as u64, values)?;
    }
    Ok(())
}

/// 84×84 samples of the green of a picture: what a policy would receive, near enough.
fn plane(frame: &[u8], [height, width, channels]: [usize; 3]) -> Vec<u8> {
    let sample = |at: usize| frame[((at / SIDE * height / SIDE) * width + at % SIDE * width / SIDE) * channels + 1];
    (0..SIDE * SIDE).map(sample).collect()
}
