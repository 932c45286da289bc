//! Fields that many training loops log, and what they mean.

/// A field with a common name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardField {
    /// Its name.
    pub name: &'static str,
    /// What one row holds.
    pub doc: &'static str,
    /// Its unit, where it has one.
    pub unit: Option<&'static str>,
}

/// Every standard field of the step axis, in the order of `docs/fields.md`.
pub const STANDARD_FIELDS: &[StandardField] = &[
    field("observation", "what the policy received before the action", None),
    field("frame", "the rendered picture of the environment before the action", None),
    field("action", "the action taken", None),
    field("reward", "what came back for the action, unscaled and unclipped", Some("reward")),
    field("terminated", "whether the task ended the episode after this action", None),
    field("truncated", "whether the episode was cut from outside after this action", None),
    field("logits", "unnormalised log-probabilities of the actions", None),
    field("action_probabilities", "probability of each action under the policy", Some("probability")),
    field("action_log_probability", "log-probability (or log-density) of the action taken", Some("nats")),
    field("action_mean", "mean of a Gaussian policy, before clipping", None),
    field("action_log_std", "log of the standard deviation of a Gaussian policy", None),
    field("value", "the critic's V(s) of the observation", Some("return")),
    field("q_values", "the critic's Q(s, ·), one an action", Some("return")),
    field("quantiles", "quantiles of the return of each action, quantile first", Some("return")),
    field(
        "atoms",
        "returns to which a categorical critic gives probabilities, K of them for all actions or A×K",
        Some("return"),
    ),
    field("atom_probabilities", "probability of each atom of each action, action first: A×K", Some("probability")),
    field("q_heads", "Q(s, ·) of each head of an ensemble, head first, priors included", Some("return")),
    field("q_heads_prior", "the part of q_heads that is a fixed prior, as it was added", Some("return")),
    field("head", "index of the head of an ensemble that acts, from 0", None),
    field("advantage", "the advantage that the learner used", Some("return")),
    field("entropy", "entropy of the policy", Some("nats")),
    field(
        "recurrent_state",
        "recurrent state before the step; of several states `recurrent_state/INPUT` each, or all in one in the order of the network's inputs",
        None,
    ),
    field(
        "greedy",
        "whether the action was the policy's own choice; false where the exploration schedule drew it at random",
        None,
    ),
];

const fn field(name: &'static str, doc: &'static str, unit: Option<&'static str>) -> StandardField {
    StandardField { name, doc, unit }
}

/// The standard field by this name; the leaves of a nested observation or action are described by their root.
pub(crate) fn standard(name: &str) -> Option<&'static StandardField> {
    let root = name.split('/').next().unwrap_or(name);
    STANDARD_FIELDS.iter().find(|field| field.name == name).or_else(|| {
        STANDARD_FIELDS.iter().find(|field| field.name == root && ["observation", "action"].contains(&root))
    })
}
