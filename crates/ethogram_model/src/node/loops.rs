//! Loops, unrolled: each turn becomes operations of its own, so that what runs and differentiates graphs knows no loops.
//!
//! How often a loop turns must be known before the network runs, as it is in the recurrent layers that Keras exports.
//! **Source**: ONNX's operators `Loop` (since version 11) and `Scan` (since version 9).

use super::laid::{Known, Laid};
use super::{Branch, Node};
use crate::error::{Result, within};
use crate::graph::ValueId;
use crate::tensor::{Data, Tensor};

impl<'m> Laid<'m, '_> {
    /// `Loop`: a number of turns, a condition, and values that go from turn to turn. Gives these as the last turn left them, and one value a turn, joined, of each
    /// that is collected.
    pub fn add_loop(&mut self, node: &'m Node, inputs: &[Option<ValueId>], known: &Known<'m>) -> Result<Vec<ValueId>> {
        let body = self.branch(node, "body")?;
        let turns = match inputs.first().copied().flatten() {
            Some(turns) => Some(self.count(turns)?),
            None => None,
        };
        let mut goes_on = match inputs.get(1).copied().flatten() {
            Some(condition) => self.goes_on(condition)?,
            None => true,
        };
        let mut state = self.all(inputs.get(2..).unwrap_or_default())?;
        self.fits(body.inputs.len(), state.len() + 2, "inputs")?;
        let Some(collected) = body.outputs.len().checked_sub(state.len() + 1) else {
            return Err(self.b.wrong(format!("{} outputs for {} values", body.outputs.len(), state.len())));
        };
        let mut inner = self.inside(body, known)?;
        let mut found: Vec<Vec<ValueId>> = vec![Vec::new(); collected];
        let mut turn = 0_u64;
        while goes_on && turns.is_none_or(|turns| turn < turns) {
            within("the turns of a loop", turn + 1, "recurrent_steps", self.b.limits().recurrent_steps)?;
            let index = self.b.constant(Tensor::i64(&[], vec![turn as i64])?)?;
            let condition = self.b.constant(Tensor::new(Vec::new(), Data::Bool(vec![true]))?)?;
            let given = [index, condition].into_iter().chain(state.iter().copied());
            let mut left = self.turn(node, body, given, &mut inner)?.into_iter();
            goes_on = match left.next() {
                Some(condition) => self.goes_on(condition)?,
                None => false,
            };
            state = left.by_ref().take(state.len()).collect();
            found.iter_mut().zip(left).for_each(|(all, one)| all.push(one));
            turn += 1;
        }
        for parts in found {
            state.push(self.joined(&parts, 0)?);
        }
        Ok(state)
    }

    /// `Scan`: a turn for each entry along an axis of its last inputs, which are handed in one after the other.
    pub fn add_scan(&mut self, node: &'m Node, inputs: &[Option<ValueId>], known: &Known<'m>) -> Result<Vec<ValueId>> {
        let body = self.branch(node, "body")?;
        let inputs = self.all(inputs)?;
        let scanned = usize::try_from(node.attributes.int("num_scan_inputs", 0)).unwrap_or(0);
        let Some(states) = inputs.len().checked_sub(scanned).filter(|_| scanned > 0) else {
            return Err(self.b.wrong(format!("num_scan_inputs of {scanned}, expected 1 to {}", inputs.len())));
        };
        self.fits(body.inputs.len(), inputs.len(), "inputs")?;
        let Some(collected) = body.outputs.len().checked_sub(states) else {
            return Err(self.b.wrong(format!("{} outputs for {states} values", body.outputs.len())));
        };
        let settings = |name: &str, count: usize| -> Result<Vec<i64>> {
            let given = node.attributes.ints(name).map_or_else(|| vec![0; count], <[i64]>::to_vec);
            if given.len() == count {
                Ok(given)
            } else {
                Err(self.b.wrong(format!("{} {name} for {count}", given.len())))
            }
        };
        let (axes, backwards) = (settings("scan_input_axes", scanned)?, settings("scan_input_directions", scanned)?);
        let (to_axes, to_front) =
            (settings("scan_output_axes", collected)?, settings("scan_output_directions", collected)?);
        let (mut state, scanned) = (inputs[..states].to_vec(), &inputs[states..]);
        let axes: Vec<usize> = scanned
            .iter()
            .zip(axes)
            .map(|(&id, axis)| self.axis(axis, self.b.shape(id).len()))
            .collect::<Result<_>>()?;
        let lengths: Vec<usize> = scanned.iter().zip(&axes).map(|(&id, &axis)| self.b.shape(id)[axis]).collect();
        let turns = lengths[0];
        if lengths.iter().any(|&length| length != turns) {
            return Err(self.b.wrong(format!("inputs of {lengths:?} turns")));
        }
        within("the turns of a loop", turns as u64, "recurrent_steps", self.b.limits().recurrent_steps)?;
        let mut inner = self.inside(body, known)?;
        let mut found: Vec<Vec<ValueId>> = vec![Vec::new(); collected];
        for turn in 0..turns {
            let mut given = state.clone();
            for ((&id, &axis), &backwards) in scanned.iter().zip(&axes).zip(&backwards) {
                let at = if backwards == 0 { turn } else { turns - 1 - turn };
                let part = self.b.slice_axis(id, axis, at, 1)?;
                let mut shape = self.b.shape(part).to_vec();
                shape.remove(axis);
                given.push(self.b.reshape(part, &shape)?);
            }
            let mut left = self.turn(node, body, given, &mut inner)?.into_iter();
            state = left.by_ref().take(states).collect();
            found.iter_mut().zip(left).for_each(|(all, one)| all.push(one));
        }
        for ((mut parts, axis), to_front) in found.into_iter().zip(to_axes).zip(to_front) {
            if to_front != 0 {
                parts.reverse();
            }
            let rank = parts.first().map_or(0, |&part| self.b.shape(part).len()) + 1;
            let axis = self.axis(axis, rank)?;
            state.push(self.joined(&parts, axis)?);
        }
        Ok(state)
    }

    /// What is known inside a loop's body. Its values have no names outside: a layer has one value, and these have one a turn.
    fn inside(&mut self, body: &'m Branch, known: &Known<'m>) -> Result<Known<'m>> {
        let mut inner = known.clone();
        self.add_weights(body, &mut inner)?;
        Ok(inner)
    }

    /// What the body gives for these inputs.
    fn turn(
        &mut self,
        node: &'m Node,
        body: &'m Branch,
        given: impl IntoIterator<Item = ValueId>,
        inner: &mut Known<'m>,
    ) -> Result<Vec<ValueId>> {
        self.b.unrolled(body.nodes.len())?;
        inner.extend(body.inputs.iter().map(String::as_str).zip(given));
        let patched = self.patched.take();
        let found = self.add_nodes(body, node, inner);
        self.patched = patched;
        found
    }

    /// One value a turn along a new axis.
    fn joined(&mut self, parts: &[ValueId], axis: usize) -> Result<ValueId> {
        if parts.is_empty() {
            return Err(self.b.wrong("it never turns, so that what it collects has no shape"));
        }
        let mut laid = Vec::with_capacity(parts.len());
        for &part in parts {
            let mut shape = self.b.shape(part).to_vec();
            shape.insert(axis.min(shape.len()), 1);
            laid.push(self.b.reshape(part, &shape)?);
        }
        self.b.concat(&laid, axis)
    }

    fn all(&self, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>> {
        let missing = |index: usize| self.b.wrong(format!("value {index} of the loop is missing"));
        inputs.iter().enumerate().map(|(index, id)| id.ok_or_else(|| missing(index))).collect()
    }

    fn fits(&self, found: usize, expected: usize, what: &str) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        Err(self.b.wrong(format!("a body with {found} {what}, expected {expected}")))
    }

    fn axis(&self, axis: i64, rank: usize) -> Result<usize> {
        let from_end = if axis < 0 { axis + rank as i64 } else { axis };
        let axis_of = usize::try_from(from_end).ok().filter(|&axis| axis < rank);
        axis_of.ok_or_else(|| self.b.wrong(format!("axis {axis} of {rank} axes")))
    }

    /// How often a loop turns at most.
    fn count(&self, turns: ValueId) -> Result<u64> {
        match self.b.constant_of(turns).map(|tensor| tensor.as_i64()) {
            Some(Some(&[turns])) => Ok(u64::try_from(turns).unwrap_or(0)),
            Some(_) => Err(self.b.wrong("the number of turns must be one whole number")),
            None => Err(self.b.wrong("how often it turns depends on the observation; it must be constant")),
        }
    }

    fn goes_on(&self, condition: ValueId) -> Result<bool> {
        self.truth(condition)?.ok_or_else(|| {
            self.b.wrong("whether it goes on depends on the observation; the number of turns must be constant")
        })
    }
}
