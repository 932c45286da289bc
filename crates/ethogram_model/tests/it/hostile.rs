//! Files that are broken, or were made to break: a named error within the limits, never a panic, never more memory than was allowed.

use std::panic::catch_unwind;
use std::path::Path;

use ethogram_model::{Cancel, Error, Limits, Model, Program, Tensor};

use crate::corpus::try_corpus;
use crate::encode::{floats, int, integers, ints, model, node, outside, tensor};
use crate::fuzzed::{Outcome, limits, run};

/// The error that reading and running these bytes ends in.
fn error(bytes: &[u8]) -> Error {
    let outcome = catch_unwind(|| run(bytes));
    assert!(outcome.is_ok(), "a panic");
    let built = Model::from_bytes(bytes, &limits()).and_then(|model| {
        let shapes = model.inputs().iter().map(|input| (input.name.clone(), vec![2, 3])).collect();
        let graph = model.graph(&shapes, &[])?;
        let outputs = model.outputs().iter().map(|output| model.find(&graph, &output.name));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let x = graph.named("x").map(|id| Ok((id, Tensor::f32(&[2, 3], vec![0.5; 6])?))).transpose()?;
        Program::compile(graph, &outputs, &limits())?.run(x.as_slice(), &Cancel::default())
    });
    built.expect_err("these bytes mean something")
}

fn check(bytes: &[u8], words: &[&str]) {
    let error = error(bytes).to_string();
    for word in words {
        assert!(error.contains(word), "{error:?} does not say {word:?}");
    }
}

/// Most memory that this process ever had, in bytes; `None` where the system does not say.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn small() -> Vec<u8> {
    let weights: Vec<f32> = (0..12).map(|at| at as f32 / 10.0).collect();
    let nodes = vec![node("MatMul", &["x", "w"], &["h"], vec![]), node("Tanh", &["h"], &["y"], vec![])];
    model(nodes, vec![floats("w", &[3, 4], &weights)], &[2, 3])
}

#[test]
fn the_file_that_is_broken_works() {
    assert_eq!(run(&small()), Outcome::Ran);
}

#[test]
fn a_truncated_file_says_where() {
    let bytes = small();
    check(&bytes[..bytes.len() - 9], &["not an ONNX model", "at byte"]);
    for length in 0..bytes.len() {
        assert!(catch_unwind(|| run(&bytes[..length])).is_ok(), "cut at {length}");
    }
}

#[test]
fn a_recurrent_layer_names_the_input_that_does_not_fit() {
    let lstm = |state: [i64; 3], bias: i64| {
        let inputs = ["steps", "w", "r", "b", "", "h", "c"];
        let given = vec![
            integers("shape", &[2, 1, 3]),
            floats("w", &[1, 12, 3], &[0.1; 36]),
            floats("r", &[1, 12, 3], &[0.1; 36]),
            floats("b", &[1, bias], &vec![0.1; bias as usize]),
            floats("h", &[1, 1, 3], &[0.1; 3]),
            floats("c", &state, &vec![0.1; state.iter().product::<i64>() as usize]),
        ];
        let steps = node("Reshape", &["x", "shape"], &["steps"], vec![]);
        model(vec![steps, node("LSTM", &inputs, &["y"], vec![int("hidden_size", 3)])], given, &[2, 3])
    };
    assert_eq!(run(&lstm([1, 1, 3], 24)), Outcome::Ran);
    // As PyTorch 2.15 writes a layer with `proj_size=3`: without the product that shrinks its state.
    check(&lstm([1, 1, 6], 24), &["LSTM", "initial_c of shape [1, 1, 6]", "expected [1, 3]", "projection"]);
    check(&lstm([1, 1, 3], 23), &["B of shape [1, 23]", "expected [24]"]);
}

#[test]
fn a_circle_is_named() {
    let nodes = vec![node("Add", &["x", "y"], &["a"], vec![]), node("Tanh", &["a"], &["y"], vec![])];
    check(&model(nodes, vec![], &[2, 3]), &["\"y\"", "made by no node before it"]);
}

