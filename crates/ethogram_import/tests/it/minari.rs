//! Datasets of Minari.

use ethogram_store::{EpisodeEnd, RunSource};

use crate::{data, open, reference};

#[test]
fn episodes_of_a_dataset_are_recorded_episodes() {
    let name = "minari-cartpole-arrow";
    let (run, reference) = (open(&data(name)), reference(name));
    assert_eq!((run.format(), run.lost()), ("minari", vec![]));
    let rows = run.episodes(0..u64::MAX).expect("episodes");
    let returns: Vec<f64> = rows.iter().map(|row| row.episode_return).collect();
    assert_eq!(serde_json::json!(returns), reference["returns"]);
    assert_eq!(rows.iter().map(|row| row.length).sum::<u64>(), reference["total_steps"]);
    assert_eq!((rows[0].end, rows[1].end, rows[1].seed), (EpisodeEnd::Truncated, EpisodeEnd::Terminated, Some(101)));
    let info = run.info();
    let env = info.env.expect("an environment");
    assert_eq!(env.id, "CartPole-v1");
    assert_eq!(env.observation_space.expect("a space").leaves("observation").expect("leaves")[0].shape, [4]);
    for row in rows {
        let names: Vec<_> = run.step_fields(row.episode).expect("fields").into_iter().map(|field| field.name).collect();
        assert_eq!(names, ["action", "observation", "reward", "terminated", "truncated"]);
        assert_eq!(run.step_count(row.episode).expect("steps"), row.length + 1, "the final observation is a row");
        let column = |field: &str| run.steps(row.episode, field, 0..u64::MAX).expect("rows");
        let rewards = column("reward");
        let valid = rewards.valid.clone().expect("the final observation has no reward");
        assert_eq!(valid.iter().filter(|valid| **valid).count() as u64, row.length);
        let sum: f64 = rewards.to_f64().iter().take(row.length as usize).sum();
        assert!((sum - row.episode_return).abs() < 1e-9);
        let observation = column("observation");
        assert_eq!((observation.info.shape.clone(), observation.valid.clone()), (vec![4], None));
    }
    // As Arrow's own reader gives them.
    let first = run.steps(0, "observation", 499..501).expect("rows").to_f64();
    let expected =
        [0.264_983_206_987_381, -0.187_777_996_063_232_42, -0.007_949_588_820_338_25, 0.297_992_259_263_992_3];
    assert_eq!(first[..4], expected);
    assert_eq!(run.steps(0, "action", 499..500).expect("rows").to_f64(), [1.0]);
}

#[test]
fn a_damaged_episode_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("listed").flatten().filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    };
    let from = data("minari-cartpole-arrow").join("data");
    copy(&from, &folder.path().join("data"));
    for episode in 0..6 {
        copy(&from.join(episode.to_string()), &folder.path().join(format!("data/{episode}")));
    }
    let path = folder.path().join("data/1/part-0.arrow");
    let sound = std::fs::read(&path).expect("read");
    for at in (0..sound.len()).step_by(97) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes[..if at % 2 == 0 { bytes.len() } else { at }]).expect("written");
        let run = open(folder.path());
        // Arrow has no checksums: what is read may be wrong, but nothing panics, and the others are whole.
        let _ = run.steps(1, "observation", 0..u64::MAX);
        assert_eq!(run.steps(3, "reward", 0..u64::MAX).expect("rows").rows(), 50, "byte {at}");
    }
}

