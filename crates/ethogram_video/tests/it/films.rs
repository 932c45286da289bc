//! What is in the file is what was drawn.

use ethogram_video::{
    Axis, Bars, Blend, Canvas, ColourMap, Error, FILM_BYTES_MAX, Film, FilmTimes, Format, Heat, HeatLook, Lane, Layout,
    Moment, OUTLIERS_DEFAULT, Picture, Rect, Rgb, Scale, Scene, SceneSpec, SegmentEncoder, Sign, lay_heads,
};

use crate::read_back::{boxes, decode, decode_gif, parse};

const NAMES: [&str; 6] = ["NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN"];
const SIDES: (u32, u32) = (40, 53);
const FPS: f64 = 10.0;
/// More than two segments of forty.
const FRAMES: u64 = 90;
const SCALE: Scale = Scale { low: -1.0, high: 2.5 };

fn spec(layout: Layout, axis: Axis) -> SceneSpec {
    let lanes = NAMES.iter().enumerate().map(|(slot, name)| Lane { name: (*name).to_owned(), slot }).collect();
    SceneSpec {
        title: "pong dqn · episode 3".into(),
        picture: Some(SIDES),
        scale: Some(4),
        bars: Some(Bars { title: "Q-values".into(), lanes, axis, note: "fixed".into(), of_choices: true }),
        layout,
        last: FRAMES - 1,
        has_reward: true,
        has_action: true,
    }
}

/// Numbers that move in their own ways; now and then one is missing.
fn values(step: u64) -> Vec<f64> {
    (0..NAMES.len() as u64)
        .map(
            |lane| {
                if (step + lane) % 17 == 3 { f64::NAN } else { 1.9 * ((step * (lane + 1)) as f64 / 9.0).sin() + 0.7 }
            },
        )
        .collect()
}

/// A few colours, and a square that moves.
fn picture(step: u64) -> Picture {
    let (width, height) = SIDES;
    let at = |x: u32, y: u32| {
        let near = |a: u32, b: u32| a.abs_diff(b) < 4;
        let (bx, by) = ((step * 3 % u64::from(width)) as u32, (step * 2 % u64::from(height)) as u32);
        if near(x, bx) && near(y, by) {
            [236, 236, 236]
        } else if y < 8 {
            [144, 72, 17]
        } else {
            [0, (x / 10 * 30) as u8, 60]
        }
    };
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| at(x, y))).collect();
    Picture::new(width, height, rgb).expect("a picture")
}

/// Draws every frame and shows it with its numbers.
fn play(scene: &mut Scene, mut see: impl FnMut(&Canvas)) {
    let mut canvas = scene.canvas();
    for step in 0..FRAMES {
        let (picture, values) = (picture(step), values(step));
        let taken = [(step % 6) as usize];
        let moment = Moment {
            step,
            picture: Some(&picture),
            reward: Some(step as f64 % 3.0),
            episode_return: Some(step as f64),
            action: NAMES[taken[0]],
            greedy: Some(step % 5 != 0),
            values: &values,
            taken: &taken,
            highest: &[2],
        };
        scene.draw(&mut canvas, &moment).expect("drawn");
        see(&canvas);
    }
}

fn filmed(scene: &mut Scene, format: Format) -> Vec<u8> {
    let (width, height) = scene.size();
    let mut film = Film::new(Vec::new(), format, width, height, FPS).expect("a film");
    play(scene, |canvas| film.frame(canvas).expect("a frame"));
    film.finish().expect("a file")
}

/// First and last column of the rail that are darker than half way to the darkest bar.
fn dark(luma: &[u8], rail: Rect) -> Option<(u32, u32)> {
    let is_dark = |x: &u32| luma[*x as usize] < 190;
    let mut columns = (rail.x..rail.right()).filter(is_dark);
    let first = columns.next()?;
    Some((first - rail.x, columns.next_back().unwrap_or(first) - rail.x))
}

