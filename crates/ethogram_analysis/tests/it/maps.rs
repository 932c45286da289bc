//! Layouts and factors of what real agents saw and thought, against umap-learn, openTSNE and scikit-learn; `testdata/make_maps.py` says how.

use ethogram_analysis::{
    Labels, Metric, Neighbors, NmfParams, Points, Tsne, TsneParams, Umap, UmapParams, neighbor_recall, nmf, pca,
    trustworthiness,
};
use serde_json::Value;

const GOLDEN: &str = include_str!("../../testdata/maps.json");
const LUNARLANDER: &[u8] = include_bytes!("../../testdata/lunarlander-dqn-seed000-obs.f32");
const PONG: &[u8] = include_bytes!("../../testdata/pong-a3c-80M-seed000-hx_in.f32");
const ACTIVATIONS: &[u8] = include_bytes!("../../testdata/nmf-pong-a3c-80M-seed000.f32");

const SUPERVISED: &str = include_str!("../../testdata/supervised.json");

/// How much worse than the reference a layout may be.
const SLACK: f64 = 0.005;

fn golden() -> Value {
    serde_json::from_str(GOLDEN).expect("json")
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

fn cases() -> [(&'static str, Vec<f32>); 2] {
    [("lunarlander-dqn-seed000-obs", floats(LUNARLANDER)), ("pong-a3c-80M-seed000-hx_in", floats(PONG))]
}

/// Holds layouts of both, in the mean over `seeds`, to how good the reference's is, which was made once.
fn check(method: &str, seeds: u64, layout: impl Fn(Points, u64) -> Vec<f32>) {
    let golden = golden();
    for (name, values) in cases() {
        let case = &golden["maps"][name];
        let points = Points::new(&values, case["width"].as_u64().expect("a width") as usize).expect("points");
        let quality = &case["quality"][method];
        let (mut trust, mut recall) = (0.0, 0.0);
        for seed in 0..seeds {
            let layout = layout(points, seed);
            let layout = Points::new(&layout, 2).expect("a layout");
            trust += trustworthiness(points, layout, 12).expect("a measure") / seeds as f64;
            recall += neighbor_recall(points, layout, 15).expect("a measure") / seeds as f64;
        }
        println!("{method} {name}: trustworthiness {trust:.4}, recall {recall:.4}; reference {quality}");
        assert!(
            trust >= quality["trustworthiness_k12"].as_f64().expect("a number") - SLACK,
            "{method} {name}: {trust}"
        );
        assert!(recall >= quality["knn_recall_k15"].as_f64().expect("a number") - SLACK, "{method} {name}: {recall}");
    }
}

#[test]
fn umap_is_as_good_as_umap_learn() {
    check("umap", 3, |points, seed| {
        Umap::new(points, &UmapParams { seed, ..UmapParams::default() }).expect("a layout").finish()
    });
}

/// labels that take part separate points as they do in umap-learn, and its neighbours are no better; `testdata/make_supervised.py`.
#[test]
fn row_a12_supervised_layouts_are_as_good_as_those_of_umap_learn() {
    let golden: Value = serde_json::from_str(SUPERVISED).expect("json");
    let labels = golden["labels"].as_array().expect("labels");
    let labels: Vec<Option<u32>> = labels.iter().map(|label| label.as_u64().map(|label| label as u32)).collect();
    let values = floats(LUNARLANDER);
    let points = Points::new(&values, 8).expect("points");
    let near = Neighbors::exact(points, 14, Metric::Euclidean).expect("neighbours");
    for (weight, expected) in golden["umap_learn"].as_object().expect("weights") {
        let known = weight.parse().ok().map(|weight| Labels::new(&labels, weight).expect("labels"));
        let (mut trust, mut same) = (0.0, 0.0);
        for seed in 0..3 {
            let params = UmapParams { seed, ..UmapParams::default() };
            let layout = Umap::of_neighbors_and_labels(points, &near, known.as_ref(), &params).expect("a layout");
            let layout = layout.finish();
            let layout = Points::new(&layout, 2).expect("places");
            trust += trustworthiness(points, layout, 12).expect("a measure") / 3.0;
            let shown = Neighbors::exact(layout, 15, Metric::Euclidean).expect("neighbours");
            let alike = |row: usize| shown.of(row).filter(|(other, _)| labels[*other] == labels[row]).count();
            same += (0..labels.len()).map(alike).sum::<usize>() as f64 / (45 * labels.len()) as f64;
        }
        println!("weight {weight}: trustworthiness {trust:.4}, same label {same:.4}; umap-learn {expected}");
        let of = |name: &str| expected[name].as_f64().expect("a number");
        assert!(trust >= of("trustworthiness_k12") - SLACK, "weight {weight}: {trust}");
        // How labels are weighed must be the same, so they must not separate more either; layouts of seeds differ by about as much.
        assert!((same - of("same_label_k15")).abs() <= 0.03, "weight {weight}: {same}");
    }
}

#[test]
fn tsne_is_as_good_as_open_tsne() {
    check("tsne", 1, |points, _| Tsne::new(points, &TsneParams::default()).expect("a layout").finish());
}

#[test]
fn principal_components_are_those_of_scikit_learn() {
    check("pca", 1, |points, _| pca(points, 2).expect("components").positions);
    let golden = golden();
    for (name, values) in cases() {
        let case = &golden["maps"][name];
        let width = case["width"].as_u64().expect("a width") as usize;
        let found = pca(Points::new(&values, width).expect("points"), 2).expect("components").positions;
        let expected = case["pca"].as_array().expect("rows");
        let largest = found.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        for d in 0..2 {
            let expected: Vec<f32> = expected.iter().map(|row| row[d].as_f64().expect("a number") as f32).collect();
            let found: Vec<f32> = found.iter().skip(d).step_by(2).copied().collect();
            // Which way a component points is a matter of taste.
            let same: f32 = found.iter().zip(&expected).map(|(a, b)| a * b).sum();
            for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let found = found * same.signum();
                assert!(
                    (found - expected).abs() < 1e-4 * largest,
                    "{name} row {row}: expected {expected}, found {found}"
                );
            }
        }
    }
}

#[test]
fn factors_are_those_of_scikit_learn() {
    let golden = golden();
    let values = floats(ACTIVATIONS);
    let found = nmf(Points::new(&values, 32).expect("rows"), &NmfParams::default()).expect("factors");
    let expected = golden["nmf"]["relative_error"].as_f64().expect("a number");
    assert!(found.relative_error <= 1.02 * expected, "{} of {expected}", found.relative_error);
    for part in golden["nmf"]["parts"].as_array().expect("parts") {
        let part: Vec<f64> = part.as_array().expect("a part").iter().map(|v| v.as_f64().expect("a number")).collect();
        let cosine = |found: &[f32]| {
            let dot: f64 = part.iter().zip(found).map(|(a, b)| a * f64::from(*b)).sum();
            let length = |sum: f64| sum.sqrt();
            dot / length(part.iter().map(|a| a * a).sum()) / length(found.iter().map(|b| f64::from(*b).powi(2)).sum())
        };
        let best = found.parts.chunks(32).map(cosine).fold(0.0, f64::max);
        assert!(best >= 0.95, "no part is like {part:?}: {best}");
    }
}
