"""Attributions of live modules of PyTorch on their own device, for what cannot be exported: the same methods."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError, NotFoundError, ShapeError
from ethogram.explain_pieces import Pieces, Written, explain_pieces
from ethogram.live_module import COMPILED, Surroundings, at_device, bare, eagerly, evaluating, owner, tensors
from ethogram.model import Attribution, View, baselines_of, settings_of, weights_of

if TYPE_CHECKING:
    import torch

    from ethogram.run import Run

BATCH = 256
"""Rows that go through the module at once, unless said otherwise."""


def explain(
    module: Callable[..., Any],
    inputs: Any,
    *,
    target: Any,
    wrt: str | int | None = None,
    method: str = "integrated_gradients",
    of: View = "plain",
    baseline: Any = None,
    batch: int = BATCH,
    devices: Sequence[Any] = (),
    run: Run | None = None,
    episode: int | None = None,
    first: int = 0,
    resume: bool = False,
    progress: bool | Callable[[int, int], object] | None = None,
    **params: float | str,
) -> Attribution:
    """Explain a number that a module of PyTorch gives, by its own autograd, where the module lies (CUDA included).

    The methods, their settings and their numbers are those of `Model.attribute`; only the network is asked elsewhere.
    PyTorch is imported when this is called and not before. The module is asked in evaluation mode, without what
    `torch.compile` made of it, and is then as it was: mode, statistics and gradients. `torch.autocast` of the caller
    counts; `no_grad` and `inference_mode` do not.

    Args:
        module: The module, a method of one, or a function of tensors. It takes and gives tensors with a first axis of
            B rows. A function's own modules are not known: they must be in evaluation mode.
        inputs: One array, a tuple (given by position) or a mapping (given by name, or as it is to a module that takes
            one argument of another name). They are moved to where the module
            is, those of a function to where the first tensor among them is. Floats in NumPy become what the module's
            weights are, for example `float16`; tensors keep their type.
        target: `3` or B entries of the only output; `"value"`, `("logits", actions)`, `("logits", 3, 1)` (3 less 1) or
            `("logits", {0: 1.0, 2: 0.5})` of an output by its name, or by its index where the module gives a tuple; or
            a function that makes B numbers of what the module gives.
        wrt: Which input, by name or index, or the name of a submodule, whose output is then told apart; left out, the
            first input.
        method: For example `integrated_gradients`, `saliency`, `smooth_grad`, `occlusion`, `perturbation`.
        of: Look at the output as it is (`plain`), as `probability` or as `log_probability`.
        baseline: As in `Model.attribute`.
        batch: Rows that go through the module at once, on each device.
        devices: Share the rows among several, for example `["cuda:0", "cuda:1"]`, each with a copy of the module; left
            out, all of them go through the module itself.
        run: Write the numbers into this run, too, as the field `attribution/METHOD` of an episode. They are written as
            they are found: what was found before Ctrl-C stays.
        episode: Which, where `run` is given.
        first: Step of the episode that the first row belongs to.
        resume: Take rows whose numbers the episode has already as they are, and compute the others. The first,
            the last and one between are computed anew, to see that they answer the same question. `at_input` and what
            else is not written is NaN there.
        progress: Called with the rows that are done and all rows; what it raises ends the work. Left out, a bar where
            there is a terminal; `True` for a line now and then elsewhere, too; `False` for none.
        **params: Settings of the method, for example `steps=100`.

    Returns:
        An `Attribution`, in NumPy.

    Raises:
        ImportError: PyTorch is not installed.
        NotFoundError: There is no output, input or submodule of that name.
        ShapeError: Something does not fit; the text says what would.
        EthogramError: With `resume`, the episode has numbers of another question; or the output has no gradient.

    Example:
        found = eg.explain(policy, observations, target=("logits", actions), steps=50, run=run, episode=3)
    """
    if (run is None) != (episode is None):
        raise EthogramError("explain: expected run= and episode= together, or neither")
    if batch < 1:
        raise ShapeError(f"batch: expected at least 1, found {batch}")
    settings = settings_of(params)
    if isinstance(baseline, str):
        settings["baseline"], baseline = baseline, None
    elif callable(baseline):
        baseline = baselines_of(baseline, inputs)
    written = None
    if run is not None and episode is not None:
        written = Written(run, episode, f"attribution/{method}", first)
    if resume and written is None:
        raise EthogramError("explain: resume= goes on with numbers in a run; expected run= and episode= beside it")
    with evaluating(owner(module)), eagerly():
        asked: _Asked | _SideBySide
        if devices:
            copies = [_copy_on(module, device) for device in devices]
            asked = _SideBySide([_Asked(copy, inputs, target, wrt, of, batch) for copy in copies])
        else:
            asked = _Asked(bare(module), inputs, target, wrt, of, batch)
        pieces = Pieces(asked, method, settings, baseline, batch * max(1, len(devices)))
        return explain_pieces(pieces, written, resume=resume, progress=progress)


class _Asked:
    """A module as a function of one of its values: rows of it in, rows of one output and gradients out."""

    def __init__(self, module: Any, inputs: Any, target: Any, wrt: str | int | None, of: View, batch: int) -> None:
        import torch

        self._torch, self._module = torch, module
        self._device = _device(torch, module, inputs)
        self._surroundings = Surroundings(torch)
        self._names, self._inputs = self._tensors(inputs)
        rows = {tuple(tensor.shape[:1]) for tensor in self._inputs}
        if len(rows) != 1 or rows & {(), (0,)}:
            shapes = ", ".join(str(list(tensor.shape)) for tensor in self._inputs)
            raise ShapeError(
                f"inputs: expected a first axis of as many rows in each, one at least; found shapes {shapes}"
            )
        self._as_one = self._names is not None and _takes_one_mapping(module, self._names)
        self._view = _view(torch, of)
        self._pick, self.weights = _picker(target, next(iter(rows))[0])
        self._is_number = callable(target)
        self._wrt, self._hidden = self._find(wrt)
        at = self._inputs[self._wrt] if self._hidden is None else self._value_of(self._hidden, batch)
        self._dtype = at.dtype if at.dtype.is_floating_point else torch.float32
        self._shape = tuple(at.shape[1:])
        self.at = at.detach().to("cpu", torch.float32).numpy()

    def ask(self, points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
        """What the output is at `points`, rows of the explained value that share all else with rows `of`.

        Returns:
            The output's numbers, and with `seeds` (what each counts) the gradient of their weighed sum.
        """
        with _backward(self._torch, seeds):
            return self.answer(points, of, seeds)

    def answer(self, points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
        """The same, inside `_backward`."""
        # The engine asks in a thread of its own.
        with self._surroundings.around(self._device), at_device(self._torch, self._device):
            return self._answer(points, of, seeds)

    def _answer(self, points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
        torch = self._torch
        part = self._floats(points).reshape(len(of), *self._shape).to(self._device, self._dtype)
        index = torch.tensor(of, device=self._device)
        inputs = [tensor.index_select(0, index) for tensor in self._inputs]
        if seeds is None:
            with torch.no_grad():
                return _bytes(torch, self._output(part, inputs)), b""
        with torch.enable_grad():
            part = part.detach().requires_grad_()
            output = self._output(part, inputs)
            if not output.requires_grad:
                raise EthogramError(
                    f"target: expected an output with a gradient, found one of {output.dtype} without; the module "
                    "computes it without gradients (no_grad, detach, argmax), or it does not depend on what is "
                    'explained; method="occlusion" and method="perturbation" need none'
                )
            weights = self._floats(seeds).reshape(output.shape).to(output.device, output.dtype)
            (slope,) = torch.autograd.grad((output * weights).sum(), part, allow_unused=True)
        # What the output does not depend on has no slope.
        return _bytes(torch, output), _bytes(torch, torch.zeros_like(part) if slope is None else slope)

    def _output(self, part: torch.Tensor, inputs: list[torch.Tensor]) -> torch.Tensor:
        # A copy: modules change in place what they are given, which a leaf of the gradients does not allow.
        if self._hidden is None:
            inputs[self._wrt] = part.clone()
            found = self._call(inputs)
        else:
            with _Replaced(self._hidden, part.clone()):
                found = self._call(inputs)
        output = self._pick(found)
        rows, wanted = len(part), "a number for each" if self._is_number else "a first axis"
        if not hasattr(output, "detach"):
            raise ShapeError(f"target: expected a tensor of {wanted} of {rows} rows, found {type(output).__name__}")
        if output.shape[:1] != (rows,) or (self._is_number and output.numel() != rows):
            raise ShapeError(f"target: expected {wanted} of {rows} rows, found an output of shape {list(output.shape)}")
        # Shares of a sum of many rows would round to nothing in half precision.
        output = output.to(self._torch.promote_types(output.dtype, self._torch.float32))
        return self._view(output).reshape(rows, -1)

    def _floats(self, data: bytes) -> torch.Tensor:
        return self._torch.frombuffer(bytearray(data), dtype=self._torch.float32)

    def _call(self, inputs: list[torch.Tensor]) -> Any:
        if self._names is None:
            return self._module(*inputs)
        named = dict(zip(self._names, inputs, strict=True))
        return self._module(named) if self._as_one else self._module(**named)

    def _tensors(self, inputs: Any) -> tuple[list[str] | None, list[torch.Tensor]]:
        names = list(inputs) if isinstance(inputs, Mapping) else None
        if isinstance(inputs, Mapping):
            inputs = tuple(inputs.values())
        parts = inputs if isinstance(inputs, tuple) else (inputs,)
        return names, [self._tensor(part) for part in parts]

    def _tensor(self, part: Any) -> torch.Tensor:
        torch = self._torch
        with torch.inference_mode(False):
            if isinstance(part, torch.Tensor):
                # What was made in `inference_mode` cannot be differentiated; a copy of it can.
                return (part.clone() if part.is_inference() else part).detach().to(self._device)
            tensor = torch.as_tensor(part, device=self._device)
            weights = (weight.dtype for weight in tensors(owner(self._module)) if weight.is_floating_point())
            return tensor.to(next(weights, tensor.dtype)) if tensor.is_floating_point() else tensor

    def _find(self, wrt: str | int | None) -> tuple[int, Any]:
        """Index of the explained input, or the submodule whose output is explained."""
        if wrt is None:
            return 0, None
        if isinstance(wrt, int) and 0 <= wrt < len(self._inputs):
            return wrt, None
        if self._names is not None and wrt in self._names:
            return self._names.index(str(wrt)), None
        modules: dict[str, Any] = {}
        if hasattr(asked := owner(self._module), "named_modules"):
            modules = {name.replace(COMPILED, ""): part for name, part in asked.named_modules()}
        if isinstance(wrt, str) and wrt and wrt in modules:
            return 0, modules[wrt]
        known = [*(self._names or range(len(self._inputs))), *(name for name in modules if name)]
        raise NotFoundError(f"wrt: expected an input or a submodule, {', '.join(map(str, known))}; found {wrt!r}")

    def _value_of(self, hidden: Any, batch: int) -> torch.Tensor:
        torch = self._torch
        seen: list[Any] = []

        def keep(_module: Any, _inputs: Any, output: Any) -> None:
            # A copy: the module behind it may change it in place.
            seen.append(output.clone() if isinstance(output, torch.Tensor) else output)

        handle = hidden.register_forward_hook(keep)
        count = len(self._inputs[0])
        calls = [list(range(start, min(start + batch, count))) for start in range(0, count, batch)]
        # With one row more: what has its rows on another axis does not grow, also where their numbers are the same.
        calls.append([*calls[0], 0])
        try:
            with torch.inference_mode(False), torch.no_grad(), at_device(torch, self._device):
                for call in calls:
                    index = torch.tensor(call, device=self._device)
                    self._call([tensor.index_select(0, index) for tensor in self._inputs])
        finally:
            handle.remove()
        if len(seen) != len(calls) or not isinstance(seen[0], torch.Tensor):
            found = f"{len(seen)} calls in {len(calls)}" if len(seen) != len(calls) else type(seen[0]).__name__
            raise ShapeError(f"wrt: expected a submodule that is called once and gives a tensor, found {found}")
        for call, value in zip(calls, seen, strict=True):
            if value.shape[:1] != (len(call),):
                raise ShapeError(
                    "wrt: expected a submodule whose output has the rows as its first axis, "
                    f"found shape {list(value.shape)} for {len(call)} rows"
                )
        return torch.cat(seen[:-1])


class _SideBySide:
    """Copies of a module on several devices, each of which takes a share of the rows."""

    def __init__(self, copies: Sequence[_Asked]) -> None:
        import torch

        self._torch, self._copies = torch, copies
        self.at, self.weights = copies[0].at, copies[0].weights

    def ask(self, points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
        share = -(-len(of) // len(self._copies))
        first = range(0, len(of), share)

        def rows(data: bytes, start: int) -> bytes:
            width = len(data) // len(of)
            return data[start * width : (start + share) * width]

        def one(copy: _Asked, start: int) -> tuple[bytes, bytes]:
            given = None if seeds is None else rows(seeds, start)
            return copy.answer(rows(points, start), of[start : start + share], given)

        with _backward(self._torch, seeds), ThreadPoolExecutor(len(first)) as pool:
            # The last device has nothing to do where there are fewer rows than devices.
            found = list(pool.map(one, self._copies, first))
        return b"".join(entries for entries, _ in found), b"".join(gradient for _, gradient in found)


class _Replaced(AbstractContextManager[None]):
    """A submodule that gives something else."""

    def __init__(self, module: Any, output: torch.Tensor) -> None:
        self._handle = module.register_forward_hook(lambda _module, _inputs, _output: output)

    def __exit__(self, *_error: object) -> None:
        self._handle.remove()


def _takes_one_mapping(module: Any, names: Sequence[str]) -> bool:
    """Whether a module takes its inputs as one mapping, as policies of `Dict` observations do, and not by name."""
    try:
        taken = inspect.signature(getattr(module, "forward", module)).parameters.values()
    except (TypeError, ValueError):
        return False
    by_name = {one.name for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    if by_name.issuperset(names) or any(one.kind is one.VAR_KEYWORD for one in taken):
        return False
    return sum(one.default is one.empty for one in taken if one.kind is not one.VAR_POSITIONAL) == 1


def _copy_on(module: Any, device: Any) -> Any:
    if not hasattr(module, "to"):
        raise ShapeError(f"devices: expected a module that can be copied to each, found {type(module).__name__}")
    import torch

    with torch.inference_mode(False):
        return copy.deepcopy(bare(module)).to(device)


def _backward(torch: Any, seeds: bytes | None) -> AbstractContextManager[None]:
    """Without cuDNN, whose recurrent layers have a backward pass in training mode alone.

    The flag is one for all threads.
    """
    off: AbstractContextManager[None] = nullcontext() if seeds is None else torch.backends.cudnn.flags(enabled=False)
    return off


def _device(torch: Any, module: Any, inputs: Any) -> Any:
    given = (
        tuple(inputs.values()) if isinstance(inputs, Mapping) else inputs if isinstance(inputs, tuple) else (inputs,)
    )
    there = (*tensors(owner(module)), *(part for part in given if isinstance(part, torch.Tensor)))
    return there[0].device if there else torch.device("cpu")


def _view(torch: Any, of: View) -> Callable[[Any], Any]:
    views: dict[str, Callable[[Any], Any]] = {
        "plain": lambda output: output,
        "probability": lambda output: torch.softmax(output, dim=-1),
        "log_probability": lambda output: torch.log_softmax(output, dim=-1),
    }
    if of not in views:
        raise ShapeError(f"of: expected one of {', '.join(views)}; found {of!r}")
    return views[of]


def _picker(target: Any, rows: int) -> tuple[Callable[[Any], Any], list[list[tuple[int, float]]]]:
    """Finds the output in what the module gives; and for every row its entries with what each counts."""
    if callable(target):
        return target, [[(0, 1.0)]] * rows
    if isinstance(target, str):
        return lambda found: _output(found, target), weights_of((target, 0), rows)[1]
    if isinstance(target, tuple) and 2 <= len(target) <= 3 and isinstance(target[0], str | int):
        which = target[0]
        return lambda found: _output(found, which), weights_of((str(which), *target[1:]), rows)[1]
    return lambda found: _output(found, None), weights_of(("the output", target), rows)[1]


def _output(found: Any, which: str | int | None) -> Any:
    if which is None:
        if isinstance(found, Mapping) or (isinstance(found, Sequence) and not hasattr(found, "detach")):
            names = ", ".join(map(str, found if isinstance(found, Mapping) else range(len(found))))
            raise ShapeError(f'target: expected ("NAME", entry), for the module gives {names}')
        return found
    if isinstance(found, Mapping) and which in found:
        return found[which]
    if isinstance(which, int) and isinstance(found, Sequence) and which < len(found):
        return found[which]
    if isinstance(which, str) and not hasattr(found, "detach") and hasattr(found, which):
        return getattr(found, which)
    if hasattr(found, "detach"):
        given = "one output, and no name of it; leave the name out, as in target=3 or target=actions"
    elif isinstance(found, Mapping):
        given = ", ".join(map(str, found))
    elif isinstance(found, Sequence):
        given = f"a {type(found).__name__} of {len(found)}; its outputs are named 0 to {len(found) - 1}"
    else:
        given = type(found).__name__
    raise NotFoundError(f"target: no output {which!r}: the module gives {given}")


def _bytes(torch: Any, tensor: Any) -> bytes:
    return bytes(tensor.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
