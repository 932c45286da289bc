"""What a layer has learned: a few directions that its activations, or attributions to it, are made of."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ethogram import _native
from ethogram.errors import OptionError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy
    import numpy.typing

    from ethogram.ablation import Ablation

    Floats = numpy.typing.NDArray[numpy.float32]
    Flags = numpy.typing.NDArray[numpy.bool_]

STEPS_AT_ONCE = 64
"""Steps of which maps are asked for together, the most that may be."""


class Seen(NamedTuple):
    """A place of a state in which a feature is strong."""

    episode: int
    """Its episode."""
    step: int
    """The step."""
    row: int
    """Row of the layer."""
    column: int
    """Column of the layer."""
    strength: float
    """How much of the place is the feature's."""


class Label(NamedTuple):
    """What somebody wrote of a feature in the web app."""

    name: str
    """A few words."""
    colour: str | None
    """As `#rrggbb`, where it is not the usual one."""
    note: str
    """Free text."""


class FeatureMaps(NamedTuple):
    """How much of each of K features there is at each place, H by W, of T steps."""

    first: int
    """The first step."""
    valid: Flags
    """T: whether a step has an answer; its numbers are NaN where not."""
    maps: Floats
    """T by K by H by W: what the feature is of the sum over the channels at the place, with its sign."""
    residual: Floats
    """T by H by W: what no feature holds; maps and residual add up to that sum.

    Of activations, those below 0 count as 0.
    """
    totals: Floats
    """T by K: each feature over all places."""


class FeatureImages(NamedTuple):
    """What features would like to see: I inputs, made by gradient ascent, that excite them most.

    A network that saw few kinds of observations answers to patterns that none of them has: these need not look like
    any state. The strongest states are the better witnesses.
    """

    factors: list[int]
    """I: of which feature each is."""
    places: list[tuple[int, int] | None]
    """I: row and column of the layer; `None` for the average over all."""
    values: Floats
    """I by the shape of the observation, in its own numbers."""
    excitation: Floats
    """I: how far the layer's channels reach along the feature's direction, of length 1."""
    strongest: list[Seen]
    """I: the state that was looked at with the most of the same; `strength` is how much that is."""
    curves: list[list[float]]
    """I: the excitation at the beginning and after each step."""
    notes: list[str]
    """What is to be said of them."""


