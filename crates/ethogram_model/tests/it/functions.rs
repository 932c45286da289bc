//! Operators that a file defines itself: each call is the nodes that it stands for, and what stands for too much is refused.

use ethogram_model::{Limits, Model};

use crate::encode::{Field, branch, floats, int, integers, message, model, node, text};
use crate::operators::{check, noise};

/// A function of the domain `own`: inputs, outputs, nodes, and what attributes are where a call leaves them out.
fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: Vec<Vec<u8>>, defaults: Vec<Vec<u8>>) -> Field {
    let inputs = inputs.iter().map(|name| text(4, name));
    let outputs = outputs.iter().map(|name| text(5, name));
    let nodes = nodes.into_iter().map(|node| Field::Bytes(7, node));
    let defaults = defaults.into_iter().map(|default| Field::Bytes(11, default));
    let own = [text(1, name), text(10, "own")];
    Field::Bytes(25, message(inputs.chain(outputs).chain(nodes).chain(defaults).chain(own)))
}

/// A call of such a function, with a name.
fn call(function: &str, name: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let mut bytes = node(function, inputs, outputs, attributes);
    bytes.extend(message([text(3, name), text(7, "own")]));
    bytes
}

/// A network `[2, 3]` with functions: fields of one message may follow one another.
fn network(nodes: Vec<Vec<u8>>, weights: Vec<Vec<u8>>, functions: Vec<Field>) -> Vec<u8> {
    let mut bytes = model(nodes, weights, &[2, 3]);
    bytes.extend(message(functions));
    bytes
}

/// One float as an attribute.
fn float(name: &str, value: f32) -> Vec<u8> {
    message([text(1, name), Field::Float(2, value), Field::Int(20, 1)])
}

/// An attribute that the call of the function says, under another name.
fn reference(name: &str, outer: &str) -> Vec<u8> {
    message([text(1, name), Field::Int(20, 1), text(21, outer)])
}

/// `leaky(x · w)`; its slope is an attribute of the call.
fn layer() -> Field {
    let nodes = vec![
        node("MatMul", &["x", "w"], &["h"], vec![]),
        node("LeakyRelu", &["h"], &["out"], vec![reference("alpha", "slope")]),
    ];
    function("Layer", &["x", "w"], &["out"], nodes, vec![float("slope", 0.25)])
}

fn weights() -> Vec<Vec<u8>> {
    vec![floats("w", &[3, 3], &noise(9, 7)), floats("v", &[3, 3], &noise(9, 11))]
}

/// The same numbers at the same place, by operators and by functions.
fn check_same(functions: &[u8], plain: &[u8]) {
    let (found, expected) = (check(functions, &[2, 3]).unwrap(), check(plain, &[2, 3]).unwrap());
    assert_eq!(found, expected);
}

fn error(bytes: &[u8]) -> String {
    check(bytes, &[2, 3]).expect_err("these bytes mean something")
}

fn layers(bytes: &[u8]) -> Vec<String> {
    Model::from_bytes(bytes, &Limits::default()).unwrap().layers().into_iter().map(|layer| layer.name).collect()
}

#[test]
fn calls_are_the_nodes_that_they_stand_for() {
    let calls = vec![
        call("Layer", "trunk", &["x", "w"], &["a"], vec![float("slope", 0.5)]),
        call("Layer", "head", &["a", "v"], &["y"], vec![]),
    ];
    let bytes = network(calls, weights(), vec![layer()]);
    assert_eq!(layers(&bytes), ["trunk/h", "a", "head/h", "y"]);
    let plain = vec![
        node("MatMul", &["x", "w"], &["h"], vec![]),
        node("LeakyRelu", &["h"], &["a"], vec![float("alpha", 0.5)]),
        node("MatMul", &["a", "v"], &["g"], vec![]),
        node("LeakyRelu", &["g"], &["y"], vec![float("alpha", 0.25)]),
    ];
    check_same(&bytes, &model(plain, weights(), &[2, 3]));
}

