use std::path::Path;

use ethogram_server::ServeOptions;
use ethogram_store::{Array, Axis, Dtype, RunState, TensorKind, TensorRow};
use serde_json::{Map, json};

use crate::http::Served;
use crate::runs::{CREATED_US, RUN, info, start};

/// Gradients logged three times, and a checkpoint.
async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "network"));
    for (step, numbers) in [(10, [1.0_f32, 2.0, 3.0, 4.0]), (20, [3.0, 2.0, 3.0, 8.0]), (30, [5.0, 2.0, f32::NAN, 6.0])]
    {
        let data = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let array = Array::new(Dtype::Float32, vec![2, 2], data).expect("an array");
        let row = TensorRow { step, time_us: CREATED_US, kind: TensorKind::Tensor, array, meta: Map::new() };
        run.tensor(Axis::GlobalStep, "grad/body", row).expect("logged");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let onnx = std::fs::read(folder.join("residual.onnx")).expect("a network");
    run.checkpoint(7, "seven", "onnx", onnx, json!({})).expect("logged");
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

fn path(rest: &str) -> String {
    format!("/api/runs/{RUN}/network{rest}")
}

#[tokio::test]
async fn row_a17_weights_and_logged_gradients_are_pictures_at_steps_and_strips_over_training() {
    let (_root, served) = served().await;
    let list = served.columns(&path("")).await;
    assert_eq!(list.header["checkpoints"], json!([{"global_step": 7, "name": "seven"}]));
    assert_eq!(
        list.header["weights"][0],
        json!({"name": "enter.weight", "title": "enter.weight", "operator": "Conv", "shape": [4, 3, 3, 3]})
    );
    assert_eq!(list.header["tensors"], json!([{"axis": "global_step", "tag": "grad/body", "count": 3}]));
    assert!(list.header["layers"].as_array().is_some_and(|layers| layers.len() > 5) && list.header["unread"].is_null());

    let filters = served.columns(&path("/picture?of=weight/enter.weight")).await;
    assert_eq!(filters.entry("cells").expect("there").shape, [15, 11], "4 × 3 filters of 3 × 3, a cell apart");
    assert_eq!((&filters.header["at"], &filters.header["shape"]), (&json!(7), &json!([4, 3, 3, 3])));

    let of = "of=tensor/global_step/grad/body";
    let picture = served.columns(&path(&format!("/picture?{of}&at=25"))).await;
    assert_eq!((&picture.header["at"], picture.f64("cells")), (&json!(20), Some(vec![3.0, 2.0, 3.0, 8.0])));
    let variance = served.columns(&path(&format!("/picture?{of}&at=20&window=2"))).await;
    assert_eq!(variance.f64("cells"), Some(vec![1.0, 0.0, 0.0, 4.0]));
    assert_eq!(variance.header["window"], json!([10, 20]));
    let strip = served.columns(&path(&format!("/strip?{of}&cells=2"))).await;
    assert_eq!(strip.f64("step"), Some(vec![10.0, 20.0, 30.0]));
    assert_eq!(strip.f64("cells"), Some(vec![1.5, 3.5, 2.5, 5.5, 3.5, 6.0]), "what is no number counts for nothing");
    assert_eq!(strip.header["spreads"][2]["not_finite"], 1);
    assert_eq!((&strip.header["spreads"][1]["high"], &strip.header["per_cell"]), (&json!(8.0), &json!(2)));
}

#[tokio::test]
async fn arrays_that_are_not_there_are_named() {
    let (_root, served) = served().await;
    for (query, status, text) in [
        ("/picture", 400, "of"),
        ("/picture?of=frame/x", 400, "weight/NAME"),
        ("/picture?of=weight/nothing", 400, "weight/nothing"),
        ("/picture?of=weight/enter.weight&window=33", 413, "WINDOW_MAX"),
        ("/picture?of=tensor/global_step/loss", 404, "loss"),
        ("/strip?of=weight/enter.weight&steps=65", 413, "STRIP_STEPS_MAX"),
        ("/strip?of=weight/enter.weight&colour=red", 400, "colour"),
    ] {
        let answer = served.get(&path(query)).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        assert!(answer.text().contains(text), "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn row_a17_arrays_are_saved_for_other_tools() {
    let (_root, served) = served().await;
    let file = async |rest: &str| served.get(&format!("/api/exports/arrays?run={RUN}{rest}")).await;
    let of = "&of=tensor/global_step/grad/body";
    let one = file(&format!("{of}&at=25")).await;
    assert_eq!((one.status, one.header("content-type")), (200, "application/octet-stream"));
    assert!(one.header("content-disposition").contains("array.npz"), "{}", one.header("content-disposition"));
    assert_eq!(member(&one.body, "grad/body.npy"), ("'<f4', (2, 2)".into(), floats(&[3.0, 2.0, 3.0, 8.0])));
    assert_eq!(member(&one.body, "step.npy"), ("'<i8', (1,)".into(), 20_i64.to_le_bytes().to_vec()));
    let through = file(&format!("{of}&through=1")).await;
    let (about, numbers) = member(&through.body, "grad/body.npy");
    assert_eq!((about.as_str(), &numbers[..16]), ("'<f4', (3, 2, 2)", &floats(&[1.0, 2.0, 3.0, 4.0])[..]));
    let weights = file("").await;
    assert_eq!(member(&weights.body, "enter.weight.npy").0, "'<f4', (4, 3, 3, 3)");
    for (rest, status, text) in [
        ("&through=1", 400, "wants one array"),
        ("&of=weight/none", 400, "an array that GET"),
        ("&of=odd", 400, "weight/NAME"),
    ] {
        let answer = file(rest).await;
        assert_eq!(answer.status, status, "{rest}: {}", answer.text());
        assert!(answer.text().contains(text), "{rest}: {}", answer.text());
    }
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Type and shape of an array of an archive that packs nothing, and its bytes.
fn member(archive: &[u8], name: &str) -> (String, Vec<u8>) {
    let at = archive.windows(name.len()).position(|window| window == name.as_bytes()).expect("the array");
    let size = u32::from_le_bytes(archive[at - 8..at - 4].try_into().expect("four bytes")) as usize;
    let file = &archive[at + name.len()..][..size];
    let data = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let header = String::from_utf8_lossy(&file[10..data]).into_owned();
    let kind = header.split("'descr': ").nth(1).and_then(|rest| rest.split(", 'fortran").next()).expect("a type");
    let shape = header.split("'shape': ").nth(1).and_then(|rest| rest.split(", }").next()).expect("a shape");
    (
        format!("{kind}, {}", if shape.matches(',').count() > 1 { shape.replace(",)", ")") } else { shape.to_owned() }),
        file[data..].to_vec(),
    )
}
