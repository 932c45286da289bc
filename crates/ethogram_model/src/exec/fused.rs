//! Chains of operations on one number at a time, done block by block, so that what lies between them never leaves the cache.

use crate::graph::{Binary, Unary};
use crate::kernel::{Isa, apply, combine};

/// Numbers of one block.
const BLOCK: usize = 512;

/// One step of a chain; registers hold a block each.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// Register `to` becomes the block of an argument.
    Load { to: usize, argument: usize },
    /// Register `to` becomes a number everywhere.
    Fill { to: usize, value: f32 },
    /// `to = f(to)`.
    Unary { unary: Unary, to: usize },
    /// `to = f(to, argument)`.
    With { binary: Binary, to: usize, argument: usize },
    /// `to = f(to, with)`; `with` is another register, and never 0.
    Binary { binary: Binary, to: usize, with: usize },
}

/// A chain with one result, which is in register 0: the leftmost argument's.
#[derive(Clone, Debug)]
pub struct Chain {
    pub instructions: Vec<Instruction>,
    pub registers: usize,
}

impl Chain {
    /// All arguments have as many numbers as `out`.
    pub fn run(&self, arguments: &[&[f32]], out: &mut [f32]) {
        let isa = Isa::best();
        // Register 0 is the result's own memory.
        let mut others = vec![[0.0_f32; BLOCK]; self.registers.saturating_sub(1)];
        for (index, out) in out.chunks_mut(BLOCK).enumerate() {
            let (start, length) = (index * BLOCK, out.len());
            for instruction in &self.instructions {
                match *instruction {
                    Instruction::Load { to, argument } => {
                        register(out, &mut others, to).copy_from_slice(&arguments[argument][start..start + length]);
                    }
                    Instruction::Fill { to, value } => register(out, &mut others, to).fill(value),
                    Instruction::Unary { unary, to } => apply(isa, unary, register(out, &mut others, to)),
                    Instruction::With { binary, to, argument } => {
                        let with = &arguments[argument][start..start + length];
                        combine(isa, binary, register(out, &mut others, to), with);
                    }
                    Instruction::Binary { binary, to, with } => {
                        if to == 0 {
                            combine(isa, binary, out, &others[with - 1][..length]);
                        } else if let Ok([to, with]) = others.get_disjoint_mut([to - 1, with - 1]) {
                            combine(isa, binary, &mut to[..length], &with[..length]);
                        }
                    }
                }
            }
        }
    }
}

/// As much of a register as the block has numbers.
fn register<'r>(out: &'r mut [f32], others: &'r mut [[f32; BLOCK]], index: usize) -> &'r mut [f32] {
    let length = out.len();
    if index == 0 { out } else { &mut others[index - 1][..length] }
}
