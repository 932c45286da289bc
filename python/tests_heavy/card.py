"""Two devices that are not the processor: PyTorch's spare backend, in Python, whose tensors do not mix with others.

A tensor of `card:0` keeps its numbers in a tensor of the processor that nobody else sees. What PyTorch does with it
comes to `__torch_dispatch__`, which refuses what a graphics card refuses: operands on two devices, and `.numpy()`.
"""

from __future__ import annotations

import ctypes
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from card_cells import CELLS
from torch.utils import _pytree as trees
from torch.utils._mode_utils import no_dispatch

NAME = "card"
COUNT = 2
_here = threading.local()

moved: Counter[str] = Counter()
"""How often numbers went `to_card`, `to_processor` (a synchronisation) and from `card_to_card`."""

aten = torch.ops.aten
MIXED = {aten.copy_.default, aten._to_copy.default, aten.index.Tensor, aten.index_put_.default}
"""What takes operands on several devices: copies, and indices that lie in the processor's memory."""


class Lain(torch.Tensor):
    """A tensor on one of the cards."""

    numbers: torch.Tensor

    @staticmethod
    def __new__(cls, numbers: torch.Tensor, device: torch.device) -> Lain:
        made: Lain = torch.Tensor._make_wrapper_subclass(
            cls, numbers.shape, strides=numbers.stride(), storage_offset=numbers.storage_offset(), dtype=numbers.dtype,
            device=device, requires_grad=False,
        )  # fmt: skip
        made.numbers = numbers
        return made

    def __repr__(self, **_: Any) -> str:
        return f"{self.numbers!r} on {self.device}"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        given = dict(kwargs or {})
        tensors = [leaf for leaf in trees.tree_leaves((args, given)) if isinstance(leaf, torch.Tensor)]
        lain = [leaf for leaf in tensors if isinstance(leaf, Lain)]
        device = lain[0].device
        for tensor in tensors:
            if tensor.device != device and func not in MIXED and tensor.ndim:
                raise RuntimeError(
                    f"Expected all tensors to be on the same device, but found at least two devices, {device} and "
                    f"{tensor.device}! ({func})"
                )
        if func is aten._local_scalar_dense.default:
            moved["to_processor"] += 1
        wanted = given.pop("device", None)
        wanted = device if wanted is None else _indexed(torch.device(wanted))
        if func is aten.copy_.default:
            return _copy_from(args[1], args[0])
        _count(device, wanted)
        plain, plain_given = trees.tree_map(_numbers, (args, given))
        if torch.Tag.inplace_view in func.tags:
            with no_dispatch():
                func(*args, **given)
        found = CELLS.get(func, func)(*plain, **plain_given)
        if func is aten._to_copy.default and wanted != device:
            found = found.clone() if found is plain[0] else found
        if wanted.type != NAME:
            return found
        # What is changed in place is what was given, and not another tensor with the same numbers.
        same = {id(leaf.numbers): leaf for leaf in lain}

        def on_card(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            return same[id(leaf)] if id(leaf) in same else Lain(leaf, wanted)

        return trees.tree_map(on_card, found)


def _numbers(leaf: Any) -> Any:
    return leaf.numbers if isinstance(leaf, Lain) else leaf


def _count(source: torch.device, target: torch.device) -> None:
    if source != target:
        to_card = f"{NAME}_to_{NAME}" if source.type == NAME else f"to_{NAME}"
        moved[to_card if target.type == NAME else "to_processor"] += 1


def _indexed(device: torch.device) -> torch.device:
    if device.type != NAME or device.index is not None:
        return device
    return torch.device(NAME, current())


def current() -> int:
    """Index of the card that new tensors of this thread lie on."""
    return getattr(_here, "index", 0)


def _copy_from(source: torch.Tensor, target: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """What `torch.tensor(…, device=…)` asks, past `__torch_dispatch__`."""
    _count(source.device, target.device)
    _numbers(target).copy_(_numbers(source))
    return target


class _Module:
    """What `torch.card` is."""

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return current()

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        torch.default_generator.manual_seed(seed)

    def device_count(self) -> int:
        return COUNT

    @contextmanager
    def device(self, device: Any) -> Iterator[None]:
        """As `torch.cuda.device`."""
        before, _here.index = current(), torch.device(device).index
        try:
            yield
        finally:
            _here.index = before

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]


class _Hooks(torch._C._acc.PrivateUse1Hooks):
    def is_available(self) -> bool:
        return True

    def has_primary_context(self, dev_id: int) -> bool:
        return True

    def is_built(self) -> bool:
        return True


_library: Any = None


def register(folder: Path) -> None:
    """Makes the devices known to PyTorch, once in a process."""
    global _library
    if _library is not None:
        return
    ctypes.CDLL(str(_guard(folder)))
    torch.utils.rename_privateuse1_backend(NAME)
    torch.utils.generate_methods_for_privateuse1_backend()
    torch._register_device_module(NAME, _Module())
    torch._C._acc.register_python_privateuseone_hook(_Hooks())
    _library = torch.library.Library("aten", "IMPL")

    def made(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def on_card(
            *args: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: Any = None, **more: Any
        ) -> torch.Tensor:
            numbers = function(*args, dtype=dtype, device="cpu", **more)
            return Lain(numbers, _indexed(torch.device(NAME if device is None else device)))

        return on_card

    _library.impl("empty.memory_format", made(aten.empty.memory_format), "PrivateUse1")
    _library.impl("_copy_from", _copy_from, "PrivateUse1")
    _library.impl("empty_strided", made(aten.empty_strided.default), "PrivateUse1")


def _guard(folder: Path) -> Path:
    """Compiles what tells PyTorch that there are two cards: autograd asks it, and it cannot be said in Python."""
    home, made = Path(torch.__file__).parent, folder / "card_guard.so"
    line = ["g++", "-std=c++20", "-shared", "-fPIC", f"-I{home / 'include'}", str(Path(__file__).with_suffix(".cpp"))]
    subprocess.run([*line, f"-L{home / 'lib'}", "-lc10", "-o", str(made)], check=True)
    return made
