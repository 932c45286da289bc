//! Python packages that build and test the SDK, as they are pinned. The SDK itself needs none but NumPy, of any version.

use anyhow::{Context, Result};

use super::Component;
use crate::root::root;

/// Files of pins.
const PINS: [&str; 4] =
    ["requirements-build.txt", "requirements-test.txt", "requirements-heavy.txt", "requirements-tensorflow.txt"];

/// Every pin; the licences are not told there.
pub fn components() -> Result<Vec<Component>> {
    let mut components = Vec::new();
    for file in PINS {
        let text = std::fs::read_to_string(root().join("python").join(file)).with_context(|| file.to_owned())?;
        components.extend(text.lines().filter_map(pinned));
    }
    Ok(components)
}

/// `name[extra]==1.2.3`.
fn pinned(line: &str) -> Option<Component> {
    let (name, version) = line.split('#').next()?.trim().split_once("==")?;
    let name = name.split('[').next()?.trim().to_lowercase().replace('_', "-");
    let version = version.split(';').next()?.trim().to_owned();
    let purl = format!("pkg:pypi/{name}@{version}");
    Some(Component { name, version, purl, licence: String::new(), hash: None, shipped: false, needs: vec![] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_and_a_remark_is_none() {
        let found = pinned("ray[rllib]==2.60.0  # for the callbacks").expect("a pin");
        assert_eq!(found.purl, "pkg:pypi/ray@2.60.0");
        assert_eq!(pinned("# What `make test` installs."), None);
    }
}
