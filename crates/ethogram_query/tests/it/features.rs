//! What layers have learned: from logged frames and a checkpoint to features, and to how much of each there is at each place.

use std::path::Path;
use std::sync::Arc;

use ethogram_query::{
    Cancel, Error, FEATURE_STATES_MAX, FeatureImages, FeatureImagesRequest, FeatureMapsRequest, FeaturesRequest,
    ImagePlace, LayerFeatures, OF_ACTIVATIONS, RunHandle, Workbench,
};
use ethogram_store::{EpisodeEnd, RunId, RunInfo};
use serde_json::json;

use crate::memory::{MemoryRun, Rows, bench_of};

/// The last layer that is a picture, and the one after it, which is none.
const SPATIAL: &str = "/Relu_4_output_0";
const FLAT: &str = "/Relu_5_output_0";
const STEPS: usize = 40;
const PIXELS: usize = 3 * 8 * 8;

/// Frames in which a bright square walks over noise.
fn frames(episode: usize, steps: usize) -> Rows {
    (0..steps)
        .map(|step| {
            let at = (step + 3 * episode) % 6;
            let pixel = |index: usize| {
                let (row, column) = (index % 64 / 8, index % 8);
                let inside = (at..at + 3).contains(&row) && (at..at + 3).contains(&column);
                let noise = ((index * 37 + step * 101 + episode * 7) % 19) as f64 / 40.0;
                if inside { 1.0 } else { noise }
            };
            Some((0..PIXELS).map(pixel).collect())
        })
        .collect()
}

fn run_of(episodes: &[usize]) -> (Workbench, Arc<RunHandle>) {
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let observations = episodes.iter().enumerate().map(|(index, steps)| frames(index, *steps)).collect();
    run_by("policies/residual.onnx", signature, &[3, 8, 8], observations)
}

/// A run of a network of the tests, with an episode of each of these observations.
fn run_by(
    onnx: &str,
    signature: serde_json::Value,
    shape: &'static [usize],
    observations: Vec<Rows>,
) -> (Workbench, Arc<RunHandle>) {
    let run = Arc::new(MemoryRun::with_info(RunInfo { id: RunId::new(), ..RunInfo::default() }));
    let onnx = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata").join(onnx);
    run.checkpoint(0, std::fs::read(onnx).expect("a network"), signature);
    for (index, rows) in observations.into_iter().enumerate() {
        run.episode(index as u64, EpisodeEnd::Open, &[("observation", shape, rows)]);
    }
    let bench = bench_of(&run);
    let handle = bench.run(&run.id().0).expect("the run");
    (bench, handle)
}

fn found(run: &RunHandle, request: &FeaturesRequest) -> Arc<LayerFeatures> {
    run.features(request, &mut |_, _| {}, &Cancel::default()).unwrap_or_else(|error| panic!("{request:?}: {error}"))
}

fn asked(layer: &str, of: &str, factors: usize) -> FeaturesRequest {
    FeaturesRequest { layer: layer.to_owned(), of: of.to_owned(), factors, states: 64, ..FeaturesRequest::default() }
}

fn near(found: f32, expected: f32) {
    assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{found}, expected {expected}");
}

#[test]
fn row_u10_maps_and_residual_add_up_to_what_the_layer_holds() {
    let (_bench, run) = run_of(&[STEPS, STEPS]);
    let features = found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 3));
    let [channels, rows, columns] = features.shape[..] else { panic!("{:?}", features.shape) };
    let request = FeatureMapsRequest { episode: 1, range: 5..9, of: None, checkpoint: None };
    let maps = run.feature_maps(&features, &request, &Cancel::default()).expect("maps");
    assert_eq!((maps.first, maps.valid.as_slice(), maps.shape), (5, &[true; 4][..], [3, rows, columns]));
    let held = run.activations(1, &[5, 6, 7, 8], SPATIAL, None, &Cancel::default()).expect("activations");
    let places = rows * columns;
    for step in 0..4 {
        let mut whole = 0.0;
        for place in 0..places {
            let at = |channel: usize| held.values[(step * channels + channel) * places + place];
            let sum: f32 = (0..channels).map(at).sum();
            let told: f32 = (0..3).map(|factor| maps.maps[(step * 3 + factor) * places + place]).sum();
            near(told + maps.residual[step * places + place], sum);
            whole += sum;
        }
        near(maps.totals[step * 3..][..3].iter().sum::<f32>() + maps.residual_total[step], whole);
    }
    assert!(maps.maps.iter().all(|value| *value >= 0.0), "activations have no other side");
    assert!(maps.scale > 0.0);
}

