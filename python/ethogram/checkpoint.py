"""Weights at one update: as bytes, and what their inputs and outputs mean."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError, UnsupportedValueError
from ethogram.jax_function import JaxFunction
from ethogram.live_function import Function
from ethogram.live_module import bare
from ethogram.tensorflow_function import TensorFlowFunction, frozen

if TYPE_CHECKING:
    from ethogram.run import Run

EXPORT_SECS_MAX = 600
"""An export that takes longer is given up."""

OUTPUT_ROLES = (
    "logits",
    "action_probabilities",
    "q_values",
    "value",
    "action_mean",
    "log_std",
    "quantiles",
    "atoms",
    "atom_probabilities",
    "atom_logits",
    "q_heads",
    "log_probabilities",
    "embedding",
)
"""What an output can be."""


def signature(
    *,
    observation: str | Mapping[str, str],
    preprocessing: Sequence[Mapping[str, Any]] = (),
    state: Mapping[str, str] | None = None,
    region: Sequence[int] | None = None,
    region_of: str = "frame",
    **outputs: str,
) -> dict[str, Any]:
    """Describe a checkpoint: which input is the observation, which are the memory, and what the outputs are.

    Args:
        observation: Name of the input that takes the observation; or a mapping from parts of a nested observation
            (`observation/camera`) to inputs.
        preprocessing: Steps between the recorded observation and the input, in order, each with its `op`, for example
            `{"op": "scale", "by": 1 / 255}`. Others are `shift` (`by`), `clip` (`low`, `high`), `one_hot` (`count`),
            `transpose` (`axes`), `unsqueeze` (`axis`) and `flatten`; `by` is a number or one an element.
        state: Recurrent memory: name of the input, and of the output that holds its next value. What the memory was
            before each step is logged as `recurrent_state`, or of several as `recurrent_state/NAME`.
        region: Which part of a rendered picture the observation was cut from, where it is one, whatever was done to its
            size and colours: x, y, width and height in pixels of that picture. What explains is laid over it, too.
        region_of: The field that holds the picture.
        **outputs: Role and name of each output: `logits="logits"`, `value="v"`. Roles are those of `OUTPUT_ROLES`.

    Raises:
        ValueError: There is no such role, or the region is no four whole numbers.

    Example:
        >>> signature(observation="obs", q_values="q")
        {'inputs': {'obs': {'role': 'observation', 'field': 'observation'}}, 'outputs': {'q': {'role': 'q_values'}}}
    """
    unknown = sorted(set(outputs) - set(OUTPUT_ROLES))
    if unknown:
        raise ValueError(f"outputs: expected roles of {', '.join(OUTPUT_ROLES)}; found {', '.join(unknown)}")
    fields = {"observation": observation} if isinstance(observation, str) else observation
    inputs: dict[str, Any] = {name: {"role": "observation", "field": field} for field, name in fields.items()}
    for name in inputs:
        if preprocessing:
            inputs[name]["preprocessing"] = [dict(step) for step in preprocessing]
    described: dict[str, Any] = {name: {"role": role} for role, name in outputs.items()}
    if region is not None:
        area = _region(region, region_of)
        for name in inputs:
            inputs[name]["region"] = dict(area)
    for name, following in (state or {}).items():
        inputs[name] = {"role": "state", "next": following}
        described[following] = {"role": "state", "of": name}
    return {"inputs": inputs, "outputs": described}


def _region(region: Sequence[int], field: str) -> dict[str, Any]:
    numbers = [int(number) for number in region]
    if len(numbers) != 4 or min(numbers[:2]) < 0 or min(numbers[2:]) < 1 or numbers != list(region):
        raise ValueError(f"region: expected x, y, width and height in whole pixels, found {list(region)}")
    return {"field": field, **dict(zip(("x", "y", "width", "height"), numbers, strict=True))}


def read_checkpoint(source: Any) -> bytes:
    """Read the bytes of a checkpoint that needs no export.

    Raises:
        UnsupportedValueError: `source` is of no kind that is taken.
        OSError: The file cannot be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        return Path(source).read_bytes()
    if hasattr(source, "SerializeToString"):
        return bytes(source.SerializeToString())
    hint = "; weights alone are no network: give the module itself" if isinstance(source, Mapping) else ""
    raise UnsupportedValueError(
        "checkpoint: expected bytes, a path, a model with SerializeToString, a module of PyTorch, a model of Keras "
        f"or a function of JAX or TensorFlow, found {type(source).__name__}{hint}"
    )


def no_pickle(data: bytes) -> bytes:
    """The bytes, unless `torch.save` or `pickle` wrote them: they are not the ONNX that they are given as.

    Raises:
        UnsupportedValueError: They did.
    """
    if data.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise UnsupportedValueError(
            "checkpoint: expected ONNX, found a pickle, as torch.save writes it; give the module itself, "
            'run.checkpoint(module), and it is exported, or say format="pytorch" to keep the bytes as they are'
        )
    return data


@dataclass(frozen=True)
class Copied:
    """A network that another process can read.

    Attributes:
        data: A pickle of the network, its example and its signature.
        exporter: The module of this package that exports it.
    """

    data: bytes
    exporter: str


