//! Chains of operations on one number at a time, done block by block, so that what lies between them never leaves the cache.

use crate::graph::{Binary, Unary};
use crate::kernel::{Isa, apply};
use crate::reference::apply_binary;

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
    /// `to = f(to, with)`.
    Binary { binary: Binary, to: usize, with: usize },
}

/// A chain with one result.
#[derive(Clone, Debug)]
pub struct Chain {
    pub instructions: Vec<Instruction>,
    pub registers: usize,
    /// Register of the result.
    pub result: usize,
}

impl Chain {
    /// All arguments have as many numbers as `out`.
    pub fn run(&self, arguments: &[&[f32]], out: &mut [f32]) {
        let isa = Isa::best();
        let mut registers = vec![[0.0_f32; BLOCK]; self.registers];
        for (index, out) in out.chunks_mut(BLOCK).enumerate() {
            let (start, length) = (index * BLOCK, out.len());
            for instruction in &self.instructions {
                match *instruction {
                    Instruction::Load { to, argument } => {
                        registers[to][..length].copy_from_slice(&arguments[argument][start..start + length]);
                    }
                    Instruction::Fill { to, value } => registers[to][..length].fill(value),
                    Instruction::Unary { unary, to } => apply(isa, unary, &mut registers[to][..length]),
                    Instruction::Binary { binary, to, with } => combine(&mut registers, to, with, length, binary),
                }
            }
            out.copy_from_slice(&registers[self.result][..length]);
        }
    }
}

/// The common four without a call in their loops.
fn combine(registers: &mut [[f32; BLOCK]], to: usize, with: usize, length: usize, binary: Binary) {
    match binary {
        Binary::Add => pair(registers, to, with, length, |x, y| x + y),
        Binary::Sub => pair(registers, to, with, length, |x, y| x - y),
        Binary::Mul => pair(registers, to, with, length, |x, y| x * y),
        Binary::Div => pair(registers, to, with, length, |x, y| x / y),
        other => pair(registers, to, with, length, |x, y| apply_binary(other, x, y)),
    }
}

#[inline]
fn pair(registers: &mut [[f32; BLOCK]], to: usize, with: usize, length: usize, f: impl Fn(f32, f32) -> f32) {
    if to == with {
        registers[to][..length].iter_mut().for_each(|x| *x = f(*x, *x));
        return;
    }
    let [to, with] = registers.get_disjoint_mut([to, with]).unwrap_or_else(|_| unreachable!("registers of one chain"));
    to[..length].iter_mut().zip(&with[..length]).for_each(|(x, y)| *x = f(*x, *y));
}
