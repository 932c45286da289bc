//! Where formulas break: at 0, at the last digit, with integers that floats do not hold; and files that hold more than anybody asks for.

use std::collections::BTreeMap;

use ethogram_model::{
    Attribution, Cancel, DeepLift, Error, Explained, Forward, Limits, Model, Program, Subject, Target, Tensor,
    differentiate,
};

use crate::encode::{Field, floats, int, integers, ints, message, model, node, port, tensor, text};
use crate::operators::words;

fn read(bytes: &[u8]) -> Model {
    Model::from_bytes(bytes, &Limits::default()).unwrap()
}

/// The output `y` at `x`, and the gradient of its sum.
fn both(bytes: &[u8], x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let network = read(bytes);
    let shape = vec![1, x.len()];
    let graph = network.graph(&BTreeMap::from([("x".to_owned(), shape.clone())]), &[]).unwrap();
    let (from, to) = (network.find(&graph, "x").unwrap(), network.find(&graph, "y").unwrap());
    let out = graph.value(to).shape.clone();
    let found = differentiate(graph, to, &[from], &Limits::default()).unwrap();
    let seed = Tensor::f32(&out, vec![1.0; out.iter().product()]).unwrap();
    let given = [(from, Tensor::f32(&shape, x.to_vec()).unwrap()), (found.seed, seed)];
    let program = Program::compile(found.graph, &[to, found.wrt[0]], &Limits::default()).unwrap();
    let values = program.run(&given, &Cancel::default()).unwrap();
    (values[0].as_f32().unwrap().to_vec(), values[1].as_f32().unwrap().to_vec())
}

fn value(bytes: &[u8], shape: &[usize], x: &[f32]) -> Result<Tensor, Error> {
    let inputs = BTreeMap::from([("x".to_owned(), Tensor::f32(shape, x.to_vec()).unwrap())]);
    let found = Forward::of(read(bytes).into(), vec!["y".to_owned()]).run(&inputs, &Cancel::default())?;
    Ok(found.into_iter().next().unwrap().1)
}

fn near(found: &[f32], expected: &[f32]) {
    let fits = |(found, expected): (&f32, &f32)| (found - expected).abs() <= 2e-6 * expected.abs().max(1.0);
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(fits), "{found:?}, expected {expected:?}");
}

/// What torch gives: `t.sinh()`, `t.asinh()`, `t.norm()`, `t ** tensor([0, 1, 2])`.
#[test]
fn slopes_at_zero_are_torchs() {
    let one = |operator: &str| model(vec![node(operator, &["x"], &["y"], vec![])], vec![], &[1, 3]);
    let zero = [0.0; 3];
    assert_eq!(both(&one("Sinh"), &zero), (vec![0.0; 3], vec![1.0; 3]));
    assert_eq!(both(&one("Asinh"), &zero), (vec![0.0; 3], vec![1.0; 3]));
    let (values, slopes) = both(&one("Sinh"), &[-8.0, 12.0, 1e-4]);
    near(&values, &[-1_490.478_9, 81_377.4, 1e-4]);
    near(&slopes, &[1_490.479_3, 81_377.4, 1.0]);
    near(&both(&one("Asinh"), &[-2.0, 0.5, 3.0]).1, &[0.447_213_6, 0.894_427_2, 0.316_227_77]);

    let length = node("ReduceL2", &["x", "axes"], &["y"], vec![]);
    let length = model(vec![length], vec![integers("axes", &[1])], &[1, 3]);
    assert_eq!(both(&length, &zero), (vec![0.0], vec![0.0; 3]));
    near(&both(&length, &[3.0, 0.0, 4.0]).1, &[0.6, 0.0, 0.8]);
    let unit = model(vec![node("LpNormalization", &["x"], &["y"], vec![int("axis", 1)])], vec![], &[1, 3]);
    assert_eq!(both(&unit, &zero), (vec![0.0; 3], vec![0.0; 3]));
    near(&both(&unit, &[3.0, 0.0, 4.0]).0, &[0.6, 0.0, 0.8]);

    let power = |powers: Vec<u8>| model(vec![node("Pow", &["x", "p"], &["y"], vec![])], vec![powers], &[1, 3]);
    assert_eq!(both(&power(floats("p", &[3], &[0.0, 1.0, 2.0])), &zero), (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]));
    assert_eq!(both(&power(floats("p", &[], &[0.0])), &zero), (vec![1.0; 3], vec![0.0; 3]));
}

