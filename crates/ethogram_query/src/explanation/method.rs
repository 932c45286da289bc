//! Methods by name.

use std::sync::LazyLock;

use ethogram_model::{Attribution, attributions};

use crate::{Error, Result};

/// Every method, in the order that people see.
pub static METHODS: LazyLock<Vec<Box<dyn Attribution>>> = LazyLock::new(attributions);

/// The method of this name.
pub fn find(name: &str) -> Result<&'static dyn Attribution> {
    let found = METHODS.iter().find(|method| method.name() == name);
    found.map(AsRef::as_ref).ok_or_else(|| Error::BadParam {
        field: "attribution".to_owned(),
        param: "method".to_owned(),
        expected: format!("one of {}", METHODS.iter().map(|method| method.name()).collect::<Vec<_>>().join(", ")),
        found: name.to_owned(),
    })
}
