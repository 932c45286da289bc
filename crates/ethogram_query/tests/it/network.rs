//! Weights and activations through training, against NumPy: `testdata/make_network.py` made the numbers.

use std::path::Path;
use std::sync::Arc;

use ethogram_query::{
    ArrayHistogramRequest, ArrayPictureRequest, ArraySource, ArrayStripRequest, Cancel, Error, RunHandle, Workbench,
};
use ethogram_store::{Axis, EpisodeEnd, RunId, RunInfo};
use serde_json::{Value, json};

use crate::memory::{MemoryRun, Rows, bench_of};

const LAYER: &str = "/Relu_4_output_0";

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/network")
}

fn golden() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("weights.json")).expect("the numbers")).expect("JSON")
}

/// Three checkpoints, and a step that all of them can be asked about.
fn run() -> (Workbench, Arc<RunHandle>) {
    let run = Arc::new(MemoryRun::with_info(RunInfo { id: RunId::new(), ..RunInfo::default() }));
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let first = "../../../ethogram_model/testdata/policies/residual.onnx";
    for (step, file) in [(0, first), (100, "residual-100.onnx"), (250, "residual-250.onnx")] {
        run.checkpoint(step, std::fs::read(folder().join(file)).expect("a network"), signature.clone());
    }
    let frames: Rows =
        (0..3).map(|step| Some((0..192).map(|at| f64::from((at * 7 + step) % 11) / 11.0).collect())).collect();
    run.episode(0, EpisodeEnd::Open, &[("observation", &[3, 8, 8], frames)]);
    let bench = bench_of(&run);
    let handle = bench.run(&run.id().0).expect("the run");
    (bench, handle)
}

fn weight(name: &str) -> ArraySource {
    ArraySource::Weight(name.to_owned())
}

fn near(found: f64, expected: &Value) {
    let expected = expected.as_f64().expect("a number");
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found}, expected {expected}");
}

fn same(found: &[f32], expected: &Value) {
    let expected = expected.as_array().expect("a list");
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        match expected.as_f64() {
            None => assert!(found.is_nan(), "{at}: {found}, expected nothing"),
            Some(expected) => {
                assert!((f64::from(*found) - expected).abs() < 1e-6, "{at}: {found}, expected {expected}");
            }
        }
    }
}

#[test]
fn row_a17_weights_filters_and_their_variance_are_numpys() {
    let (_bench, run) = run();
    let cancel = Cancel::default();
    let golden = golden();
    let listed = run.network_arrays();
    assert_eq!(listed.checkpoints.len(), 3);
    let weights = golden["weights"].as_array().expect("a list");
    assert_eq!(listed.weights.len(), weights.len());
    for entry in weights {
        let name = entry["name"].as_str().expect("a name");
        let own = listed.weights.iter().find(|known| known.name == name).expect("listed");
        assert_eq!((json!(own.shape), own.title.as_str()), (entry["shape"].clone(), name));
        let ask = |at, window| ArrayPictureRequest { of: weight(name), at, window };
        let newest = run.array_picture(&ask(None, 1), &cancel).expect(name);
        assert_eq!((newest.at, newest.window.as_slice()), (250, &[250][..]));
        let whole = run.array_picture(&ask(Some(300), 3), &cancel).expect(name);
        assert_eq!(whole.window, [0, 100, 250]);
        near(whole.spread.mean, &entry["variance_mean"]);
        near(f64::from(whole.spread.high), &entry["variance_high"]);
        if entry["sheet"].is_array() {
            same(&newest.cells, &entry["sheet"]);
            let two = run.array_picture(&ask(Some(250), 2), &cancel).expect(name);
            same(&two.cells, &entry["variance_of_two"]);
        }
        // The last at or before; before all of them the first. One step has no variance.
        let early = run.array_picture(&ask(Some(99), 5), &cancel).expect(name);
        assert_eq!((early.at, early.window.as_slice(), early.spread.high), (0, &[0][..], 0.0));
        assert_eq!(run.array_picture(&ask(Some(-4), 1), &cancel).expect(name).at, 0);

        let strip = run.array_strip(&ArrayStripRequest { of: weight(name), steps: 64, cells: 1_024 }, &cancel);
        let strip = strip.expect(name);
        assert_eq!((strip.steps.as_slice(), strip.all.as_slice()), (&[0, 100, 250][..], &[0, 100, 250][..]));
        for (at, spread) in strip.spreads.iter().enumerate() {
            near(f64::from(spread.low), &entry["low"][at]);
            near(f64::from(spread.high), &entry["high"][at]);
            near(spread.mean, &entry["mean"][at]);
            near(spread.deviation, &entry["deviation"][at]);
        }
        if let Some(rows) = entry["strip"].as_array() {
            let width = strip.cells.len() / 3;
            strip.cells.chunks(width).zip(rows).for_each(|(found, expected)| same(found, expected));
        }
    }
}

