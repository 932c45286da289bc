//! Maps of states: from logged steps to points that lie where they should, and what bad data comes to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ethogram_analysis::{Neighbors, Points, trustworthiness};
use ethogram_query::{
    Cancel, MAP_METHODS, MapLayout, MapNews, MapRequest, MapSource, MapSteer, Metric, Result, StateMap, Workbench,
};
use ethogram_store::{Dtype, EnvSpec, EpisodeEnd, RunInfo, Space};
use proptest::prelude::*;
use serde_json::json;

use crate::memory::{MemoryRun, Rows, bench_of, numbers};

/// Observations of a landing, 8 numbers a step, of somebody else's agent; `ethogram_analysis/testdata/make_maps.py` cut them.
fn landing() -> Vec<f32> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_analysis/testdata/lunarlander-dqn-seed000-obs.f32");
    let bytes = std::fs::read(path).expect("observations");
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The agent's network.
fn lander() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/sources/models/lunarlander-dqn.onnx");
    std::fs::read(path).expect("a network")
}

fn rows(values: &[f32], width: usize) -> Rows {
    values.chunks(width).map(|row| Some(row.iter().map(|value| f64::from(*value)).collect())).collect()
}

fn env() -> EnvSpec {
    EnvSpec {
        id: "LunarLander-v3".into(),
        action_space: Some(Space::Discrete { n: 4, start: 0, dtype: Dtype::Int64 }),
        action_meanings: ["nothing", "left", "main", "right"].map(String::from).to_vec(),
        observation_names: ["x", "y", "vx", "vy", "angle", "spin", "left leg", "right leg"].map(String::from).to_vec(),
        ..EnvSpec::default()
    }
}

/// The landing as two episodes of 400 and 300 steps, with a reward and an action each.
struct Landed {
    bench: Workbench,
    run: Arc<MemoryRun>,
}

fn landed() -> Landed {
    let run = Arc::new(MemoryRun::with_info(RunInfo { name: "lander".into(), env: Some(env()), ..RunInfo::default() }));
    let seen = landing();
    for (episode, range) in [(0, 0..400), (3, 400..700)] {
        let observations = rows(&seen[range.start * 8..range.end * 8], 8);
        let steps = observations.len();
        let actions: Vec<f64> = (0..steps).map(|step| (step % 4) as f64).collect();
        let logits = (0..steps).map(|step| Some(vec![step as f64 / 100.0, 0.0, 0.0, 0.0])).collect();
        run.episode(
            episode,
            EpisodeEnd::Terminated,
            &[
                ("observation", &[8], observations),
                ("action", &[], numbers(&actions)),
                ("reward", &[], numbers(&vec![1.0; steps - 1])),
                ("logits", &[4], logits),
            ],
        );
    }
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"q_values": {"role": "q_values"}},
    });
    run.checkpoint(0, lander(), signature);
    Landed { bench: bench_of(&run), run }
}

impl Landed {
    fn request(&self, change: impl FnOnce(&mut MapRequest)) -> MapRequest {
        let mut request = MapRequest { sources: vec![MapSource::run(&self.run.id())], ..MapRequest::default() };
        change(&mut request);
        request
    }

    fn map(&self, change: impl FnOnce(&mut MapRequest)) -> Arc<StateMap> {
        self.try_map(change).expect("a map")
    }

    fn try_map(&self, change: impl FnOnce(&mut MapRequest)) -> Result<Arc<StateMap>> {
        let plan = self.bench.plan_map(&self.request(change))?;
        self.bench.read_map(plan, &Cancel::default(), &mut |_| true)
    }

    fn error(&self, change: impl FnOnce(&mut MapRequest)) -> String {
        self.try_map(change).err().expect("no map").to_string()
    }
}

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The last layout, and all that were told.
fn laid_out(map: &StateMap) -> (Arc<MapLayout>, Vec<Arc<MapLayout>>) {
    let told = Mutex::new(Vec::new());
    let last = map
        .lay_out(&|news| {
            if let MapNews::Layout(layout) = news {
                told.lock().expect("not poisoned").push(Arc::clone(layout));
            }
            true
        })
        .expect("a layout");
    (last, told.into_inner().expect("not poisoned"))
}

