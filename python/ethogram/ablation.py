"""A network without some directions of a layer: `Ablation`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram.errors import NotFoundError, ShapeError
from ethogram.model import Model
from ethogram.onnx_edit import mapped

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

FILE_BYTES_MAX = 256 << 20
"""Largest file of features that is read."""

WITHIN = 1e-6
"""A direction of which no more than this is left beside those before it lies within them."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """Directions of a layer that a policy is to act without.

    At every place of the layer all that lies along them is taken away: its channels are projected onto what is
    orthogonal to the directions.

    **Source** Hilton et al. (2020), "Understanding RL Vision", appendix A (model editing), where the next layer's
    weights are projected, which is the same.

    Attributes:
        layer: As in the network's file.
        directions: K×C, or C for one: among the layer's channels, which are the first axis of a state.
        features: Their indices among the features of the layer, where they are some; from 0.
        names: What each is called.
        source: Where they come from, as JSON has it: run, checkpoint, what was taken apart.

    Raises:
        ShapeError: The directions are no K×C finite numbers, or one of them has no length.
    """

    layer: str
    directions: Values
    features: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = np.atleast_2d(np.asarray(self.directions, np.float32))
        if given.ndim != 2 or given.size == 0 or not np.isfinite(given).all() or not given.any(axis=1).all():
            raise ShapeError(
                f"ablation of {self.layer!r}: expected K by C finite numbers, in each row one that is not 0, "
                f"found shape {list(np.shape(self.directions))}"
            )
        object.__setattr__(self, "directions", given)

    @property
    def title(self) -> str:
        """For people, for example `feature 3 of conv3`: numbers count from 0, as everywhere."""
        names = self.names or tuple(f"feature {index}" for index in self.features)
        count = len(self.directions)
        said = ", ".join(names) or ("a direction" if count == 1 else f"{count} directions")
        return f"{said} of {self.layer}"

    def described(self) -> dict[str, Any]:
        """What is kept of it beside a run."""
        told: dict[str, Any] = {"layer": self.layer, **self.source}
        if self.features:
            told["features"] = list(self.features)
        else:
            told["directions"] = self.directions.tolist()
        return told | ({"names": list(self.names)} if self.names else {})

    def apply(self, values: Values) -> Values:
        """What is left of a layer.

        Args:
            values: B×C, B×C×H×W, …

        Raises:
            ShapeError: There are other channels than the directions have.
        """
        self.check(values.shape[1] if values.ndim > 1 else 0, values.shape[1:])
        flat = values.reshape(len(values), values.shape[1], -1)
        left = np.einsum("ij,bjp->bip", self.projection, flat.astype(np.float64))
        kept: Values = left.reshape(values.shape).astype(np.float32)
        return kept

    def check(self, channels: int, shape: Sequence[int]) -> None:
        """See that a layer of this shape has as many channels as the directions.

        Raises:
            ShapeError: It has not.
        """
        expected = self.directions.shape[1]
        if channels != expected:
            raise ShapeError(
                f"ablation: expected layer {self.layer!r} to have {expected} channels, as its directions have, "
                f"found shape {list(shape)}"
            )

    @cached_property
    def projection(self) -> Values:
        """C×C: what each channel becomes of the channels."""
        kept = np.eye(self.directions.shape[1])
        for direction in self._basis():
            kept -= np.outer(direction, direction)
        return kept

    def _basis(self) -> list[Values]:
        """Directions of length 1, each orthogonal to those before."""
        basis: list[Values] = []
        for direction in self.directions.astype(np.float64):
            rest = direction.copy()
            for known in basis:
                rest -= known * (known @ rest)
            left = np.linalg.norm(rest)
            if left > WITHIN * np.linalg.norm(direction):
                basis.append(rest / left)
        return basis


def ablated(data: bytes, ablations: Sequence[Ablation]) -> bytes:
    """A network whose layers lack some directions, as an ONNX file of its own.

    Args:
        data: ONNX.
        ablations: What is taken away. Those of one layer are taken away together.

    Raises:
        NotFoundError: The network has no such layer.
        ShapeError: The layer is none of channels, or of channels at places, or has other channels.
    """
    shapes = {layer.name: layer.shape for layer in Model(data).layers}
    together: dict[str, list[Ablation]] = {}
    for ablation in ablations:
        together.setdefault(ablation.layer, []).append(ablation)
    for layer, parts in together.items():
        if layer not in shapes:
            known = ", ".join(list(shapes)[:10])
            raise NotFoundError(f"ablation: the network has no layer {layer!r}; there are {known}")
        whole = Ablation(layer, np.concatenate([part.directions for part in parts]))
        shape = shapes[layer]
        if shape is None or len(shape) not in (1, 3):
            raise ShapeError(
                f"ablation: expected layer {layer!r} to be channels, or channels, rows and columns, found {shape}"
            )
        whole.check(shape[0], shape)
        data = mapped(data, layer, whole.projection, has_places=len(shape) == 3)
    return data


def read_ablation(path: str | os.PathLike[str], features: Sequence[int]) -> Ablation:
    """Features of the file that `ethogram features RUN --json` prints.

    Raises:
        ShapeError: It is no such file, or has no such feature.
    """
    text = Path(path)
    if text.stat().st_size > FILE_BYTES_MAX:
        raise ShapeError(f"features: expected at most {FILE_BYTES_MAX} bytes (FILE_BYTES_MAX): {path}")
    try:
        told = json.loads(text.read_text(encoding="utf-8"))
        layer, rows = str(told["layer"]), {int(row["index"]): row["direction"] for row in told["features"]}
        source = {name: told[name] for name in ("of", "checkpoint", "states") if name in told}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShapeError(f"features: expected what `ethogram features RUN --json` prints: {path}") from error
    unknown = [index for index in features if index not in rows]
    if unknown or not features:
        raise ShapeError(f"features: expected some of 0 to {len(rows) - 1}, found {unknown or 'none'}: {path}")
    return Ablation(layer, np.array([rows[index] for index in features], np.float32), tuple(features), (), source)


def ablations_of(given: Ablation | Sequence[Ablation] | None) -> list[Ablation]:
    """One, several or none."""
    if given is None:
        return []
    return [given] if isinstance(given, Ablation) else list(given)
