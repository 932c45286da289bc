//! Numbers of the distribution of the return that a critic gives for each action: mean, spread, lower tail.

use ethogram_analysis::{ReturnDistribution, mean_over_heads};
use ethogram_store::{FieldInfo, RunInfo};

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::param::{ParamKind, number};
use crate::{Error, Param, Params, Result};

/// Mean of each action's return.
pub(super) struct QMean;

/// Spread of each action's return.
pub(super) struct ReturnStd;

/// Lower tail of each action's return.
pub(super) struct Cvar;

/// Whether the atoms' probabilities are a distribution.
pub(super) struct AtomProbabilitySum;

const DISTRIBUTION: Input = Input {
    name: InputName::AnyOf(&["quantiles", "atom_probabilities"]),
    shape: RowShape::Matrix,
    required: true,
    hint: "pass quantiles= (N×A), or atoms= and atom_probabilities= (A×K), to episode.step",
};

const CRITIC: Input = Input {
    name: InputName::AnyOf(&["quantiles", "atom_probabilities", "q_heads"]),
    hint: "pass quantiles= (N×A), atoms= and atom_probabilities= (A×K), or q_heads= (heads×A) to episode.step",
    ..DISTRIBUTION
};

const PROBABILITIES: Input = Input {
    name: InputName::AnyOf(&["atom_probabilities"]),
    hint: "pass atom_probabilities= (A×K) to episode.step",
    ..DISTRIBUTION
};

const ATOMS: Input = Input {
    name: InputName::AnyOf(&["atoms"]),
    shape: RowShape::VectorOrMatrix,
    required: false,
    hint: "pass atoms= (K, or A×K) to episode.step",
};

const ALPHA: Param = Param {
    name: "alpha",
    doc: "α: the share of the lowest outcomes that is averaged; 1 gives the mean",
    kind: ParamKind::Number { default: 0.1, min: 0.001, max: 1.0 },
};

impl Derivation for QMean {
    fn name(&self) -> &'static str {
        "q_mean"
    }

    fn doc(&self) -> &'static str {
        "what each action is expected to give: mean of its quantiles, of its atoms under their probabilities, or over the heads"
    }

    fn formula(&self) -> &'static str {
        "Q(s_t, a) = Σ_i p_i z_i(s_t, a)"
    }

    fn source(&self) -> &'static str {
        "Bellemare, Dabney and Munos, A Distributional Perspective on Reinforcement Learning, 2017, section 4"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[CRITIC, ATOMS]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        actions(inputs)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        if inputs.name(0) == Some("q_heads") {
            let actions = inputs.columns[0].as_ref().map_or(0, |column| column.info.shape[1]);
            let (_, rows) = inputs.vectors(0);
            let rows: Vec<_> = rows.into_iter().map(|row| row.map(|heads| mean_over_heads(&heads, actions))).collect();
            return Ok(Derived::vectors(actions, &rows));
        }
        each_action(self.name(), inputs, ReturnDistribution::mean)
    }
}

impl Derivation for ReturnStd {
    fn name(&self) -> &'static str {
        "return_std"
    }

    fn doc(&self) -> &'static str {
        "how far the return of each action is spread: standard deviation of its distribution"
    }

    fn formula(&self) -> &'static str {
        "√ Σ_i p_i (z_i(s_t, a) − Q(s_t, a))²"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[DISTRIBUTION, ATOMS]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        actions(inputs)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        each_action(self.name(), inputs, ReturnDistribution::std)
    }
}

impl Derivation for Cvar {
    fn name(&self) -> &'static str {
        "cvar"
    }

    fn doc(&self) -> &'static str {
        "conditional value at risk: mean of the lowest outcomes of each action, a share of α of the probability"
    }

    fn formula(&self) -> &'static str {
        "CVaR_α = (1/α) ∫_0^α F⁻¹(u) du, with F the distribution of the return of (s_t, a)"
    }

    fn source(&self) -> &'static str {
        "Rockafellar and Uryasev, Conditional value-at-risk for general loss distributions, 2002, of the lower tail"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[DISTRIBUTION, ATOMS]
    }

    fn params(&self) -> &'static [Param] {
        &[ALPHA]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        actions(inputs)
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let alpha = number(params, "alpha");
        each_action(self.name(), inputs, |of| of.cvar(alpha))
    }
}