/// D-13: a map of real states by each method: first their principal components, at once, and at the end neighbours that can be trusted.
#[test]
fn row_d13_real_states_are_laid_out_by_every_method() {
    let landed = landed();
    for method in MAP_METHODS {
        for dims in [2, 3] {
            let map = landed.map(|request| {
                request.method = method.name.into();
                request.dims = dims;
            });
            assert_eq!((map.steps(), map.places().len(), map.width()), (700, 700, 8));
            let (last, told) = laid_out(&map);
            assert_eq!((told[0].method, told[0].variance_ratio.len()), ("pca", dims));
            assert!(last.done && last.method == method.name && last.round == last.rounds, "{last:?}");
            assert_eq!(last.positions.len(), 700 * dims);
            assert!(told.iter().all(|layout| layout.positions.iter().all(|value| value.is_finite())));
            let points = Points::new(map.values(), 8).expect("points");
            let trust =
                trustworthiness(points, Points::new(&last.positions, dims).expect("places"), 10).expect("a measure");
            let least = if method.name == "pca" { 0.8 } else { 0.97 };
            assert!(trust > least, "{} in {dims}: {trust}", method.name);
            assert_eq!(*map.layout().expect("kept"), *last);
        }
    }
}

/// the nearest points are those of a plain search, by both distances, and duplicates are among them.
#[test]
fn row_a13_neighbors_are_exact_in_the_original_space() {
    let landed = landed();
    let map = landed.map(|_| {});
    let values = map.values();
    let row = |at: usize| &values[at * 8..][..8];
    for (metric, point) in [(Metric::Euclidean, 17), (Metric::Cosine, 650)] {
        let apart = |other: usize| -> f64 {
            let pairs = || row(point).iter().zip(row(other)).map(|(a, b)| (f64::from(*a), f64::from(*b)));
            let sum = |of: fn((f64, f64)) -> f64| pairs().map(of).sum::<f64>();
            match metric {
                Metric::Euclidean => sum(|(a, b)| (a - b) * (a - b)).sqrt(),
                Metric::Cosine => 1.0 - sum(|(a, b)| a * b) / (sum(|(a, _)| a * a) * sum(|(_, b)| b * b)).sqrt(),
            }
        };
        let mut plain: Vec<usize> = (0..700).filter(|&other| other != point).collect();
        plain.sort_by(|a, b| apart(*a).total_cmp(&apart(*b)).then(a.cmp(b)));
        let found = map.neighbors(point, 15, metric).expect("neighbours");
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), plain[..15]);
        assert!(found.iter().all(|(at, distance)| (distance - apart(*at).max(0.0)).abs() < 1e-9));
    }
    assert_eq!(map.neighbors(0, 1_000, Metric::Euclidean).expect("all others").len(), 699);
    assert!(map.neighbors(700, 3, Metric::Euclidean).is_err());
}

/// own axes are lines between the means of two sets of points.
#[test]
fn row_a13_points_lie_along_a_line_between_two_sets() {
    let landed = small(2, &[(0, rows(&[0.0, 0.0, 0.0, 2.0, 4.0, 0.0, 4.0, 2.0, 2.0, 7.0], 2))]);
    let map = landed.map(|request| request.method = "pca".to_owned());
    let along = map.along(&[0, 1], &[2, 3]).expect("a line");
    assert_eq!(along, [0.0, 0.0, 1.0, 1.0, 0.5]);
    let refused = |from: &[usize], to: &[usize]| map.along(from, to).expect_err("refused").to_string();
    assert!(refused(&[], &[1]).contains("\"from\""));
    assert!(refused(&[0], &[9]).contains("below 5"));
    assert!(refused(&[0, 3], &[1, 2]).contains("another than"));
}

