"""Maps of a run's states: steps as points in two or three dimensions."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ethogram import _native

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    from ethogram.maps import Metric

    Floats = numpy.typing.NDArray[numpy.float32]
    Doubles = numpy.typing.NDArray[numpy.float64]
    Wholes = numpy.typing.NDArray[numpy.int64]


class Neighbors(NamedTuple):
    """The points nearest to one, nearest first."""

    point: Wholes
    """Rows of the map."""
    distance: Doubles
    """How far they are in the original space."""


class StateMap:
    """Steps of a run as points. Made by `RunView.map`.

    Attributes:
        of: What they are laid out by.
        method: How: `pca`, `umap` or `tsne`.
        supervised_by: The field whose values took part as labels; `None` where none did.
        steps: Steps that there were.
        left_out: Of the steps that were picked, those that are no points: `{"why", "count"}`.
        notes: What was done so that the points could be laid out: duplicates, constant coordinates, lowered settings.
        variance_ratio: Share of each principal component in the variance; empty for other methods.
    """

    def __init__(self, reader: _native.RunView, found: _native.StateMap) -> None:
        self._reader, self._found = reader, found
        about = json.loads(found.about())
        self.of: str = about["of"]
        self.method: str = about["method"]
        self.supervised_by: str | None = about["supervised_by"]
        self.steps: int = about["steps"]
        self.left_out: list[dict[str, Any]] = about["left_out"]
        self.notes: list[str] = about["notes"]
        self.variance_ratio: tuple[float, ...] = tuple(about["variance_ratio"])
        self._dims: int = about["dims"]
        self._width: int = about["width"]

    def __len__(self) -> int:
        return len(self.step)

    def __repr__(self) -> str:
        return f"<ethogram.StateMap {len(self)} of {self.steps} steps by {self.of!r}, {self.method}>"

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.state_map(self)

    @cached_property
    def layout(self) -> Floats:
        """Where each point lies, N by dims."""
        return _floats(self._found.layout(), self._dims)

    @cached_property
    def points(self) -> Floats:
        """What the points were laid out by, N by D."""
        return _floats(self._found.points(), self._width)

    @cached_property
    def episode(self) -> Wholes:
        """The episode of each point."""
        return _wholes(self._found.places()[0])

    @cached_property
    def step(self) -> Wholes:
        """The step of each point."""
        return _wholes(self._found.places()[1])

    def field(self, name: str) -> Doubles:
        """A number of every point, NaN where nothing was logged: what to colour it by.

        Args:
            name: A field of steps, logged or derived; `q_values[2]` or `q_values[max]` (`min`, `mean`, `sum`, `norm`,
                `argmax`) of one with several numbers; `time` (share of the episode that passed), `global_step`,
                `confidence` (1 - H / ln A) or `confidence[min_max]`.

        Raises:
            NotFoundError: No episode has it.
            ShapeError: It has several numbers a step, and none is picked.
        """
        import numpy

        return numpy.frombuffer(_native.map_field(self._reader, self._found, name)[0], dtype="<f8").astype(float)

    def names(self, name: str) -> list[str] | None:
        """What the whole numbers of a field stand for, for example actions; `None` where they have no names."""
        return _native.map_field(self._reader, self._found, name)[2]

    def neighbors(self, point: int, count: int = 15, metric: Metric = "euclidean") -> Neighbors:
        """The points nearest to one in the original space, exactly.

        Raises:
            ShapeError: There is no such point.
        """
        import numpy

        found = self._found.neighbors(point, count, metric)
        rows, distances = zip(*found, strict=True) if found else ((), ())
        return Neighbors(numpy.array(rows, dtype=numpy.int64), numpy.array(distances, dtype=float))


def _floats(values: bytes, width: int) -> Floats:
    import numpy

    return numpy.frombuffer(values, dtype="<f4").astype(numpy.float32).reshape(-1, width)


def _wholes(values: bytes) -> Wholes:
    import numpy

    return numpy.frombuffer(values, dtype="<i8").astype(numpy.int64)
