//! What a derivation takes, and the columns it was given.

use std::sync::Arc;

use ethogram_store::{Column, EpisodeRow, FieldInfo, RunInfo};

/// One field that a derivation takes.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Which field.
    pub name: InputName,
    /// What a row of it must hold.
    pub shape: RowShape,
    /// Without it there is no answer.
    pub required: bool,
    /// How to log it, for the error that says it is missing.
    pub hint: &'static str,
}

/// Which field an input is.
#[derive(Clone, Copy, Debug)]
pub enum InputName {
    /// The first of these that was logged, else the first that can be derived.
    AnyOf(&'static [&'static str]),
    /// The field named by this parameter.
    Param(&'static str),
}

/// What a row must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    /// One number: shape `[]` or `[1]`.
    Number,
    /// Some numbers in a row: one axis.
    Vector,
    /// One number, or some in a row.
    NumberOrVector,
    /// Numbers in rows and columns: two axes.
    Matrix,
    /// Some in a row, or in rows and columns.
    VectorOrMatrix,
}

impl RowShape {
    /// Whether rows of `info` are so.
    pub fn fits(self, info: &FieldInfo) -> bool {
        let number = info.shape.iter().product::<usize>() == 1 && info.shape.len() <= 1;
        let vector = info.shape.len() == 1 && info.shape[0] > 0;
        let matrix = info.shape.len() == 2 && info.shape.iter().all(|&n| n > 0);
        info.dtype.is_some()
            && !info.image
            && match self {
                Self::Number => number,
                Self::Vector => vector,
                Self::NumberOrVector => number || vector,
                Self::Matrix => matrix,
                Self::VectorOrMatrix => vector || matrix,
            }
    }

    /// For messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Number => "one number a step",
            Self::Vector => "a vector of numbers a step",
            Self::NumberOrVector => "one number or a vector of numbers a step",
            Self::Matrix => "numbers of two axes a step",
            Self::VectorOrMatrix => "numbers of one or two axes a step",
        }
    }
}

/// The inputs of one derivation at one episode.
pub struct Inputs<'a> {
    /// One an entry of [`crate::Derivation::inputs`]; `None` for one that is not required and not there.
    pub columns: Vec<Option<Arc<Column>>>,
    /// One an entry of [`crate::Derivation::earlier`].
    pub earlier: Vec<Arc<Column>>,
    /// Rows of the episode.
    pub rows: usize,
    /// The episode.
    pub episode: &'a EpisodeRow,
    /// The run.
    pub run: &'a RunInfo,
}

impl Inputs<'_> {
    /// Name of an input that is there.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.columns[index].as_ref().map(|column| column.info.name.as_str())
    }

    /// An input of one number a row; `None` where nothing was logged, and everywhere when the input is not there.
    pub fn numbers(&self, index: usize) -> Vec<Option<f64>> {
        let Some(column) = &self.columns[index] else { return vec![None; self.rows] };
        let values = column.to_f64();
        let mut numbers: Vec<_> =
            values.into_iter().enumerate().map(|(row, value)| column.is_valid(row).then_some(value)).collect();
        numbers.resize(self.rows, None);
        numbers
    }

    /// An input of some numbers a row, with their count; rows where nothing was logged are `None`.
    pub fn vectors(&self, index: usize) -> (usize, Vec<Option<Vec<f64>>>) {
        let Some(column) = &self.columns[index] else { return (0, vec![None; self.rows]) };
        let (width, mut vectors) = rows_of(column);
        vectors.resize(self.rows, None);
        (width, vectors)
    }

    /// [`Inputs::vectors`] of an earlier episode, as many rows as that has.
    pub fn earlier_vectors(&self, index: usize) -> (usize, Vec<Option<Vec<f64>>>) {
        rows_of(&self.earlier[index])
    }
}

fn rows_of(column: &Column) -> (usize, Vec<Option<Vec<f64>>>) {
    let width = column.info.shape.iter().product::<usize>().max(1);
    let values = column.to_f64();
    let rows = values.chunks_exact(width).enumerate();
    (width, rows.map(|(row, values)| column.is_valid(row).then(|| values.to_vec())).collect())
}