/// activations of any layer are those that the network has at the step, in whatever batches they were computed.
#[test]
fn row_a12_activations_of_a_layer_are_those_of_the_network() {
    let landed = landed();
    let choices = landed.bench.map_choices(&[MapSource::run(&landed.run.id())]).expect("choices");
    let layers: Vec<_> = choices.of.iter().filter(|of| of.origin == "network").collect();
    assert!(layers.len() >= 3, "{layers:?}");
    let last = layers.iter().find(|layer| layer.doc.contains("recommended")).expect("one is recommended");
    let map = landed.map(|request| {
        request.of.clone_from(&last.name);
        request.points = 300;
    });
    assert_eq!((map.width(), map.places().len(), map.steps()), (last.width, 300, 700));
    let model = ethogram_model::Model::from_bytes(&lander(), &ethogram_model::Limits::default()).expect("a network");
    let layer = last.name.strip_prefix("layer/").expect("a layer");
    let forward = ethogram_model::Forward::of(Arc::new(model), vec![layer.to_owned()]);
    let seen = landing();
    for (at, place) in map.places().iter().enumerate().step_by(29) {
        let row = if place.episode == 3 { 400 + place.step } else { place.step } as usize;
        let input = ethogram_model::Tensor::f32(&[1, 8], seen[row * 8..][..8].to_vec()).expect("a row");
        let name = forward.model().inputs()[0].name.clone();
        let found = forward.run(&BTreeMap::from([(name, input)]), &Cancel::default()).expect("activations");
        let expected = found[0].1.as_f32().expect("floats");
        let close = map.values()[at * last.width..][..last.width].iter().zip(expected);
        assert!(close.into_iter().all(|(a, b)| (a - b).abs() <= 1e-4 * b.abs().max(1.0)), "at {place:?}");
    }
    let outputs = landed.map(|request| request.of = "layer/q_values".into());
    assert_eq!(outputs.width(), 4, "outputs are layers too");
}

/// the action takes part in the layout of real states; how near points lie to those of their own action says so, and so does the map.
#[test]
fn row_a12_supervised_states_lie_by_their_labels() {
    let landed = landed();
    let alike = |supervised_by: Option<&str>, weight: &str| {
        let map = landed.map(|request| {
            request.method = "umap".to_owned();
            request.supervised_by = supervised_by.map(str::to_owned);
            request.settings = settings(&[("label_weight", weight), ("rounds", "200")]);
        });
        assert_eq!(map.supervised_by(), supervised_by);
        let said = map.notes().iter().any(|note| note.contains("labels took part: near points of one of 4 values"));
        assert_eq!(said, supervised_by.is_some(), "{:?}", map.notes());
        let (layout, _) = laid_out(&map);
        let actions = landed.bench.map_field(&map, "action").expect("actions").values;
        let shown = Neighbors::exact(Points::new(&layout.positions, 2).expect("places"), 10, Metric::Euclidean);
        let shown = shown.expect("neighbours");
        let same = |row: usize| shown.of(row).filter(|(other, _)| actions[*other] == actions[row]).count();
        (0..actions.len()).map(same).sum::<usize>() as f64 / (10 * actions.len()) as f64
    };
    let (plain, supervised) = (alike(None, "0.5"), alike(Some("action"), "0.5"));
    assert!(plain < 0.4 && supervised > 0.7, "{plain} without labels, {supervised} with them");
    let error = |method: &str, field: &str| {
        landed.error(|request| (request.method, request.supervised_by) = (method.to_owned(), Some(field.to_owned())))
    };
    assert!(error("tsne", "action").contains("the method umap, the only one that takes labels"));
    assert!(error("umap", "mood").contains("no field \"mood\""), "{}", error("umap", "mood"));
    assert!(
        error("umap", "observation").contains("observation[argmax]")
            || error("umap", "observation").contains("[argmax] is one")
    );
    assert!(error("umap", "observation[0]").contains("MAP_LABELS_MAX"), "{}", error("umap", "observation[0]"));
}