impl Derivation for AtomProbabilitySum {
    fn name(&self) -> &'static str {
        "atom_probability_sum"
    }

    fn doc(&self) -> &'static str {
        "sum of the probabilities of each action's atoms; what is not 1 is no distribution"
    }

    fn formula(&self) -> &'static str {
        "Σ_k p_k(s_t, a)"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("probability")
    }

    fn inputs(&self) -> &'static [Input] {
        &[PROBABILITIES]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        Some(vec![inputs[0].as_ref()?.shape[0]])
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        let actions = inputs.columns[0].as_ref().map_or(1, |column| column.info.shape[0]);
        let sums = |row: Vec<f64>| row.chunks_exact(width / actions).map(|p| p.iter().sum()).collect();
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(sums)).collect();
        Ok(Derived::vectors(actions, &rows))
    }
}

/// One number an action, given the critic and, for atoms, where they lie; `None` when the two do not go together.
fn actions(inputs: &[Option<FieldInfo>]) -> Option<Vec<usize>> {
    let critic = inputs[0].as_ref()?;
    if critic.name != "atom_probabilities" {
        return Some(vec![critic.shape[1]]);
    }
    let atoms = &inputs[1].as_ref()?.shape;
    let fits = *atoms == critic.shape || *atoms == [critic.shape[1]];
    fits.then(|| vec![critic.shape[0]])
}

/// `number` of the distribution of every action; a row is missing where the critic's or the atoms' is.
fn each_action(field: &str, inputs: &Inputs, number: impl Fn(&ReturnDistribution) -> f64) -> Result<Derived> {
    let infos: Vec<_> = inputs.columns.iter().map(|column| column.as_ref().map(|column| column.info.clone())).collect();
    let shape = &infos[0].as_ref().map_or_else(Vec::new, |info| info.shape.clone());
    let Some(count) = actions(&infos).map(|shape| shape[0]) else { return Err(atoms_wanted(field, inputs, shape)) };
    let (_, rows) = inputs.vectors(0);
    let rows: Vec<_> = if inputs.name(0) == Some("quantiles") {
        let of_row = |row: Vec<f64>| {
            let of_action = |action| row[action..].iter().copied().step_by(count).collect::<Vec<_>>();
            let of_action = |action| number(&ReturnDistribution::from_quantiles(of_action(action).into_iter()));
            (0..count).map(of_action).collect()
        };
        rows.into_iter().map(|row| row.map(of_row)).collect()
    } else {
        let (_, atoms) = inputs.vectors(1);
        let width = shape[1];
        let of_row = |probabilities: Vec<f64>, atoms: Vec<f64>| {
            let parts = atoms.chunks_exact(width).cycle().zip(probabilities.chunks_exact(width));
            parts.map(|(atoms, p)| number(&ReturnDistribution::from_atoms(atoms, p))).collect()
        };
        rows.into_iter().zip(atoms).map(|(row, atoms)| Some(of_row(row?, atoms?))).collect()
    };
    Ok(Derived::vectors(count, &rows))
}

fn atoms_wanted(field: &str, inputs: &Inputs, probabilities: &[usize]) -> Error {
    match &inputs.columns[1] {
        None => Error::MissingInput {
            field: field.to_owned(),
            episode: inputs.episode.episode,
            needs: "atoms".into(),
            hint: ATOMS.hint,
        },
        Some(atoms) => Error::BadInput {
            field: field.to_owned(),
            input: "atoms".into(),
            expected: format!(
                "as many as there are probabilities of an action, {probabilities:?} or the last of these"
            ),
            found: format!("{:?}", atoms.info.shape),
        },
    }
}
