//! Queries and bodies that nobody meant: mutants of real ones, the same at every run.

use std::time::Duration;

use crate::{chance::Chance, corpus::try_corpus, fuzzed, routes::served};

#[test]
fn mutants_of_questions_are_answered() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_root, served) = runtime.block_on(served());
    let answered = |bytes: &[u8]| {
        let asked = async { tokio::time::timeout(Duration::from_secs(40), fuzzed::ask(&served, bytes)).await };
        runtime.block_on(asked).expect("an answer within 40 s")
    };
    // Some ask for what this run does not have; they have mutants too, which are only not expected to be answered.
    let (answers, refusals): (Vec<_>, Vec<_>) = fuzzed::questions().into_iter().partition(|bytes| answered(bytes));
    assert!(answers.len() >= 8, "{} of {} are answered", answers.len(), answers.len() + refusals.len());
    Chance::try_mutants(&answers, 60, answered);
    let mut chance = Chance::default();
    for question in &refusals {
        for _ in 0..60 {
            answered(&chance.mutant(question));
        }
    }
}

#[test]
fn what_fuzzing_kept_is_answered() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_root, served) = runtime.block_on(served());
    try_corpus("query", |bytes| {
        let asked = async { tokio::time::timeout(Duration::from_secs(40), fuzzed::ask(&served, bytes)).await };
        runtime.block_on(asked).expect("an answer within 40 s")
    });
}