/// a layout that is held does not move, one that is shaken does, and goes on to its end.
#[test]
fn row_a12_a_layout_is_held_shaken_and_let_go() {
    let landed = landed();
    let map = landed.map(|request| {
        request.method = "tsne".into();
        request.settings = settings(&[("rounds", "300")]);
    });
    assert!(map.steer(MapSteer::default()).is_err(), "it does not move yet");
    let (waited, held) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let last = map
        .lay_out(&|news| {
            match news {
                MapNews::Layout(layout) if layout.method == "tsne" && !layout.done => {
                    held.lock().expect("not poisoned").push(Arc::clone(layout));
                    let pause = (waited.load(Ordering::Relaxed) == 0).then_some(true);
                    map.steer(MapSteer { pause, ..MapSteer::default() }).expect("it moves");
                }
                MapNews::Waiting => match waited.fetch_add(1, Ordering::Relaxed) {
                    2 => drop(map.steer(MapSteer { perturb: Some(0.5), seed: 1, pause: None }).expect("shaken")),
                    4 => assert!(!map.steer(MapSteer { pause: Some(false), ..MapSteer::default() }).expect("let go")),
                    _ => {}
                },
                _ => {}
            }
            true
        })
        .expect("a layout");
    let held = held.into_inner().expect("not poisoned");
    assert_eq!((held[0].round, held[1].round), (0, 0), "held from the first layout on, then shaken");
    assert_ne!(held[0].positions, held[1].positions);
    assert!(last.done && last.round == 550);
    assert!(map.steer(MapSteer::default()).expect_err("it is done").to_string().contains("does not move"));
    let wild = MapSteer { perturb: Some(f32::NAN), ..MapSteer::default() };
    assert!(map.steer(wild).is_err());
}

/// whoever does not want it any more stops it, while steps are read, neighbours are sought, or points move.
#[test]
fn row_a12_work_that_nobody_wants_stops() {
    let landed = landed();
    let plan = landed.bench.plan_map(&landed.request(|_| {})).expect("a plan");
    let stopped = landed.bench.read_map(plan, &Cancel::default(), &mut |_| false);
    assert_eq!(stopped.err().expect("stopped").to_string(), "the work was stopped before its end");
    for kind in ["neighbours", "moving"] {
        let map = landed.map(|request| request.method = "umap".into());
        let told = AtomicUsize::new(0);
        let found = map.lay_out(&|news| {
            told.fetch_add(1, Ordering::Relaxed);
            match news {
                MapNews::Progress { .. } => kind != "neighbours",
                MapNews::Layout(layout) => kind != "moving" || layout.method == "pca",
                MapNews::Waiting => true,
            }
        });
        assert!(found.is_err() && told.into_inner() < 20, "{kind}");
        assert!(map.layout().is_some(), "what was found stays");
    }
}

#[test]
fn the_same_request_has_the_same_layout() {
    let landed = landed();
    for method in ["pca", "umap", "tsne"] {
        let once = || {
            let map = landed.map(|request| {
                request.method = method.into();
                request.points = 200;
            });
            laid_out(&map).0.positions.clone()
        };
        assert_eq!(once(), once(), "{method}");
    }
}

/// D-13: layouts that are aligned begin where the earlier one ended, and points stay near.
#[test]
fn row_d13_an_aligned_layout_begins_where_the_earlier_one_lay() {
    let landed = landed();
    for method in ["umap", "tsne"] {
        let first = landed.map(|request| {
            request.method = method.into();
            request.points = 350;
        });
        let (before, _) = laid_out(&first);
        let next = landed.map(|request| {
            request.method = method.into();
            request.align_to = Some(first.id().into());
        });
        let (last, told) = laid_out(&next);
        assert_eq!(told[0].method, method, "no principal components in between");
        let place = |layout: &MapLayout, at: usize| [layout.positions[at * 2], layout.positions[at * 2 + 1]];
        let shared: Vec<(usize, usize)> = first
            .places()
            .iter()
            .enumerate()
            .map(|(at, place)| (at, next.places().binary_search(place).expect("all steps are there")))
            .collect();
        assert_eq!(shared.len(), 350);
        assert!(
            shared.iter().all(|&(a, b)| place(&before, a).map(f32::to_bits) == place(&told[0], b).map(f32::to_bits)),
            "they begin where they lay"
        );
        let distance = |a: [f32; 2], b: [f32; 2]| f64::from((a[0] - b[0]).hypot(a[1] - b[1]));
        let width = shared.iter().map(|&(a, _)| distance(place(&before, a), place(&before, 0))).fold(0.0, f64::max);
        let moved = shared.iter().map(|&(a, b)| distance(place(&before, a), place(&last, b))).sum::<f64>() / 350.0;
        assert!(moved < 0.35 * width, "{method}: {moved} of {width}");
    }
    let flat = landed.map(|_| {});
    assert!(landed.error(|request| request.align_to = Some("gone".into())).contains("not kept any more"));
    let three = |request: &mut MapRequest| (request.dims, request.align_to) = (3, Some(flat.id().into()));
    assert!(landed.error(three).contains("a map of 3 dimensions, found 2"));
}

