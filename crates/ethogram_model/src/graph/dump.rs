//! A graph as text, a line a value.

use std::fmt;

use super::{Graph, Source, ValueId};

impl fmt::Display for ValueId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "%{}", self.0)
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, value) in self.values() {
            write!(to, "{id}: {} {:?} = ", value.dtype.name(), value.shape)?;
            match &value.source {
                Source::Input(name) => write!(to, "input {name:?}")?,
                Source::Constant(_) => write!(to, "constant")?,
                Source::Node { op, inputs } => {
                    let inputs: Vec<_> = inputs.iter().map(ToString::to_string).collect();
                    write!(to, "{op:?}({})", inputs.join(", "))?;
                }
            }
            for (name, _) in self.names.iter().filter(|(_, named)| *named == id) {
                write!(to, "  # {name}")?;
            }
            writeln!(to)?;
        }
        Ok(())
    }
}