class Exporter:
    """Turns modules of PyTorch and functions of JAX and TensorFlow into ONNX, one after another.

    Each is exported by a process of its own. Training does not wait.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._threads: list[threading.Thread] = []
        self._turn = threading.Lock()

    def export(self, module: Any, example: Any, global_step: int, name: str, signature_json: str) -> None:
        """Copy `module` now and export it later.

        Raises:
            EthogramError: No example was given.
        """
        if example is None:
            title = module.title if isinstance(module, Function) else type(module).__name__
            raise EthogramError(
                f"checkpoint: expected example=, an observation batch of one, for nothing says what "
                f"{title} takes and returns; write run.checkpoint(module, example=observation[None], "
                'signature=eg.signature(observation="observation", logits="logits")) with what it returns '
                "(q_values, value, …), or tell env.annotate(logits=…), or that of an episode, beforehand what it says"
            )
        data = copied(module, example, json.loads(signature_json))
        arguments = (data, global_step, name, signature_json)
        thread = threading.Thread(target=self._work, args=arguments, name="ethogram-export", daemon=True)
        self._threads = [running for running in self._threads if running.is_alive()]
        self._threads.append(thread)
        thread.start()

    def wait(self) -> None:
        """Wait until everything copied so far is exported."""
        for thread in self._threads:
            thread.join()

    def _work(self, copied: Copied, global_step: int, name: str, signature_json: str) -> None:
        try:
            with self._turn, tempfile.TemporaryDirectory(prefix="ethogram-export-") as folder:
                data = export_in_process(copied, Path(folder))
            self._run._checkpoint(global_step, name, "onnx", data, signature_json)
        except Exception as error:
            try:
                self._run._settle("checkpoint", error)
            except Exception as raised:  # strict, but in a thread of ours: nobody could catch it
                print(f"ethogram: {raised}", file=sys.stderr)


def copied(module: Any, example: Any, signature: Any) -> Copied:
    """A copy of a module that another process can read, with all tensors in the processor's memory.

    Nothing is copied on an accelerator, and nothing of the module is moved or changed.
    """
    if isinstance(module, JaxFunction):
        return Copied(_of_jax(module, example, signature), "ethogram.export_jax")
    if isinstance(module, TensorFlowFunction):
        return Copied(frozen(module, example, signature), "ethogram.export_tensorflow")
    return Copied(_of_torch(bare(module), example, signature), "ethogram.export")


def _of_jax(function: JaxFunction, example: Any, signature: Any) -> bytes:
    missing = [name for name in ("jax2onnx", "cloudpickle") if importlib.util.find_spec(name) is None]
    if missing:
        raise EthogramError(
            f"checkpoint: a policy of JAX is exported by the packages jax2onnx and cloudpickle; install "
            f"{' and '.join(missing)}"
        )
    import cloudpickle

    whole: bytes = cloudpickle.dumps((function, example, signature))
    return whole


def _of_torch(module: Any, example: Any, signature: Any) -> bytes:
    if not hasattr(module, "modules"):
        return pickle.dumps((module, example, signature))
    whole = (module, example, signature)
    if not _by_value(module):
        try:
            return _pickled(pickle.Pickler, whole)
        except (pickle.PicklingError, AttributeError, TypeError):
            # Hooks, for example, may be functions without a name.
            if importlib.util.find_spec("cloudpickle") is None:
                raise
    try:
        import cloudpickle
    except ImportError as error:
        raise EthogramError(
            f"checkpoint: {type(module).__name__} is made of classes of the script itself, which another process can "
            "only read with the package cloudpickle; install it, or move the classes to a module of their own"
        ) from error
    return _pickled(cloudpickle.Pickler, whole)


def _pickled(pickler: Any, whole: Any) -> bytes:
    import torch

    class Near(pickler):  # type: ignore[misc] # one of two
        """Writes tensors of any device as tensors of the processor."""

        def reducer_override(self, value: Any) -> Any:
            if isinstance(value, torch.Tensor) and value.device.type != "cpu":
                near = value.detach().cpu()
                if isinstance(value, torch.nn.Parameter):
                    near = torch.nn.Parameter(near, value.requires_grad)
                return near.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
            known = getattr(super(), "reducer_override", None)
            return NotImplemented if known is None else known(value)

    file = io.BytesIO()
    with torch.inference_mode(False), torch.no_grad():
        Near(file, pickle.HIGHEST_PROTOCOL).dump(whole)
    return file.getvalue()


def _by_value(module: Any) -> bool:
    """Whether the classes of a module must travel with it: those of the script, and those made within functions."""
    kinds = [type(part) for part in module.modules()]
    return any(kind.__module__ == "__main__" or "<locals>" in kind.__qualname__ for kind in kinds)


def export_in_process(copied: Copied, folder: Path) -> bytes:
    """Export a copied network by a process of its own.

    Raises:
        EthogramError: The export failed; the last lines of what it said are in the text.
    """
    source, target = folder / "module.pickle", folder / "module.onnx"
    source.write_bytes(copied.data)
    command = [sys.executable, "-m", copied.exporter, str(source), str(target)]
    # The accelerator is the training's.
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    environ = os.environ | own
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=EXPORT_SECS_MAX, check=False, stdin=subprocess.DEVNULL, env=environ
        )
    except subprocess.TimeoutExpired as error:
        raise EthogramError(f"checkpoint: the export took longer than {EXPORT_SECS_MAX} s and was given up") from error
    if done.returncode != 0 or not target.is_file():
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        said = [line for line in lines if not line.startswith((" ", "Traceback")) and "Warning: " not in line][-3:]
        raise EthogramError(f"checkpoint: the export to ONNX failed: {' / '.join(said) or 'it said nothing'}")
    return target.read_bytes()