/// The entries are those of ONNX Runtime 1.23, which reckons places in single precision: 1 / 0.2 is 5 there, and 4.99999993 in double.
#[test]
fn scales_pick_what_onnx_runtime_picks() {
    let resized = |mode: &str, places: &str, scale: f32| {
        let attributes =
            vec![words("mode", mode), words("coordinate_transformation_mode", places), words("nearest_mode", "floor")];
        let resize = node("Resize", &["x", "", "s"], &["y"], attributes);
        let ramp: Vec<f32> = (0..40_u8).map(f32::from).collect();
        value(&model(vec![resize], vec![floats("s", &[2], &[1.0, scale])], &[1, 40]), &[1, 40], &ramp).unwrap()
    };
    let fifth = resized("nearest", "asymmetric", 0.2);
    assert_eq!(fifth.as_f32().unwrap(), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0]);
    let more = resized("nearest", "asymmetric", 0.4);
    assert_eq!(more.as_f32().unwrap()[..8], [0.0, 2.0, 5.0, 7.0, 10.0, 12.0, 15.0, 17.0]);
    // 40 · 1.4 is 56 in single precision, and 55.999998 in double.
    assert_eq!(resized("linear", "half_pixel", 1.4).shape(), [1, 56]);
}

/// Values are those of ONNX Runtime: 2²⁴ + 1 is the first whole number that a float of 32 bits does not hold.
#[test]
fn integers_keep_their_digits() {
    const LARGE: i64 = (1 << 24) + 1;
    let scalar = |name: &str, value: i64| tensor(name, &[], 7, value.to_le_bytes().to_vec());
    // Nodes that make `j` of the integers `i`.
    let run = |nodes: Vec<Vec<u8>>, weights: Vec<Vec<u8>>, x: &[f32]| {
        let whole = node("Cast", &["x"], &["i"], vec![int("to", 7)]);
        let float = node("Cast", &["j"], &["y"], vec![int("to", 1)]);
        let nodes = [vec![whole], nodes, vec![float]].concat();
        let shape = [1, x.len()];
        value(&model(nodes, weights, &[1, x.len() as i64]), &shape, x).unwrap().as_f32().unwrap().to_vec()
    };
    let more = || node("Add", &["i", "k"], &["a"], vec![]);
    let negative = vec![more(), node("Neg", &["a"], &["b"], vec![]), node("Add", &["b", "k"], &["j"], vec![])];
    assert_eq!(run(negative, vec![scalar("k", LARGE)], &[1.0, 4.0]), [-1.0, -4.0]);
    let sums = vec![more(), node("CumSum", &["a", "ax"], &["b"], vec![]), node("Sub", &["b", "k"], &["j"], vec![])];
    assert_eq!(run(sums, vec![scalar("k", LARGE), scalar("ax", 1)], &[1.0, 4.0]), [1.0, (LARGE + 5) as f32], "CumSum");
    for (exclusive, backwards, expected) in [(0, 1, [15.0, 14.0, 12.0, 9.0, 5.0]), (1, 0, [0.0, 1.0, 3.0, 6.0, 10.0])] {
        let attributes = vec![int("exclusive", exclusive), int("reverse", backwards)];
        let sums = vec![node("CumSum", &["i", "ax"], &["j"], attributes)];
        assert_eq!(run(sums, vec![scalar("ax", 1)], &[1.0, 2.0, 3.0, 4.0, 5.0]), expected);
    }
    let pad = vec![node("Pad", &["i", "p", "v"], &["j"], vec![])];
    let around = integers("p", &[0, 1, 0, 2]);
    assert_eq!(run(pad, vec![around, scalar("v", 7)], &[1.0, 4.0]), [7.0, 1.0, 4.0, 7.0, 7.0]);
    let reduced = |operator: &str| {
        run(vec![node(operator, &["i", "a"], &["j"], vec![])], vec![integers("a", &[1])], &[-3.0, 4.0])
    };
    assert_eq!(reduced("ReduceSumSquare"), [25.0]);
    assert_eq!(reduced("ReduceL1"), [7.0]);
    assert_eq!(reduced("ReduceL2"), [5.0]);
    let root = vec![node("Pow", &["i", "p"], &["j"], vec![])];
    assert_eq!(run(root, vec![floats("p", &[], &[0.5])], &[4.0, 10.0]), [2.0, 3.0]);
    let bytes =
        vec![node("Cast", &["i"], &["u"], vec![int("to", 2)]), node("Cast", &["u"], &["j"], vec![int("to", 7)])];
    assert_eq!(run(bytes, vec![], &[255.0, 256.0, 300.0, -1.0]), [255.0, 0.0, 44.0, 255.0]);
    let signs = vec![node("Sign", &["i"], &["s"], vec![]), node("Abs", &["s"], &["j"], vec![])];
    assert_eq!(run(signs, vec![], &[-9.0, 0.0, 3.0]), [1.0, 0.0, 1.0]);
}