#[test]
fn functions_call_functions_inside_loops_too() {
    let twice = vec![
        call("Layer", "first", &["x", "w"], &["h"], vec![reference("slope", "steep")]),
        call("Layer", "second", &["h", "w"], &["out"], vec![]),
    ];
    let twice = function("Twice", &["x", "w"], &["out"], twice, vec![float("steep", 0.75)]);
    // What a loop's body calls sees its own names, and those around it.
    let body = branch(
        "body",
        &["turn", "before", "state"],
        vec![node("Identity", &["before"], &["on"], vec![]), call("Twice", "", &["state", "w"], &["next"], vec![])],
        vec![],
        &["on", "next"],
    );
    let turns = vec![crate::encode::tensor("turns", &[], 7, 2_i64.to_le_bytes().to_vec())];
    let weights = || weights().into_iter().chain(turns.clone()).collect::<Vec<_>>();
    let looped = network(vec![node("Loop", &["turns", "", "x"], &["y"], vec![body])], weights(), vec![twice, layer()]);
    let plain = ["x", "a", "b", "c", "y"].windows(2).enumerate().flat_map(|(at, pair)| {
        let (hidden, slope) = (format!("h{at}"), if at % 2 == 0 { 0.75 } else { 0.25 });
        [
            node("MatMul", &[pair[0], "w"], &[&hidden], vec![]),
            node("LeakyRelu", &[&hidden], &[pair[1]], vec![float("alpha", slope)]),
        ]
    });
    check_same(&looped, &model(plain.collect(), weights(), &[2, 3]));
}

/// Loops inside functions take the function's names, and its attributes.
#[test]
fn functions_have_loops() {
    let body = branch(
        "body",
        &["turn", "before", "state"],
        vec![
            node("Identity", &["before"], &["on"], vec![]),
            node("MatMul", &["state", "w"], &["h"], vec![]),
            node("LeakyRelu", &["h"], &["next"], vec![reference("alpha", "slope")]),
        ],
        vec![],
        &["on", "next"],
    );
    let nodes = vec![node("Loop", &["n", "", "x"], &["out"], vec![body])];
    let again = function("Again", &["x", "w", "n"], &["out"], nodes, vec![]);
    let mut given = weights();
    given.push(crate::encode::tensor("turns", &[], 7, 3_i64.to_le_bytes().to_vec()));
    let calls = vec![call("Again", "again", &["x", "w", "turns"], &["y"], vec![float("slope", 0.5)])];
    let plain = ["x", "a", "b", "y"].windows(2).enumerate().flat_map(|(at, pair)| {
        let hidden = format!("h{at}");
        [
            node("MatMul", &[pair[0], "w"], &[&hidden], vec![]),
            node("LeakyRelu", &[&hidden], &[pair[1]], vec![float("alpha", 0.5)]),
        ]
    });
    check_same(&network(calls, given, vec![again]), &model(plain.collect(), weights(), &[2, 3]));
}

/// An input that is given out as it is, one that is left out, and an output that nobody takes.
#[test]
fn what_goes_in_may_come_out() {
    let nodes = vec![node("Clip", &["x", "", "top"], &["cut"], vec![]), node("Tanh", &["x"], &["other"], vec![])];
    let passing = function("Passing", &["x", "top"], &["x", "other", "cut", "cut"], nodes, vec![]);
    let calls = vec![
        call("Passing", "all", &["x", "top"], &["same", "", "cut", "again"], vec![]),
        call("Passing", "open", &["same"], &["", "", "whole"], vec![]),
        node("Add", &["cut", "again"], &["sum"], vec![]),
        node("Add", &["sum", "whole"], &["y"], vec![]),
    ];
    let weights = || vec![floats("top", &[], &[0.3])];
    let plain = vec![
        node("Clip", &["x", "", "top"], &["cut"], vec![]),
        node("Add", &["cut", "cut"], &["sum"], vec![]),
        node("Add", &["sum", "x"], &["y"], vec![]),
    ];
    check_same(&network(calls, weights(), vec![passing]), &model(plain, weights(), &[2, 3]));
}

/// Names of two calls, and of the file, are never one.
#[test]
fn values_of_calls_keep_apart() {
    let calls = vec![
        node("Neg", &["x"], &["same/h"], vec![]),
        call("Layer", "same", &["x", "w"], &["a"], vec![]),
        call("Layer", "same", &["same/h", "w"], &["b"], vec![]),
        node("Add", &["a", "b"], &["c"], vec![]),
        node("Add", &["c", "same/h"], &["y"], vec![]),
    ];
    let bytes = network(calls, weights(), vec![layer()]);
    assert_eq!(layers(&bytes), ["same/h", "same/h_2", "a", "same_2/h", "b", "c", "y"]);
    check(&bytes, &[2, 3]).unwrap();
}

