//! How frames are laid out.

use ethogram_video::{
    Axis, Bars, Error, LANES_SHOWN, Lane, Layout, Moment, Picture, SCALE_MAX, Scale, Scene, SceneSpec,
};
use proptest::prelude::*;

fn bars(count: usize) -> Bars {
    let lanes = (0..count).map(|slot| Lane { name: format!("action {slot}"), slot }).collect();
    let axis = Axis::Fixed(Scale { low: 0.0, high: 1.0 });
    Bars { title: "Probabilities".into(), lanes, axis, note: "always".into(), of_choices: true }
}

fn size(spec: SceneSpec) -> Result<(u32, u32), String> {
    Scene::new(spec).map(|scene| scene.size()).map_err(|error| error.to_string())
}

#[test]
fn pictures_are_as_large_as_there_is_room_for_unless_somebody_says() {
    let scale = |sides, scale| {
        let spec = SceneSpec { picture: Some(sides), scale, ..SceneSpec::default() };
        Scene::new(spec).map(|scene| scene.picture().1).map_err(|error| error.to_string())
    };
    assert_eq!(scale((160, 210), None), Ok(3));
    assert_eq!(scale((84, 84), None), Ok(7));
    assert_eq!(scale((600, 400), None), Ok(1));
    assert_eq!(scale((2_000, 1_000), None), Ok(1));
    assert_eq!(scale((2, 2), None), Ok(SCALE_MAX));
    assert_eq!(scale((160, 210), Some(5)), Ok(5));
    assert_eq!(scale((160, 210), Some(0)), Err("scale: expected 1 to 32, found 0".into()));
    let large = scale((160, 210), Some(32)).expect_err("over the limit");
    assert!(large.contains("(SIDE_MAX) is 6752, over the limit of 3840"), "{large}");
}

#[test]
fn an_odd_picture_has_a_frame_of_even_sides() {
    for layout in Layout::ALL {
        let spec = SceneSpec { picture: Some((161, 105)), scale: Some(1), layout, ..SceneSpec::default() };
        let (width, height) = size(spec).expect("a scene");
        assert!(width % 2 == 0 && height % 2 == 0, "{width} × {height}");
    }
}

#[test]
fn without_a_picture_there_are_bars_and_without_both_nothing() {
    assert!(size(SceneSpec { bars: Some(bars(4)), ..SceneSpec::default() }).is_ok());
    assert_eq!(size(SceneSpec::default()), Err("a film needs a picture or bars, found neither".into()));
    let nothing = SceneSpec { picture: Some((0, 9)), bars: Some(bars(0)), ..SceneSpec::default() };
    assert!(size(nothing).is_err());
}

#[test]
fn what_is_of_another_size_than_the_scene_is_refused() {
    let spec = SceneSpec { picture: Some((20, 10)), bars: Some(bars(3)), ..SceneSpec::default() };
    let mut scene = Scene::new(spec).expect("a scene");
    let mut canvas = scene.canvas();
    let picture = Picture::new(10, 20, vec![0; 600]).expect("a picture");
    let error = scene.draw(&mut canvas, &Moment { picture: Some(&picture), ..Moment::default() });
    assert_eq!(error.expect_err("turned").to_string(), "pixels of the picture: expected 20 × 10, found 10 × 20");
    let error = scene.draw(&mut canvas, &Moment { values: &[1.0], ..Moment::default() });
    assert!(matches!(error, Err(Error::ShapeMismatch { what: "numbers of a row", .. })));
    assert!(Picture::new(2, 2, vec![0; 11]).is_err());
}

#[test]
fn what_is_missing_is_seen_to_be() {
    let spec = SceneSpec { picture: Some((20, 10)), bars: Some(bars(3)), has_reward: true, ..SceneSpec::default() };
    let mut scene = Scene::new(spec).expect("a scene");
    let (mut none, mut zero) = (scene.canvas(), scene.canvas());
    let missing = Moment::default();
    scene.draw(&mut none, &missing).expect("drawn");
    let zeros = Moment { reward: Some(0.0), episode_return: Some(0.0), values: &[0.0; 3], ..Moment::default() };
    scene.draw(&mut zero, &zeros).expect("drawn");
    assert_ne!(none, zero, "missing is not zero");
    for (_, rail) in scene.rails(&missing) {
        let colours: Vec<_> = (rail.x..rail.right()).map(|x| none.pixel(x, rail.y + 3)).collect();
        assert!(colours.iter().all(|colour| *colour == colours[0]), "no bar where there is no number");
    }
}

proptest! {
    /// Whatever is filmed, all of it lies within the frame, and nothing over anything else.
    #[test]
    fn everything_lies_within_the_frame(
        sides in proptest::option::of((1_u32..400, 1_u32..400)),
        lanes in 0_usize..60,
        below: bool,
        has_action: bool,
        taken in 0_usize..60,
    ) {
        prop_assume!(sides.is_some() || lanes > 0);
        let layout = if below { Layout::Below } else { Layout::Side };
        let spec = SceneSpec {
            title: "a name that is longer than there is room for in any frame of a film of this width, however wide".into(),
            picture: sides,
            bars: (lanes > 0).then(|| bars(lanes)),
            layout,
            last: u64::MAX,
            has_reward: true,
            has_action,
            ..SceneSpec::default()
        };
        let mut scene = Scene::new(spec).expect("a scene");
        let (width, height) = scene.size();
        let values: Vec<f64> = (0..lanes).map(|lane| lane as f64 / 60.0).collect();
        let picture = sides.map(|(w, h)| Picture::new(w, h, vec![7; 3 * (w * h) as usize]).expect("a picture"));
        let taken = [taken];
        let moment = Moment {
            step: u64::MAX,
            picture: picture.as_ref(),
            reward: Some(-1.234_567e300),
            episode_return: Some(f64::NEG_INFINITY),
            action: "a long name of an action that nobody will ever be able to read to its end",
            greedy: Some(false),
            values: &values,
            taken: if taken[0] < lanes { &taken } else { &[] },
            highest: &[0],
        };
        let mut canvas = scene.canvas();
        scene.draw(&mut canvas, &moment).expect("drawn");
        let (place, _) = scene.picture();
        prop_assert!(place.right() <= width && place.bottom() <= height);
        let rails = scene.rails(&moment);
        prop_assert_eq!(rails.len(), lanes.min(LANES_SHOWN));
        let mut bottom = 0;
        for (_, rail) in rails {
            prop_assert!(rail.right() < width && rail.bottom() < height && rail.y > bottom);
            bottom = rail.bottom();
            let beside = rail.x >= place.right() || rail.y >= place.bottom();
            prop_assert!(sides.is_none() || beside, "a rail lies over the picture");
        }
    }
}
