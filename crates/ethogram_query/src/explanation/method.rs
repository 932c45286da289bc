//! Methods by name, with their settings.

use std::collections::BTreeMap;

use ethogram_model::{Configured, Method};

use crate::{Error, Params, Result};

/// The method of this name, set as asked.
///
/// **Errors**: [`Error::BadParam`] names the methods, or the settings, that there are.
pub fn configured(name: &str, params: &Params) -> Result<Configured> {
    let given: BTreeMap<String, String> =
        params.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    Method::find(name).and_then(|method| method.with(&given)).map_err(|error| match error {
        ethogram_model::Error::Param { param, expected, found } => {
            let field = if param == "method" { "attribution".to_owned() } else { format!("attribution/{name}") };
            Error::BadParam { field: field.chars().take(64).collect(), param, expected, found }
        }
        other => other.into(),
    })
}