/// B-5: a decoded film has a frame a step, of the size that was laid out, and in each the bars reach to the pixel that their number is
/// nearest to, beside the picture and below it, on a fixed axis and on one that fits each step.
#[test]
fn row_b5_bars_of_the_decoded_mp4_equal_the_numbers_at_every_frame() {
    for (layout, axis) in [(Layout::Side, Axis::Fixed(SCALE)), (Layout::Below, Axis::Auto)] {
        let mut scene = Scene::new(spec(layout, axis)).expect("a scene");
        let size = scene.size();
        let file = filmed(&mut scene, Format::Mp4);
        let mut frames = 0;
        let film = decode(&file, |step, frame| {
            frames += 1;
            assert_eq!((frame.width as u32, frame.height as u32), size);
            let values = values(step as u64);
            let moment = Moment { values: &values, ..Moment::default() };
            let scale = scene.axis(&moment);
            for (lane, rail) in scene.rails(&moment) {
                let found = dark(frame.luma_row(rail.y + rail.height / 2), rail);
                let zero = (scale.part(0.0) * f64::from(rail.width)).round() as u32;
                let tick = (scale.low < 0.0 && scale.high > 0.0).then_some((zero, zero));
                let bar = scale.bar(values[lane], rail.width).map(|(left, length)| (left, left + length - 1));
                // The tick of zero stands at the end of a bar below it.
                let expected = match (bar, tick) {
                    (Some(bar), Some(tick)) => Some((bar.0.min(tick.0), bar.1.max(tick.1))),
                    (bar, tick) => bar.or(tick),
                };
                let (Some(found), Some(expected)) = (found, expected) else {
                    assert_eq!(found, expected, "step {step}, {}: {}", NAMES[lane], values[lane]);
                    continue;
                };
                let apart = found.0.abs_diff(expected.0).max(found.1.abs_diff(expected.1));
                assert!(apart <= 1, "step {step}, {} {}: {found:?}, not {expected:?}", NAMES[lane], values[lane]);
            }
        });
        assert_eq!((frames, film.frames.len() as u64), (FRAMES, FRAMES));
        assert_eq!((film.width, film.height), size);
        let secs = f64::from(film.duration) / f64::from(film.ticks_a_second);
        assert!((secs - FRAMES as f64 / FPS).abs() < 1e-9, "{secs} s");
        assert!((f64::from(film.ticks_a_second) / f64::from(film.ticks_a_frame) - FPS).abs() < 1e-9);
        assert_eq!(film.keys, [1, 41, 81], "players can jump to every fourth second");
        let times = FilmTimes::of_mp4(&file).expect("a film");
        assert_eq!((times.frames, times.width, times.height, times.codec.as_str()), (FRAMES, size.0, size.1, "avc1"));
        assert!((times.fps - FPS).abs() < 1e-9, "{} frames a second", times.fps);
    }
}

/// B-5: every pixel of the picture is the square that it was enlarged to, in its own colour.
#[test]
fn row_b5_pictures_of_the_decoded_mp4_are_those_that_were_logged() {
    let mut scene = Scene::new(spec(Layout::Side, Axis::Fixed(SCALE))).expect("a scene");
    let (place, scale) = scene.picture();
    assert_eq!((place.width, place.height, scale), (4 * SIDES.0, 4 * SIDES.1, 4));
    let file = filmed(&mut scene, Format::Mp4);
    decode(&file, |step, frame| {
        let logged = picture(step as u64);
        let mut apart = Vec::new();
        for (at, pixel) in logged.rgb().chunks_exact(3).enumerate() {
            let (x, y) = (at as u32 % SIDES.0, at as u32 / SIDES.0);
            let seen = frame.pixel(place.x + x * scale + scale / 2, place.y + y * scale + scale / 2);
            apart.push(seen.iter().zip(pixel).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0));
        }
        apart.sort_unstable();
        let (most, usual) = (apart[apart.len() - 1], apart[apart.len() * 95 / 100]);
        assert!(usual <= 6 && most <= 40, "step {step}: 95 of 100 within {usual}, all within {most} of 255 levels");
    });
}

