//! Which values' elements are told apart, by name.

use ethogram_model::{Dtype, Model};

use super::signature::Signature;
use crate::{Error, Result};

/// The inputs or layers that a text is about: the name of one, several with `+` between, or what stands for some: `observation` (the default),
/// `state`, `all`.
///
/// **Errors**: a network without a recurrent state that is asked for it.
pub fn resolve(text: Option<&str>, model: &Model, signature: &Signature) -> Result<Vec<String>> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    // Whole numbers have no derivative; a part of a dictionary that is made of them stays as it is.
    let is_float = |name: &str| model.inputs().iter().all(|input| input.name != name || input.dtype == Dtype::F32);
    let floats = |names: Vec<String>| {
        let some: Vec<String> = names.iter().filter(|name| is_float(name)).cloned().collect();
        if some.is_empty() { names } else { some }
    };
    let states = || owned(signature.states().into_iter().map(|(name, _)| name).collect());
    let text = text.unwrap_or("observation");
    let exact =
        model.inputs().iter().any(|input| input.name == text) || model.layers().iter().any(|layer| layer.name == text);
    if exact {
        return Ok(vec![text.to_owned()]);
    }
    match text {
        "observation" => Ok(floats(owned(signature.observations()?))),
        "state" if states().is_empty() => Err(Error::BadParam {
            field: "attribution".to_owned(),
            param: "wrt".to_owned(),
            expected: "an input or layer; the network has no recurrent state (state= of eg.signature)".to_owned(),
            found: "state".to_owned(),
        }),
        "state" => Ok(states()),
        "all" => Ok(floats(signature.inputs.iter().map(|(name, _)| name.clone()).collect())),
        _ => Ok(text.split('+').map(str::to_owned).collect()),
    }
}
