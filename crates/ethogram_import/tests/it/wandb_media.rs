//! Media of offline runs of W&B, served where they lie.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_import::{ForeignRun, convert};
use ethogram_store::{Array, Axis, ColumnData, RunReader, RunSource, TensorRow};
use serde_json::{Map, Value, json};

use crate::open;
use crate::wandb::{Log, nested_item};

/// What `wandb` wrote (`python/tests/wandb_files/make.py`).
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/tests/wandb_files").join(name)
}

/// A copy that may be changed.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

fn rows(run: &dyn RunSource, tag: &str) -> Vec<TensorRow> {
    run.tensors(Axis::GlobalStep, tag, i64::MIN..i64::MAX).expect("rows")
}

fn array(dtype: &str, shape: &[usize], data: &[u8]) -> Value {
    json!({ "dtype": dtype, "shape": shape, "crc32": crc32fast::hash(data) })
}

fn tensor(array_of: &Array) -> Value {
    array(&array_of.dtype().to_string(), array_of.shape(), array_of.data())
}

/// As Python's `repr` has them.
fn number(value: f64) -> String {
    if value.is_nan() { "nan".into() } else { format!("{value:?}") }
}

/// The same that `python/tests/wandb_files/reference.py` says of a converted run.
fn described(run: &dyn RunSource) -> Value {
    let (mut scalars, mut tensors, mut episodes) = (Map::new(), Map::new(), Vec::new());
    for tag in run.scalar_tags() {
        let points = run.scalars(tag.axis, &tag.tag, i64::MIN..i64::MAX).expect("points");
        let points = points.step.iter().zip(&points.value).map(|(step, value)| json!([step, number(*value)]));
        scalars.insert(tag.tag, points.collect());
    }
    for tag in run.tensor_tags() {
        let kind = format!("{:?}", tag.kind).to_lowercase();
        let row =
            |row: TensorRow| json!({ "step": row.step, "kind": kind, "array": tensor(&row.array), "meta": row.meta });
        let all: Vec<Value> = rows(run, &tag.tag).into_iter().map(row).collect();
        assert_eq!(all.len() as u64, tag.count, "{}", tag.tag);
        tensors.insert(tag.tag.clone(), all.into());
    }
    for mut row in run.episodes(0..u64::MAX).expect("episodes") {
        let film = row.extra.shift_remove("video_blob");
        let film = film.map(|hash| crc32fast::hash(&run.blob(hash.as_str().expect("a hash")).expect("a film")));
        let mut fields = Map::new();
        for info in run.step_fields(row.episode).expect("fields") {
            let column = run.steps(row.episode, &info.name, 0..u64::MAX).expect("steps");
            let ColumnData::Numeric(data) = &column.data else { panic!("no numbers") };
            let shape = [&[column.rows()], info.shape.as_slice()].concat();
            fields.insert(info.name, array(&info.dtype.expect("numbers").to_string(), &shape, data));
        }
        episodes.push(json!({
            "episode": row.episode, "global_step": row.global_step, "length": row.length, "recorded": row.recorded,
            "end": format!("{:?}", row.end).to_lowercase(), "extra": row.extra, "fields": fields, "film": film,
        }));
    }
    json!({ "scalars": scalars, "tensors": tensors, "episodes": episodes })
}

#[test]
fn row_b15_media_of_wandb_are_served_as_they_are_converted() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(fixture("converted.json")).expect("a file")).expect("json");
    for (name, lost) in [
        ("offline-run", vec![]),
        ("more-media", vec!["artifact \"weights\" (model)", "values of \"mixed\"", "values of \"scene\""]),
    ] {
        let run = open(&fixture(name));
        assert_eq!(described(&*run), expected[name], "{name}");
        assert_eq!(run.lost().into_iter().map(|lost| lost.what).collect::<Vec<_>>(), lost);
    }
    // A run that is imported keeps them.
    let (root, run) = (tempfile::tempdir().expect("a folder"), open(&fixture("offline-run")));
    let imported = RunReader::open(&convert(&run, root.path(), &|_, _| {}).expect("imported").path).expect("opened");
    assert_eq!(described(&imported)["tensors"], expected["offline-run"]["tensors"]);
    assert_eq!(described(&imported)["episodes"][0]["fields"], expected["offline-run"]["episodes"][0]["fields"]);
}

/// A run that says of each of these that it lies at its path.
fn naming(folder: &Path, media: &[(&str, &str, &str)]) -> Arc<ForeignRun> {
    let mut log = Log::new();
    for (step, (kind, path, sha256)) in media.iter().enumerate() {
        let told = [("_type", *kind), ("path", *path), ("sha256", *sha256)];
        let told = told.iter().filter(|(_, value)| !value.is_empty());
        let items: Vec<Vec<u8>> =
            told.map(|(part, value)| nested_item(&["x", part], &json!(value).to_string())).collect();
        log.items(step as i64, &items);
    }
    log.write(folder);
    open(folder)
}