/// Warm above zero and cold below, as `web/src/theme/tokens.css` has them.
const WARM: [u8; 3] = [0xac, 0x49, 0x00];
const COLD: [u8; 3] = [0x02, 0x72, 0xb1];
/// Of a picture that attributions are laid over.
const GREY: [u8; 3] = [128; 3];
const HEAT_FRAMES: u64 = 12;

/// The strength of the attribution in a column of tenths: warm at the left, cold at the right, nothing between; stronger by the step.
fn strength(step: u64, x: u32) -> f32 {
    let side = [1.0, 0.0, -1.0][(3 * x / SIDES.0) as usize];
    side * if step.is_multiple_of(2) { 1.0 } else { 0.25 }
}

/// A saliency film: a grey picture with an attribution laid over it in every frame.
fn saliency_film(format: Format, look: &HeatLook) -> (Vec<u8>, Rect, u32) {
    let spec = SceneSpec { last: HEAT_FRAMES - 1, bars: None, ..spec(Layout::Side, Axis::Auto) };
    let mut scene = Scene::new(spec).expect("a scene");
    let (place, scale) = scene.picture();
    let (width, height) = scene.size();
    let mut film = Film::new(Vec::new(), format, width, height, FPS).expect("a film");
    let mut canvas = scene.canvas();
    for step in 0..HEAT_FRAMES {
        let mut picture = Picture::new(SIDES.0, SIDES.1, GREY.repeat((SIDES.0 * SIDES.1) as usize)).expect("a picture");
        // Two rows are the strongest of their signs in all frames, so that all are on one scale.
        let mut values: Vec<f32> = (0..SIDES.0 * SIDES.1).map(|at| strength(step, at % SIDES.0)).collect();
        values[..(SIDES.0 * 2) as usize].fill(1.0);
        values[SIDES.0 as usize..(SIDES.0 * 2) as usize].fill(-1.0);
        let shape = [SIDES.1 as usize, SIDES.0 as usize];
        let heat = |sign| Heat::new(&values, &shape, (SIDES.1, SIDES.0), sign, OUTLIERS_DEFAULT).expect("heat");
        if look.blend == Blend::Heads {
            let [actor, critic] = [heat(Sign::Positive), heat(Sign::Negative)];
            lay_heads([Some(&actor), Some(&critic)], &mut picture, look.opacity).expect("of one size");
        } else {
            heat(Sign::Both).lay_over(&mut picture, look).expect("of one size");
        }
        scene.draw(&mut canvas, &Moment { step, picture: Some(&picture), ..Moment::default() }).expect("drawn");
        film.frame(&canvas).expect("a frame");
    }
    (film.finish().expect("a file"), place, scale)
}

/// What a pixel of the overlay must be: the colour of the sign over grey, as clear as the root of the strength.
fn laid_over(strength: f32) -> [f32; 3] {
    let colour = if strength >= 0.0 { WARM } else { COLD };
    let share = strength.abs().sqrt();
    [0, 1, 2].map(|channel| f32::from(GREY[channel]) * (1.0 - share) + f32::from(colour[channel]) * share)
}

/// The middles of the three sides, in each frame: how far they are from what they must be, in levels.
fn heat_apart(
    expected: &dyn Fn(f32) -> [f32; 3],
    step: u64,
    place: Rect,
    scale: u32,
    pixel: impl Fn(u32, u32) -> [u8; 3],
) -> f32 {
    let sides = [1, 3, 5].map(|sixth| SIDES.0 * sixth / 6);
    let apart = sides.map(|x| {
        let seen = pixel(place.x + x * scale + scale / 2, place.y + (SIDES.1 / 2) * scale + scale / 2);
        let expected = expected(strength(step, x));
        (0..3).map(|channel| (f32::from(seen[channel]) - expected[channel]).abs()).fold(0.0, f32::max)
    });
    apart.into_iter().fold(0.0, f32::max)
}

