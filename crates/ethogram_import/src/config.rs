//! Hyper-parameters as other tools write them down.

use serde_json::{Map, Number, Value};

/// A Markdown table of two columns, as `SummaryWriter.add_text("hyperparameters", "|param|value|\n|-|-|\n…")` has it.
/// `None` when the text is none.
pub fn config_from_table(text: &str) -> Option<Map<String, Value>> {
    let mut rows = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let head = cells(rows.next()?)?;
    let rule = cells(rows.next()?)?;
    let is_rule = |cell: &str| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' '));
    if head.1.contains('|') || !is_rule(rule.0) || !rule.1.split('|').all(is_rule) {
        return None;
    }
    let mut config = Map::new();
    for row in rows {
        let Some((name, value)) = cells(row) else { continue };
        config.insert(name.to_owned(), value_from_text(value));
    }
    (!config.is_empty()).then_some(config)
}

/// The first cell of a row, and all that follows it: a value may hold the sign that parts cells.
fn cells(row: &str) -> Option<(&str, &str)> {
    let inner = row.strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let (name, value) = inner.split_once('|')?;
    Some((name.trim(), value.trim()))
}

/// What Python's `str` wrote: numbers, booleans and `None` are taken for what they were, all else is a text.
pub fn value_from_text(text: &str) -> Value {
    match text {
        "None" | "null" => return Value::Null,
        "True" | "true" => return Value::Bool(true),
        "False" | "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    let is_number = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'));
    let number = text.parse::<f64>().ok().filter(|_| is_number).and_then(Number::from_f64);
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// A name that says `env_id`, `env` or the like.
pub fn env_id(config: &Map<String, Value>) -> Option<String> {
    let named = ["env_id", "env", "env_name", "environment", "gym_id"].iter().find_map(|name| config.get(*name));
    named.and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The discount of training.
pub fn gamma(config: &Map<String, Value>) -> Option<f64> {
    let named = config.get("gamma").or_else(|| config.get("discount"))?;
    named.as_f64().filter(|gamma| (0.0..=1.0).contains(gamma))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_parameters_is_read() {
        let text = "|param|value|\n|-|-|\n|env_id|CartPole-v1|\n|lr|2.5e-4|\n|seed|1|\n|cuda|False|\n|x|a|b|\n|n|None|";
        let config = config_from_table(text).expect("a table");
        let found = serde_json::to_string(&config).expect("json");
        let expected = r#"{"env_id":"CartPole-v1","lr":0.00025,"seed":1,"cuda":false,"x":"a|b","n":null}"#;
        assert_eq!(found, expected);
        assert_eq!(env_id(&config).as_deref(), Some("CartPole-v1"));
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "hello", "|a|b|\nno", "|a|b|c|\n|-|-|-|\n|1|2|3|", "|a|\n|-|\n|1|"] {
            assert_eq!(config_from_table(text), None, "{text}");
        }
    }

    #[test]
    fn words_that_rust_takes_for_numbers_stay_words() {
        for text in ["nan", "inf", "infinity", "-inf", "adam"] {
            assert_eq!(value_from_text(text), Value::String(text.into()));
        }
    }
}