#[test]
fn row_u9_features_of_the_values_attributions_have_both_signs() {
    let (_bench, run) = run_of(&[STEPS]);
    let features = found(&run, &asked(SPATIAL, "value", 4));
    assert_eq!((features.factors.count(), features.states), (4, STEPS));
    assert!(features.factors.relative_error < 1.0);
    near(features.shares.iter().sum::<f64>() as f32, 1.0);
    let request = FeatureMapsRequest { episode: 0, range: 0..64, of: None, checkpoint: None };
    let maps = run.feature_maps(&features, &request, &Cancel::default()).expect("maps");
    assert_eq!(maps.valid.len(), STEPS);
    assert!(maps.maps.iter().any(|value| *value > 0.0) && maps.maps.iter().any(|value| *value < 0.0));
    // The same attributions, asked for as an explanation.
    let mut asked = ethogram_query::ExplanationRequest {
        method: "integrated_gradients".to_owned(),
        target: "value".to_owned(),
        wrt: Some(SPATIAL.to_owned()),
        range: 0..STEPS as u64,
        ..Default::default()
    };
    asked.params.insert("steps".to_owned(), "10".into());
    asked.params.insert("rule".to_owned(), "riemann_right".into());
    let explained = run.explanation(&asked, &Cancel::default()).expect("explained");
    let width: usize = explained.shape.iter().product();
    for step in 0..STEPS {
        let whole: f32 = explained.values[step * width..][..width].iter().sum();
        near(maps.totals[step * 4..][..4].iter().sum::<f32>() + maps.residual_total[step], whole);
    }
    // Other targets are told in the same features.
    let other = FeatureMapsRequest { of: Some("0".to_owned()), ..request };
    let other = run.feature_maps(&features, &other, &Cancel::default()).expect("maps");
    assert_ne!(other.maps, maps.maps);
}

#[test]
fn row_u12_examples_are_seen_no_more_often_than_so_that_many_states_are() {
    let (_bench, run) = run_of(&[STEPS, STEPS]);
    let features = found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 3));
    let (rows, columns) = features.grid();
    assert_eq!(features.states, 64);
    let most = (rows as f64 * columns as f64 / (64.0 * 0.1)).ceil() as usize;
    for shown in &features.shown {
        assert_eq!(shown.examples.len(), rows * columns);
        let seen: Vec<(u64, u64)> = shown.examples.iter().flatten().map(|seen| (seen.episode, seen.step)).collect();
        assert!(seen.iter().all(|one| seen.iter().filter(|other| *other == one).count() <= most), "{seen:?}");
        for (cell, seen) in shown.examples.iter().enumerate().filter_map(|(cell, seen)| Some((cell, (*seen)?))) {
            assert_eq!((seen.row, seen.column), (cell / columns, cell % columns));
            assert!(seen.strength > 0.0 && seen.step < STEPS as u64 && seen.episode < 2);
        }
    }
}

#[test]
fn row_u13_thumbnails_lie_as_their_places_do() {
    let (_bench, run) = run_of(&[STEPS, STEPS]);
    for shown in &found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 3)).shown {
        assert!(shown.thumbnails.len() <= 16);
        for row in shown.thumbnails.chunks(4) {
            assert!(row.is_sorted_by_key(|seen| seen.column), "{row:?}");
        }
    }
}

/// U-5: what nobody names is the last bottleneck and the value's share in it; where the value does not go through it, or is not given, the
/// layer's own numbers.
#[test]
fn row_u5_features_begin_where_there_is_something_to_see() {
    let (_bench, shared) = run_of(&[2]);
    assert_eq!(shared.usual_features(0, None).expect("a layer"), (SPATIAL.to_owned(), "value".to_owned()));
    assert_eq!(shared.usual_features(0, Some(FLAT)).expect("the layer"), (FLAT.to_owned(), "value".to_owned()));

    let input = json!({"obs": {"role": "observation", "field": "observation"}});
    let both = json!({"logits": {"role": "logits"}, "value": {"role": "value"}});
    let rows =
        |width: usize| (0..8).map(|step| Some((0..width).map(|i| ((step * 7 + i) as f64).sin()).collect())).collect();
    for (onnx, outputs, shape) in [
        ("models/cartpole-ppo.onnx", both, &[4][..]),
        ("models/lunarlander-dqn-legacy.onnx", json!({"q_values": {"role": "q_values"}}), &[8][..]),
    ] {
        let signature = json!({"inputs": input, "outputs": outputs});
        let (_bench, run) = run_by(onnx, signature, shape, vec![rows(shape[0])]);
        let (layer, of) = run.usual_features(0, None).expect("a layer");
        assert_eq!(of, OF_ACTIVATIONS, "{onnx}");
        let features = found(&run, &asked(&layer, &of, 2));
        assert!(features.shares.iter().sum::<f64>() > 0.99, "{onnx}: {:?}", features.shares);
    }
}

