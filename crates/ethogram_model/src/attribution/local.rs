//! The network at one step for rows that differ in a rectangle of a picture.

use super::explained::side_by_side;
use super::one_step::{Compiler, Function, OneStep, Pass};
use super::patch::Patch;
use crate::error::{Error, Result};
use crate::exec::{Cancel, Lent, Local, Program};
use crate::graph::ValueId;
use crate::tensor::Data;

/// Rows whose unchanged pictures are held at one time.
const BASES: usize = 8;

/// Rows that go through the layers behind at once: many, for these are products with large weights, unless each takes much memory.
const CHUNK_ROWS: usize = 64;
const CHUNK_BYTES: u64 = 64 << 20;

/// Share of the memory of a run that the pictures may take.
const MEMORY_SHARE: u64 = 4;

/// The function in two parts.
pub(super) struct Divided {
    /// Layers that look at places of the picture.
    local: Local,
    /// All else, for a number of rows.
    rest: Program,
    /// Names of inputs that the rest takes for every row.
    inputs: Vec<(ValueId, String)>,
}

impl Compiler<'_> {
    /// The function for a number of rows in two parts. `None` when no layer looks at places of the picture.
    fn divided(&self, rows: usize, threads: usize) -> Result<Option<Divided>> {
        let [part] = self.wrt.as_slice() else { return Ok(None) };
        let (mut graph, output) = self.looked_at(rows)?;
        let from = self.model.find(&graph, &part.name)?;
        let Some(local) = Local::of(&graph, from, output) else { return Ok(None) };
        let limits = self.model.limits();
        if local.bytes().saturating_mul((BASES + threads) as u64) > limits.run_bytes / MEMORY_SHARE {
            return Ok(None);
        }
        local.frontier().iter().for_each(|edge| graph.give(edge.id));
        let needed = graph.needed_by(&[output]);
        let taken = |(id, name): (ValueId, &str)| {
            let own = local.frontier().iter().any(|edge| edge.id == id);
            (!own && needed[id.index()]).then(|| (id, name.to_owned()))
        };
        let inputs = graph.inputs().filter_map(taken).collect();
        let rest = Program::compile_for(graph, &[output], &local.pictures(), limits)?;
        Ok(Some(Divided { local, rest, inputs }))
    }
}

impl OneStep<'_> {
    /// Entries of each patch of the one explained picture, flat. `None` when the function has no layers that look at places of it.
    ///
    /// `at` are the rows without a change, flat; `at_once` says how many go through the layers behind together.
    pub fn around(
        &self,
        at: &[f32],
        patches: &[Patch],
        at_once: Option<usize>,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Option<Vec<f32>>> {
        let compiler = &self.compiler;
        let [part] = compiler.wrt.as_slice() else { return Ok(None) };
        if part.shape.len() != 3 || compiler.model.axis_of_rows(&part.name) != 0 || patches.is_empty() {
            return Ok(None);
        }
        let fit = usize::try_from(CHUNK_BYTES / self.effort().bytes.max(1)).unwrap_or(CHUNK_ROWS);
        let most = at_once.unwrap_or_else(|| fit.min(CHUNK_ROWS));
        let each = most.min(patches.len().div_ceil(threads)).max(1);
        let question = format!("{} {each} {:?} {threads}", compiler.question, Pass::Local);
        let divided = compiler.model.prepared.get(&question, || compiler.divided(each, threads))?;
        let Some(divided) = divided.as_ref() else { return Ok(None) };
        let mut entries = Vec::with_capacity(patches.len() * compiler.entries);
        let mut left = patches;
        while !left.is_empty() {
            let (patches, later) = left.split_at(of_few_rows(left));
            left = later;
            let mut rows: Vec<usize> = patches.iter().map(|patch| patch.row).collect();
            rows.dedup();
            let bases = side_by_side(rows.len(), threads, |index| {
                cancel.check()?;
                divided.local.canvas(&at[rows[index] * part.width..][..part.width])
            })?;
            let chunks: Vec<&[Patch]> = patches.chunks(each).collect();
            let found = side_by_side(chunks.len(), threads, |index| {
                let base = |row: usize| rows.iter().position(|known| *known == row);
                let mut pictures: Vec<Vec<f32>> = vec![Vec::new(); divided.local.frontier().len()];
                let mut canvas = None;
                for patch in chunks[index] {
                    cancel.check()?;
                    let number = base(patch.row).ok_or_else(|| Error::Inconsistent("a row without a base".into()))?;
                    let (_, canvas) = match &mut canvas {
                        Some((known, _)) if *known == number => canvas.as_mut(),
                        other => {
                            *other = Some((number, bases[number].clone()));
                            other.as_mut()
                        }
                    }
                    .ok_or_else(|| Error::Inconsistent("a row without a canvas".into()))?;
                    divided.local.change(&bases[number], canvas, &patch.area, &patch.values)?;
                    divided.local.hand_on(canvas, &mut pictures);
                }
                let mut found = self.rest(divided, pictures, chunks[index], each, cancel)?;
                found.truncate(chunks[index].len() * compiler.entries);
                Ok(found)
            })?;
            entries.extend(found.into_iter().flatten());
        }
        Ok(Some(entries))
    }

    /// The layers behind; rows that are missing to `each` are the last one again.
    fn rest(
        &self,
        divided: &Divided,
        mut pictures: Vec<Vec<f32>>,
        patches: &[Patch],
        each: usize,
        cancel: &Cancel,
    ) -> Result<Vec<f32>> {
        let mut of: Vec<usize> = patches.iter().map(|patch| patch.row).collect();
        of.resize(each, of.last().copied().unwrap_or(0));
        for picture in &mut pictures {
            let one = picture.len() / patches.len().max(1);
            while picture.len() < one * each {
                picture.extend_from_within(picture.len() - one..);
            }
        }
        let given = self.given(&divided.inputs, &of)?;
        let lent: Vec<Lent<'_>> = divided
            .local
            .frontier()
            .iter()
            .zip(&pictures)
            .map(|(edge, values)| Lent { id: edge.id, values, layout: edge.layout })
            .collect();
        let found = divided.rest.run_lent(&given, &lent, 1, cancel)?.into_iter().next();
        match found.map(crate::tensor::Tensor::into_data) {
            Some(Data::F32(values)) => Ok(values),
            _ => Err(Error::Inconsistent("entries that are no floats".to_owned())),
        }
    }
}

/// How many of the first patches belong to so few rows that all of these can be held.
fn of_few_rows(patches: &[Patch]) -> usize {
    let mut changes = 0;
    let next = patches.windows(2).position(|pair| {
        changes += usize::from(pair[0].row != pair[1].row);
        changes >= BASES
    });
    next.map_or(patches.len(), |index| index + 1)
}
