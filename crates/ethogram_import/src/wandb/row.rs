//! What a call of `log` wrote down: names, and values as JSON.

use serde_json::{Map, Value};

use crate::tfevents::protobuf::{Fields, NotAMessage, Value as Field};

/// Columns that say at which environment step a row is; W&B's own `_step` counts calls of `log`.
const STEP_COLUMNS: [&str; 4] = ["global_step", "total_timesteps", "env_steps", "env_step"];
/// What W&B adds to each row.
const OWN: [&str; 3] = ["_step", "_timestamp", "_runtime"];
/// How deep dictionaries in values may be nested.
const DEPTH_MAX: usize = 16;
/// Longer names are cut; a tag has at most 512 bytes.
const NAME_BYTES_MAX: usize = 480;
/// Most bytes of all names of a row: each number within a value has the name of the value in its own.
const NAMES_BYTES_MAX: usize = 64 << 20;
/// What a value takes beside its name.
const VALUE_BYTES: usize = 64;

/// A call of `log`.
pub struct Row {
    /// On the axis of environment steps.
    pub step: i64,
    /// Microseconds since 1970; 0 where it is not told.
    pub time_us: i64,
    /// Names and values, without what says step and time. What is said of a picture, a film or a table is one object, with `_type`.
    pub values: Vec<(String, Value)>,
    /// There were more, for which there was no room.
    pub is_cut: bool,
}

impl Row {
    /// Reads a `HistoryRecord`; `None` where it says no step.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, NotAMessage> {
        let (mut step, mut values, mut room) = (None, Vec::new(), NAMES_BYTES_MAX);
        for field in Fields::of(bytes) {
            match field? {
                (1, Field::Bytes(item)) => {
                    let (mut name, value) = item_of(item)?;
                    shorten(&mut name);
                    flatten(name, value, 0, &mut |name, value| {
                        room = room.saturating_sub(name.len() + VALUE_BYTES);
                        if room > 0 {
                            values.push((name, value));
                        }
                        room > 0
                    });
                }
                (2, Field::Bytes(number)) => {
                    for field in Fields::of(number) {
                        if let (1, Field::Varint(number)) = field? {
                            step = Some(number as i64);
                        }
                    }
                }
                _ => {}
            }
        }
        media_as_one(&mut values);
        let number =
            |name: &str| values.iter().find(|(known, _)| known == name).and_then(|(_, value)| number_of(value));
        let column = STEP_COLUMNS.iter().find(|name| number(name).is_some());
        let step = column.and_then(|name| number(name)).or_else(|| number("_step")).map(|step| step as i64).or(step);
        let Some(step) = step else { return Ok(None) };
        let time_us = number("_timestamp").map_or(0, |seconds| (seconds * 1e6) as i64);
        values.retain(|(name, _)| !OWN.contains(&name.as_str()) && column.is_none_or(|column| column != name));
        for (name, _) in &mut values {
            make_plain(name);
        }
        Ok(Some(Self { step, time_us, values, is_cut: room == 0 }))
    }
}

/// Name and value of an item; parts of a nested name are joined by `.`.
pub fn item_of(bytes: &[u8]) -> Result<(String, Value), NotAMessage> {
    let (mut name, mut value) = (Vec::new(), Value::Null);
    for field in Fields::of(bytes) {
        match field? {
            (1 | 2, Field::Bytes(part)) if !part.is_empty() => name.push(String::from_utf8_lossy(part).into_owned()),
            (16, Field::Bytes(json)) => {
                let text = String::from_utf8_lossy(json);
                value = json_of(&text).unwrap_or_else(|_| Value::String(text.into_owned()));
            }
            _ => {}
        }
    }
    Ok((name.join("."), value))
}

/// Reads JSON in which NaN and infinities may stand bare, as Python writes them; they become texts.
///
/// # Errors
/// What is wrong with it.
pub fn json_of(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| quoted(text).map_or(Err(error), |text| serde_json::from_str(&text)))
}

/// The same with `NaN`, `Infinity` and `-Infinity` in quotes; `None` where none of them stands bare.
fn quoted(text: &str) -> Option<String> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let (mut out, mut rest, mut in_text) = (String::with_capacity(text.len() + 16), text, false);
    while let Some(sign) = rest.chars().next() {
        let word = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| !in_text && rest.starts_with(word));
        let length = match (word, sign) {
            (Some(word), _) => {
                out.extend(["\"", word, "\""]);
                rest = &rest[word.len()..];
                continue;
            }
            (None, '\\') if in_text => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => sign.len_utf8(),
        };
        in_text ^= sign == '"';
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Some(out)
}

