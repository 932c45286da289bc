//! What the plug-in `hparams` of TensorBoard keeps: the hyper-parameters of a session.

use serde_json::{Map, Number, Value};

use super::protobuf::{Fields, NotAMessage, Value as Field};

/// Deepest nesting of a value.
const DEPTH_MAX: usize = 16;

/// The hyper-parameters in a `HParamsPluginData`, sorted by name as a map has no order; none when it is no start of a session.
pub fn hparams(content: &[u8]) -> Result<Map<String, Value>, NotAMessage> {
    let mut found = Vec::new();
    for field in Fields::of(content) {
        // HParamsPluginData.session_start_info
        let (3, Field::Bytes(start)) = field? else { continue };
        for field in Fields::of(start) {
            // SessionStartInfo.hparams
            if let (1, Field::Bytes(entry)) = field? {
                found.push(entry_of(entry, 0)?);
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found.into_iter().collect())
}

/// An entry of a map of `google.protobuf.Value`.
fn entry_of(bytes: &[u8], depth: usize) -> Result<(String, Value), NotAMessage> {
    let (mut name, mut value) = (String::new(), Value::Null);
    for field in Fields::of(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => name = String::from_utf8_lossy(bytes).into_owned(),
            (2, Field::Bytes(bytes)) => value = value_of(bytes, depth)?,
            _ => {}
        }
    }
    Ok((name, value))
}

fn value_of(bytes: &[u8], depth: usize) -> Result<Value, NotAMessage> {
    if depth > DEPTH_MAX {
        return Err(NotAMessage);
    }
    let mut value = Value::Null;
    for field in Fields::of(bytes) {
        value = match field? {
            (2, Field::Eight(bytes)) => number(f64::from_le_bytes(bytes)),
            (3, Field::Bytes(text)) => Value::String(String::from_utf8_lossy(text).into_owned()),
            (4, Field::Varint(truth)) => Value::Bool(truth != 0),
            (5, Field::Bytes(entries)) => {
                let mut map = Map::new();
                for field in Fields::of(entries) {
                    if let (1, Field::Bytes(entry)) = field? {
                        map.extend([entry_of(entry, depth + 1)?]);
                    }
                }
                Value::Object(map)
            }
            (6, Field::Bytes(items)) => {
                let mut list = Vec::new();
                for field in Fields::of(items) {
                    if let (1, Field::Bytes(item)) = field? {
                        list.push(value_of(item, depth + 1)?);
                    }
                }
                Value::Array(list)
            }
            _ => continue,
        };
    }
    Ok(value)
}

/// JSON knows neither NaN nor infinity: they are texts. What is whole is written as such.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return (number as i64).into();
    }
    Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_words_and_truths_are_read() {
        let entry = |name: &str, value: &[u8]| {
            let mut entry = vec![0x0a, name.len() as u8];
            entry.extend(name.as_bytes());
            entry.extend([0x12, value.len() as u8]);
            entry.extend(value);
            let mut field = vec![0x0a, entry.len() as u8];
            field.extend(entry);
            field
        };
        let mut number = vec![0x11];
        number.extend(0.5_f64.to_le_bytes());
        let start = [entry("lr", &number), entry("cuda", &[0x20, 1]), entry("a", &[0x1a, 1, b'x'])].concat();
        let mut content = vec![0x1a, start.len() as u8];
        content.extend(start);
        let found = serde_json::to_string(&hparams(&content).expect("hparams")).expect("json");
        assert_eq!(found, r#"{"a":"x","cuda":true,"lr":0.5}"#);
    }
}