#[test]
fn a_value_that_is_made_twice_is_named() {
    let relu = |from, to| node("Relu", &[from], &[to], vec![]);
    let twice = model(vec![relu("x", "y"), node("Neg", &["x"], &["y"], vec![])], vec![], &[2, 3]);
    check(&twice, &["\"y\" is made twice", "Relu", "Neg", "export it again"]);
    let over = model(vec![relu("x", "x"), relu("x", "y")], vec![], &[2, 3]);
    check(&over, &["\"x\" is made twice", "an input", "Relu"]);
    let weights = || floats("w", &[3], &[1.0, 2.0, 3.0]);
    let add = node("Add", &["x", "w"], &["y"], vec![]);
    check(&model(vec![add.clone()], vec![weights(), weights()], &[2, 3]), &["two weights named \"w\""]);
    let over = model(vec![relu("x", "w"), add], vec![weights()], &[2, 3]);
    check(&over, &["\"w\" is made twice", "a weight", "Relu"]);
}

#[test]
fn a_huge_shape_is_refused_before_it_is_made() {
    let before = most_memory();
    let huge = 1_i64 << 40;
    let shape = integers("s", &[huge]);
    let of_shape = model(vec![node("ConstantOfShape", &["s"], &["y"], vec![])], vec![shape], &[2, 3]);
    check(&of_shape, &["tensor_elements", "1099511627776"]);
    let two = integers("s", &[i64::MAX, i64::MAX]);
    check(&model(vec![node("ConstantOfShape", &["s"], &["y"], vec![])], vec![two], &[2, 3]), &["tensor_elements"]);
    let claims = tensor("w", &[huge, 4], 1, vec![0; 16]);
    check(&model(vec![node("MatMul", &["x", "w"], &["y"], vec![])], vec![claims], &[2, 3]), &["tensor_elements"]);
    let repeats = integers("r", &[1, huge]);
    check(&model(vec![node("Tile", &["x", "r"], &["y"], vec![])], vec![repeats], &[2, 3]), &["tensor_elements"]);
    let pads = integers("p", &[0, 0, 0, huge]);
    check(&model(vec![node("Pad", &["x", "p"], &["y"], vec![])], vec![pads], &[2, 3]), &["tensor_elements"]);
    let to = integers("s", &[2, 3, huge]);
    let nodes = vec![node("Unsqueeze", &["x", "a"], &["u"], vec![]), node("Expand", &["u", "s"], &["y"], vec![])];
    check(&model(nodes, vec![to, integers("a", &[2])], &[2, 3]), &["tensor_elements"]);
    let ends =
        [("a", 0), ("b", huge), ("c", 1)].map(|(name, value)| tensor(name, &[], 7, value.to_le_bytes().to_vec()));
    check(&model(vec![node("Range", &["a", "b", "c"], &["y"], vec![])], ends.to_vec(), &[2, 3]), &["tensor_elements"]);
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(after - before < 256 << 20, "{} bytes more", after - before);
    }
}

