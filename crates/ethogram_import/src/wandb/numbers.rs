//! Lists of numbers, and tables of W&B.

use ethogram_store::{Array, Dtype};
use serde_json::{Map, Value};

use super::row::{json_of, number_of};

/// A list of numbers, or of lists of as many, as `float64`; `None` for any other and for an empty one.
pub fn array(value: &Value) -> Option<Array> {
    let mut shape = Vec::new();
    let mut first = value;
    while let Value::Array(parts) = first {
        shape.push(parts.len());
        first = parts.first()?;
    }
    let (mut data, mut only_truths) = (Vec::new(), true);
    collect(value, &shape, &mut data, &mut only_truths)?;
    if only_truths {
        return None;
    }
    Array::new(Dtype::Float64, shape, data).ok()
}

fn collect(value: &Value, shape: &[usize], data: &mut Vec<u8>, only_truths: &mut bool) -> Option<()> {
    match (value, shape) {
        (Value::Array(parts), [length, inner @ ..]) if parts.len() == *length => {
            parts.iter().try_for_each(|part| collect(part, inner, data, only_truths))
        }
        (Value::Array(_), _) => None,
        (number, []) => {
            *only_truths &= number.is_boolean();
            data.extend(number_of(number)?.to_le_bytes());
            Some(())
        }
        _ => None,
    }
}

/// A table: columns, and rows of cells.
pub struct Table {
    columns: Vec<Value>,
    rows: Value,
}

impl Table {
    /// Reads the file of one. The error says what it is instead.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let other = || "no columns and rows".to_owned();
        let mut told = json_of(&String::from_utf8_lossy(bytes)).map_err(|error| error.to_string())?;
        let rows = told["data"].take();
        if !rows.as_array().ok_or_else(other)?.iter().all(Value::is_array) {
            return Err(other());
        }
        let Value::Array(columns) = told["columns"].take() else { return Err(other()) };
        Ok(Self { columns, rows })
    }

    /// As Markdown.
    pub fn text(&self) -> String {
        let rule = vec![Value::from("---"); self.columns.len()];
        let rows = self.rows.as_array().into_iter().flatten().filter_map(Value::as_array);
        let lines = [&self.columns, &rule].into_iter().chain(rows);
        let line = |cells: &Vec<Value>| format!("| {} |", cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
        lines.map(line).collect::<Vec<_>>().join("\n")
    }

    /// Rows by columns with the names of these, where all cells are numbers.
    pub fn numbers(&self) -> Option<(Array, Map<String, Value>)> {
        let array = array(&self.rows).filter(|array| array.shape().len() == 2)?;
        let names = self.columns.iter().map(|name| name.as_str().map_or_else(|| plain(name), str::to_owned));
        let names: Vec<String> = names.collect();
        Some((array, Map::from_iter([("columns".to_owned(), names.into())])))
    }
}

/// A cell of a table; of media the file.
fn cell(value: &Value) -> String {
    let value = value.get("path").unwrap_or(value);
    let text = value.as_str().map_or_else(|| plain(value), str::to_owned);
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

/// As Python's `json.dumps` writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(found) if number.is_f64() => real(found),
            _ => number.to_string(),
        },
        Value::Array(parts) => format!("[{}]", parts.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(parts) => {
            let part = |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), plain(value));
            format!("{{{}}}", parts.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// The shortest decimals that say a number, with an exponent where Python has one.
fn real(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{number:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(sign),
            _ => out.extend(sign.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_numbers_have_a_shape() {
        for (value, shape) in [
            (json!([1, 2.5]), Some(vec![2])),
            (json!([[1, 2], [3, "NaN"], [true, 0]]), Some(vec![3, 2])),
            (json!([[1, 2], [3]]), None),
            (json!([[1], 2]), None),
            (json!([1, [2]]), None),
            (json!([1, "a"]), None),
            (json!([true, false]), None),
            (json!([[], []]), None),
            (json!([]), None),
            (json!(1), None),
        ] {
            let found = array(&value).filter(|_| value.is_array()).map(|array| array.shape().to_vec());
            assert_eq!(found, shape, "{value}");
        }
    }

    #[test]
    fn cells_are_written_as_python_writes_them() {
        // `json.dumps` of Python 3.12 gave these.
        for (value, expected) in [
            (json!(2.5), "2.5"),
            (json!(1.0), "1.0"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001), "1e-05"),
            (json!(1.5e16), "1.5e+16"),
            (json!(1e15), "1000000000000000.0"),
            (json!(null), "null"),
            (json!({ "a": [1, "é\u{1f600}"] }), "{\"a\": [1, \"\\u00e9\\ud83d\\ude00\"]}"),
        ] {
            assert_eq!(plain(&value), expected);
        }
        assert_eq!(cell(&json!({ "_type": "image-file", "path": "a|b.png" })), "a\\|b.png");
    }
}