/// Decodes a film of each format: it has a frame a step, and in each what is expected.
fn check_heat(look: &HeatLook, expected: &dyn Fn(f32) -> [f32; 3]) {
    let name = format!("{} {}", look.blend.name(), look.colours.name);
    let (file, place, scale) = saliency_film(Format::Mp4, look);
    let mut frames = 0;
    decode(&file, |step, frame| {
        frames += 1;
        let apart = heat_apart(expected, step as u64, place, scale, |x, y| frame.pixel(x, y));
        assert!(apart <= 6.0, "step {step} of the mp4, {name}: {apart} levels");
    });
    assert_eq!(frames, HEAT_FRAMES);
    let (file, place, scale) = saliency_film(Format::Gif, look);
    let (width, _, frames) = decode_gif(&file);
    assert_eq!(frames.len() as u64, HEAT_FRAMES);
    for (step, (rgb, _)) in frames.iter().enumerate() {
        let pixel = |x: u32, y: u32| {
            let at = 3 * (y as usize * width + x as usize);
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        };
        let apart = heat_apart(expected, step as u64, place, scale, pixel);
        assert!(apart <= 1.0, "step {step} of the gif, {name}: {apart} levels");
    }
}

/// a saliency film has a frame a step, and in each the overlay is warm where the attribution is positive, cold where it is negative,
/// clearer the weaker, and not there where it is zero: exact in a gif, within what the format rounds in an mp4.
#[test]
fn row_a8_a_saliency_film_has_the_colours_of_the_overlay_in_every_frame() {
    check_heat(&HeatLook::default(), &laid_over);
}

/// the same in the colours of a diverging map and of perceptual ones, over the picture, without its colours, and instead of it. The numbers
/// are those of the maps' ends and middles in the papers.
#[test]
fn row_a8_films_have_the_colour_maps_of_replay_in_every_frame() {
    let mixed = |colour: [u8; 3], strength: f32| {
        let share = strength.abs().sqrt();
        [0, 1, 2].map(|channel| f32::from(GREY[channel]) * (1.0 - share) + f32::from(colour[channel]) * share)
    };
    let map = |name| ColourMap::from_name(name).expect("a map");
    // Of the steps at full strength; at a quarter a colour lies between two of the table, which the unit tests check.
    let check = |blend, name, ends: [[u8; 3]; 3]| {
        let colours = map(name);
        let look = HeatLook { blend, colours, ..HeatLook::default() };
        check_heat(&look, &move |strength| {
            let colour = match strength {
                1.0 => ends[2],
                -1.0 => ends[0],
                0.0 => ends[1],
                other => colours.colour(other).0,
            };
            if blend == Blend::Alone { colour.map(f32::from) } else { mixed(colour, strength) }
        });
    };
    check(Blend::Over, "red-blue", [[0x05, 0x30, 0x61], [0xf7; 3], [0x67, 0x00, 0x1f]]);
    check(Blend::Grey, "viridis", [[0xfd, 0xe7, 0x25], [0x44, 0x01, 0x54], [0xfd, 0xe7, 0x25]]);
    check(Blend::Alone, "magma", [[0xfc, 0xfd, 0xbf], [0x00, 0x00, 0x04], [0xfc, 0xfd, 0xbf]]);
}

/// what matters to the policy is added to blue, what matters to the value to red.
#[test]
fn row_a8_a_film_of_actor_and_critic_has_both_in_every_frame() {
    let look = HeatLook { blend: Blend::Heads, opacity: 0.4, ..HeatLook::default() };
    check_heat(&look, &|strength| {
        // The critic's is the actor's turned around, see `saliency_film`.
        let [actor, critic] = [strength.max(0.0), (-strength).max(0.0)].map(|size| (102.0 * size).round());
        [128.0 + critic, 128.0, 128.0 + actor]
    });
}

