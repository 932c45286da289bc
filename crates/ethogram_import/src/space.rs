//! Spaces as Minari writes them down.

use ethogram_store::{Dtype, Space};
use serde_json::Value;

/// Reads a space from its text; `None` when it is of a kind that is not known.
pub fn space_of_minari(text: &str) -> Option<Space> {
    // Python writes bounds that are infinite as no JSON has them.
    let text = text.replace("-Infinity", "null").replace("Infinity", "null");
    space(&serde_json::from_str(&text).ok()?, 0)
}

fn space(value: &Value, depth: usize) -> Option<Space> {
    if depth > Space::DEPTH_MAX {
        return None;
    }
    let dtype = || value["dtype"].as_str().and_then(Dtype::from_name);
    let lengths = || -> Option<Vec<usize>> {
        value["shape"].as_array()?.iter().map(|length| usize::try_from(length.as_u64()?).ok()).collect()
    };
    Some(match value["type"].as_str()? {
        "Box" => Space::Box {
            shape: lengths()?,
            dtype: dtype()?,
            low: bounds(&value["low"]),
            high: bounds(&value["high"]),
            stack_axis: None,
        },
        "Discrete" => Space::Discrete {
            n: value["n"].as_u64()?,
            start: value["start"].as_i64().unwrap_or(0),
            dtype: dtype().unwrap_or(Dtype::Int64),
        },
        "MultiDiscrete" => {
            let nvec: Vec<u64> = flat(&value["nvec"]).iter().filter_map(|n| n.map(|n| n as u64)).collect();
            Space::MultiDiscrete {
                shape: lengths().unwrap_or_else(|| vec![nvec.len()]),
                nvec,
                dtype: dtype().unwrap_or(Dtype::Int64),
            }
        }
        "MultiBinary" => {
            let n = usize::try_from(value["n"].as_u64()?).ok()?;
            Space::MultiBinary { shape: lengths().unwrap_or_else(|| vec![n]) }
        }
        "Text" => Space::Text { max_length: value["max_length"].as_u64()? },
        "Dict" => {
            let parts = value["subspaces"].as_object()?;
            let parts = parts.iter().map(|(name, part)| Some((name.clone(), space(part, depth + 1)?)));
            Space::Dict { spaces: parts.collect::<Option<_>>()? }
        }
        "Tuple" => {
            let parts = value["subspaces"].as_array()?.iter().map(|part| space(part, depth + 1));
            Space::Tuple { spaces: parts.collect::<Option<_>>()? }
        }
        _ => return None,
    })
}

/// One bound an element, or one for all.
fn bounds(value: &Value) -> Vec<Option<f64>> {
    let bounds = flat(value);
    if bounds.is_empty() { vec![None] } else { bounds }
}

/// The numbers of a nested list, in order.
fn flat(value: &Value) -> Vec<Option<f64>> {
    match value {
        Value::Array(parts) => parts.iter().flat_map(flat).collect(),
        other => vec![other.as_f64()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_may_be_infinite_and_parts_nested() {
        let text = r#"{"type": "Dict", "subspaces": {
            "a": {"type": "Box", "dtype": "float32", "shape": [2], "low": [-1.0, -Infinity], "high": [1.0, Infinity]},
            "b": {"type": "Discrete", "dtype": "int64", "start": 0, "n": 2}}}"#;
        let space = space_of_minari(text).expect("a space");
        let leaves = space.leaves("observation").expect("leaves");
        assert_eq!(
            leaves.iter().map(|leaf| leaf.name.as_str()).collect::<Vec<_>>(),
            ["observation/a", "observation/b"]
        );
        let Space::Dict { spaces } = space else { panic!("a dict") };
        assert!(matches!(&spaces[0].1, Space::Box { low, .. } if *low == [Some(-1.0), None]));
        assert_eq!(space_of_minari(r#"{"type": "Graph"}"#), None);
    }
}