/// A sampler beside the logits: what does not need it is not the worse for it, and who asks for it is told.
#[test]
fn a_node_that_nobody_asks_for_blocks_nothing() {
    let nodes = vec![
        node("MatMul", &["x", "w"], &["y"], vec![]),
        node("RandomNormalLike", &["y"], &["noise"], vec![]),
        node("Add", &["y", "noise"], &["action"], vec![]),
    ];
    let file = model(nodes, vec![floats("w", &[2, 2], &[1.0, 0.0, 0.0, 1.0])], &[1, 2]);
    assert_eq!(value(&file, &[1, 2], &[1.0, 2.0]).unwrap().as_f32().unwrap(), [1.0, 2.0]);
    let inputs = BTreeMap::from([("x".to_owned(), Tensor::f32(&[1, 2], vec![1.0, 2.0]).unwrap())]);
    let asked = Forward::of(read(&file).into(), vec!["action".to_owned()]).run(&inputs, &Cancel::default());
    let told = asked.unwrap_err();
    assert!(matches!(&told, Error::UnsupportedOperator { operator, .. } if operator == "RandomNormalLike"), "{told}");
}

/// Exporters name the mask of a dropout and the mean of a normalisation, which nobody takes.
#[test]
fn second_results_are_given_out() {
    let dropout = vec![
        node("Dropout", &["x"], &["q", "mask"], vec![]),
        node("Cast", &["mask"], &["kept"], vec![int("to", 1)]),
        node("Mul", &["q", "kept"], &["y"], vec![]),
    ];
    assert_eq!(both(&model(dropout, vec![], &[1, 2]), &[3.0, -4.0]).0, [3.0, -4.0]);
    let weights = || vec![floats("s", &[2], &[1.0, 1.0]), floats("b", &[2], &[0.0, 0.0])];
    let layer = |result: &str| {
        let names = ["n", "mean", "inverse"].map(|name| if name == result { "y" } else { name });
        let attributes = vec![message([text(1, "epsilon"), Field::Float(2, 0.0), Field::Int(20, 1)])];
        model(vec![node("LayerNormalization", &["x", "s", "b"], &names, attributes)], weights(), &[1, 2])
    };
    near(&both(&layer("n"), &[1.0, 5.0]).0, &[-1.0, 1.0]);
    near(&both(&layer("mean"), &[1.0, 5.0]).0, &[3.0]);
    near(&both(&layer("inverse"), &[1.0, 5.0]).0, &[0.5]);
    // The places of a pool are not computed; the pool is.
    let pool = node("MaxPool", &["x"], &["y", "places"], vec![ints("kernel_shape", &[1, 2])]);
    let pooled = value(&model(vec![pool], vec![], &[1, 1, 1, 4]), &[1, 1, 1, 4], &[1.0, 5.0, 2.0, 0.0]).unwrap();
    assert_eq!(pooled.as_f32().unwrap(), [5.0, 5.0, 2.0]);
}

/// `DeepLIFT` needs two rows at once, also of a file that fixes one.
#[test]
fn deep_lift_of_a_file_of_one_row() {
    let lift = |nodes: Vec<Vec<u8>>, more: Vec<Vec<u8>>| {
        let weights = [vec![floats("w", &[2, 2], &[1.0, -1.0, 2.0, 0.5])], more].concat();
        let network = read(&model(nodes, weights, &[1, 2]));
        let x = Tensor::f32(&[3, 2], vec![1.0, 2.0, -1.0, 0.5, 2.0, 2.0]).unwrap();
        let subject = Subject {
            inputs: BTreeMap::from([("x".to_owned(), x)]).into(),
            target: Target::entries("y", &[0, 0, 0]),
            wrt: vec!["x".to_owned()],
        };
        let explained = Explained::new(&network, subject, 1, &Cancel::default()).unwrap();
        DeepLift::default().attribute(&explained, &Cancel::default())
    };
    let product = node("MatMul", &["x", "w"], &["a"], vec![]);
    let found = lift(vec![product.clone(), node("Relu", &["a"], &["y"], vec![])], vec![]).unwrap();
    // x · W is 5, 0 and 6 in its first column.
    near(found.values.as_f32().unwrap(), &[1.0, 4.0, 0.0, 0.0, 2.0, 4.0]);
    assert!(found.completeness_error.iter().all(|error| error.abs() < 1e-6));
    // One row in a shape of the file's own.
    let nodes = vec![product, node("Reshape", &["a", "to"], &["y"], vec![])];
    let told = lift(nodes, vec![integers("to", &[1, 2])]).unwrap_err().to_string();
    assert!(told.contains("axis of rows is open"), "{told}");
}

