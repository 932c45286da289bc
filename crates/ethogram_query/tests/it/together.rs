//! Several targets of one request share what they can, and say what they say alone.

use serde_json::json;

use crate::explanation::{STEPS, asked, noise, rows};

/// Actor and critic, and targets of one output, by methods that share their passes and methods that do not.
#[test]
fn targets_asked_together_say_to_the_bit_what_they_say_alone() {
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    // At one step no action was taken: the critic has an answer there, and the actor none.
    let action = (0..STEPS).map(|step| (step != 2).then(|| vec![(step % 3) as f64])).collect();
    let fields = vec![("observation", vec![3, 8, 8], rows(&noise(STEPS * 192, 9), 192)), ("action", vec![], action)];
    let run = asked("residual", signature, None, &[fields]);
    for method in ["perturbation", "occlusion", "saliency", "integrated_gradients"] {
        let together = run.ask("action,value,greedy,1", method, |_| {});
        assert_eq!(together.len(), 4, "{method}");
        assert_eq!([together[0].valid[2], together[1].valid[2]], [false, true]);
        for found in together {
            let alone = run.ask(&found.target, method, |_| {}).remove(0);
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&found.values), bits(&alone.values), "{method} of {}", found.target);
            assert_eq!(bits(&found.at_input), bits(&alone.at_input), "{method} of {}", found.target);
            assert_eq!((found.shape, found.wrt_shape, found.parts), (alone.shape, alone.wrt_shape, alone.parts));
            assert_eq!((found.valid, found.output, found.entry), (alone.valid, alone.output, alone.entry));
        }
    }
}
