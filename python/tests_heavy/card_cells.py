"""Cells of recurrent layers in one operator each, which PyTorch asks of accelerators and has not for the processor."""

from __future__ import annotations

from typing import Any

import torch

aten = torch.ops.aten


def lstm(by_input: Any, by_memory: Any, cx: Any, input_bias: Any = None, memory_bias: Any = None) -> tuple[Any, ...]:
    """The next memory, the next cell, and the gates for the way back."""
    gates = _biased(by_input, input_bias) + _biased(by_memory, memory_bias)
    i, f, g, o = gates.chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cy = f * cx + i * g
    return o * cy.tanh(), cy, torch.cat([i, f, g, o], 1)


def lstm_back(by_hy: Any, by_cy: Any, cx: Any, cy: Any, kept: Any, has_bias: bool) -> tuple[Any, ...]:
    """Gradients of the gates, of the cell and of each bias."""
    i, f, g, o = kept.chunk(4, 1)
    bent = cy.tanh()
    by_hy = torch.zeros_like(cy) if by_hy is None else by_hy
    by_cell = by_hy * o * (1 - bent**2) + (0 if by_cy is None else by_cy)
    gates = [
        by_cell * g * i * (1 - i),
        by_cell * cx * f * (1 - f),
        by_cell * i * (1 - g**2),
        by_hy * bent * o * (1 - o),
    ]
    whole = torch.cat(gates, 1)
    return whole, by_cell * f, whole.sum(0) if has_bias else None


def gru(by_input: Any, by_memory: Any, hx: Any, input_bias: Any = None, memory_bias: Any = None) -> tuple[Any, ...]:
    """The next memory, and what the way back needs."""
    input_r, input_z, input_n = _biased(by_input, input_bias).chunk(3, 1)
    memory_r, memory_z, memory_n = _biased(by_memory, memory_bias).chunk(3, 1)
    r, z = (input_r + memory_r).sigmoid(), (input_z + memory_z).sigmoid()
    n = (input_n + r * memory_n).tanh()
    return n + z * (hx - n), torch.cat([r, z, n, hx, memory_n], 1)


def gru_back(by_hy: Any, kept: Any, has_bias: bool) -> tuple[Any, ...]:
    """Gradients of both kinds of gates, of the memory and of both biases."""
    r, z, n, hx, memory_n = kept.chunk(5, 1)
    by_n = by_hy * (1 - z) * (1 - n**2)
    by_z = by_hy * (hx - n) * z * (1 - z)
    by_r = by_n * memory_n * r * (1 - r)
    by_input, by_memory = torch.cat([by_r, by_z, by_n], 1), torch.cat([by_r, by_z, by_n * r], 1)
    biases = (by_input.sum(0), by_memory.sum(0)) if has_bias else (None, None)
    return by_input, by_memory, by_hy * z, *biases


def _biased(gates: Any, bias: Any) -> Any:
    return gates if bias is None else gates + bias


CELLS = {
    aten._thnn_fused_lstm_cell.default: lstm,
    aten._thnn_fused_lstm_cell_backward_impl.default: lstm_back,
    aten._thnn_fused_gru_cell.default: gru,
    aten._thnn_fused_gru_cell_backward.default: gru_back,
}
"""By operator."""