/// Exported with the rows of a training's eight environments, and no open axis for them.
#[test]
fn a_file_of_several_rows_is_one_of_any_number_unless_a_node_holds_it() {
    let product = node("MatMul", &["x", "w"], &["a"], vec![]);
    let weights = || vec![floats("w", &[2, 2], &[1.0, -1.0, 2.0, 0.5])];
    let file = |nodes: Vec<Vec<u8>>, more: Vec<Vec<u8>>| {
        let weights = [weights(), more].concat().into_iter().map(|weight| Field::Bytes(5, weight));
        let ports = [Field::Bytes(11, port("x", &[8, 2])), Field::Bytes(12, port("y", &[8, 2]))];
        let graph = message(nodes.into_iter().map(|node| Field::Bytes(1, node)).chain(weights).chain(ports));
        message([Field::Int(1, 10), Field::Bytes(7, graph), Field::Bytes(8, message([Field::Int(2, 20)]))])
    };
    let open = file(vec![product.clone(), node("Relu", &["a"], &["y"], vec![])], vec![]);
    assert_eq!(value(&open, &[1, 2], &[1.0, 2.0]).unwrap().as_f32().unwrap(), [5.0, 0.0]);
    assert_eq!(value(&open, &[3, 2], &[1.0; 6]).unwrap().shape(), [3, 2]);
    let held = file(vec![product, node("Reshape", &["a", "to"], &["y"], vec![])], vec![integers("to", &[8, 2])]);
    assert_eq!(value(&held, &[8, 2], &[1.0; 16]).unwrap().shape(), [8, 2]);
    let told = value(&held, &[1, 2], &[1.0, 2.0]).unwrap_err().to_string();
    assert!(told.contains("[8, 2]") && told.contains("[1, 2]"), "{told}");
}

/// A layer with time first, as PyTorch's LSTM has: its first axis is as long as a chunk of rows only by chance.
#[test]
fn a_layer_whose_rows_are_not_first_is_refused_whatever_its_length() {
    let nodes = vec![
        node("Transpose", &["x"], &["turned"], vec![ints("perm", &[1, 0, 2])]),
        node("Tanh", &["turned"], &["within"], vec![]),
        node("ReduceSum", &["within", "time"], &["y"], vec![int("keepdims", 0)]),
    ];
    let weights = [Field::Bytes(5, integers("time", &[0]))];
    let open = |name: &str, row: &[i64]| {
        let row = row.iter().map(|length| message([Field::Int(1, *length)]));
        let dims = [message([text(2, "rows")])].into_iter().chain(row);
        let of_floats = message([Field::Int(1, 1), Field::Bytes(2, message(dims.map(|dim| Field::Bytes(1, dim))))]);
        message([text(1, name), Field::Bytes(2, message([Field::Bytes(1, of_floats)]))])
    };
    let ports = [Field::Bytes(11, open("x", &[2, 4])), Field::Bytes(12, open("y", &[4]))];
    let graph = message(nodes.into_iter().map(|node| Field::Bytes(1, node)).chain(weights).chain(ports));
    let file = message([Field::Int(1, 10), Field::Bytes(7, graph), Field::Bytes(8, message([Field::Int(2, 20)]))]);
    let network = read(&file);
    for (rows, threads) in [(2, 1), (4, 2), (8, 4), (3, 1)] {
        let x = Tensor::f32(&[rows, 2, 4], vec![0.5; rows * 8]).unwrap();
        let about = |wrt: &str| Subject {
            inputs: BTreeMap::from([("x".to_owned(), x.clone())]).into(),
            target: Target::entries("y", &vec![0; rows]),
            wrt: vec![wrt.to_owned()],
        };
        let told =
            Explained::new(&network, about("within"), threads, &Cancel::default()).err().map(|why| why.to_string());
        assert!(told.as_ref().is_some_and(|told| told.contains("axis is that of the rows")), "{rows}: {told:?}");
        assert!(Explained::new(&network, about("x"), threads, &Cancel::default()).is_ok());
    }
}
