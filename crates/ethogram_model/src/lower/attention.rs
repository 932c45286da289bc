//! Attention: which entries of a sequence are looked at, and what is seen there.
//!
//! **Source**: ONNX's operator `Attention` (operator set 23 on), after Vaswani et al., *Attention Is All You Need* (2017), section 3.2. The cap
//! comes before the mask, a causal mask begins behind the past, and a row that may look at nothing sees 0, as in ONNX 1.23.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Compare, Reduce, Unary, ValueId};
use crate::tensor::{Dtype, Tensor};

pub const OPERATORS: &[(&str, Lower)] = &[("Attention", attention)];

fn attention(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if call.optional(6).is_some() {
        return Err(call.b.wrong("nonpad_kv_seqlen is not supported; give the mask"));
    }
    if call.attributes.int("left_window_size", -1) >= 0 || call.attributes.int("right_window_size", -1) >= 0 {
        return Err(call.b.wrong("sliding windows are not supported; give the mask"));
    }
    let (query, key, value) = (call.floats(0)?, call.floats(1)?, call.floats(2)?);
    let flat = call.shape(query).len() == 3;
    let query = heads(call, query, "q_num_heads")?;
    let mut key = heads(call, key, "kv_num_heads")?;
    let mut value = heads(call, value, "kv_num_heads")?;
    let past = match (call.optional(4), call.optional(5)) {
        (None, None) => 0,
        (Some(_), Some(_)) => {
            let (past_key, past_value) = (call.floats(4)?, call.floats(5)?);
            let length = call.shape(past_key).get(2).copied().unwrap_or(0);
            key = call.b.concat(&[past_key, key], 2)?;
            value = call.b.concat(&[past_value, value], 2)?;
            length
        }
        _ => return Err(call.b.wrong("past_key and past_value must be given together")),
    };
    let (present_key, present_value) = (key, value);
    let count = call.shape(query)[1];
    let (key, value) = (repeated(call, key, count)?, repeated(call, value, count)?);

    let width = call.shape(query)[3].max(1) as f32;
    let scale = call.attributes.float("scale", 1.0 / width.sqrt());
    let query = call.b.unary(Unary::Scale(scale), query)?;
    let mut scores = call.b.matmul(query, key, true)?;
    let mut shown = scores;
    let softcap = call.attributes.float("softcap", 0.0);
    let mode = call.attributes.int("qk_matmul_output_mode", 0);
    if softcap > 0.0 {
        scores = call.b.unary(Unary::Scale(1.0 / softcap), scores)?;
        scores = call.b.unary(Unary::Tanh, scores)?;
        scores = call.b.unary(Unary::Scale(softcap), scores)?;
    }
    if mode == 1 {
        shown = scores;
    }
    let mask = mask(call, scores, past)?;
    if let Some(mask) = mask {
        if mode == 2 {
            shown = call.b.add(scores, mask)?;
        }
        // A row without any entry is looked at as if it had all, and then taken out, for nothing over nothing is no number.
        let most = call.b.reduce(Reduce::Max, mask, &[call.shape(mask).len() - 1])?;
        let least = call.b.scalar(f32::NEG_INFINITY)?;
        let empty = call.b.compare(Compare::Equal, most, least)?;
        let zero = call.b.scalar(0.0)?;
        let open = call.b.select(empty, zero, mask)?;
        scores = call.b.add(scores, open)?;
        let last = call.shape(scores).len() - 1;
        scores = call.b.softmax(scores, last, false)?;
        let none =
            call.b.constant_of(empty).and_then(|tensor| tensor.as_bool()).is_some_and(|all| !all.contains(&true));
        if !none {
            scores = call.b.select(empty, zero, scores)?;
        }
    } else {
        if mode == 2 {
            shown = scores;
        }
        let last = call.shape(scores).len() - 1;
        scores = call.b.softmax(scores, last, false)?;
    }
    if mode == 3 {
        shown = scores;
    }
    let mut seen = call.b.matmul(scores, value, false)?;
    if flat {
        seen = call.b.transpose(seen, &[0, 2, 1, 3])?;
        let shape = call.shape(seen);
        seen = call.b.reshape(seen, &[shape[0], shape[1], shape[2] * shape[3]])?;
    }
    Ok(vec![seen, present_key, present_value, shown])
}

/// `[B, S, heads · D]` as `[B, heads, S, D]`.
fn heads(call: &mut Call<'_>, x: ValueId, attribute: &str) -> Result<ValueId> {
    match call.shape(x).as_slice() {
        [_, _, _, _] => Ok(x),
        &[batch, length, width] => {
            let count = usize::try_from(call.attributes.int(attribute, 0)).unwrap_or(0);
            if count == 0 || !width.is_multiple_of(count) {
                return Err(call.b.wrong(format!("{attribute} is {count} for a width of {width}")));
            }
            let apart = call.b.reshape(x, &[batch, length, count, width / count])?;
            call.b.transpose(apart, &[0, 2, 1, 3])
        }
        other => Err(call.b.wrong(format!("shape {other:?}, expected three or four axes"))),
    }
}

/// Heads of keys and values, each for several heads of queries.
fn repeated(call: &mut Call<'_>, x: ValueId, count: usize) -> Result<ValueId> {
    let &[batch, own, length, width] = call.shape(x).as_slice() else {
        return Err(call.b.wrong(format!("shape {:?}, expected four axes", call.shape(x))));
    };
    if own == count {
        return Ok(x);
    }
    if own == 0 || !count.is_multiple_of(own) {
        return Err(call.b.wrong(format!("{own} heads of keys and values for {count} of queries")));
    }
    let apart = call.b.reshape(x, &[batch, own, 1, length, width])?;
    let all = call.b.broadcast(apart, &[batch, own, count / own, length, width])?;
    call.b.reshape(all, &[batch, count, length, width])
}

/// What is added to the scores `[B, heads, queries, keys]`: 0 where one may look, −∞ where not, or any other numbers.
fn mask(call: &mut Call<'_>, scores: ValueId, past: usize) -> Result<Option<ValueId>> {
    let shape = call.shape(scores);
    let (queries, keys) = (shape[2], shape[3]);
    let mut mask = match call.optional(3) {
        None => None,
        Some(given) => {
            let mut given = given;
            if call.b.dtype(given) == Dtype::Bool {
                let (open, closed) = (call.b.scalar(0.0)?, call.b.scalar(f32::NEG_INFINITY)?);
                given = call.b.select(given, open, closed)?;
            }
            let own = call.shape(given);
            if own.is_empty() {
                return Err(call.b.wrong("a mask without axes, expected two to four"));
            }
            // A mask may be shorter than the keys: what is behind it is closed.
            if let Some(&length) = own.last()
                && length < keys
                && length != 1
            {
                let to = [&own[..own.len() - 1], &[keys]].concat();
                given = call.b.place(given, &vec![0; own.len()], &vec![1; own.len()], &to, f32::NEG_INFINITY)?;
            }
            Some(given)
        }
    };
    if call.attributes.int("is_causal", 0) != 0 {
        let values = (0..queries)
            .flat_map(|query| (0..keys).map(move |key| if key <= query + past { 0.0 } else { f32::NEG_INFINITY }));
        let causal = call.b.constant(Tensor::f32(&[queries, keys], values.collect())?)?;
        mask = Some(match mask {
            Some(mask) => call.b.add(mask, causal)?,
            None => causal,
        });
    }
    Ok(mask)
}