/// B-5: a gif of few colours is exact, pixel for pixel, in every frame.
#[test]
fn row_b5_frames_of_the_decoded_gif_are_those_that_were_drawn() {
    let mut scene = Scene::new(spec(Layout::Below, Axis::Auto)).expect("a scene");
    let size = scene.size();
    let file = filmed(&mut scene, Format::Gif);
    let (width, height, frames) = decode_gif(&file);
    assert_eq!((width as u32, height as u32, frames.len() as u64), (size.0, size.1, FRAMES));
    let mut step = 0;
    play(&mut scene, |canvas| {
        assert!(frames[step].0 == canvas.rgb(), "frame {step} is another");
        step += 1;
    });
    assert_eq!(frames.iter().map(|frame| u64::from(frame.1)).sum::<u64>(), 100 * FRAMES / 10, "hundredths of a second");
}

#[test]
fn a_gif_of_many_colours_is_near_and_its_time_is_true() {
    let (width, height) = (128, 96);
    let mut film = Film::new(Vec::new(), Format::Gif, width, height, 30.0).expect("a film");
    let mut drawn = Vec::new();
    for step in 0..6_u32 {
        let at = |x: u32, y: u32| [(x * 2) as u8, (y * 2 + step) as u8, ((x + y) * 255 / 224) as u8];
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| at(x, y))).collect();
        let mut canvas = Canvas::new(width, height, Rgb([0; 3]));
        canvas.place(&Picture::new(width, height, rgb).expect("a picture"), 0, 0, 1);
        film.frame(&canvas).expect("a frame");
        drawn.push(canvas);
    }
    // Nothing changes in the last: it is a frame all the same.
    film.frame(&drawn[5]).expect("a frame");
    drawn.push(drawn[5].clone());
    let (_, _, frames) = decode_gif(&film.finish().expect("a file"));
    assert_eq!(frames.len(), 7);
    for (frame, canvas) in frames.iter().zip(&drawn) {
        let apart = frame.0.iter().zip(canvas.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = apart.sum::<u64>() as f64 / frame.0.len() as f64;
        assert!(mean < 12.0, "{mean} levels apart");
    }
    assert_eq!(frames.iter().map(|frame| u64::from(frame.1)).sum::<u64>(), 23, "seven thirtieths of a second");
}

#[test]
fn segments_on_several_threads_are_the_film_that_one_makes() {
    let mut scene = Scene::new(spec(Layout::Side, Axis::Auto)).expect("a scene");
    let (width, height) = scene.size();
    let alone = filmed(&mut scene, Format::Mp4);
    let mut canvases = Vec::new();
    play(&mut scene, |canvas| canvases.push(canvas.clone()));
    let mut film = Film::new(Vec::new(), Format::Mp4, width, height, FPS).expect("a film");
    let frames = film.segment_frames().expect("segments") as usize;
    assert_eq!(frames, 40);
    let segments: Vec<_> = std::thread::scope(|scope| {
        let encode = |canvases: &[Canvas]| {
            let mut encoder = SegmentEncoder::new(width, height, FPS).expect("an encoder");
            for canvas in canvases {
                encoder.frame(canvas).expect("a frame");
            }
            encoder.finish()
        };
        let workers: Vec<_> = canvases.chunks(frames).map(|part| scope.spawn(move || encode(part))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a segment")).collect()
    });
    for segment in segments {
        film.append(segment).expect("appended");
    }
    assert!(film.finish().expect("a file") == alone, "the same bytes");
}

/// What is written goes out while the film is made: memory does not grow with it.
#[test]
fn a_long_film_is_written_as_it_is_made() {
    struct Counting(std::rc::Rc<std::cell::Cell<u64>>);
    impl std::io::Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.set(self.0.get() + bytes.len() as u64);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let count = std::rc::Rc::new(std::cell::Cell::new(0));
        let mut film = Film::new(Counting(count.clone()), format, 64, 64, 4.0).expect("a film");
        let mut at = Vec::new();
        for step in 0..200_u32 {
            let mut canvas = Canvas::new(64, 64, Rgb([255; 3]));
            canvas.fill(Rect { x: step % 50, y: step % 40, width: 12, height: 9 }, Rgb([20, 90, 160]));
            film.frame(&canvas).expect("a frame");
            at.push(count.get());
        }
        film.finish().expect("a file");
        assert!(at[150] > at[80] && at[80] > 0, "{format:?}: {} after 80 frames, {} after 150", at[80], at[150]);
        assert!(count.get() < FILM_BYTES_MAX);
    }
}

