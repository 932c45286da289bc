//! Sizes, ages and numbers, for people.

/// For example `1.4 MiB`.
pub fn text_from_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = 0;
    // What would be rounded up to 1024 is one of the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// What a log says, for a terminal: control characters but line breaks and tabs are written out. A name in somebody's run could otherwise
/// move the cursor, change the title of the window or more.
pub fn shown(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if is_plain(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
        shown
    })
}

/// The inverse of [`text_from_bytes`], for options: `1048576`, `1M`, `1MiB`, `0.5G`. All units are powers of 1,024.
///
/// **Errors**: a text that says what was expected.
pub fn bytes_from_text(text: &str) -> Result<usize, String> {
    let fail = || format!("expected a size such as 512M or 2G, found {text:?}");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| fail())?;
    let unit = unit.trim().to_ascii_lowercase();
    let power = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(fail()),
    };
    let bytes = number * 1024_f64.powi(power);
    if bytes <= (1_u64 << 48) as f64 { Ok(bytes as usize) } else { Err(fail()) }
}

/// How long ago, for example `3 min`; the future counts as now.
pub fn text_from_age(micros: i64) -> String {
    let secs = micros.max(0) / 1_000_000;
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..86_400 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

/// With commas between thousands.
pub fn text_from_count(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

/// Four significant digits, and an exponent only where it is shorter.
pub fn text_from_number(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor();
    if !(-4.0..9.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = (3.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_written_out() {
        assert_eq!(shown("pong é\t7\n🐍"), "pong é\t7\n🐍");
        assert_eq!(shown("\u{1b}]0;owned\u{7}\r\u{9b}2J"), "\\u{1b}]0;owned\\u{7}\\r\\u{9b}2J");
    }

    #[test]
    fn sizes_read_well_and_come_back() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_468_006, "1.4 MiB"), (1 << 40, "1.0 TiB")]
        {
            assert_eq!(text_from_bytes(bytes), text);
        }
        assert_eq!(text_from_bytes(1024 * 1024 - 1), "1.0 MiB", "never 1024.0 KiB");
        for (text, bytes) in [("7", 7), ("1K", 1 << 10), ("256M", 256 << 20), ("0.5 GiB", 1 << 29), ("2gb", 2 << 30)] {
            assert_eq!(bytes_from_text(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1.2.3", "12 parsecs", "9999999T", "1e9"] {
            assert!(bytes_from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_counts_and_numbers_read_well() {
        let ages = [-5, 59_000_000, 60_000_000, 7_200_000_000, 200_000_000_000].map(text_from_age);
        assert_eq!(ages, ["0 s", "59 s", "1 min", "2 h", "2 d"]);
        assert_eq!([0, 999, 1_000, -1_234_567].map(text_from_count), ["0", "999", "1,000", "-1,234,567"]);
        let numbers = [0.0, 21.0, -0.123_456, 1_234.567, 1e-7, f64::NAN, 3e12, 1_234_567.0].map(text_from_number);
        assert_eq!(numbers, ["0", "21", "-0.1235", "1235", "1.000e-7", "NaN", "3.000e12", "1234567"]);
    }
}