#[test]
fn memory_that_adds_up_is_refused() {
    // Each one is within the limit of a tensor; all together are not.
    let mut nodes = vec![];
    for index in 0..40 {
        nodes.push(node("ConstantOfShape", &["s"], &[&format!("c{index}")], vec![]));
    }
    nodes.push(node("Identity", &["x"], &["y"], vec![]));
    check(&model(nodes, vec![integers("s", &[4, 1 << 18])], &[2, 3]), &["the memory of constants", "run_bytes"]);
    let mut nodes = vec![node("Expand", &["e", "s"], &["v0"], vec![])];
    nodes.insert(0, node("Unsqueeze", &["x", "a"], &["e"], vec![]));
    let names: Vec<String> = (0..40).map(|index| format!("v{index}")).collect();
    for index in 1..40 {
        nodes.push(node("Tanh", &[names[index - 1].as_str()], &[names[index].as_str()], vec![]));
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    nodes.push(node("Sum", &all, &["y"], vec![]));
    let weights = vec![integers("s", &[2, 3, 150_000]), integers("a", &[2])];
    check(&model(nodes, weights, &[2, 3]), &["the memory to run the network", "run_bytes"]);
}

#[test]
fn work_without_end_is_refused() {
    let weights = vec![integers("s", &[1 << 10, 1 << 10])];
    let mut nodes = vec![node("ConstantOfShape", &["s"], &["c"], vec![])];
    nodes.push(node("MatMul", &["c", "c"], &["y"], vec![]));
    check(&model(nodes, weights, &[2, 3]), &["the work of making constants", "run_products"]);
    let weights = vec![integers("s", &[1, 1, 600, 600])];
    let kernel = vec![ints("kernel_shape", &[300, 300])];
    let nodes = vec![
        node("ReduceSum", &["x"], &["r"], vec![int("keepdims", 0)]),
        node("Expand", &["r", "s"], &["p"], vec![]),
        node("MaxPool", &["p"], &["y"], kernel),
    ];
    check(&model(nodes, weights, &[2, 3]), &["the work of one run", "run_products"]);
}

#[test]
fn weights_outside_the_folder_are_refused() {
    let nodes = || vec![node("MatMul", &["x", "w"], &["y"], vec![])];
    let folder = std::env::temp_dir().join(format!("ethogram-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for path in ["../../../../../../etc/passwd", "/etc/passwd", "a/../../b"] {
        let bytes = model(nodes(), vec![outside("w", &[3, 4], path)], &[2, 3]);
        check(&bytes, &["open the model by its path"]);
        let file = folder.join("model.onnx");
        std::fs::write(&file, &bytes).unwrap();
        let error = Model::open(&file, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains("outside the model's folder"), "{error}");
    }
    let bytes = model(nodes(), vec![outside("w", &[3, 4], "missing.bin")], &[2, 3]);
    std::fs::write(folder.join("model.onnx"), &bytes).unwrap();
    let error = Model::open(&folder.join("model.onnx"), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_unknown_operator_is_named() {
    check(&model(vec![node("Frobnicate", &["x"], &["y"], vec![])], vec![], &[2, 3]), &["Frobnicate", "not supported"]);
}

#[test]
fn a_weight_that_is_no_number_is_named() {
    let mut weights = [0.5_f32; 12];
    weights[7] = f32::NAN;
    let bytes = model(vec![node("MatMul", &["x", "w"], &["y"], vec![])], vec![floats("w", &[3, 4], &weights)], &[2, 3]);
    check(&bytes, &["\"w\"", "NaN at element 7"]);
    // Masks are made of infinities.
    weights[7] = f32::NEG_INFINITY;
    let bytes = model(vec![node("MatMul", &["x", "w"], &["y"], vec![])], vec![floats("w", &[3, 4], &weights)], &[2, 3]);
    assert_eq!(run(&bytes), Outcome::Ran);
    // And a number without axes is what a choice that is never made would give.
    let nodes =
        vec![node("Greater", &["x", "low"], &["high"], vec![]), node("Where", &["high", "x", "nan"], &["y"], vec![])];
    let bytes = model(nodes, vec![floats("low", &[], &[-9.0]), floats("nan", &[], &[f32::NAN])], &[2, 3]);
    assert_eq!(run(&bytes), Outcome::Ran);
}

#[test]
fn a_file_of_two_gigabytes_is_refused_before_it_is_read() {
    let path = std::env::temp_dir().join(format!("ethogram-huge-{}.onnx", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    // A hole: it takes no room on the disk.
    file.set_len((2 << 30) + 1).unwrap();
    let before = most_memory();
    let error = Model::open(&path, &Limits::default()).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(&error, Error::OverLimit { limit_name: "file_bytes", .. }), "{error}");
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(after - before < 64 << 20, "{} bytes more", after - before);
    }
}

#[test]
fn other_nonsense_is_named() {
    let matmul = |weight: Vec<u8>| model(vec![node("MatMul", &["x", "w"], &["y"], vec![])], vec![weight], &[2, 3]);
    check(&matmul(tensor("w", &[-3, 4], 1, vec![0; 48])), &["negative length"]);
    check(&matmul(tensor("w", &[1; 30], 1, vec![0; 4])), &["rank"]);
    check(&matmul(tensor("w", &[3, 4], 1, vec![0; 44])), &["44 bytes"]);
    check(&matmul(tensor("w", &[3, 4], 8, vec![0; 48])), &["element type 8"]);
    check(&matmul(floats("w", &[5, 4], &[0.0; 20])), &["do not multiply"]);
    check(&model(vec![node("Conv", &["x", "x"], &["y"], vec![ints("strides", &[0, 0])])], vec![], &[2, 3]), &["Conv"]);
    check(&model(vec![node("Tanh", &[], &["y"], vec![])], vec![], &[2, 3]), &["input 0 is missing"]);
    check(&model(vec![node("Concat", &["x", "x"], &["y"], vec![int("axis", i64::MIN)])], vec![], &[2, 3]), &["axis"]);
}

/// Where the numbers of weights lie: bytes that mean nothing wrong whatever they are.
fn weights_of(bytes: &[u8], at: usize, way: &[u64], found: &mut Vec<std::ops::Range<usize>>) {
    let mut position = 0;
    let varint = |position: &mut usize| {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = bytes[*position];
            *position += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    };
    while position < bytes.len() {
        let tag = varint(&mut position);
        match tag & 7 {
            0 => {
                varint(&mut position);
            }
            1 => position += 8,
            5 => position += 4,
            _ => {
                let length = varint(&mut position) as usize;
                match way {
                    [last] if *last == tag >> 3 => found.push(at + position..at + position + length),
                    [first, rest @ ..] if *first == tag >> 3 => {
                        weights_of(&bytes[position..position + length], at + position, rest, found);
                    }
                    _ => {}
                }
                position += length;
            }
        }
    }
}

/// Found by the fuzzer, where overflows are looked for.
#[test]
fn a_huge_step_takes_one_element() {
    for step in [i64::MAX, 1 << 62, -i64::MAX] {
        let weights = [("a", 1), ("e", if step > 0 { 3 } else { i64::MIN }), ("d", 1), ("s", step)];
        let weights = weights.map(|(name, value)| integers(name, &[value]));
        let file = model(vec![node("Slice", &["x", "a", "e", "d", "s"], &["y"], vec![])], weights.to_vec(), &[2, 3]);
        let model = Model::from_bytes(&file, &limits()).unwrap();
        let graph = model.graph(&[("x".to_owned(), vec![2, 3])].into(), &[]).unwrap();
        let (x, y) = (graph.named("x").unwrap(), graph.named("y").unwrap());
        let given = Tensor::f32(&[2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let found = Program::compile(graph, &[y], &limits()).unwrap().run(&[(x, given)], &Cancel::default()).unwrap();
        assert_eq!((found[0].shape(), found[0].as_f32().unwrap()), (&[2, 1][..], &[1.0, 4.0][..]), "step {step}");
        assert_eq!(run(&file), Outcome::Ran);
    }
}

/// Found by the fuzzer.
#[test]
fn a_mask_without_axes_is_named() {
    let keys = floats("k", &[1, 1, 3, 2], &[0.5; 6]);
    let nodes =
        vec![node("Reshape", &["x", "s"], &["q"], vec![]), node("Attention", &["q", "k", "k", "m"], &["y"], vec![])];
    let weights = vec![keys, integers("s", &[1, 1, 3, 2]), floats("m", &[], &[0.0])];
    check(&model(nodes, weights, &[2, 3]), &["a mask without axes"]);
}

#[test]
fn four_hundred_and_thirty_two_mutants_neither_panic_nor_eat_memory() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/models/cartpole-ppo.onnx");
    let original = std::fs::read(path).unwrap();
    assert_eq!(run(&original), Outcome::Ran);
    let mut weights = Vec::new();
    // Model, graph, initialiser, raw data.
    weights_of(&original, 0, &[7, 5, 9], &mut weights);
    let structure: Vec<usize> =
        (0..original.len()).filter(|at| !weights.iter().any(|part| part.contains(at))).collect();
    assert!(structure.len() > 400 && structure.len() < original.len() / 2, "{} bytes of structure", structure.len());

    let huge = integers("s", &[1 << 42]);
    let one = |node: Vec<u8>, weights: Vec<Vec<u8>>| model(vec![node], weights, &[2, 3]);
    let mut mutants = vec![
        one(node("ConstantOfShape", &["s"], &["y"], vec![]), vec![huge.clone()]),
        one(node("Expand", &["x", "s"], &["y"], vec![]), vec![huge.clone()]),
        one(node("Tile", &["x", "s"], &["y"], vec![]), vec![integers("s", &[1 << 31, 1 << 31])]),
        one(node("Pad", &["x", "s"], &["y"], vec![]), vec![integers("s", &[i64::MAX, 0, i64::MIN, 0])]),
        one(node("Reshape", &["x", "s"], &["y"], vec![]), vec![integers("s", &[-1, 0, 0, 0])]),
        one(node("Slice", &["x", "s", "s"], &["y"], vec![]), vec![integers("s", &[i64::MIN, i64::MAX])]),
        one(node("Gather", &["x", "s"], &["y"], vec![]), vec![integers("s", &[i64::MIN])]),
        one(node("Tanh", &["y"], &["y"], vec![]), vec![]),
        one(node("MatMul", &["x", "w"], &["y"], vec![]), vec![outside("w", &[3, 4], "../../etc/passwd")]),
        one(node("Split", &["x"], &["y"], vec![ints("split", &[i64::MAX, i64::MAX])]), vec![]),
        one(
            node("Conv", &["x", "w"], &["y"], vec![ints("pads", &[i64::MAX; 4])]),
            vec![floats("w", &[1, 1, 1, 1], &[1.0])],
        ),
        one(
            node("LSTM", &["x", "w", "w"], &["y"], vec![int("hidden_size", i64::MAX)]),
            vec![floats("w", &[1, 4, 1], &[1.0; 4])],
        ),
    ];
    for cut in 0..20 {
        mutants.push(original[..original.len() * cut / 20].to_vec());
    }
    // A generator of its own, so that the same mutants are made at every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..400 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = structure[(state >> 33) as usize % structure.len()];
        let mut mutant = original.clone();
        mutant[at] ^= 1 << ((state >> 20) & 7);
        mutants.push(mutant);
    }
    assert_eq!(mutants.len(), 432);
    let before = most_memory();
    let (mut ran, mut refused) = (0, 0);
    for (index, mutant) in mutants.iter().enumerate() {
        match catch_unwind(|| run(mutant)).unwrap_or_else(|_| panic!("mutant {index} panics")) {
            Outcome::Ran => ran += 1,
            _ => refused += 1,
        }
    }
    assert!(ran > 50 && refused > 32, "{ran} ran, {refused} were refused");
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(after - before < 512 << 20, "{} bytes more", after - before);
    }
}

#[test]
fn lengths_beside_one_of_nothing_need_not_have_a_product() {
    // Found by fuzzing: an axis of no elements beside others so long that strides overflowed.
    run(include_bytes!("../../testdata/hostile/lengths_beside_none.onnx"));
}

#[test]
fn what_fuzzing_kept_does_no_harm() {
    try_corpus("model", |bytes| run(bytes) == Outcome::Ran);
}