/// D-14, N-11: points are coloured by any field, logged or derived, by an element or by what is made of all.
#[test]
fn row_d14_points_are_coloured_by_any_field() {
    let landed = landed();
    let map = landed.map(|request| request.points = 70);
    let field = |name: &str| landed.bench.map_field(&map, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let steps: Vec<u64> = map.places().iter().map(|place| place.step).collect();
    let numbers = |name: &str| -> Vec<f64> { field(name).values.into_iter().map(|v| v.expect("there")).collect() };
    assert_eq!(numbers("step"), steps.iter().map(|step| *step as f64).collect::<Vec<_>>());
    assert_eq!((numbers("episode")[0], numbers("episode")[69]), (0.0, 3.0));
    assert_eq!((numbers("time")[0], numbers("run")[0]), (0.0, 0.0));
    assert_eq!(field("run").names, Some(vec!["lander".to_owned()]));
    let action = field("action");
    assert_eq!(action.names.as_deref().map(|names| names[1].as_str()), Some("left"));
    assert_eq!(action.values[3], Some((steps[3] % 4) as f64));
    let seen = landing();
    assert_eq!(field("observation[1]").values[5], Some(f64::from(seen[steps[5] as usize * 8 + 1])));
    assert_eq!(field("logits[max]").values[5], Some(steps[5] as f64 / 100.0));
    assert_eq!(field("logits[argmax]").names.expect("names")[2], "main");
    // 1 − H / ln 4 of softmax(z, 0, 0, 0).
    let z = (steps[9] as f64 / 100.0).exp();
    let p = [z / (z + 3.0), 1.0 / (z + 3.0), 1.0 / (z + 3.0), 1.0 / (z + 3.0)];
    let entropy: f64 = p.iter().map(|p| -p * p.ln()).sum();
    assert!((numbers("confidence")[9] - (1.0 - entropy / 4.0_f64.ln())).abs() < 1e-6);
    let scaled = numbers("confidence[min_max]");
    assert!(scaled.contains(&0.0) && scaled.contains(&1.0));
    assert!((numbers("return_to_go")[0] - 86.6).abs() < 20.0, "derived over the whole episode");
    let error = |name: &str| landed.bench.map_field(&map, name).expect_err("no such number").to_string();
    assert!(error("observation").contains("8 numbers") && error("observation[8]").contains("an element below 8"));
    assert!(error("regret").contains("no field \"regret\"") && error("value[max]").contains("value"));
    assert!(error("logits[most]").contains("max, min, mean, sum, norm or argmax"));
}

#[test]
fn a_step_without_the_field_is_missing_and_not_zero() {
    let landed = landed();
    let map = landed.map(|_| {});
    let reward = landed.bench.map_field(&map, "reward").expect("a field");
    assert_eq!((reward.values[398], reward.values[399], reward.values[699]), (Some(1.0), None, None));
}

/// N-12: elements of the state go by the names that the environment gives them.
#[test]
fn row_n12_elements_of_the_state_have_names() {
    let landed = landed();
    let choices = landed.bench.map_choices(&[MapSource::run(&landed.run.id())]).expect("choices");
    assert_eq!((choices.steps, choices.episodes, choices.of[0].name.as_str()), (700, 2, "observation"));
    let colour = |name: &str| choices.colours.iter().find(|colour| colour.name == name).expect("there");
    assert_eq!((colour("observation[4]").label.as_str(), colour("logits[2]").label.as_str()), ("angle", "main"));
    assert!(colour("action").is_choice && colour("logits[argmax]").is_choice && !colour("reward").is_choice);
    assert!(
        ["run", "episode", "step", "time", "global_step", "confidence"]
            .iter()
            .all(|name| !colour(name).name.is_empty())
    );
    for colour in &choices.colours {
        let map = landed.map(|request| request.points = 20);
        landed.bench.map_field(&map, &colour.name).unwrap_or_else(|error| panic!("{}: {error}", colour.name));
    }
}

fn small(width: usize, episodes: &[(u64, Rows)]) -> Landed {
    let run = Arc::new(MemoryRun::new("small"));
    for (episode, rows) in episodes {
        run.episode(*episode, EpisodeEnd::Terminated, &[("observation", &[width], rows.clone())]);
    }
    Landed { bench: bench_of(&run), run }
}

/// NaN, gaps, constant columns and duplicates are seen to, and told.
#[test]
fn row_a12_bad_rows_are_left_out_and_counted() {
    let row = |a: f64, b: f64| Some(vec![a, 7.0, b]);
    let rows = vec![
        row(1.0, 2.0),
        None,
        row(f64::NAN, 2.0),
        row(1.0, 2.0),
        row(3.0, 4.0),
        row(f64::INFINITY, 0.0),
        row(5.0, -1.0),
    ];
    let bad = small(3, &[(0, rows)]);
    for method in ["pca", "umap", "tsne"] {
        let map = bad.map(|request| request.method = method.into());
        assert_eq!(map.places().iter().map(|place| place.step).collect::<Vec<_>>(), [0, 3, 4, 6]);
        let left: Vec<(&str, usize)> = map.left_out().iter().map(|out| (out.why.as_str(), out.count)).collect();
        assert_eq!(left, [("\"observation\" was not logged at the step", 1), ("a number is NaN or infinite", 2)]);
        let notes = map.notes().join("\n");
        assert!(notes.contains("1 of 3 coordinates is the same everywhere"), "{notes}");
        assert!(notes.contains("1 point is the same as an earlier one"), "{notes}");
        match method {
            "umap" => assert!(notes.contains("n_neighbors is 3, not 15"), "{notes}"),
            "tsne" => assert!(notes.contains("3 different points are too few for t-SNE"), "{notes}"),
            _ => {}
        }
        let (last, _) = laid_out(&map);
        assert!(last.done && last.positions.iter().all(|value| value.is_finite()));
        assert_eq!(last.positions[..2], last.positions[2..4], "the same point lies at the same place");
    }
    let four: Rows = (0..10).map(|at| row(f64::from(at), 0.0)).collect();
    let few = small(3, &[(0, four)]);
    let map = few.map(|request| request.method = "tsne".into());
    assert!(map.notes().join("\n").contains("perplexity is 3.0, not 30"), "{:?}", map.notes());
    assert!(laid_out(&map).0.done);
}

#[test]
fn one_point_or_none_is_an_error_that_says_so() {
    let one = small(1, &[(0, vec![Some(vec![1.0]), None])]);
    assert_eq!(
        one.error(|_| {}),
        "there is nothing to map: 1 point is no map, at least 2 are needed; left out: 1 where \"observation\" was not logged at the step"
    );
    let none = small(1, &[]);
    assert!(none.error(|_| {}).contains("no steps were recorded"));
    let same = small(2, &[(0, vec![Some(vec![1.0, 2.0]); 5])]);
    let map = same.map(|request| request.method = "umap".into());
    assert_eq!(
        map.notes(),
        ["all points are the same", "4 points are the same as an earlier one and lie at its place"]
    );
    assert!(laid_out(&map).0.positions.iter().all(|value| *value == 0.0));
}

#[test]
fn what_cannot_be_asked_is_named() {
    let landed = landed();
    assert!(landed.error(|request| request.of = "state".into()).contains("no field \"state\""));
    assert!(landed.error(|request| request.of = "layer/conv9".into()).contains("no value named \"conv9\""));
    assert!(landed.error(|request| request.dims = 4).contains("2 or 3"));
    assert!(landed.error(|request| request.points = 1).contains("at least 2"));
    assert!(landed.error(|request| request.points = 2_000_000).contains("MAP_POINTS_MAX"));
    assert!(landed.error(|request| request.sources.clear()).contains("1 to 64 runs"));
    assert!(landed.error(|request| request.method = "isomap".into()).contains("pca, umap, tsne"));
    assert!(landed.error(|request| request.sources[0].episodes = Some(vec![7])).contains("no episode 7"));
    let other = |request: &mut MapRequest| {
        (request.of, request.sources[0].checkpoint) = ("layer/q_values".into(), Some(5));
    };
    assert!(landed.error(other).contains("the global step of a checkpoint: 0, found 5"));
    let none = small(2, &[(0, vec![Some(vec![1.0, 2.0]); 5])]);
    assert!(none.error(|request| request.of = "layer/q_values".into()).contains("the run has no checkpoint"));
    let uneven = small(2, &[(0, vec![Some(vec![1.0, 2.0]); 5])]);
    uneven.run.episode(1, EpisodeEnd::Terminated, &[("observation", &[3], vec![Some(vec![1.0, 2.0, 3.0])])]);
    uneven.bench.refresh();
    let text = uneven.error(|_| {});
    assert!(
        text.contains("2 numbers a step, as in the first episode") && text.contains("3 in episode 1 of small"),
        "{text}"
    );
}

#[test]
fn a_network_that_does_not_fit_the_episode_says_so() {
    let landed = small(3, &[(0, vec![Some(vec![1.0, 2.0, 3.0]); 5])]);
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"q_values": {"role": "q_values"}},
    });
    landed.run.checkpoint(0, lander(), signature);
    landed.bench.refresh();
    let text = landed.error(|request| request.of = "layer/q_values".into());
    assert!(text.contains('8') && text.contains('3'), "{text}");
}