/// A dataset of one episode whose observations are these.
fn dataset(observations: &arrow_array::ArrayRef) -> tempfile::TempDir {
    use arrow_array::{ArrayRef, BooleanArray, RecordBatch};

    let folder = tempfile::tempdir().expect("a folder");
    let episode = folder.path().join("data/0");
    std::fs::create_dir_all(&episode).expect("a folder");
    std::fs::write(folder.path().join("data/metadata.json"), r#"{"total_episodes": 1}"#).expect("written");
    std::fs::write(episode.join("metadata.json"), r#"{"total_steps": 2}"#).expect("written");
    let flags = |last: bool| -> ArrayRef {
        let rows = observations.len();
        let flags = (0..rows).map(|row| Some(last && row + 2 == rows));
        std::sync::Arc::new(flags.collect::<BooleanArray>())
    };
    let columns = [
        ("observations", std::sync::Arc::clone(observations)),
        ("terminations", flags(true)),
        ("truncations", flags(false)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let file = std::fs::File::create(episode.join("main.arrow")).expect("a file");
    let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).expect("a file");
    // Each row is a batch of its own: the end is found over several.
    for row in 0..batch.num_rows() {
        writer.write(&batch.slice(row, 1)).expect("written");
    }
    writer.finish().expect("written");
    folder
}

/// What an episode holds is not unpacked for its end: pictures that are too large, or none at all, cost only themselves.
#[test]
fn opening_a_dataset_reads_its_ends_and_no_pictures() {
    use arrow_array::BinaryArray;

    // A PNG's head that claims 8,000 × 8,000 pixels; three of these are over a limit, however many bytes there are.
    let head = [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(),
        &8_000_u32.to_be_bytes(),
        &8_000_u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let mut picture = head.clone();
    picture.extend(crc32fast::hash(&head[12..]).to_be_bytes());
    picture.extend(b"\0\0\0\0IDAT");
    picture.extend(crc32fast::hash(b"IDAT").to_be_bytes());
    let pictures: arrow_array::ArrayRef = std::sync::Arc::new(BinaryArray::from(vec![picture.as_slice(); 6]));
    let folder = dataset(&pictures);
    let run = open(folder.path());
    assert_eq!(run.lost(), [], "nobody looked at a picture");
    assert_eq!(run.episodes(0..9).expect("episodes")[0].end, EpisodeEnd::Terminated);
    let refused = run.step_fields(0).expect_err("1.1 GB of pixels").to_string();
    assert!(refused.contains("bytes of the pictures of"), "{refused}");
}

#[test]
fn pipes_in_a_dataset_are_not_waited_for() {
    let numbers: arrow_array::ArrayRef = std::sync::Arc::new(arrow_array::UInt8Array::from(vec![0; 3]));
    let folder = dataset(&numbers);
    for name in ["data/0/main.arrow", "data/0/metadata.json"] {
        let path = folder.path().join(name);
        std::fs::remove_file(&path).expect("removed");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        let (sender, receiver) = std::sync::mpsc::channel();
        let run = folder.path().to_owned();
        std::thread::spawn(move || {
            let run = open(&run);
            sender.send((run.episodes(0..9).map(|rows| rows.len()), run.lost().len()))
        });
        let (episodes, lost) = receiver.recv_timeout(std::time::Duration::from_secs(20)).expect("an answer");
        let is_told = episodes.is_ok_and(|count| count + lost == 1);
        assert!(is_told, "{name}");
    }
}

/// Steps that are held to answer faster are in the sum by which runs are closed, and go with it.
#[test]
fn steps_that_are_held_are_counted() {
    let run = open(&data("minari-cartpole-arrow"));
    run.step_count(1).expect("steps");
    let held = || run.held_bytes().expect("open");
    let with_one = held();
    let bytes_of = |episode: u64| -> usize {
        let fields = run.step_fields(episode).expect("fields");
        let columns = fields.iter().map(|field| run.steps(episode, &field.name, 0..u64::MAX).expect("rows"));
        columns.map(|column| column.rows() * column.row_bytes()).sum()
    };
    let (one, other) = (bytes_of(1), bytes_of(0));
    assert!(one < other, "{one} bytes, {other} bytes");
    let with_other = held();
    assert!(with_one >= one && with_other > with_one, "{with_one}, then {with_other}");
    run.rest();
    assert_eq!(run.held_bytes(), None);
}
