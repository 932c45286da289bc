//! Layers with memory, written out step by step, so that they are differentiated like everything else.
//!
//! **Source**: the ONNX specification of LSTM, GRU and RNN; gates in its order (`iofc`, `zrh`).

use super::{Call, Lower};
use crate::error::{Result, within};
use crate::graph::{Binary, Unary, ValueId};
use crate::tensor::{Tensor, elements};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("LSTM", |call| recurrent(call, Kind::Lstm)),
    ("GRU", |call| recurrent(call, Kind::Gru)),
    ("RNN", |call| recurrent(call, Kind::Rnn)),
];

/// What ONNX calls the inputs.
const NAMES: [&str; 8] = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lstm,
    Gru,
    Rnn,
}

impl Kind {
    fn gates(self) -> usize {
        match self {
            Kind::Lstm => 4,
            Kind::Gru => 3,
            Kind::Rnn => 1,
        }
    }

    fn activations(self) -> &'static [&'static str] {
        match self {
            Kind::Lstm => &["Sigmoid", "Tanh", "Tanh"],
            Kind::Gru => &["Sigmoid", "Tanh"],
            Kind::Rnn => &["Tanh"],
        }
    }
}

/// Weights of one direction.
struct Cell {
    kind: Kind,
    hidden: usize,
    /// `[gates · H, H]`.
    recurrent: ValueId,
    /// Bias of the recurrent product, `[gates · H]`, where it must stay apart from the other.
    recurrent_bias: Option<ValueId>,
    /// Peephole weights, `[3 · H]` in the order `iof`.
    peephole: Option<ValueId>,
    linear_before_reset: bool,
    functions: Vec<Unary>,
}

fn recurrent(call: &mut Call<'_>, kind: Kind) -> Result<Vec<ValueId>> {
    let mut x = call.floats(0)?;
    let batch_first = call.attributes.int("layout", 0) != 0;
    if batch_first {
        x = call.b.transpose(x, &[1, 0, 2])?;
    }
    let &[steps, batch, size] = call.shape(x).as_slice() else {
        return Err(call.b.wrong(format!("an input of shape {:?}, expected time, batch and features", call.shape(x))));
    };
    within("the steps of a recurrent layer", steps as u64, "recurrent_steps", call.b.limits().recurrent_steps)?;
    let recurrent_weight = call.floats(2)?;
    let recurrent_shape = call.shape(recurrent_weight);
    let &[directions, rows, hidden] = recurrent_shape.as_slice() else {
        return Err(call.b.wrong(format!("recurrent weights of shape {recurrent_shape:?}")));
    };
    if rows != kind.gates() * hidden || hidden == 0 {
        return Err(call
            .b
            .wrong(format!("recurrent weights of shape {recurrent_shape:?}, expected {} gates", kind.gates())));
    }
    check_sequences(call, kind, steps, batch)?;
    let direction = call.attributes.text("direction", "forward").to_owned();
    let functions = functions(call, kind, directions)?;

    let mut outputs = Vec::new();
    let (mut last_hidden, mut last_cell) = (Vec::new(), Vec::new());
    for index in 0..directions {
        let reverse = direction == "reverse" || index == 1;
        let weight = part(call, 1, index, &[rows, size])?;
        let recurrent = part(call, 2, index, &[rows, hidden])?;
        let (bias, recurrent_bias) = biases(call, kind, index, rows)?;
        let peephole = if kind == Kind::Lstm && call.optional(7).is_some() {
            Some(part(call, 7, index, &[3 * hidden])?)
        } else {
            None
        };
        let linear_before_reset = call.attributes.int("linear_before_reset", 0) != 0;
        let functions = functions[index].clone();
        let cell = Cell { kind, hidden, recurrent, recurrent_bias, peephole, linear_before_reset, functions };
        let mut h = initial(call, 5, index, batch, hidden)?;
        let mut c = if kind == Kind::Lstm { Some(initial(call, 6, index, batch, hidden)?) } else { None };

        // All steps' input products are one product.
        let flat = call.b.reshape(x, &[steps * batch, size])?;
        let mut projected = call.b.matmul(flat, weight, true)?;
        if let Some(bias) = bias {
            projected = call.b.add(projected, bias)?;
        }
        let mut rows_of_time = vec![h; steps];
        for at in 0..steps {
            let step = if reverse { steps - 1 - at } else { at };
            let input = call.b.slice_axis(projected, 0, step * batch, batch)?;
            (h, c) = cell.step(call, input, h, c)?;
            rows_of_time[step] = h;
        }
        let shaped: Vec<ValueId> =
            rows_of_time.into_iter().map(|row| call.b.reshape(row, &[1, 1, batch, hidden])).collect::<Result<_>>()?;
        outputs.push(if shaped.is_empty() { None } else { Some(call.b.concat(&shaped, 0)?) });
        last_hidden.push(call.b.reshape(h, &[1, batch, hidden])?);
        if let Some(c) = c {
            last_cell.push(call.b.reshape(c, &[1, batch, hidden])?);
        }
    }
    let all: Option<Vec<ValueId>> = outputs.into_iter().collect();
    let all = all.ok_or_else(|| call.b.wrong("no step of time"))?;
    let mut results = vec![call.b.concat(&all, 1)?, call.b.concat(&last_hidden, 0)?];
    if kind == Kind::Lstm {
        results.push(call.b.concat(&last_cell, 0)?);
    }
    if batch_first {
        results[0] = call.b.transpose(results[0], &[2, 0, 1, 3])?;
        for last in &mut results[1..] {
            *last = call.b.transpose(*last, &[1, 0, 2])?;
        }
    }
    Ok(results)
}

