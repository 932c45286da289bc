//! A gigabyte of event files, scalars and pictures, until all of it was read: the server of this checkout against the data server of
//! `TensorBoard` and its `EventAccumulator`.
//!
//! All of them check every record. Servers are asked until a curve of each run has its last point and the pictures of each are
//! listed. The accumulator takes minutes, so it gets one run, and its time is multiplied.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::event_file::EventFile;
use super::http::{ask, columns_header};
use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use super::serve::{Server, program};
use super::walk::{Walk, tag};
use crate::random::Random;
use crate::statistics::median;

const RUNS: usize = 10;
/// Of one run: half of its 100 MB are scalars of 55 bytes, half pictures of 49 KB.
const STEPS: usize = 45_000;
const IMAGES: usize = 1_000;
const SIDE: usize = 128;
const IMAGE_TAG: &str = "frames/noise";

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let root = prepared(lab)?;
    let program = program()?;
    let (mut ours, mut server, mut accumulator) = (Vec::new(), Vec::new(), Vec::new());
    let logdir = root.display().to_string();
    let python = |what: &str| -> Result<f64> {
        let args = [what, &logdir, &RUNS.to_string(), &STEPS.to_string(), &IMAGES.to_string()];
        number(lab.python("tfevents.py", &args)?.first().context("the peer said nothing")?, "secs")
    };
    for round in 0..lab.rounds {
        ours.push(seconds(&program, &root)?);
        server.push(python("server")?);
        if round == 0 {
            accumulator.push(python("accumulator")? * RUNS as f64);
        }
    }
    let ours = median(&ours);
    let measure = |name: &str, peer: &[f64], bar| {
        Measure::new(format!("tfevents/1 GB to all loaded, {name}"), ours, "s").against(median(peer)).bar(bar)
    };
    Ok(vec![
        measure("against the data server", &server, Bar::Ratio(1.0 / 1.2)),
        measure("against EventAccumulator", &accumulator, Bar::Ratio(1.0 / 30.0)),
    ])
}

/// From the start of the server to the last answer. As a page does, it is asked for several runs at once.
fn seconds(program: &Path, root: &Path) -> Result<f64> {
    let began = Instant::now();
    let mut server = Server::start_with(program, &[root], &[])?;
    let ids = server.run_ids()?;
    ensure!(ids.len() == RUNS, "expected {RUNS} runs, found {}", ids.len());
    let address = server.address;
    let one = |id: &String| -> Result<()> {
        let asked = Instant::now();
        loop {
            let body = json!({ "series": [{ "run": id, "axis": "global_step", "tag": tag(7) }], "buckets": 1_000 });
            let header = columns_header(&ask(address, "POST", "/api/series", &body.to_string())?)?;
            let run: Value = serde_json::from_slice(&ask(address, "GET", &format!("/api/runs/{id}"), "")?)?;
            let tensors = run["tensors"].as_array().context("no tensors in the answer")?;
            let images =
                tensors.iter().find(|found| found["tag"] == IMAGE_TAG).and_then(|found| found["count"].as_u64());
            if header["series"][0]["last_step"].as_u64() == Some(STEPS as u64 - 1) && images == Some(IMAGES as u64) {
                return Ok(());
            }
            ensure!(asked.elapsed() < Duration::from_mins(1), "run {id} is not whole after a minute: {header}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    std::thread::scope(|scope| -> Result<()> {
        let asked: Vec<_> = ids.iter().map(|id| scope.spawn(|| one(id))).collect();
        asked.into_iter().try_for_each(|asked| asked.join().map_err(|_| anyhow::anyhow!("a question failed"))?)
    })?;
    let took = began.elapsed().as_secs_f64();
    server.stop()?;
    Ok(took)
}

/// The runs, made once.
fn prepared(lab: &Lab) -> Result<PathBuf> {
    let (root, ready) = (lab.folder().join("events"), lab.folder().join("events.ready"));
    if !ready.exists() {
        eprintln!("writing {RUNS} event files of 100 MB");
        let root = lab.empty_folder("events")?;
        for seed in 0..RUNS {
            let mut events = EventFile::create(&root.join(format!("run_{seed:02}")))?;
            let (mut walk, mut random) = (Walk::new(seed as u64), Random::new(seed as u64));
            for step in 0..STEPS {
                let (time_us, values) = walk.next();
                for (tag, value) in values {
                    events.scalar(tag, step as i64, time_us, value)?;
                }
                if step % (STEPS / IMAGES) == 0 {
                    let png = png_of_noise(&mut random);
                    events.image(IMAGE_TAG, step as i64, time_us, [SIDE as u64; 2], &png)?;
                }
            }
            events.finish()?;
        }
        std::fs::write(ready, "")?;
    }
    Ok(root)
}

/// An RGB picture that no compression makes smaller, so that it is stored as it is.
fn png_of_noise(random: &mut Random) -> Vec<u8> {
    let row = |random: &mut Random| -> Vec<u8> {
        std::iter::once(0).chain((0..3 * SIDE).map(|_| random.next() as u8)).collect()
    };
    let rows: Vec<u8> = (0..SIDE).flat_map(|_| row(random)).collect();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let side = (SIDE as u32).to_be_bytes();
    chunk(&mut png, *b"IHDR", &[&side[..], &side, &[8, 2, 0, 0, 0]].concat());
    let length = rows.len() as u16;
    let stored = [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &rows, &adler32(&rows)].concat();
    chunk(&mut png, *b"IDAT", &stored);
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let body = [&kind[..], data].concat();
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(&body);
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = !body.iter().fold(!0_u32, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step));
    png.extend(crc.to_be_bytes());
}

fn adler32(bytes: &[u8]) -> [u8; 4] {
    let sums = |(a, b): (u32, u32), &byte: &u8| ((a + u32::from(byte)) % 65_521, (a + b + u32::from(byte)) % 65_521);
    let (a, b) = bytes.iter().fold((1, 0), sums);
    (b << 16 | a).to_be_bytes()
}
