//! Bytes, encoding and random access of real pictures: our groups against PNG and lossless WebP.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ethogram_store::Dtype;
use ethogram_store::codec::{Effort, FrameEncoder, FrameLayout, decode_frame};
use serde_json::Value;

use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::random::Random;
use crate::statistics::median;

/// Pictures decoded in random order.
const DECODED: usize = 200;

/// The bars of one game.
struct Game {
    name: &'static str,
    live_of_png: f64,
    sealed_of_png: f64,
    sealed_of_webp: f64,
    decode_us: f64,
}

const GAMES: &[Game] = &[
    Game::atari("breakout"),
    Game::atari("pong"),
    Game::atari("enduro"),
    Game::atari("mspacman"),
    // A quarter of the size in which it is rendered, as the demo has it.
    Game::rendered("lunarlander"),
    Game::rendered("lunarlander600"),
    Game::rendered("carracing"),
    Game::rendered("cartpole600"),
];

impl Game {
    /// Pixel art of 210×160.
    const fn atari(name: &'static str) -> Self {
        Self { name, live_of_png: 1.0 / 3.0, sealed_of_png: 0.2, sealed_of_webp: 0.5, decode_us: 500.0 }
    }

    /// A scene drawn with smooth edges, of more than 256 colours.
    const fn rendered(name: &'static str) -> Self {
        Self { name, live_of_png: 0.7, sealed_of_png: 0.7, sealed_of_webp: 1.15, decode_us: 2_000.0 }
    }
}

/// What one codec made of a game.
#[derive(Clone, Copy)]
struct Figures {
    bytes: f64,
    encode_us: f64,
    decode_us: f64,
}

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let folder = lab.folder().display().to_string();
    let exported = lab.python("frames.py", &["export", &folder])?;
    let mut measures = Vec::new();
    for game in GAMES {
        let about = exported.iter().find(|line| line["game"] == game.name).context("a game was not exported")?;
        measures.extend(measure_game(lab, game, about)?);
    }
    Ok(measures)
}

fn measure_game(lab: &Lab, game: &Game, about: &Value) -> Result<Vec<Measure>> {
    let (height, width) = (number(about, "height")? as usize, number(about, "width")? as usize);
    let pixels = fs::read(lab.folder().join(format!("{}.rgb", game.name)))?;
    let layout = FrameLayout::of_field(Dtype::Uint8, &[height, width, 3], None).context("not an image")?;
    let frames: Vec<&[u8]> = pixels.chunks_exact(layout.row_bytes()).collect();
    let mut rounds: [Vec<Figures>; 4] = Default::default();
    for _ in 0..lab.rounds {
        rounds[0].push(encode_and_decode(&layout, &frames, Effort::Live)?);
        rounds[1].push(encode_and_decode(&layout, &frames, Effort::Sealed)?);
        let args = ["measure", &lab.folder().display().to_string(), game.name, &height.to_string(), &width.to_string()];
        for line in lab.python("frames.py", &args)? {
            let result = Figures {
                bytes: number(&line, "bytes")?,
                encode_us: number(&line, "encode_us")?,
                decode_us: number(&line, "decode_us")?,
            };
            rounds[if line["codec"] == "png" { 2 } else { 3 }].push(result);
        }
    }
    let [live, sealed, png, webp] = rounds.map(|results| Figures {
        bytes: median(&results.iter().map(|result| result.bytes).collect::<Vec<_>>()),
        encode_us: median(&results.iter().map(|result| result.encode_us).collect::<Vec<_>>()),
        decode_us: median(&results.iter().map(|result| result.decode_us).collect::<Vec<_>>()),
    });
    let name = |what: &str| format!("frames/{}/{what}", game.name);
    Ok(vec![
        Measure::new(name("live bytes, PNG"), live.bytes, "B/frame")
            .against(png.bytes)
            .bar(Bar::Ratio(game.live_of_png)),
        Measure::new(name("sealed bytes, PNG"), sealed.bytes, "B/frame")
            .against(png.bytes)
            .bar(Bar::Ratio(game.sealed_of_png)),
        Measure::new(name("sealed bytes, WebP"), sealed.bytes, "B/frame")
            .against(webp.bytes)
            .bar(Bar::Ratio(game.sealed_of_webp)),
        Measure::new(name("live encode, PNG"), live.encode_us, "us").against(png.encode_us),
        Measure::new(name("live encode, WebP"), live.encode_us, "us").against(webp.encode_us),
        Measure::new(name("sealed encode, WebP"), sealed.encode_us, "us").against(webp.encode_us),
        Measure::new(name("live any frame, PNG"), live.decode_us, "us")
            .against(png.decode_us)
            .bar(Bar::AtMost(game.decode_us)),
        Measure::new(name("sealed any frame, PNG"), sealed.decode_us, "us")
            .against(png.decode_us)
            .bar(Bar::AtMost(game.decode_us)),
    ])
}

fn encode_and_decode(layout: &FrameLayout, frames: &[&[u8]], effort: Effort) -> Result<Figures> {
    let mut encoder = FrameEncoder::new(effort);
    let per_group = effort.rows_per_group(layout);
    let mut groups = Vec::new();
    let began = Instant::now();
    for rows in frames.chunks(per_group) {
        groups.push(encoder.encode(layout, rows)?);
    }
    let encode_us = began.elapsed().as_secs_f64() * 1e6 / frames.len() as f64;
    let mut random = Random::new(1);
    let mut times = Vec::new();
    for _ in 0..DECODED {
        let index = random.within(0..frames.len() as u64) as usize;
        let began = Instant::now();
        let frame = decode_frame(&groups[index / per_group], index % per_group)?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
        ensure!(frame.data() == frames[index], "frame {index} came back changed");
    }
    let bytes = groups.iter().map(Vec::len).sum::<usize>() as f64 / frames.len() as f64;
    Ok(Figures { bytes, encode_us, decode_us: median(&times) })
}
