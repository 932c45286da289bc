//! `docs/fields.md` says what the program says.

use ethogram_query::derivation::{Input, InputName};
use ethogram_query::{DERIVATIONS, Derivation, Param, ParamKind, STANDARD_FIELDS, StandardField};

const FIELDS: &str = include_str!("../../../../docs/fields.md");

fn logged(field: &StandardField) -> String {
    format!("| `{}` | {} | {} |", field.name, field.doc, field.unit.unwrap_or(""))
}

fn derived(derivation: &dyn Derivation) -> String {
    let inputs: Vec<_> = derivation.inputs().iter().map(input).collect();
    let params: Vec<_> = derivation.params().iter().map(param).collect();
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} |",
        derivation.name(),
        derivation.doc(),
        derivation.formula(),
        derivation.unit().unwrap_or(""),
        inputs.join(", "),
        params.join(", "),
        derivation.source(),
    )
}

fn input(input: &Input) -> String {
    let name = match input.name {
        InputName::AnyOf(names) => names.join(" or "),
        InputName::Param(param) => format!("the field named by `{param}`"),
    };
    if input.required { name } else { format!("{name} (if there)") }
}

fn param(param: &Param) -> String {
    let name = param.name;
    match param.kind {
        ParamKind::Number { default, min, max } => format!("`{name}` {default} ({min} to {max})"),
        ParamKind::Discount => format!("`{name}` the run's, else {} (0 to 1)", ethogram_query::GAMMA_DEFAULT),
        ParamKind::Field { default } => format!("`{name}` {default}"),
        ParamKind::Choice { of } => format!("`{name}` {}", of.join(" or ")),
    }
}

#[test]
fn the_list_of_fields_is_that_of_the_program() {
    let expected: Vec<_> =
        STANDARD_FIELDS.iter().map(logged).chain(DERIVATIONS.iter().map(|&derivation| derived(derivation))).collect();
    let found: Vec<_> = FIELDS.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(found == expected, "docs/fields.md should have these rows, in this order:\n{}", expected.join("\n"));
}

#[test]
fn names_are_unique_and_defaults_are_allowed() {
    let mut names: Vec<_> = DERIVATIONS.iter().map(|derivation| derivation.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DERIVATIONS.len());
    for derivation in DERIVATIONS {
        for param in derivation.params() {
            if let ParamKind::Number { default, min, max } = param.kind {
                assert!((min..=max).contains(&default), "{} of {}", param.name, derivation.name());
            }
        }
    }
}