class LayerFeatures:
    """Features of a layer. Made by `RunView.features`.

    Attributes:
        layer: Its name.
        of: What was taken apart: `activations`, or attributions of a target.
        shape: Of one step of the layer.
        observation: The field that the network looks at.
        checkpoint: Global step of the network that was asked.
        states: States that were looked at.
        left_out: States without an answer.
        relative_error: Share of all that no feature holds.
        notes: What was done about what was asked.
        shares: Of all that the features hold, the share of each.
        colours: Of each, as in the web app.
    """

    def __init__(self, reader: _native.RunView, found: _native.LayerFeatures, folder: Path) -> None:
        self._reader, self._found, self._folder = reader, found, folder
        about = json.loads(found.about())
        self.layer: str = about["layer"]
        self.of: str = about["of"]
        self.shape: tuple[int, ...] = tuple(about["shape"])
        self.observation: str = about["observation"]
        self.checkpoint: int = about["checkpoint"]
        self.states: int = about["states"]
        self.left_out: int = about["left_out"]
        self.relative_error: float = about["relative_error"]
        self.notes: list[str] = about["notes"]
        self.shares: list[float] = about["shares"]
        self.colours: list[str] = about["colours"]
        self._width: int = about["width"]
        self._examples, self._thumbnails = about["examples"], about["thumbnails"]

    def __len__(self) -> int:
        return len(self.shares)

    def __repr__(self) -> str:
        return f"<ethogram.LayerFeatures {len(self)} of {self.layer!r}, {self.of}, in {self.states} states>"

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.layer_features(self)

    @cached_property
    def directions(self) -> Floats:
        """K by C: the direction of each among the layer's channels."""
        return _floats(self._found.directions(), (-1, self._width))

    def examples(self, feature: int) -> list[Seen | None]:
        """For each place of the layer, row after row, the state in which the feature is strongest there.

        No state comes too often; `None` where the feature never is. Empty where the layer has no places.
        """
        return [None if seen is None else Seen(*seen) for seen in self._examples[feature]]

    def thumbnails(self, feature: int) -> list[Seen]:
        """States in which it is strong, ordered by place; strongest first where the layer has no places."""
        return [Seen(*seen) for seen in self._thumbnails[feature]]

    def ablation(self, features: int | str | Sequence[int | str]) -> Ablation:
        """These features, for a policy to act without: `eg.rollout(checkpoint, without=found.ablation([3]))`.

        Args:
            features: By index, from 0, or by the name that somebody gave them in the web app.

        Raises:
            ShapeError: There is no such feature.
        """
        from ethogram.ablation import Ablation

        labels = self.labels
        named = {label.name: index for index, label in labels.items() if label.name}
        chosen = []
        for feature in [features] if isinstance(features, int | str) else features:
            index = named.get(feature) if isinstance(feature, str) else int(feature)
            if index is None or not 0 <= index < len(self):
                known = f" or one of {', '.join(map(repr, named))}" if named else ""
                raise ShapeError(f"features: expected 0 to {len(self) - 1}{known}, found {feature!r}")
            chosen.append(index)
        names = [labels[index].name if index in labels else "" for index in chosen]
        source = {
            "run": self._folder.name, "checkpoint": self.checkpoint, "of": self.of, "factors": len(self),
            "states": self.states,
        }  # fmt: skip
        titles = [name or f"feature {index}" for name, index in zip(names, chosen, strict=True)]
        return Ablation(self.layer, self.directions[chosen], tuple(chosen), tuple(titles) if any(names) else (), source)

    def images(
        self,
        features: Sequence[int] | None = None,
        *,
        place: Literal["centre", "everywhere", "each"] | tuple[int, int] = "centre",
        steps: int = 200,
        seed: int = 0,
        progress: bool | Callable[[str, float], object] | None = None,
    ) -> FeatureImages:
        """Inputs that excite features most, within the bounds of the observation space.

        Args:
            features: By index; all of them when left out.
            place: Where in the layer the feature is to be strong: in its middle, on average over all places, at each
                place (an image each), or at this row and column.
            steps: Of the ascent, at most 2,000.
            seed: The same images for the same seed.
            progress: Called now and then with what is being done and the share of it that is done, 0 to 1; what it
                raises ends the work. Left out, a bar where there is a terminal; `False` for none.

        Raises:
            ValueError: There is no such feature or place.
            ShapeError: More than the limits that the text names.
        """
        where = (place, 0, 0) if isinstance(place, str) else ("at", *place)
        if isinstance(place, str) and place not in ("centre", "everywhere", "each"):
            raise OptionError(f'place: expected "centre", "everywhere", "each" or (row, column), found {place!r}')
        chosen = None if features is None else [int(feature) for feature in features]
        if chosen is not None and any(feature < 0 for feature in chosen):
            raise ShapeError(f"features: expected 0 to {len(self) - 1}, found {min(chosen)}")
        told, values = self._found.images(self._reader, chosen, where, steps, seed, progress)
        about = json.loads(told)
        images = about["images"]
        return FeatureImages(
            factors=[image["factor"] for image in images],
            places=[None if image["place"] is None else tuple(image["place"]) for image in images],
            values=_floats(values, (len(images), *about["shape"])),
            excitation=_array([image["excitation"] for image in images]),
            strongest=[Seen(*image["strongest"]) for image in images],
            curves=[image["curve"] for image in images],
            notes=about["notes"],
        )

    @property
    def labels(self) -> dict[int, Label]:
        """What people wrote of these features, by index."""
        try:
            told = json.loads((self._folder / "meta" / "notes.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        key = (self.layer, self.checkpoint, self.of, len(self))
        return {
            row["index"]: Label(row.get("name", ""), row.get("colour"), row.get("note", ""))
            for row in (told.get("features") or [])
            if (row["layer"], row["checkpoint"], row["of"], row["factors"]) == key
        }

    def maps(self, episode: int, start: int = 0, stop: int | None = None, *, of: str | None = None) -> FeatureMaps:
        """How much of each feature there is at each place of steps of an episode.

        Args:
            episode: Its index.
            start: The first step.
            stop: One beyond the last; the episode's end when left out.
            of: What is looked at, `activations` or a target; as the features were found when left out.

        Raises:
            NotFoundError: There is no such episode.
        """
        import numpy as np

        parts = []
        at, end = start, stop
        while end is None or at < end:
            to = at + STEPS_AT_ONCE if end is None else min(at + STEPS_AT_ONCE, end)
            shape, valid, maps, residual, totals = self._found.maps(self._reader, episode, at, to, of)
            steps, count, rows, columns = shape
            there = np.frombuffer(valid, dtype=np.uint8).astype(bool)
            parts.append(
                (
                    there,
                    _missing(_floats(maps, (steps, count, rows, columns)), there),
                    _missing(_floats(residual, (steps, rows, columns)), there),
                    _missing(_floats(totals, (steps, count)), there),
                )
            )
            if steps < to - at:
                break
            at = to
        if not parts:
            empty = (0, len(self), 0, 0)
            return FeatureMaps(
                start, np.zeros(0, bool), *(np.zeros(axes, np.float32) for axes in (empty, (0, 0, 0), empty[:2]))
            )
        return FeatureMaps(start, *(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _missing(values: Floats, valid: Any) -> Floats:
    import numpy as np

    found = values.copy()
    found[~valid] = np.nan
    return found


def _array(values: list[float]) -> Floats:
    import numpy as np

    return np.array(values, dtype=np.float32)


def _floats(values: bytes, shape: tuple[int, ...]) -> Floats:
    import numpy as np

    return np.frombuffer(values, dtype="<f4").astype(np.float32).reshape(shape)