/// No byte finds room there.
struct Full;
impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("no space left"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_film_that_cannot_be_says_why() {
    let check = |format, width, height, fps, expected: &str| {
        let error = Film::new(Vec::new(), format, width, height, fps).err().expect("no film");
        assert!(error.is_bad_request(), "{error:?}");
        assert_eq!(error.to_string(), expected);
    };
    check(Format::Mp4, 101, 100, 30.0, "size: expected even sides of 16 pixels or more, found 101 × 100");
    check(Format::Mp4, 8, 100, 30.0, "size: expected even sides of 16 pixels or more, found 8 × 100");
    check(
        Format::Mp4,
        4_000,
        100,
        30.0,
        "pixels of the film's longer side (SIDE_MAX) is 4000, over the limit of 3840; film at a smaller scale, or fewer bars",
    );
    check(Format::Gif, 100, 100, 60.0, "fps: expected 0.5 to 50 frames a second of gif, found 60");
    check(Format::Mp4, 100, 100, f64::NAN, "fps: expected 0.5 to 120 frames a second of mp4, found NaN");

    let mut film = Film::new(Vec::new(), Format::Mp4, 64, 64, 30.0).expect("a film");
    let error = film.frame(&Canvas::new(64, 62, Rgb([0; 3]))).expect_err("another size");
    assert_eq!(error.to_string(), "pixels of a frame: expected 64 × 64, found 64 × 62");
    let error = Film::new(Full, Format::Gif, 64, 64, 30.0).err().expect("no room");
    assert!(matches!(&error, Error::Io(_)) && error.to_string().contains("no space left"), "{error}");
}

#[test]
fn the_boxes_of_a_film_of_one_frame() {
    let mut film = Film::new(Vec::new(), Format::Mp4, 64, 48, 29.97).expect("a film");
    film.frame(&Canvas::new(64, 48, Rgb([9, 99, 199]))).expect("a frame");
    let file = film.finish().expect("a file");
    let kinds: Vec<_> = boxes(&file).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["ftyp", "mdat", "moov"]);
    let film = parse(&file);
    assert_eq!((film.ticks_a_second, film.ticks_a_frame, film.duration), (29_970, 1_000, 1_000));
    assert_eq!(film.keys, [1]);
    let empty = Film::new(Vec::new(), Format::Mp4, 64, 48, 30.0).expect("a film").finish().expect("a file");
    assert_eq!(parse(&empty).frames.len(), 0, "a film without a frame is a file all the same");
}

/// B-15: whatever bytes are called a film, they are one or they are not: cut anywhere and changed anywhere.
#[test]
fn row_b15_a_broken_film_is_an_error_and_no_panic() {
    let mut scene = Scene::new(spec(Layout::Side, Axis::Fixed(SCALE))).expect("a scene");
    let file = filmed(&mut scene, Format::Mp4);
    for end in (0..file.len()).step_by(97).chain(file.len() - 300..file.len()) {
        assert!(FilmTimes::of_mp4(&file[..end]).is_err(), "cut at {end} of {}: the tables are at the end", file.len());
    }
    let tables = file.windows(4).rposition(|four| four == b"moov").expect("tables");
    for at in tables - 4..file.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = file.clone();
            changed[at] = value;
            if let Ok(times) = FilmTimes::of_mp4(&changed) {
                assert!(
                    times.frames > 0 && times.fps.is_finite() && times.fps > 0.0,
                    "byte {at} is {value}: {times:?}"
                );
            }
        }
    }
    for other in [
        b"" as &[u8],
        b"GIF89a",
        b"\0\0\0\x18ftypisom",
        b"\0\0\0\0ftyp",
        b"\0\0\0\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert!(
            FilmTimes::of_mp4(other).is_err_and(|error| error.to_string().starts_with("no film that can be played"))
        );
    }
}
