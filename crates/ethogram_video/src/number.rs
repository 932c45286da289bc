//! Numbers as people read them, as the web app writes them.

/// Four significant digits, no trailing zeros, and an exponent only where it is shorter: `0.00123`, `−14.2`, `3.1e−7`, `NaN`.
pub fn text_from_number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs();
    let text = if (1e-4..1e6).contains(&size) {
        let digits = 4_i32.max((size + 1.0).log10().ceil() as i32);
        let decimals = (digits - 1 - size.log10().floor() as i32).clamp(0, 12) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        let text = format!("{value:.2e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_the_web_app() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (21.0, "21"),
            (-0.123_456, "−0.1235"),
            (1_234.567, "1235"),
            (123_456.0, "123456"),
            (0.001_23, "0.00123"),
            (3.1e-7, "3.1e−7"),
            (-2.5e9, "−2.5e9"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(text_from_number(value), text);
        }
    }
}