#[test]
fn row_b15_media_outside_of_the_run_are_never_opened() {
    let root = tempfile::tempdir().expect("a folder");
    let run = root.path().join("run");
    std::fs::create_dir_all(run.join("files/media")).expect("made");
    let secret = root.path().join("secret.html");
    for path in [&secret, &run.join("run-secret.html"), &run.join("files/media/in.html")] {
        std::fs::write(path, path.file_name().expect("a name").as_encoded_bytes()).expect("written");
    }
    let link = |to: &Path, from: &str| std::os::unix::fs::symlink(to, run.join("files").join(from)).expect("linked");
    link(&secret, "media/out.html");
    link(root.path(), "media/folder");
    link(&run.join("files/media/in.html"), "media/within.html");
    let absolute = secret.display().to_string();
    let paths = [
        &*absolute,
        "../../secret.html",
        "../run-secret.html",
        "media/../../run-secret.html",
        "media/out.html",
        "media/folder/secret.html",
        "media",
    ];
    let media: Vec<_> = paths.iter().map(|path| ("html-file", *path, "")).collect();
    let found = naming(&run, &media);
    assert!(rows(&*found, "x").is_empty());
    let lost = found.lost();
    assert_eq!(lost.len(), paths.len());
    for lost in &lost {
        assert!(lost.why.contains("outside of its folder") || lost.why.contains("something else"), "{lost:?}");
    }
    let found = naming(&run, &[("html-file", "media/within.html", ""), ("html-file", "./media/in.html", "")]);
    let texts = rows(&*found, "x").into_iter().map(|row| row.array.data().to_vec()).collect::<Vec<_>>();
    assert_eq!(texts, [b"in.html", b"in.html"], "links within the folder may be followed");
    // Films, whose files are looked at when the run is opened.
    let films = paths.map(|path| ("video-file", path, ""));
    let found = naming(&run, &films);
    assert_eq!((found.episodes(0..100).expect("episodes").len(), found.lost().len()), (0, paths.len()));
    // The folder of files may be no link either.
    std::fs::remove_dir_all(run.join("files")).expect("removed");
    std::os::unix::fs::symlink(root.path(), run.join("files")).expect("linked");
    let found = naming(&run, &[("html-file", "secret.html", "")]);
    assert!(rows(&*found, "x").is_empty());
    assert!(found.lost()[0].why.contains("outside of its folder"), "{:?}", found.lost());
}

#[test]
fn row_b15_a_file_of_wandb_that_is_missing_or_changed_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run");
    copy(&fixture("offline-run"), &path);
    let media = path.join("files/media");
    let frame = media.join("images/frame_6_4c7cc2b7fcec7b2656d3.png");
    let pair = media.join("images/pair_6_e04fd665db97da6aae3e.png");
    std::fs::copy(&pair, &frame).expect("changed");
    std::fs::remove_file(&pair).expect("removed");
    std::fs::remove_file(media.join("videos/played_7_b4edbd79c1decb3c4817.gif")).expect("removed");
    std::fs::write(media.join("videos/film_8_d356b06c05ba9d9f0222.mp4"), b"another").expect("changed");
    let run = open(&path);
    assert!(rows(&*run, "frame").is_empty() && rows(&*run, "pair/1").is_empty());
    assert_eq!(rows(&*run, "grey").len(), 1);
    let told = run.lost().into_iter().map(|lost| (lost.what, lost.why)).collect::<Vec<_>>();
    let says = |what: &str, why: &str| told.iter().any(|(a, b)| a.contains(what) && b.contains(why));
    assert!(says("\"frame\" at step 600", "expected the SHA-256 4c7cc2b7"), "{told:?}");
    assert!(says("\"pair/1\" at step 600", "No such file"), "{told:?}");
    assert!(says("film 0 of \"played\"", "No such file"), "{told:?}");
    let episodes = run.episodes(0..10).expect("episodes");
    assert_eq!(episodes.iter().map(|row| row.episode).collect::<Vec<_>>(), [1], "a number stays what it is");
    let hash = episodes[0].extra["video_blob"].as_str().expect("a hash");
    assert!(run.blob(hash).is_err_and(|error| error.to_string().contains("SHA-256")));
    assert!(run.check().expect("checked").lost.len() >= 3);
}

#[test]
fn media_that_come_later_and_logs_that_are_damaged_are_read_as_far_as_they_are_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run");
    copy(&fixture("offline-run"), &path);
    let log = std::fs::read(path.join("run-fixture.wandb")).expect("a log");
    let gif = path.join("files/media/videos/played_7_b4edbd79c1decb3c4817.gif");
    std::fs::rename(&gif, folder.path().join("later.gif")).expect("moved");
    std::fs::write(path.join("run-fixture.wandb"), &log[..log.len() - 40]).expect("cut");
    let run = open(&path);
    assert_eq!(run.episodes(0..10).expect("episodes").len(), 1);
    std::fs::rename(folder.path().join("later.gif"), &gif).expect("moved");
    std::fs::write(path.join("run-fixture.wandb"), &log).expect("whole");
    run.refresh().expect("refreshed");
    assert_eq!(run.episodes(0..10).expect("episodes").len(), 2);
    assert!(run.lost().is_empty(), "what came is lost no more: {:?}", run.lost());
    assert_eq!(run.step_count(0).expect("steps"), 4);
    for at in (0..log.len()).step_by(7) {
        let mut damaged = log.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(path.join("run-fixture.wandb"), &damaged).expect("written");
        let run = open(&path);
        run.tensor_tags().iter().for_each(|tag| drop(rows(&*run, &tag.tag)));
        assert!(run.check().is_ok());
    }
}