#[test]
fn wide_points_are_reduced_first_and_it_is_said() {
    let mut state = 1_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let rows: Rows =
        (0..300).map(|row| Some((0..260).map(|_| noise() + if row < 150 { 0.0 } else { 3.0 }).collect())).collect();
    let wide = small(260, &[(0, rows)]);
    let map = wide.map(|request| request.method = "umap".into());
    assert!(map.notes().join("\n").contains("260 numbers a point are reduced to 200 principal components"));
    let (last, _) = laid_out(&map);
    let middle = |range: std::ops::Range<usize>| range.clone().map(|at| last.positions[at * 2]).sum::<f32>() / 150.0;
    let apart = (middle(0..150) - middle(150..300)).abs();
    assert!(apart > 1.0 || last.positions.iter().any(|value| value.abs() > 5.0), "{apart}");
    let whole = wide.map(|request| {
        request.method = "umap".into();
        request.settings = settings(&[("components", "0")]);
    });
    assert!(whole.notes().is_empty(), "{:?}", whole.notes());
}

#[test]
fn units_do_not_matter_when_coordinates_are_standardized() {
    let rows = |scale: f64| -> Rows {
        let of = |at: usize| Some(vec![(at * 7 % 11) as f64, (at * 5 % 13) as f64 * scale, 4.0]);
        (0..40).map(of).collect()
    };
    let places = |scale: f64| {
        let run = small(3, &[(0, rows(scale))]);
        let map = run.map(|request| request.settings = settings(&[("standardize", "yes")]));
        laid_out(&map).0.positions.clone()
    };
    let (plain, large) = (places(1.0), places(1_000.0));
    assert!(plain.iter().zip(&large).all(|(a, b)| (a - b).abs() < 1e-4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever rows hold, there is a map of the finite ones or an error that says why not; every step is a point or counted.
    #[test]
    fn every_step_is_a_point_or_counted(
        rows in prop::collection::vec(
            prop::option::weighted(0.9, prop::collection::vec(prop_oneof![
                8 => (-3_i8..3).prop_map(f64::from),
                1 => Just(f64::NAN),
                1 => Just(1e30),
            ], 2)),
            1..24,
        ),
        method in 0_usize..3,
    ) {
        let steps = rows.len();
        let run = small(2, &[(0, rows)]);
        let found = run.try_map(|request| {
            request.method = MAP_METHODS[method].name.into();
            request.settings = if method == 0 { BTreeMap::new() } else { settings(&[("rounds", "5")]) };
        });
        match found {
            Err(error) => prop_assert!(error.to_string().contains("nothing to map"), "{error}"),
            Ok(map) => {
                let out: usize = map.left_out().iter().map(|out| out.count).sum();
                prop_assert_eq!(map.places().len() + out, steps);
                let (last, _) = laid_out(&map);
                prop_assert!(last.done);
                prop_assert_eq!(last.positions.len(), 2 * map.places().len());
                prop_assert!(last.positions.iter().all(|value| value.is_finite()));
            }
        }
    }
}