#[test]
fn the_same_question_has_the_same_answer_and_is_kept() {
    let request = asked(SPATIAL, "value", 3);
    let (_bench, run) = run_of(&[STEPS]);
    let first = found(&run, &request);
    assert!(Arc::ptr_eq(&first, &found(&run, &request)));
    assert!(run.features_known(&first.id).is_some());
    assert!(run.features_known("0").is_none());
    let (_other_bench, other) = run_of(&[STEPS]);
    let again = found(&other, &request);
    assert_eq!(first.factors.directions(), again.factors.directions(), "bit for bit");
    assert_ne!(first.id, again.id, "another run");
}

#[test]
fn layers_without_places_have_states_for_thumbnails() {
    let (_bench, run) = run_of(&[STEPS]);
    let features = found(&run, &asked(FLAT, OF_ACTIVATIONS, 3));
    assert_eq!((features.grid(), features.shape.len()), ((1, 1), 1));
    for shown in &features.shown {
        assert!(shown.examples.is_empty());
        assert!(shown.thumbnails.is_sorted_by(|a, b| a.strength >= b.strength));
    }
    let maps = FeatureMapsRequest { episode: 0, range: 0..3, of: None, checkpoint: None };
    let maps = run.feature_maps(&features, &maps, &Cancel::default()).expect("maps");
    assert_eq!(maps.shape, [3, 1, 1]);
}

#[test]
fn what_cannot_be_done_is_said() {
    let (_bench, run) = run_of(&[STEPS]);
    let ask = |request: &FeaturesRequest| {
        run.features(request, &mut |_, _| {}, &Cancel::default()).expect_err("refused").to_string()
    };
    assert!(ask(&asked("nowhere", OF_ACTIVATIONS, 3)).contains("nowhere"));
    assert!(ask(&asked(SPATIAL, "sideways", 3)).contains("sideways"));
    assert!(ask(&asked(SPATIAL, OF_ACTIVATIONS, 0)).contains("1 to 64"));
    let many = FeaturesRequest { states: FEATURE_STATES_MAX + 1, ..asked(SPATIAL, OF_ACTIVATIONS, 3) };
    assert!(ask(&many).contains("FEATURE_STATES_MAX"));
    let elsewhere = FeaturesRequest { episodes: Some(vec![7]), ..asked(SPATIAL, OF_ACTIVATIONS, 3) };
    assert!(ask(&elsewhere).contains("no episode 7"));
    let without = ask(&asked(SPATIAL, "action", 3));
    assert!(without.contains("action"), "{without}");
    let most = found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 64));
    assert_eq!(most.factors.count(), most.shape[0]);
    assert!(most.notes[0].starts_with("64 features were asked for"), "{:?}", most.notes);
    let stopped = Cancel::default();
    stopped.cancel();
    assert!(run.features(&asked(SPATIAL, "value", 5), &mut |_, _| {}, &stopped).is_err());

    let (_bench, empty) = run_of(&[]);
    let error = empty.features(&asked(SPATIAL, "value", 3), &mut |_, _| {}, &Cancel::default()).expect_err("refused");
    assert!(matches!(error, Error::NoFeatures { .. }) && error.to_string().contains("eg.record"), "{error}");
}

fn drawn(run: &RunHandle, features: &LayerFeatures, request: &FeatureImagesRequest) -> Arc<FeatureImages> {
    run.feature_images(features, request, &mut |_, _| {}, &Cancel::default())
        .unwrap_or_else(|error| panic!("{request:?}: {error}"))
}

/// How far the layer's channels at a place reach along a feature's direction, at each state of an episode.
fn along(
    run: &RunHandle,
    features: &LayerFeatures,
    episode: u64,
    factor: usize,
    (row, column): (usize, usize),
) -> Vec<f32> {
    let steps: Vec<u64> = (0..STEPS as u64).collect();
    let held = run.activations(episode, &steps, SPATIAL, None, &Cancel::default()).expect("activations");
    let [channels, rows, columns] = features.shape[..] else { panic!("{:?}", features.shape) };
    let direction = features.factors.direction(factor);
    let length = direction.iter().map(|value| value * value).sum::<f32>().sqrt();
    let state = |values: &[f32]| {
        let at = |channel: usize| values[(channel * rows + row) * columns + column];
        (0..channels).map(|channel| at(channel) * direction[channel] / length).sum()
    };
    held.values.chunks(channels * rows * columns).map(state).collect()
}

