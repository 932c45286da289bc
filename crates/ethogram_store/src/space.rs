//! Observation and action spaces, as Gymnasium describes them, and the leaves that are stored as columns.

use serde::{Deserialize, Serialize};

use crate::Dtype;

/// A set of values that an observation or action may take.
///
/// In JSON each is an object with a `type`, for example `{"type": "discrete", "n": 4, "start": 0}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Space {
    /// Numbers in bounds. `low` and `high` hold one entry an element, or one for all; infinite bounds are `null`.
    Box {
        /// Lengths of the axes.
        shape: Vec<usize>,
        /// Element type.
        dtype: Dtype,
        /// Lower bounds.
        low: Vec<Option<f64>>,
        /// Upper bounds.
        high: Vec<Option<f64>>,
        /// Which axis is a stack of frames, oldest first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack_axis: Option<usize>,
    },
    /// One of `n` integers from `start`.
    Discrete {
        /// How many.
        n: u64,
        /// The first.
        #[serde(default)]
        start: i64,
        /// Element type.
        #[serde(default = "int64")]
        dtype: Dtype,
    },
    /// Several discrete choices at once.
    MultiDiscrete {
        /// Choices of each, flat.
        nvec: Vec<u64>,
        /// Lengths of the axes.
        shape: Vec<usize>,
        /// Element type.
        #[serde(default = "int64")]
        dtype: Dtype,
    },
    /// Bits.
    MultiBinary {
        /// Lengths of the axes.
        shape: Vec<usize>,
    },
    /// Named parts, in the order of Gymnasium.
    Dict {
        /// Name and space of each part.
        spaces: Vec<(String, Space)>,
    },
    /// Parts by position.
    Tuple {
        /// The space of each part.
        spaces: Vec<Space>,
    },
    /// A string.
    Text {
        /// Longest allowed.
        max_length: u64,
    },
}

fn int64() -> Dtype {
    Dtype::Int64
}

/// One array (or text) within a space: what is stored as one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Parts joined by `/` under the name given, for example `observation/camera/0`.
    pub name: String,
    /// Element type; `None` for text.
    pub dtype: Option<Dtype>,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Which axis is a stack of frames.
    pub stack_axis: Option<usize>,
}

/// A description that no space can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("space at {at:?}: {why}")]
pub struct SpaceError {
    /// Path of the part.
    pub at: String,
    /// The rule it breaks.
    pub why: String,
}

impl Space {
    /// Deepest nesting that is read.
    pub const DEPTH_MAX: usize = 16;
    /// Most leaves that one space may have.
    pub const LEAVES_MAX: usize = 256;
    /// Most elements of one leaf.
    pub const ELEMENTS_MAX: usize = 1 << 28;

    /// The arrays of this space, depth first, named from `root` down. The order is that of the columns.
    pub fn leaves(&self, root: &str) -> Result<Vec<Leaf>, SpaceError> {
        let mut leaves = Vec::new();
        self.collect(root, 0, &mut leaves)?;
        Ok(leaves)
    }

    fn collect(&self, at: &str, depth: usize, leaves: &mut Vec<Leaf>) -> Result<(), SpaceError> {
        let fail = |why: String| Err(SpaceError { at: at.to_owned(), why });
        let wrong = |why: String| SpaceError { at: at.to_owned(), why };
        if depth > Self::DEPTH_MAX {
            return fail(format!("nested deeper than {}", Self::DEPTH_MAX));
        }
        if leaves.len() >= Self::LEAVES_MAX {
            return fail(format!("more than {} parts", Self::LEAVES_MAX));
        }
        let count = |shape: &[usize]| {
            let elements = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
            let elements = elements.filter(|elements| *elements <= Self::ELEMENTS_MAX);
            elements.ok_or_else(|| format!("shape {shape:?} has more than {} elements", Self::ELEMENTS_MAX))
        };
        let mut push = |dtype: Option<Dtype>, shape: &[usize], stack_axis: Option<usize>| {
            count(shape)?;
            if stack_axis.is_some_and(|axis| axis >= shape.len()) {
                return Err(format!("stack axis {stack_axis:?} is outside shape {shape:?}"));
            }
            leaves.push(Leaf { name: at.to_owned(), dtype, shape: shape.to_vec(), stack_axis });
            Ok(())
        };
        match self {
            Self::Box { shape, dtype, low, high, stack_axis } => {
                let elements = count(shape).map_err(wrong)?;
                for bounds in [low, high] {
                    if bounds.len() != 1 && bounds.len() != elements {
                        return fail(format!("{} bounds for {elements} elements", bounds.len()));
                    }
                }
                push(Some(*dtype), shape, *stack_axis).or_else(fail)
            }
            Self::Discrete { dtype, .. } => push(Some(*dtype), &[], None).or_else(fail),
            Self::MultiDiscrete { nvec, shape, dtype } => {
                if nvec.len() != count(shape).map_err(wrong)? {
                    return fail(format!("{} choices for shape {shape:?}", nvec.len()));
                }
                push(Some(*dtype), shape, None).or_else(fail)
            }
            Self::MultiBinary { shape } => push(Some(Dtype::Int8), shape, None).or_else(fail),
            Self::Text { .. } => push(None, &[], None).or_else(fail),
            Self::Dict { spaces } => {
                for (key, space) in spaces {
                    space.collect(&format!("{at}/{}", escape(key)), depth + 1, leaves)?;
                }
                Ok(())
            }
            Self::Tuple { spaces } => {
                for (index, space) in spaces.iter().enumerate() {
                    space.collect(&format!("{at}/{index}"), depth + 1, leaves)?;
                }
                Ok(())
            }
        }
    }
}

/// Keys may hold any character; `/` and `%` are written as `%2F` and `%25` so that paths stay unambiguous.
fn escape(key: &str) -> String {
    key.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &[&str]) {
        let space: Space = serde_json::from_str(json).expect("a space");
        let names: Vec<_> = space.leaves("observation").expect("leaves").into_iter().map(|leaf| leaf.name).collect();
        assert_eq!(names, expected, "{json}");
        let again: Space = serde_json::from_str(&serde_json::to_string(&space).expect("json")).expect("a space");
        assert_eq!(again, space, "json round trip of {json}");
    }

    #[test]
    fn leaves_are_named_by_their_path() {
        check(r#"{"type":"discrete","n":4}"#, &["observation"]);
        check(
            r#"{"type":"dict","spaces":[["a/b",{"type":"multi_binary","shape":[3]}],
               ["t",{"type":"tuple","spaces":[{"type":"text","max_length":8},{"type":"discrete","n":2,"start":-1}]}]]}"#,
            &["observation/a%2Fb", "observation/t/0", "observation/t/1"],
        );
    }

    #[test]
    fn a_space_that_lies_about_its_bounds_is_refused() {
        let space = Space::Box {
            shape: vec![3],
            dtype: Dtype::Float32,
            low: vec![None; 2],
            high: vec![None],
            stack_axis: None,
        };
        let error = space.leaves("observation").expect_err("two bounds for three elements");
        assert_eq!(error.to_string(), r#"space at "observation": 2 bounds for 3 elements"#);
    }
}
