//! What if, asked of networks that take one row at a time.

use ethogram_model::Measure;
use ethogram_query::{
    Cancel, Counterfactual, CounterfactualRequest, DisagreementRequest, Edit, EditChange, EditPlace, Params, WhatIf,
    WhatIfAttribution, WhatIfRequest, WhichCheckpoints,
};
use serde_json::json;

use crate::explanation::{Asked, Fields, STEPS, asked, close, noise, observations, rows};

/// Step 2, asked as it was and with some elements set.
fn ask(asked: &Asked, elements: &[usize], attribution: Option<WhatIfAttribution>) -> WhatIf {
    let place = EditPlace::Elements(elements.to_vec());
    let edit = Edit { field: "observation".into(), place, planes: None, change: EditChange::Set(0.75) };
    let (edits, checkpoints) = (vec![edit], WhichCheckpoints::InForce);
    let request = WhatIfRequest { episode: 0, step: 2, edits, checkpoints, attribution };
    asked.run.what_if(&request, &Cancel::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The smallest change of step 2 after which another action is chosen.
fn change(asked: &Asked, action: usize) -> Counterfactual {
    let request = CounterfactualRequest {
        episode: 0,
        step: 2,
        edits: Vec::new(),
        checkpoint: None,
        action,
        measure: Measure::Least,
        field: None,
    };
    asked.run.counterfactual(&request, &Cancel::default(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// N-2: a network that torch exported without an open axis of rows answers what its twin of any number of rows answers.
#[test]
fn row_n2_a_network_of_one_row_is_asked_what_if() {
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}},
    });
    let frames = || vec![("observation", vec![1, 16, 16], rows(&noise(STEPS * 256, 5), 256))];
    let twin = |network: &str| asked(network, signature.clone(), None, &[frames()]);
    let (fixed, open) = (twin("fixed-planted"), twin("planted"));
    let attribution =
        WhatIfAttribution { method: "perturbation".into(), target: "greedy".into(), wrt: None, params: Params::new() };
    let elements: Vec<usize> = (64..128).collect();
    let [one, all] = [&fixed, &open].map(|asked| ask(asked, &elements, Some(attribution.clone())).answers.remove(0));
    close(&one.before.numbers, &all.before.numbers);
    close(&one.after.numbers, &all.after.numbers);
    assert!(one.before.numbers.len() > 1 && one.before != one.after, "the edit changes something");
    let (one, all) = (one.attributions.expect("asked for"), all.attributions.expect("asked for"));
    close(&one.0.values, &all.0.values);
    close(&one.1.values, &all.1.values);
    assert_ne!(one.0.values, one.1.values);

    let action = usize::from(one.0.entry[0] == 0);
    let (one, all) = (change(&fixed, action), change(&open, action));
    assert_eq!((one.flips, &one.edits, one.size), (all.flips, &all.edits, all.size));
    let request = DisagreementRequest { episode: 0, checkpoints: WhichCheckpoints::All, places: STEPS };
    let found = fixed.run.disagreement(&request, &Cancel::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((found.steps.len(), found.said[0].len()), (STEPS, STEPS));
}

/// The same where a recurrent state has its layers first.
#[test]
fn row_n2_a_recurrent_network_of_one_row_is_asked_what_if() {
    let signature = json!({
        "inputs": {
            "obs": {"role": "observation", "field": "observation"},
            "h": {"role": "state", "next": "h_next"},
            "c": {"role": "state", "next": "c_next"},
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let states = |name: &'static str, salt: u64| (name, vec![2, 6], rows(&noise(STEPS * 12, salt), 12));
    let fields: Fields<'_> = vec![observations(2), states("recurrent_state/h", 3), states("recurrent_state/c", 4)];
    let recurrent = asked("fixed-lstm", signature, None, &[fields]);
    let found = ask(&recurrent, &[1], None);
    assert_eq!(found.fields.iter().map(|field| field.changed).collect::<Vec<_>>(), [1, 0, 0]);
    let [before, after] = [&found.answers[0].before, &found.answers[0].after].map(|said| said.numbers.clone());
    assert!(before.len() == 3 && before != after, "{before:?}, {after:?}");
    // What explanations say of the same step, with the state that was logged.
    let target = |entry: usize| {
        let found = recurrent.ask(&entry.to_string(), "gradient", |request| request.range = 2..3).remove(0);
        found.at_input[0]
    };
    close(&before, &[target(0), target(1), target(2)]);
    // The search asks about one row an action, with the state of each.
    let greedy = found.answers[0].before.greedy[0];
    let changed = change(&recurrent, (greedy + 1) % 3);
    assert_eq!((changed.field.as_str(), changed.before.greedy.as_slice()), ("observation", &[greedy][..]));
    assert!(changed.asked > 0 && changed.flips == (changed.after.greedy[0] == (greedy + 1) % 3), "{changed:?}");
}