fn check_sequences(call: &Call<'_>, kind: Kind, steps: usize, batch: usize) -> Result<()> {
    if let Some(lengths) = call.integers(4)?
        && (lengths.len() != batch || lengths.iter().any(|&length| length != steps as i64))
    {
        return Err(call.b.wrong("sequences of different lengths are not supported; leave sequence_lens out"));
    }
    if call.attributes.get("clip").is_some() || (kind == Kind::Lstm && call.attributes.int("input_forget", 0) != 0) {
        return Err(call.b.wrong("clip and input_forget are not supported"));
    }
    Ok(())
}

/// The functions of each direction.
fn functions(call: &Call<'_>, kind: Kind, directions: usize) -> Result<Vec<Vec<Unary>>> {
    let each = kind.activations().len();
    let named: Vec<String> = match call.attributes.texts("activations") {
        Some(names) => names.to_vec(),
        None => (0..directions).flat_map(|_| kind.activations().iter().map(|name| (*name).to_owned())).collect(),
    };
    if named.len() != each * directions {
        return Err(call.b.wrong(format!("{} activations, expected {}", named.len(), each * directions)));
    }
    let known = |name: &String| match name.to_ascii_lowercase().as_str() {
        "sigmoid" => Ok(Unary::Sigmoid),
        "tanh" => Ok(Unary::Tanh),
        "relu" => Ok(Unary::Relu),
        "softplus" => Ok(Unary::Softplus),
        _ => Err(call.b.wrong(format!("activation {name:?} is not supported in a recurrent layer"))),
    };
    let all: Vec<Unary> = named.iter().map(known).collect::<Result<_>>()?;
    Ok(all.chunks(each).map(<[Unary]>::to_vec).collect())
}

/// One direction's part of an input.
fn part(call: &mut Call<'_>, input: usize, direction: usize, shape: &[usize]) -> Result<ValueId> {
    let whole = call.floats(input)?;
    part_of(call, input, whole, direction, shape)
}

fn part_of(call: &mut Call<'_>, input: usize, whole: ValueId, direction: usize, shape: &[usize]) -> Result<ValueId> {
    let found = call.shape(whole);
    let one = call.b.slice_axis(whole, 0, direction, 1)?;
    if elements(&found[1..]) != elements(shape) {
        let name = NAMES.get(input).copied().unwrap_or_default();
        // PyTorch's exporter writes such files: the product that would shrink the state is missing from them.
        let hint = if name == "initial_c" { "; ONNX has no LSTM with a projection (proj_size)" } else { "" };
        return Err(call.b.wrong(format!("{name} of shape {found:?}, expected {shape:?} for each direction{hint}")));
    }
    call.b.reshape(one, shape)
}

/// The two biases as one where that is the same, else apart.
fn biases(
    call: &mut Call<'_>,
    kind: Kind,
    direction: usize,
    rows: usize,
) -> Result<(Option<ValueId>, Option<ValueId>)> {
    if call.optional(3).is_none() {
        return Ok((None, None));
    }
    let both = part(call, 3, direction, &[2 * rows])?;
    let (first, second) = (call.b.slice_axis(both, 0, 0, rows)?, call.b.slice_axis(both, 0, rows, rows)?);
    if kind == Kind::Gru && call.attributes.int("linear_before_reset", 0) != 0 {
        return Ok((Some(first), Some(second)));
    }
    Ok((Some(call.b.add(first, second)?), None))
}

fn initial(call: &mut Call<'_>, input: usize, direction: usize, batch: usize, hidden: usize) -> Result<ValueId> {
    if call.optional(input).is_none() {
        return call.b.constant(Tensor::full(&[batch, hidden], 0.0));
    }
    let mut whole = call.floats(input)?;
    if call.attributes.int("layout", 0) != 0 {
        whole = call.b.transpose(whole, &[1, 0, 2])?;
    }
    part_of(call, input, whole, direction, &[batch, hidden])
}

