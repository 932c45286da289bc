//! Licences that what is shipped may have: those that ask for no more than their text beside the program.

use super::Component;

/// SPDX ids. MPL-2.0 asks for the source of its own files, which every registry has.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What is shipped under no licence of the list, a line each.
pub fn refused(components: &[Component]) -> Vec<String> {
    let shipped = components.iter().filter(|component| component.shipped);
    let refused = shipped.filter(|component| !is_allowed(&component.licence));
    refused.map(|component| format!("{}: {:?}", component.purl, component.licence)).collect()
}

/// Whether one way to read an SPDX expression asks for allowed licences alone.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at) == Some(true) && at == words.len()
}

/// `a OR b`; `None` where it is no expression.
fn either(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut allowed = both(words, at)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        // Both sides are read, whatever the first says.
        allowed |= both(words, at)?;
    }
    Some(allowed)
}

/// `a AND b`, which binds closer.
fn both(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut allowed = one(words, at)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at)?;
    }
    Some(allowed)
}

/// An id, with an exception where it has one, or an expression in parentheses.
fn one(words: &[&str], at: &mut usize) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let allowed = either(words, at)?;
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return closed.then_some(allowed);
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1)?;
        *at += 2;
        return Some(ALLOWED.contains(&format!("{word} WITH {exception}").as_str()));
    }
    Some(ALLOWED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_when_one_choice_of_it_is() {
        for allowed in [
            "MIT",
            "GPL-3.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "MIT AND (GPL-3.0-only OR ISC)",
        ] {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT ISC",
            "GPL-2.0 WITH Classpath-exception-2.0",
        ] {
            assert!(!is_allowed(refused), "{refused}");
        }
    }

    #[test]
    fn only_what_is_shipped_is_held_to_it() {
        let component = |shipped| Component {
            name: "a".into(),
            version: "1".into(),
            purl: "pkg:cargo/a@1".into(),
            licence: "AGPL-3.0-only".into(),
            hash: None,
            shipped,
            needs: vec![],
        };
        assert_eq!(refused(&[component(false), component(true)]), ["pkg:cargo/a@1: \"AGPL-3.0-only\""]);
    }
}