/// A function's operators are of the version that it names.
#[test]
fn functions_have_versions_of_their_own() {
    // Before version 13 axes were an attribute of Squeeze, and a Softmax went over all axes from its own on.
    let nodes = [node("Softmax", &["x"], &["out"], vec![int("axis", 0)])];
    let own = message([text(1, "Old"), text(4, "x"), text(5, "out"), text(10, "own")]);
    let old = |version: i64| {
        let nodes = nodes.iter().map(|node| Field::Bytes(7, node.clone()));
        let opset = Field::Bytes(9, message([Field::Int(2, version)]));
        Field::Bytes(25, [own.clone(), message(nodes.chain([opset]))].concat())
    };
    let bytes = |version| network(vec![call("Old", "", &["x"], &["y"], vec![])], vec![], vec![old(version)]);
    let sum = |bytes: &[u8]| check(bytes, &[2, 3]).unwrap().as_f32().unwrap().iter().sum::<f32>();
    assert!((sum(&bytes(12)) - 1.0).abs() < 1e-6, "over all of six numbers");
    assert!((sum(&bytes(20)) - 3.0).abs() < 1e-6, "over each of three columns");
    let found = error(&bytes(7));
    assert!(found.contains("operator set 7, expected 11"), "{found}");
}

#[test]
fn functions_that_are_never_called_are_left_alone() {
    let odd = function("Odd", &["x"], &["y"], vec![node("NoSuchThing", &["x"], &["y"], vec![])], vec![]);
    let bytes = network(vec![node("Tanh", &["x"], &["y"], vec![])], vec![], vec![odd]);
    check(&bytes, &[2, 3]).unwrap();
}

#[test]
fn what_a_function_lacks_is_named_with_its_call() {
    let odd = function("Odd", &["x"], &["y"], vec![node("NoSuchThing", &["x"], &["y"], vec![])], vec![]);
    let found = error(&network(vec![call("Odd", "block", &["x"], &["y"], vec![])], vec![], vec![odd]));
    assert!(found.contains("NoSuchThing (node \"y\") is not supported"), "{found}");
    let found = error(&network(vec![call("Odd", "block", &["x", "x"], &["y"], vec![])], vec![], vec![layer()]));
    assert!(found.contains("own.Odd (node \"block\") is not supported"), "{found}");
    let calls = vec![call("Layer", "block", &["x", "w", "v"], &["y"], vec![])];
    let found = error(&network(calls, weights(), vec![layer()]));
    assert!(found.contains("3 inputs, but the function of the file has 2"), "{found}");
    let lost = vec![node("LeakyRelu", &["x"], &["y"], vec![reference("alpha", "slope")])];
    let found = error(&network(lost, vec![], vec![]));
    assert!(found.contains("\"alpha\"") && found.contains("in no function"), "{found}");
}

/// A small file that stands for more nodes, or more bytes, than there may be; and one that never ends.
#[test]
fn functions_that_stand_for_too_much_are_refused() {
    let own = |name: &str, to: &str| {
        let twice = vec![call(to, "", &["x"], &["h"], vec![]), call(to, "", &["h"], &["out"], vec![])];
        function(name, &["x"], &["out"], twice, vec![])
    };
    let names: Vec<String> = (0..40).map(|at| format!("f{at}")).collect();
    let mut functions: Vec<Field> = names.windows(2).map(|pair| own(&pair[0], &pair[1])).collect();
    functions.push(function("f39", &["x"], &["out"], vec![node("Tanh", &["x"], &["out"], vec![])], vec![]));
    let begin = || vec![call("f0", "", &["x"], &["y"], vec![])];
    let found = error(&network(begin(), vec![], functions));
    assert!(found.contains("nodes that functions stand for is 100001, the limit nodes is 100000"), "{found}");

    let circle = vec![own("f0", "f1"), own("f1", "f0")];
    let found = error(&network(begin(), vec![], circle));
    assert!(found.contains("a function that calls itself"), "{found}");

    let names: Vec<String> = (0..80).map(|at| format!("f{at}")).collect();
    let once = |pair: &[String]| {
        function(&pair[0], &["x"], &["out"], vec![call(&pair[1], "", &["x"], &["out"], vec![])], vec![])
    };
    let mut chain: Vec<Field> = names.windows(2).map(once).collect();
    chain.push(function("f79", &["x"], &["out"], vec![node("Tanh", &["x"], &["out"], vec![])], vec![]));
    let found = error(&network(begin(), vec![], chain));
    assert!(found.contains("more than 64 deep"), "{found}");

    // Sixteen calls of a function with a list of a megabyte.
    let long = vec![node("Squeeze", &["x"], &["out"], vec![crate::encode::ints("axes", &vec![1; 1 << 17])])];
    let long = function("Long", &["x"], &["out"], long, vec![]);
    let calls = (0..16).map(|at| call("Long", "", &["x"], &[&format!("y{at}")], vec![])).collect();
    let bytes = network(calls, vec![integers("none", &[])], vec![long]);
    let limits = Limits { file_bytes: 4 << 20, ..Limits::default() };
    let found = Model::from_bytes(&bytes, &limits).expect_err("16 MB").to_string();
    assert!(found.contains("functions written out") && found.contains("file_bytes is 4194304"), "{found}");
}
