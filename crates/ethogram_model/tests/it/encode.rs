//! ONNX files written by hand, to say what no exporter would.

/// A field of a message: its number, and a number or bytes.
pub enum Field {
    Int(u64, i64),
    Float(u64, f32),
    Bytes(u64, Vec<u8>),
}

/// The bytes of a message.
pub fn message(fields: impl IntoIterator<Item = Field>) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        match field {
            Field::Int(number, value) => {
                varint(&mut out, number << 3);
                varint(&mut out, value.cast_unsigned());
            }
            Field::Float(number, value) => {
                varint(&mut out, (number << 3) | 5);
                out.extend(value.to_le_bytes());
            }
            Field::Bytes(number, bytes) => {
                varint(&mut out, (number << 3) | 2);
                varint(&mut out, bytes.len() as u64);
                out.extend(bytes);
            }
        }
    }
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn text(number: u64, text: &str) -> Field {
    Field::Bytes(number, text.as_bytes().to_vec())
}

/// An operator.
pub fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let inputs = inputs.iter().map(|name| text(1, name));
    let outputs = outputs.iter().map(|name| text(2, name));
    let attributes = attributes.into_iter().map(|attribute| Field::Bytes(5, attribute));
    message(inputs.chain(outputs).chain([text(4, operator)]).chain(attributes))
}

/// A graph of nodes, as an attribute.
pub fn branch(name: &str, inputs: &[&str], nodes: Vec<Vec<u8>>, weights: Vec<Vec<u8>>, outputs: &[&str]) -> Vec<u8> {
    let nodes = nodes.into_iter().map(|node| Field::Bytes(1, node));
    let weights = weights.into_iter().map(|weight| Field::Bytes(5, weight));
    let inputs = inputs.iter().map(|name| Field::Bytes(11, message([text(1, name)])));
    let outputs = outputs.iter().map(|name| Field::Bytes(12, message([text(1, name)])));
    let graph = message(nodes.chain(weights).chain(inputs).chain(outputs));
    message([text(1, name), Field::Bytes(6, graph), Field::Int(20, 5)])
}

/// A list of integers as an attribute.
pub fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    message(
        [text(1, name)].into_iter().chain(values.iter().map(|&value| Field::Int(8, value))).chain([Field::Int(20, 7)]),
    )
}

/// One integer as an attribute.
pub fn int(name: &str, value: i64) -> Vec<u8> {
    message([text(1, name), Field::Int(3, value), Field::Int(20, 2)])
}

/// Floats.
pub fn floats(name: &str, shape: &[i64], values: &[f32]) -> Vec<u8> {
    let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, shape, 1, raw)
}

/// Integers.
pub fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    tensor(name, &[values.len() as i64], 7, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// Any tensor, right or wrong.
pub fn tensor(name: &str, shape: &[i64], element_type: i64, raw: Vec<u8>) -> Vec<u8> {
    let dims = shape.iter().map(|&length| Field::Int(1, length));
    message(dims.chain([Field::Int(2, element_type), text(8, name), Field::Bytes(9, raw)]))
}

/// A tensor whose bytes lie in another file.
pub fn outside(name: &str, shape: &[i64], path: &str) -> Vec<u8> {
    let dims = shape.iter().map(|&length| Field::Int(1, length));
    let place = message([text(1, "location"), text(2, path)]);
    message(dims.chain([Field::Int(2, 1), text(8, name), Field::Bytes(13, place), Field::Int(14, 1)]))
}

/// An input or output of floats.
pub fn port(name: &str, shape: &[i64]) -> Vec<u8> {
    let dims = shape.iter().map(|&length| Field::Bytes(1, message([Field::Int(1, length)])));
    let tensor = message([Field::Int(1, 1), Field::Bytes(2, message(dims))]);
    message([text(1, name), Field::Bytes(2, message([Field::Bytes(1, tensor)]))])
}

/// A file of operator set 20 with the input `x` and the output `y`.
pub fn model(nodes: Vec<Vec<u8>>, weights: Vec<Vec<u8>>, input: &[i64]) -> Vec<u8> {
    let nodes = nodes.into_iter().map(|node| Field::Bytes(1, node));
    let weights = weights.into_iter().map(|weight| Field::Bytes(5, weight));
    let ports = [Field::Bytes(11, port("x", input)), Field::Bytes(12, port("y", &[]))];
    let graph = message(nodes.chain(weights).chain(ports));
    message([Field::Int(1, 10), Field::Bytes(7, graph), Field::Bytes(8, message([Field::Int(2, 20)]))])
}