impl Cell {
    /// One step: the input's product, the state before; the state after.
    fn step(
        &self,
        call: &mut Call<'_>,
        input: ValueId,
        h: ValueId,
        c: Option<ValueId>,
    ) -> Result<(ValueId, Option<ValueId>)> {
        match (self.kind, c) {
            (Kind::Lstm, Some(c)) => {
                let (h, c) = self.lstm(call, input, h, c)?;
                Ok((h, Some(c)))
            }
            (Kind::Gru, _) => Ok((self.gru(call, input, h)?, None)),
            _ => {
                let product = call.b.matmul(h, self.recurrent, true)?;
                let sum = call.b.add(input, product)?;
                Ok((call.b.unary(self.functions[0], sum)?, None))
            }
        }
    }

    fn gate(&self, call: &mut Call<'_>, gates: ValueId, index: usize) -> Result<ValueId> {
        call.b.slice_axis(gates, 1, index * self.hidden, self.hidden)
    }

    /// A gate's peephole on the cell, added to it.
    fn peeped(&self, call: &mut Call<'_>, gate: ValueId, index: usize, c: ValueId) -> Result<ValueId> {
        let Some(peephole) = self.peephole else { return Ok(gate) };
        let weight = call.b.slice_axis(peephole, 0, index * self.hidden, self.hidden)?;
        let seen = call.b.mul(weight, c)?;
        call.b.add(gate, seen)
    }

    fn lstm(&self, call: &mut Call<'_>, input: ValueId, h: ValueId, c: ValueId) -> Result<(ValueId, ValueId)> {
        let [f, g, k] = [self.functions[0], self.functions[1], self.functions[2]];
        let product = call.b.matmul(h, self.recurrent, true)?;
        let gates = call.b.add(input, product)?;
        let [i, o, forget, candidate] = [0, 1, 2, 3].map(|index| self.gate(call, gates, index));
        let i = self.peeped(call, i?, 0, c)?;
        let i = call.b.unary(f, i)?;
        let forget = self.peeped(call, forget?, 2, c)?;
        let forget = call.b.unary(f, forget)?;
        let candidate = call.b.unary(g, candidate?)?;
        let kept = call.b.mul(forget, c)?;
        let new = call.b.mul(i, candidate)?;
        let c = call.b.add(kept, new)?;
        let o = self.peeped(call, o?, 1, c)?;
        let o = call.b.unary(f, o)?;
        let shown = call.b.unary(k, c)?;
        Ok((call.b.mul(o, shown)?, c))
    }

    fn gru(&self, call: &mut Call<'_>, input: ValueId, h: ValueId) -> Result<ValueId> {
        let [f, g] = [self.functions[0], self.functions[1]];
        let hidden = self.hidden;
        // The gates z and r need the plain product; the candidate needs it before or after the reset.
        let gate_weight = call.b.slice_axis(self.recurrent, 0, 0, 2 * hidden)?;
        let own_weight = call.b.slice_axis(self.recurrent, 0, 2 * hidden, hidden)?;
        let mut gates = call.b.matmul(h, gate_weight, true)?;
        let mut own_bias = None;
        if let Some(bias) = self.recurrent_bias {
            let part = call.b.slice_axis(bias, 0, 0, 2 * hidden)?;
            gates = call.b.add(gates, part)?;
            own_bias = Some(call.b.slice_axis(bias, 0, 2 * hidden, hidden)?);
        }
        let input_gates = call.b.slice_axis(input, 1, 0, 2 * hidden)?;
        let gates = call.b.add(input_gates, gates)?;
        let gates = call.b.unary(f, gates)?;
        let (z, r) = (self.gate(call, gates, 0)?, self.gate(call, gates, 1)?);
        let from_state = if self.linear_before_reset {
            let mut product = call.b.matmul(h, own_weight, true)?;
            if let Some(bias) = own_bias {
                product = call.b.add(product, bias)?;
            }
            call.b.mul(r, product)?
        } else {
            let reset = call.b.mul(r, h)?;
            call.b.matmul(reset, own_weight, true)?
        };
        let own_input = self.gate(call, input, 2)?;
        let sum = call.b.add(own_input, from_state)?;
        let candidate = call.b.unary(g, sum)?;
        // (1 − z) · candidate + z · h.
        let difference = call.b.binary(Binary::Sub, h, candidate)?;
        let kept = call.b.mul(z, difference)?;
        call.b.add(candidate, kept)
    }
}