#[test]
fn row_d9_weights_of_checkpoints_are_counted_as_numpy_counts_them() {
    let (_bench, run) = run();
    let cancel = Cancel::default();
    let golden = golden();
    let ask = |name: &str, steps, bins| ArrayHistogramRequest { of: weight(name), steps, bins };
    let mut compared = 0;
    for entry in golden["weights"].as_array().expect("a list").iter().filter(|entry| entry["edges"].is_array()) {
        let name = entry["name"].as_str().expect("a name");
        let edges = entry["edges"].as_array().expect("edges");
        let found = run.array_histograms(&ask(name, 64, edges.len() - 1), &cancel).expect(name);
        assert_eq!((found.edges.len(), found.logged, found.left_out), (edges.len(), 3, 0));
        found.edges.iter().zip(edges).for_each(|(found, expected)| near(*found, expected));
        for (row, expected) in found.rows.iter().zip(entry["histograms"].as_array().expect("counts")) {
            let counts: Vec<u64> = row.counts.bins.iter().map(|count| *count as u64).collect();
            assert_eq!(json!(counts), *expected, "{name} at {}", row.step);
            assert_eq!((row.counts.below, row.counts.above, row.counts.not_finite), (0.0, 0.0, 0.0));
        }
        let steps: Vec<i64> = found.rows.iter().map(|row| row.step).collect();
        assert_eq!(steps, [0, 100, 250]);
        near(found.rows[1].min, &entry["low"][1]);
        near(found.rows[1].max, &entry["high"][1]);
        compared += 1;
    }
    assert!(compared > 3, "{compared} weights");
    for (found, text) in [
        (run.array_histograms(&ask("nothing", 64, 64), &cancel), "GET …/network"),
        (run.array_histograms(&ask("body.weight", 65, 64), &cancel), "STRIP_STEPS_MAX"),
        (run.array_histograms(&ask("body.weight", 64, 0), &cancel), "bins"),
        (run.array_histograms(&ask("body.weight", 64, 1 << 20), &cancel), "4096"),
    ] {
        let error = found.expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn row_a17_a_layer_is_seen_at_one_step_by_the_networks_of_a_training() {
    let (_bench, run) = run();
    let cancel = Cancel::default();
    let of = ArraySource::Activation { layer: LAYER.to_owned(), episode: 0, step: 2 };
    let mut seen = Vec::new();
    for at in [0, 100, 250] {
        let found =
            run.array_picture(&ArrayPictureRequest { of: of.clone(), at: Some(at), window: 1 }, &cancel).expect("seen");
        let held = run.activations(0, &[2], LAYER, Some(at), &cancel).expect("activations");
        assert_eq!(found.shape, held.shape);
        let [rows, columns] = found.sheet.cells();
        assert_eq!(found.cells.len(), rows * columns);
        let shown = found.cells.iter().filter(|cell| !cell.is_nan()).map(|cell| f64::from(*cell)).sum::<f64>();
        let whole = held.values.iter().map(|value| f64::from(*value)).sum::<f64>();
        assert!((shown - whole).abs() < 1e-4 * whole.abs().max(1.0), "{shown}, expected {whole}");
        seen.push(found.cells);
    }
    assert_ne!(format!("{:?}", seen[0]), format!("{:?}", seen[2]), "other networks see otherwise");
}

#[test]
fn row_a17_long_strips_share_cells_and_what_is_not_there_is_named() {
    let (_bench, run) = run();
    let cancel = Cancel::default();
    let strip = |of: ArraySource, steps, cells| run.array_strip(&ArrayStripRequest { of, steps, cells }, &cancel);
    let coarse = strip(weight("body.weight"), 2, 100).expect("a strip");
    assert_eq!((coarse.steps.as_slice(), coarse.per_cell, coarse.cells.len()), (&[0, 250][..], 8, 2 * 96));
    for (found, text) in [
        (strip(weight("nothing"), 64, 64).map(drop), "GET …/network"),
        (strip(weight("body.weight"), 65, 64).map(drop), "STRIP_STEPS_MAX"),
        (strip(weight("body.weight"), 64, 1_025).map(drop), "STRIP_CELLS_MAX"),
        (strip(weight("body.weight"), 0, 64).map(drop), "1 to 64"),
        (strip(ArraySource::Tensor(Axis::GlobalStep, "grad".to_owned()), 64, 64).map(drop), "grad"),
        (
            run.array_picture(&ArrayPictureRequest { of: weight("body.bias"), at: None, window: 33 }, &cancel)
                .map(drop),
            "WINDOW_MAX",
        ),
    ] {
        let error = found.expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
    }
    cancel.cancel();
    let stopped = strip(weight("body.weight"), 64, 64);
    assert!(matches!(stopped, Err(Error::Model(_))), "{stopped:?}");
}

#[test]
fn arrays_are_named_as_people_write_them() {
    for text in
        ["weight/a/b.weight", "tensor/global_step/grad/a", "tensor/episode/x", "activation/3/14//Relu_4_output_0"]
    {
        assert_eq!(text.parse::<ArraySource>().expect(text).to_string(), text);
    }
    for text in ["", "weight", "weight/", "tensor/week/x", "tensor/x", "activation/a/1/x", "activation/1/2/", "frame/x"]
    {
        let error = text.parse::<ArraySource>().expect_err(text).to_string();
        assert!(error.contains("weight/NAME"), "{error}");
    }
}
