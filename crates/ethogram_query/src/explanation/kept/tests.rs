use ethogram_model::Part;

use super::*;

fn question(episode: u64) -> Question {
    Question::new(episode, "abc", &json!({"method": "saliency", "params": {"steps": 50}}))
}

fn frame() -> Frame {
    Frame {
        shape: vec![2, 3],
        wrt_shape: vec![2, 3],
        parts: vec![Part { name: "obs".into(), shape: vec![2, 3], offset: 0, width: 6, channels_last: false }],
        has_baseline: true,
        is_complete: true,
    }
}

fn step(step: u64) -> Step {
    let values = (0..6).map(|at| step as f32 + at as f32 / 10.0).collect();
    Step { step, inputs: step + 100, values, at_input: 1.0, at_baseline: 0.5, completeness_error: 0.25 }
}

fn asked(steps: &[u64]) -> Vec<(u64, u64)> {
    steps.iter().map(|step| (*step, step + 100)).collect()
}

fn kept() -> (tempfile::TempDir, Kept) {
    let run = tempfile::tempdir().expect("a folder");
    let kept = Kept::new(Some(run.path().join("derived")));
    (run, kept)
}

/// Steps that are found of 0 to 9.
fn found(kept: &Kept) -> Vec<u64> {
    let steps: Vec<u64> = (0..10).collect();
    let found = kept.read(&question(0), &asked(&steps)).map(|(_, steps)| steps).unwrap_or_default();
    assert!(found.iter().all(|found| *found == step(found.step)), "what is given out is what was kept");
    found.iter().map(|step| step.step).collect()
}

#[test]
fn what_was_kept_is_found_by_its_question_and_inputs_alone() {
    let (run, kept) = kept();
    assert!(kept.read(&question(0), &asked(&[0])).is_none());
    assert!(!run.path().join("derived").exists(), "asking writes nothing");
    kept.add(&question(0), &frame(), &[step(4), step(5)]).expect("written");
    assert_eq!(kept.read(&question(0), &asked(&[5, 4, 9])), Some((frame(), vec![step(5), step(4)])));
    assert_eq!(kept.read(&question(0), &[(4, 0)]), Some((frame(), vec![])), "computed from other inputs");
    assert!(kept.read(&question(1), &asked(&[4])).is_none(), "another question");
    kept.add(&question(0), &frame(), &[step(6)]).expect("written");
    assert_eq!(found(&kept), [4, 5, 6]);
    let elsewhere = Kept::new(Some(run.path().join("derived")));
    assert_eq!(found(&elsewhere), [4, 5, 6], "by another process");
}

#[test]
fn an_answer_of_another_shape_takes_the_place_of_all() {
    let (_run, kept) = kept();
    kept.add(&question(0), &frame(), &[step(4)]).expect("written");
    let other = Frame { shape: vec![6], ..frame() };
    kept.add(&question(0), &other, &[step(5)]).expect("written");
    assert_eq!(kept.read(&question(0), &asked(&[4, 5])), Some((other, vec![step(5)])));
}

#[test]
fn a_description_that_does_not_fit_together_is_none() {
    let (run, kept) = kept();
    kept.add(&question(0), &frame(), &[step(4)]).expect("written");
    let path = run.path().join("derived/attribution").join(question(0).key()).join(QUESTION_FILE);
    let whole: Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("json");
    for (place, other) in [
        ("/answer/parts", json!([])),
        ("/answer/parts/0/offset", json!(1)),
        ("/answer/parts/0/width", json!(7)),
        ("/answer/wrt_shape", json!([2, 4])),
        ("/answer/shape", json!([u64::MAX, 2])),
    ] {
        let mut said = whole.clone();
        *said.pointer_mut(place).expect(place) = other;
        fs::write(&path, said.to_string()).expect("written");
        assert_eq!(found(&kept), [0; 0], "{place}");
    }
}

#[test]
fn files_cut_or_flipped_anywhere_give_sound_steps_or_none() {
    let (run, kept) = kept();
    let all = [step(1), step(2), step(3)];
    kept.add(&question(0), &frame(), &all).expect("written");
    let folder = run.path().join("derived/attribution").join(question(0).key());
    for name in [LOG_FILE, VALUES_FILE, QUESTION_FILE] {
        let path = folder.join(name);
        let whole = fs::read(&path).expect("read");
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).expect("cut");
            found(&kept);
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x11;
            fs::write(&path, flipped).expect("flipped");
            found(&kept);
        }
        // Whatever happened, computing it again mends it.
        fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
        kept.add(&question(0), &frame(), &all).expect("written");
        assert_eq!(found(&kept), [1, 2, 3], "{name}");
    }
}

#[test]
fn a_writer_killed_in_a_record_does_not_spoil_those_after_it() {
    let (run, kept) = kept();
    kept.add(&question(0), &frame(), &[step(1)]).expect("written");
    let log = run.path().join("derived/attribution").join(question(0).key()).join(LOG_FILE);
    let mut file = OpenOptions::new().append(true).open(log).expect("open");
    file.write_all(&step(2).step.to_le_bytes()).expect("torn");
    kept.add(&question(0), &frame(), &[step(3), step(4)]).expect("written");
    assert_eq!(found(&kept), [1, 3, 4]);
}