/// A number as JSON has it; NaN and infinities are words there.
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// Hands out the numbers of a value under names of their own, as long as they are wanted. Names are cut before they are put together: a
/// long one would be there once for each number.
fn flatten(name: String, value: Value, depth: usize, each: &mut impl FnMut(String, Value) -> bool) -> bool {
    match value {
        Value::Object(parts) if !parts.contains_key("_type") && depth < DEPTH_MAX => {
            parts.into_iter().all(|(part, value)| {
                let mut name = format!("{name}.{part}");
                shorten(&mut name);
                flatten(name, value, depth + 1, each)
            })
        }
        value => each(name, value),
    }
}

/// Cuts a name, but for what W&B says of a value behind it (`NAME._type`, `NAME.packedBins.count`).
fn shorten(name: &mut String) {
    name.truncate(name.floor_char_boundary(2 * NAME_BYTES_MAX));
}

/// Newer versions write what they know of a picture, film or table as items of their own, of which `NAME._type` says what it is: all of
/// them are one value.
fn media_as_one(values: &mut Vec<(String, Value)>) {
    let media: Vec<String> =
        values.iter().filter_map(|(name, _)| name.strip_suffix("._type").map(str::to_owned)).collect();
    for name in media {
        let mut told = Map::new();
        values.retain_mut(|(known, value)| {
            let Some(part) = known.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.')) else { return true };
            put(&mut told, part, std::mem::take(value));
            false
        });
        values.push((name, Value::Object(told)));
    }
}

/// Puts a value where the parts of its name lead.
fn put(mut told: &mut Map<String, Value>, name: &str, value: Value) {
    let mut parts: Vec<&str> = name.splitn(DEPTH_MAX, '.').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Value::Object(inner) = told.entry(part).or_insert_with(|| Value::Object(Map::new())) else { return };
        told = inner;
    }
    told.insert(last.to_owned(), value);
}

/// Without control characters, and not too long.
fn make_plain(name: &mut String) {
    let is_odd = |sign: char| sign.is_control() || (sign.is_whitespace() && sign != ' ');
    if name.is_empty() {
        "unnamed".clone_into(name);
    }
    if name.chars().any(is_odd) {
        *name = name.chars().map(|sign| if is_odd(sign) { ' ' } else { sign }).collect();
    }
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_have_no_json_are_words() {
        for (text, expected) in [
            ("NaN", json!("NaN")),
            ("[1, NaN, -Infinity]", json!([1, "NaN", "-Infinity"])),
            (r#"["a NaN \" NaN", Infinity]"#, json!(["a NaN \" NaN", "Infinity"])),
            (r#"{"é\\": NaN}"#, json!({ "é\\": "NaN" })),
        ] {
            assert_eq!(json_of(text).expect("json"), expected, "{text}");
        }
        for text in ["NaNs", "\"NaN", "[NaN", "", "\\NaN\\"] {
            assert!(json_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_printable_and_short() {
        let long = "é".repeat(300);
        for (name, expected) in [("a\nb\u{a0}c", "a b c"), ("", "unnamed"), ("loss", "loss"), (&long, &long[..480])] {
            let mut plain = name.to_owned();
            make_plain(&mut plain);
            assert_eq!(plain, expected);
        }
    }

    #[test]
    fn a_long_name_is_not_there_once_for_each_number() {
        let field = |number: u8, bytes: &[u8]| {
            let mut field = vec![number << 3 | 2];
            let mut length = bytes.len();
            while length >= 0x80 {
                field.push(length as u8 | 0x80);
                length >>= 7;
            }
            field.push(length as u8);
            [field, bytes.to_vec()].concat()
        };
        let json = |count: usize| {
            let numbers: Vec<String> = (0..count).map(|number| format!("\"{number}\":1")).collect();
            format!("{{{}}}", numbers.join(","))
        };
        // `value_json` has the number 16.
        let value = |json: &str| {
            let bytes = field(0, json.as_bytes());
            [&[0x82, 0x01], &bytes[1..]].concat()
        };
        let row = |count: usize| {
            let item = [field(2, "x".repeat(500_000).as_bytes()), value(&json(count))].concat();
            let step = field(2, &[8, 1]);
            Row::read(&[field(1, &item), step].concat()).expect("a message").expect("a step")
        };
        let (few, many) = (row(1_000), row(100_000));
        assert_eq!((few.values.len(), few.is_cut), (1_000, false));
        assert!(few.values.iter().all(|(name, _)| name.len() <= NAME_BYTES_MAX));
        assert!(many.is_cut && many.values.len() < 100_000, "{}", many.values.len());
    }

    #[test]
    fn what_is_said_of_media_is_one_value() {
        let told = |name: &str, value: Value| (name.to_owned(), value);
        let mut values = vec![
            told("h._type", json!("histogram")),
            told("h.packedBins.min", json!(-1)),
            told("h.packedBins.size", json!(0.5)),
            told("he", json!(2)),
        ];
        media_as_one(&mut values);
        let histogram = json!({ "_type": "histogram", "packedBins": { "min": -1, "size": 0.5 } });
        assert_eq!(values, [told("he", json!(2)), told("h", histogram)]);
    }
}