#[test]
fn row_u14_images_excite_features_more_than_any_state_that_was_looked_at() {
    let (_bench, run) = run_of(&[STEPS, STEPS]);
    let features = found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 3));
    let images = drawn(&run, &features, &FeatureImagesRequest::default());
    assert_eq!((images.field.name.as_str(), images.field.shape.as_slice()), ("observation", &[3, 8, 8][..]));
    assert_eq!(images.bounds, "what the episode had, where the observation space says nothing");
    assert!(images.notes[0].contains("need not look like any state"), "{:?}", images.notes);
    assert_eq!(images.images.len(), 3);
    for (factor, image) in images.images.iter().enumerate() {
        assert_eq!((image.factor, image.values.len()), (factor, PIXELS));
        assert!(image.values.iter().all(|value| (0.0..=1.0).contains(value)), "within what was seen");
        assert!(image.curve.windows(2).all(|pair| pair[0] <= pair[1]));
        near(image.excitation, image.curve[image.curve.len() - 1]);
        // The same number of every state: the image has more than the best, which is the one that is told.
        let place = image.place.expect("one place");
        let states: Vec<(u64, u64, f32)> = [0, 1]
            .into_iter()
            .flat_map(|episode| {
                let own = along(&run, &features, episode, factor, place);
                own.into_iter().enumerate().map(move |(step, value)| (episode, step as u64, value)).collect::<Vec<_>>()
            })
            .collect();
        // 64 of 80 states were looked at.
        let told = image.strongest;
        let own = states.iter().find(|state| (state.0, state.1) == (told.episode, told.step)).expect("a state");
        near(told.strength, own.2);
        assert!(states.iter().filter(|state| state.2 > told.strength + 1e-4).count() <= 16);
        assert!(image.excitation > told.strength, "{}, a state {}", image.excitation, told.strength);
    }
    let [pixels, width] = [images.pixels(0).expect("pictures").0.len(), images.pixels(0).expect("pictures").1];
    assert_eq!((pixels, width), (3 * 64, 8), "three planes are colours");
    // Asked again it is what is kept; another seed is another image.
    assert!(Arc::ptr_eq(&images, &drawn(&run, &features, &FeatureImagesRequest::default())));
    let other = drawn(&run, &features, &FeatureImagesRequest { seed: 1, ..FeatureImagesRequest::default() });
    assert_ne!(other.images[0].values, images.images[0].values);
}

#[test]
fn row_u14_a_feature_is_drawn_in_the_middle_everywhere_at_a_place_or_at_each() {
    let (_bench, run) = run_of(&[STEPS]);
    let features = found(&run, &asked(SPATIAL, OF_ACTIVATIONS, 2));
    let (rows, columns) = features.grid();
    let few = |place, factors| FeatureImagesRequest { place, factors: Some(factors), steps: 15, seed: 3 };
    let each = drawn(&run, &features, &few(ImagePlace::Each, vec![1]));
    assert_eq!(each.images.len(), rows * columns);
    assert_eq!(each.images[columns].place, Some((1, 0)));
    let everywhere = drawn(&run, &features, &few(ImagePlace::Everywhere, vec![0, 1]));
    assert_eq!(everywhere.images.iter().map(|image| image.place).collect::<Vec<_>>(), [None, None]);
    let mean: f32 = {
        let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let step = everywhere.images[1].strongest.step as usize;
        all.map(|place| along(&run, &features, 0, 1, place)[step]).sum::<f32>() / (rows * columns) as f32
    };
    near(everywhere.images[1].strongest.strength, mean);
    let one = drawn(&run, &features, &few(ImagePlace::At(0, 1), vec![0]));
    assert_eq!(one.images[0].place, Some((0, 1)));
    assert!(one.images.iter().chain(&everywhere.images).all(|image| image.excitation > image.curve[0]));

    // A feature's image is the same whatever is in the list beside it.
    let alone = drawn(&run, &features, &few(ImagePlace::Everywhere, vec![1]));
    assert_eq!(alone.images[0], everywhere.images[1]);
    assert_eq!(each.images[1].place, Some((0, 1)));
    let of_each = drawn(&run, &features, &few(ImagePlace::At(0, 1), vec![1]));
    assert_eq!(of_each.images[0], each.images[1]);

    let refused = |request: FeatureImagesRequest| {
        run.feature_images(&features, &request, &mut |_, _| {}, &Cancel::default()).expect_err("refused").to_string()
    };
    let usual = FeatureImagesRequest::default;
    for (request, text) in [
        (few(ImagePlace::At(rows, 0), vec![0]), "a row below"),
        (few(ImagePlace::Centre, vec![2]), "0 to 1"),
        (few(ImagePlace::Centre, vec![]), "none"),
        (few(ImagePlace::Centre, vec![0; 65]), "FEATURE_IMAGES_MAX"),
        (FeatureImagesRequest { steps: 2_001, ..usual() }, "ASCENT_STEPS_MAX"),
        (FeatureImagesRequest { steps: 0, ..usual() }, "1 to 2000"),
    ] {
        let error = refused(request);
        assert!(error.contains(text), "{error}");
    }
    let stopped = Cancel::default();
    stopped.cancel();
    assert!(
        run.feature_images(&features, &FeatureImagesRequest { seed: 9, ..usual() }, &mut |_, _| {}, &stopped).is_err()
    );
}