#[test]
fn several_writers_at_once_lose_nothing() {
    let (_run, kept) = kept();
    std::thread::scope(|scope| {
        for first in 0..5 {
            let kept = &kept;
            scope.spawn(move || {
                for round in 0..2 {
                    kept.add(&question(0), &frame(), &[step(first * 2 + round)]).expect("written");
                    found(kept);
                }
            });
        }
    });
    assert_eq!(found(&kept).len(), 10);
}

#[test]
fn the_question_asked_longest_ago_goes_first() {
    let (run, kept) = kept();
    let wide = Frame { shape: vec![1_000], ..frame() };
    // Numbers that do not compress.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from_bits(state)
    };
    let values: Vec<f32> = (0..1_000).map(|_| noise()).collect();
    kept.limit(14_000);
    for episode in 0..3 {
        let step = Step { values: values.clone(), ..step(0) };
        kept.add(&question(episode), &wide, &[step]).expect("written");
        let file = run.path().join("derived/attribution").join(question(episode).key()).join(QUESTION_FILE);
        let long_ago = SystemTime::now() - Duration::from_secs(1_000 - 100 * episode);
        File::options().append(true).open(file).expect("open").set_modified(long_ago).expect("set");
    }
    let is_there =
        |episode: u64| kept.read(&question(episode), &[(0, 100)]).is_some_and(|(_, steps)| !steps.is_empty());
    assert!(is_there(0), "asked just now");
    let step = Step { values: values.clone(), ..step(0) };
    kept.add(&question(3), &wide, &[step]).expect("written");
    assert!(is_there(0) && !is_there(1) && is_there(2) && is_there(3));
}

#[test]
fn a_limit_of_nothing_keeps_nothing() {
    let (run, kept) = kept();
    kept.add(&question(0), &frame(), &[step(0)]).expect("written");
    kept.limit(0);
    assert!(found(&kept).is_empty());
    kept.add(&question(1), &frame(), &[step(0)]).expect("nothing to do");
    kept.limit(KEPT_BYTES_MAX);
    assert_eq!(found(&kept), [0]);
    assert!(kept.read(&question(1), &asked(&[0])).is_none());
    assert_eq!(fs::read_dir(run.path().join("derived/attribution")).expect("listed").count(), 1);
}

#[test]
fn what_is_kept_is_counted_and_removed() {
    let (run, kept) = kept();
    assert_eq!(kept.size(), KeptSize::default());
    kept.add(&question(0), &frame(), &[step(0)]).expect("written");
    kept.add(&question(1), &frame(), &[step(0), step(1)]).expect("written");
    // What is not ours is neither counted nor removed.
    let strange = run.path().join("derived/attribution/strange");
    fs::create_dir(&strange).expect("made");
    let mut bytes = 0;
    for question in [question(0), question(1)] {
        let folder = run.path().join("derived/attribution").join(question.key());
        for entry in fs::read_dir(folder).expect("listed") {
            bytes += entry.expect("an entry").metadata().expect("known").len();
        }
    }
    assert_eq!(kept.size(), KeptSize { questions: 2, bytes });
    // One that is added to stays.
    let lock = File::options()
        .append(true)
        .open(run.path().join("derived/attribution").join(question(1).key()).join(LOCK_FILE))
        .expect("open");
    lock.lock().expect("locked");
    assert_eq!(kept.clear().questions, 1);
    drop(lock);
    assert_eq!(kept.clear(), KeptSize::default());
    assert!(strange.is_dir() && found(&kept).is_empty());
    kept.add(&question(0), &frame(), &[step(0)]).expect("written again");
    assert_eq!(found(&kept), [0]);
}

#[test]
fn a_run_without_a_place_for_it_goes_without() {
    let kept = Kept::new(None);
    assert_eq!((kept.size(), kept.clear()), (KeptSize::default(), KeptSize::default()));
    assert!(kept.read(&question(0), &asked(&[0])).is_none());
    assert!(kept.add(&question(0), &frame(), &[step(0)]).is_err());
    assert!(kept.check().is_err());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (run, kept) = kept();
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), run.path().join("derived")).expect("a link");
    assert!(kept.add(&question(0), &frame(), &[step(0)]).is_err());
    assert_eq!(fs::read_dir(outside.path()).expect("listed").count(), 0);
    let foreign = outside.path().join("attribution").join(question(0).key());
    fs::create_dir_all(&foreign).expect("made");
    assert_eq!(kept.clear(), KeptSize::default());
    assert!(foreign.is_dir(), "behind a link nothing is removed");

    fs::remove_file(run.path().join("derived")).expect("removed");
    kept.add(&question(0), &frame(), &[step(0)]).expect("written");
    let values = run.path().join("derived/attribution").join(question(0).key()).join(VALUES_FILE);
    let target = outside.path().join("precious");
    fs::write(&target, "precious").expect("written");
    fs::remove_file(&values).expect("removed");
    std::os::unix::fs::symlink(&target, &values).expect("a link");
    assert!(kept.add(&question(0), &frame(), &[step(1)]).is_err());
    assert_eq!(fs::read_to_string(&target).expect("read"), "precious");
    assert!(found(&kept).is_empty());
}
