//! Films of runs on disk, decoded again and held against the log.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ethogram_query::{
    Error, Options, Params, Root, RunHandle, VideoAxis, VideoFormat, VideoLayout, VideoRequest, Workbench,
};
use ethogram_store::{
    Array, Dtype, EnvSpec, EpisodeEnd, EpisodeRow, RunInfo, RunState, RunWriter, Space, StepValue, WriterOptions,
};
use ethogram_video::{Moment, Scene};

use crate::memory::episode_row;
use crate::read_back::{Decoded, decode, decode_gif, parse};

const STEPS: u64 = 50;
const SIDES: (u32, u32) = (40, 36);
const NAMES: [&str; 4] = ["NOOP", "FIRE", "RIGHT", "LEFT"];

fn go(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A colour of a pixel of `frame`, of few.
fn colour(step: u64, x: u32, y: u32) -> [u8; 3] {
    match (u64::from(x / 10 + y / 9) + step) % 3 {
        0 => [0, 0, 0],
        1 => [236, 100, 20],
        _ => [10, 120, 230],
    }
}

fn q_values(step: u64) -> Vec<f32> {
    let value = |action: u64| {
        if (step + action) % 11 == 5 { f32::NAN } else { ((step * (action + 2)) as f32 / 7.0).sin() * 3.0 }
    };
    (0..4).map(value).collect()
}

fn bytes(shape: &[usize], data: Vec<u8>) -> StepValue {
    StepValue::Array(Array::new(Dtype::Uint8, shape.to_vec(), data).expect("an array"))
}

/// Episode 0 has pictures and Q-values; 1 has a stack and no policy; 2 and 3 rewards alone; 4 was not recorded.
fn logged(root: &Path) -> Arc<RunHandle> {
    let info = RunInfo {
        name: "dqn".into(),
        env: Some(EnvSpec {
            id: "Pong-v5".into(),
            action_space: Some(Space::Discrete { n: 4, start: 0, dtype: Dtype::Int64 }),
            observation_space: None,
            action_meanings: NAMES.map(str::to_owned).to_vec(),
            fps: Some(20.0),
            ..EnvSpec::default()
        }),
        ..RunInfo::default()
    };
    let id = info.id.clone();
    let run = RunWriter::create(root, info, WriterOptions::default()).expect("a run");
    for episode in 0..5 {
        let row = EpisodeRow { recorded: episode != 4, length: STEPS, ..episode_row(episode, EpisodeEnd::Terminated) };
        run.episode(row).expect("logged");
    }
    for step in 0..=STEPS {
        let number = |value: f64| StepValue::Array(Array::scalar(value));
        let (width, height) = SIDES;
        let frame = (0..height).flat_map(|y| (0..width).flat_map(move |x| colour(step, x, y))).collect();
        let mut values = vec![("frame".into(), bytes(&[height as usize, width as usize, 3], frame))];
        if step < STEPS {
            let action = Array::scalar_i64((step % 4) as i64);
            let greedy = Array::new(Dtype::Bool, vec![], vec![u8::from(step % 5 != 0)]).expect("a flag");
            values.push(("reward".into(), number((step % 3) as f64)));
            values.push(("action".into(), StepValue::Array(action)));
            values.push(("greedy".into(), StepValue::Array(greedy)));
            values.push(("q_values".into(), StepValue::Array(Array::from_f32(&q_values(step)))));
            values.push(("attention".into(), StepValue::Array(Array::from_f32(&[step as f32, -1.0, 0.5]))));
        }
        run.step(0, step, values).expect("logged");
        let stack = (0..4_u64).flat_map(|plane| vec![(step * 4 + plane) as u8; 32 * 32]).collect();
        run.step(1, step, vec![("observation".into(), bytes(&[4, 32, 32], stack))]).expect("logged");
        run.step(2, step, vec![("reward".into(), number(2.0))]).expect("logged");
        run.step(3, step, vec![("reward".into(), number(1.0))]).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let bench = Workbench::open(vec![Root::from(root.to_owned())], Options::default()).expect("a workbench");
    bench.run(&id.0).expect("the run")
}

/// One episode whose observation is a grid of numbers.
fn numbers(root: &Path) -> Arc<RunHandle> {
    let info = RunInfo { name: "grid".into(), ..RunInfo::default() };
    let id = info.id.clone();
    let run = RunWriter::create(root, info, WriterOptions::default()).expect("a run");
    run.episode(EpisodeRow { recorded: true, length: STEPS, ..episode_row(0, EpisodeEnd::Terminated) })
        .expect("logged");
    let level = |at: u32| at as f32 * 0.5 - 10.0;
    for step in 0..=STEPS {
        let grid = Array::new(Dtype::Float32, vec![9, 9], (0..81).flat_map(|at| level(at).to_le_bytes()).collect());
        run.step(0, step, vec![("observation".into(), StepValue::Array(grid.expect("a grid")))]).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let bench = Workbench::open(vec![Root::from(root.to_owned())], Options::default()).expect("a workbench");
    bench.run(&id.0).expect("the run")
}

fn filmed(run: &RunHandle, request: &VideoRequest) -> Vec<u8> {
    run.video(request).expect("a film").write(Vec::new(), &mut go).expect("made")
}

/// First and last dark column of a rail, counted from its left end.
fn dark(frame: &Decoded, rail: ethogram_video::Rect) -> Option<(u32, u32)> {
    let row = frame.luma_row(rail.y + rail.height / 2);
    let mut columns = (rail.x..rail.right()).filter(|x| row[*x as usize] < 190).map(|x| x - rail.x);
    let first = columns.next()?;
    Some((first, columns.next_back().unwrap_or(first)))
}

/// B-5: of a logged episode, side by side and below, every frame's bars equal the log within a pixel, and its picture is the one logged.
#[test]
fn row_b5_every_frame_of_a_film_equals_the_log() {
    let root = tempfile::tempdir().expect("a folder");
    let run = logged(root.path());
    let column = run.field(0, "q_values", &Params::new(), 0..u64::MAX).expect("Q-values").column.to_f64();
    for (layout, axis) in [(VideoLayout::Side, VideoAxis::Fixed), (VideoLayout::Below, VideoAxis::Auto)] {
        let request = VideoRequest { layout, axis, ..VideoRequest::new(0) };
        let video = run.video(&request).expect("a film");
        let scene = Scene::new(video.spec().clone()).expect("a scene");
        let (place, scale) = scene.picture();
        let lanes = video.spec().bars.as_ref().expect("bars").lanes.iter().map(|lane| lane.name.as_str());
        assert_eq!(lanes.collect::<Vec<_>>(), NAMES);
        assert_eq!((video.frames(), video.fps()), (STEPS + 1, 20.0), "the final observation is a frame, too");
        let mut done = Vec::new();
        let mut told = |count| {
            done.push(count);
            ControlFlow::Continue(())
        };
        let file = video.write(Vec::new(), &mut told).expect("made");
        assert_eq!(done, (1..=STEPS + 1).collect::<Vec<_>>());
        let mut frames = 0;
        decode(&file, |step, frame| {
            frames += 1;
            assert_eq!((frame.width as u32, frame.height as u32), video.size());
            let values = column.get(4 * step..4 * step + 4).unwrap_or_default();
            let axis = scene.axis(&Moment { values, ..Moment::default() });
            for (lane, rail) in scene.rails(&Moment::default()) {
                let value = values.get(lane).copied().unwrap_or(f64::NAN);
                let zero = (axis.low < 0.0 && axis.high > 0.0)
                    .then(|| (axis.part(0.0) * f64::from(rail.width)).round() as u32);
                let bar = axis.bar(value, rail.width).map(|(left, length)| (left, left + length - 1));
                let expected = match (bar, zero) {
                    (Some((first, last)), Some(zero)) => Some((first.min(zero), last.max(zero))),
                    (bar, zero) => bar.or(zero.map(|zero| (zero, zero))),
                };
                let found = dark(frame, rail);
                let near = match (found, expected) {
                    (Some(found), Some(expected)) => {
                        found.0.abs_diff(expected.0) <= 1 && found.1.abs_diff(expected.1) <= 1
                    }
                    (found, expected) => found == expected,
                };
                assert!(near, "step {step}, {} {value}: {found:?}, not {expected:?}", NAMES[lane]);
            }
            for (x, y) in [(0, 0), (15, 4), (39, 35), (21, 30)] {
                let seen = frame.pixel(place.x + x * scale + scale / 2, place.y + y * scale + scale / 2);
                let apart = seen.iter().zip(colour(step as u64, x, y)).map(|(a, b)| a.abs_diff(b)).max();
                assert!(apart <= Some(8), "step {step}, pixel {x} {y}: {seen:?}");
            }
        });
        assert_eq!(frames, STEPS + 1);
    }
}

/// B-5: any numbers of the step are bars, over a range of the steps, at a speed of one's own; and so is none.
#[test]
fn row_b5_a_range_of_steps_with_other_bars() {
    let root = tempfile::tempdir().expect("a folder");
    let run = logged(root.path());
    let request = VideoRequest {
        range: 10..30,
        fps: Some(5.0),
        scale: Some(2),
        bars: Some("attention".into()),
        ..VideoRequest::new(0)
    };
    let video = run.video(&request).expect("a film");
    let bars = video.spec().bars.clone().expect("bars");
    assert_eq!(bars.title, "attention");
    assert_eq!(bars.lanes[2].name, "[2]");
    assert!(!bars.of_choices);
    assert_eq!(
        bars.axis,
        ethogram_video::Axis::Fixed(ethogram_video::Scale { low: -1.0, high: 29.0 }),
        "of these steps"
    );
    assert_eq!(bars.note, "fixed over steps 10 to 29");
    let film = parse(&video.write(Vec::new(), &mut go).expect("made"));
    assert_eq!(film.frames.len(), 20);
    assert_eq!(film.duration, 4 * film.ticks_a_second, "seconds");

    let picture_alone = VideoRequest { bars: Some("none".into()), ..request.clone() };
    assert_eq!(run.video(&picture_alone).expect("a film").spec().bars, None);
    let bars_alone = VideoRequest { picture: Some("none".into()), ..request.clone() };
    assert_eq!(run.video(&bars_alone).expect("a film").spec().picture, None);
    let derived = VideoRequest { bars: Some("max_q".into()), ..request };
    assert_eq!(run.video(&derived).expect("a film").spec().bars.as_ref().map(|bars| bars.lanes.len()), Some(1));
}

/// The newest plane of a stack, and numbers from the smallest, which is black, to the largest, which is white: exactly, in a gif.
#[test]
fn what_the_policy_received_is_filmed_where_there_is_no_frame() {
    let root = tempfile::tempdir().expect("a folder");
    let (stacked, grid) = (logged(root.path()), numbers(root.path()));
    let seen = |run: &RunHandle, episode, x: u32, y: u32| -> Vec<u8> {
        let request = VideoRequest { format: VideoFormat::Gif, scale: Some(2), ..VideoRequest::new(episode) };
        let video = run.video(&request).expect("a film");
        let (place, scale) = Scene::new(video.spec().clone()).expect("a scene").picture();
        let (width, _, frames) = decode_gif(&filmed(run, &request));
        let at = 3 * ((place.y + y * scale) as usize * width + (place.x + x * scale) as usize);
        frames.iter().map(|(frame, _)| frame[at]).collect()
    };
    let stack = seen(&stacked, 1, 7, 9);
    assert_eq!(stack, (0..=STEPS).map(|step| (step * 4 + 3) as u8).collect::<Vec<_>>());
    assert_eq!((seen(&grid, 0, 0, 0)[0], seen(&grid, 0, 8, 8)[0], seen(&grid, 0, 4, 4)[0]), (0, 255, 128));
}

#[test]
fn what_cannot_be_filmed_says_what_to_do() {
    let root = tempfile::tempdir().expect("a folder");
    let run = logged(root.path());
    let check = |request: VideoRequest, expected: &str| {
        let error = run.video(&request).err().expect("no film");
        assert!(error.to_string().contains(expected), "{error}");
        error
    };
    let error = check(VideoRequest::new(3), "pass frame= or q_values= to episode.step");
    assert!(error.is_missing_input(), "{error:?}");
    check(VideoRequest::new(4), "its steps were not recorded; choose a schedule that records it");
    assert!(check(VideoRequest::new(9), "no episode 9").is_not_found());
    check(VideoRequest { range: 60..70, ..VideoRequest::new(0) }, "no step from 60 to 70; it has 51");
    let ask = |options: &[(&str, &str)]| VideoRequest::new(0).with_options(options.iter().copied()).expect("options");
    assert!(check(ask(&[("bars", "nothing_of_that")]), "no field \"nothing_of_that\"").is_not_found());
    assert!(check(ask(&[("bars", "frame")]), "expected numbers, found pictures").is_bad_request());
    assert!(check(ask(&[("picture", "q_values")]), "expected pictures").is_bad_request());
    check(
        ask(&[("overlay", "saliency"), ("picture", "frame")]),
        "the run has no checkpoint; log one with run.checkpoint",
    );
    let error = check(ask(&[("scale", "32"), ("to", "3"), ("fps", "900")]), "fps: expected 0.5 to 120 frames a second");
    assert!(error.is_bad_request());
    let large = VideoRequest { scale: Some(32), layout: VideoLayout::Below, ..VideoRequest::new(0) };
    assert!(run.video(&large).is_ok(), "1,280 by 1,152 pixels of picture");
}

#[test]
fn a_film_that_is_stopped_leaves_nothing_behind() {
    let root = tempfile::tempdir().expect("a folder");
    let run = logged(root.path());
    let out = tempfile::tempdir().expect("a folder");
    for name in ["film.mp4", "film.gif"] {
        let path = out.path().join(name);
        let format = ethogram_query::Video::format_of(&path).expect("a format");
        let video = run.video(&VideoRequest { format, ..VideoRequest::new(0) }).expect("a film");
        let mut after = |done| if done < 7 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let error = video.write_file(&path, &mut after).expect_err("stopped");
        assert!(matches!(error, Error::Stopped), "{error:?}");
        assert_eq!(std::fs::read_dir(out.path()).expect("listed").count(), 0);
        video.write_file(&path, &mut go).expect("made");
        assert_eq!(std::fs::read_dir(out.path()).expect("listed").count(), 1, "the film, and nothing beside it");
        std::fs::remove_file(&path).expect("removed");
    }
    assert!(ethogram_query::Video::format_of(Path::new("film.avi")).is_err());
    let video = run.video(&VideoRequest::new(0)).expect("a film");
    let error = video.write_file(Path::new("/nowhere/at/all/film.mp4"), &mut go).expect_err("no folder");
    assert!(error.to_string().contains("/nowhere/at/all/film.mp4"), "{error}");
}
