"""Reading runs: what was logged, and what can be derived from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ethogram import _native
from ethogram.column import Column, Table
from ethogram.errors import NotFoundError, OptionError
from ethogram.findings import Event, HealthFinding, events_from_json, findings_from_json, settings_as_text

if TYPE_CHECKING:
    import numpy.typing

    from ethogram.layer_features import LayerFeatures
    from ethogram.model import Model
    from ethogram.run import Run
    from ethogram.show import Page, Shown
    from ethogram.state_map import StateMap

    Values = numpy.typing.NDArray[Any]

AxisName = Literal["global_step", "episode", "step", "checkpoint", "sample"]


def open_run(run: str | os.PathLike[str] | Run | None, root: str | os.PathLike[str] = "runs") -> RunView:
    """Open a run for reading; one that is still being written shows what is on disk so far.

    Args:
        run: Its folder, its id or the beginning of it, its name, or the run itself as `init` returned it (flushed
            first); None, the folder of a run that could not start, is an error that says so.
        root: Where to look for an id or a name.

    Raises:
        NotFoundError: There is no such run, or there are several.
        CorruptError: It cannot be read at all. Damaged parts are left out and listed in `RunView.lost`.
    """
    from ethogram.run import Run
    from ethogram.run_folder import find_run

    if isinstance(run, Run):
        run.flush()
        if run.folder is None:
            raise NotFoundError(f"nothing was written by {run!r} so far")
        return RunView(run.folder)
    if run is None:
        raise NotFoundError("expected a run, found None: a run that could not start has no folder; run.faults says why")
    return RunView(find_run(os.fspath(run), Path(root), by_name=True))


class RunView:
    """A run as it can be read now; `refresh` looks for growth. Made by `ethogram.open`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader = _native.RunView(folder)

    def __repr__(self) -> str:
        info = self.info
        return f"<ethogram.RunView {info['project']}/{info['id']} {info['name']!r} {self.status['state']}>"

    @property
    def info(self) -> dict[str, Any]:
        """Who and what it is, as in `run.json`."""
        return dict(json.loads(self._reader.info()))

    def reproduce(self) -> str:
        """The shell script that makes this run again: commit, changes, packages, command line."""
        from ethogram.reproduce import reproduce

        return reproduce(self.info)

    def console(self, stream: Literal["stdout", "stderr"] = "stdout") -> str:
        """What the script printed, as far as it was kept; empty where nothing was."""
        tag = f"console/{stream}"
        if tag not in self.tensor_tags:
            return ""
        return "".join(piece.text() for piece in self.tensors(tag, "sample"))

    @property
    def status(self) -> dict[str, Any]:
        """How it stands, as in `status.json`; a run that has not been heard of for a minute has `crashed`."""
        return dict(json.loads(self._reader.status()))

    @property
    def lost(self) -> list[dict[str, str]]:
        """What could not be read: file, what, why."""
        return list(json.loads(self._reader.lost()))

    def refresh(self) -> bool:
        """Look for growth. True if there is any."""
        return self._reader.refresh()

    @property
    def tags(self) -> list[str]:
        """Names of all scalars, of any axis."""
        return sorted({tag for _, tag in self._reader.scalar_tags()})

    def scalars(self, tag: str, axis: AxisName | None = None) -> Table:
        """The points of a tag: `step`, `time_us`, `value`, ascending by step.

        Args:
            tag: Its name.
            axis: What `step` counts; left out, the only axis that the tag has.

        Raises:
            NotFoundError: There is no such tag, or it lies on several axes and `axis` is left out.
        """
        return _table(self._reader.scalars(self._axis(tag, axis, self._reader.scalar_tags()), tag))

    @property
    def tensor_tags(self) -> list[str]:
        """Names of all tensors, distributions, images and texts."""
        return sorted({tag for _, tag in self._reader.tensor_tags()})

    def tensors(self, tag: str, axis: AxisName | None = None) -> list[TensorView]:
        """The tensors, distributions, images or texts of a tag, ascending by step. Raises as `scalars` does."""
        rows = self._reader.tensors(self._axis(tag, axis, self._reader.tensor_tags()), tag)
        return [TensorView(*row) for row in rows]

    def episodes(self) -> Table:
        """All episodes, one row each: return, length, how it ended, seed, and more."""
        return _table(self._reader.episodes())

    def episode(self, index: int) -> EpisodeView:
        """One episode by its index in the run.

        Raises:
            NotFoundError: There is no such episode.
        """
        if isinstance(index, str) or index < 0:
            raise NotFoundError(f"episode: expected an index, a whole number from 0, found {index!r}")
        return EpisodeView(self._reader, index, self.folder)

    def checkpoints(self) -> Table:
        """All checkpoints, one row each, ascending by global step."""
        return _table(self._reader.checkpoints())

    def checkpoint(self, which: int | str | None = None) -> CheckpointView:
        """One checkpoint, and the network in it: `run.checkpoint(80_000_000).model`.

        Args:
            which: Its global step or its name; left out, the last.

        Raises:
            NotFoundError: There is none; the text says which there are.
        """
        table = self.checkpoints()
        columns = {name: column.numpy().tolist() for name, column in table.items()}
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        if isinstance(which, str) and which.isdecimal() and all(row["name"] != which for row in rows):
            which = int(which)
        key = "global_step" if isinstance(which, int) else "name"
        found = [row for row in rows if which is None or row[key] == which]
        if not rows:
            raise NotFoundError("no checkpoint in this run; run.checkpoint(policy, global_step=…) keeps one")
        if not found:
            known = _some([("", f"{row['global_step']} ({row['name']})") for row in rows])
            raise NotFoundError(f"no checkpoint{'' if which is None else f' {which!r}'}; there are {known}")
        return CheckpointView(self, found[-1])

    def events(self, *kinds: str, top: int = 16, **settings: float) -> list[Event]:
        """Moments of all recorded episodes that are worth a look: the first of each kind, then the second, and so on.

        Args:
            kinds: For example `loop`, `high_advantage`, `value_surprise`; left out, all that need no network.
            top: Most of each kind.
            settings: Of the finders, for example `loop_share=0.1`; `docs/http.md` lists them.

        Raises:
            ShapeError: There is no such kind or setting; the text says which there are.
        """
        text = self._reader.events(None, list(kinds), top, settings_as_text(settings))
        return events_from_json(text)

    def health(self, **settings: float) -> list[HealthFinding]:
        """What looks wrong about training, with the numbers that say so; empty when nothing does.

        Args:
            settings: Of the rules, for example `kl_floor=0.05`; `docs/health.md` lists them.

        Raises:
            ShapeError: There is no such setting.
        """
        return findings_from_json(self._reader.health(settings_as_text(settings)))

    def map(
        self,
        of: str = "observation",
        method: Literal["pca", "umap", "tsne"] = "umap",
        *,
        dims: int = 2,
        points: int = 20_000,
        episodes: Iterable[int] | None = None,
        checkpoint: int | None = None,
        samples: str | None = None,
        supervised_by: str | None = None,
        **settings: float | str,
    ) -> StateMap:
        """Lay its steps out as points, so that alike ones lie near each other.

        Args:
            of: By what: `observation`, another numeric field of steps, logged or derived, or `layer/NAME`: what that
                layer of the network gives at the step.
            method: Principal components, UMAP or t-SNE.
            dims: 2 or 3.
            points: Most points; of more steps so many are picked evenly.
            episodes: Which; all that were recorded when left out.
            checkpoint: Global step of the network that is asked for layers; the one in force at each episode when left
                out.
            samples: Samples of this name instead of steps, as `ethogram.probe` logs them.
            supervised_by: A field whose values are labels that take part in the layout, named as `StateMap.field` has
                it: near points of one label are drawn together, others apart. With UMAP only.
            **settings: Of the method: `n_neighbors`, `min_dist`, `perplexity`, `metric`, `seed`, `rounds`,
                `standardize`, `components`, `label_weight`.

        Raises:
            NotFoundError: There are no such steps or numbers; the text says what to log.
            ShapeError: Something that the method does not take.
        """
        from ethogram.state_map import StateMap

        chosen = None if episodes is None else [int(episode) for episode in episodes]
        texts = {name: str(value) for name, value in settings.items()}
        found = _native.lay_out(
            self._reader, of, method, dims, points, chosen, checkpoint, samples, texts, supervised_by
        )
        return StateMap(self._reader, found)

    def features(
        self,
        layer: str | None = None,
        k: int = 8,
        *,
        of: str | None = None,
        states: int = 1_024,
        episodes: Iterable[int] | None = None,
        checkpoint: int | None = None,
        progress: bool | Callable[[str, float], object] | None = None,
    ) -> LayerFeatures:
        """Take a layer apart into a few directions, each with the states that show it.

        Args:
            layer: As in the network's file; the one to begin with when left out.
            k: How many directions.
            of: What is taken apart: `activations`, or attributions to the layer of a target (`value`, `action`, `3`).
                Left out, the value's; activations where the value does not go through the layer.
            states: Most states that are looked at, spread evenly.
            episodes: Which; all that were recorded when left out.
            checkpoint: Global step of the network that is asked; the newest when left out.
            progress: Called now and then with what is being done and the share of it that is done, 0 to 1; what it
                raises ends the work. Left out, a bar where there is a terminal; `False` for none.

        Raises:
            NotFoundError: There are no recorded steps, no checkpoint with a signature, or no such layer.
            ShapeError: More than the limits that the text names.
        """
        from ethogram.layer_features import LayerFeatures

        chosen = None if episodes is None else [int(episode) for episode in episodes]
        found = _native.find_features(self._reader, layer, of, k, states, chosen, checkpoint, progress)
        return LayerFeatures(self._reader, found, self.folder)

    def blob(self, hash: str) -> bytes:
        """The bytes stored under a hash, for example a checkpoint's.

        Raises:
            NotFoundError: There is none.
        """
        return self._reader.blob(hash)

    def show(
        self,
        *,
        episode: int | None = None,
        step: int | None = None,
        page: Page | None = None,
        height: int = 720,
        frame: str | None = None,
    ) -> Shown:
        """Its page in the web app; see `ethogram.show`."""
        from ethogram.show import show

        return show(self, episode=episode, step=step, page=page, height=height, frame=frame)

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.run(self)

    def _axis(self, tag: str, axis: str | None, known: list[tuple[str, str]]) -> str:
        axes = [found for found, name in known if name == tag and axis in (None, found)]
        if len(axes) == 1:
            return axes[0]
        if axes:
            raise NotFoundError(f"tag {tag!r} lies on the axes {', '.join(axes)}; pass axis=")
        raise NotFoundError(f"no tag {tag!r}{f' on axis {axis}' if axis else ''}; there are {_some(known)}")


class TensorView:
    """A tensor, distribution, image or text at one step.

    Attributes:
        step: Where it lies on the axis of its tag.
        time_us: When it was logged, microseconds since 1970.
        kind: `tensor`, `distribution`, `image` or `text`.
        meta: What is kept beside it, for example the edges of the bins.
    """

    def __init__(
        self, step: int, time_us: int, kind: str, dtype: str, shape: list[int], data: bytes, meta: str
    ) -> None:
        self.step, self.time_us, self.kind = step, time_us, kind
        self.meta: dict[str, Any] = json.loads(meta)
        self._dtype, self._shape, self._data = dtype, shape, data

    def numpy(self) -> Values:
        """The values, of the type and shape that were logged."""
        import numpy as np

        return np.frombuffer(self._data, dtype=np.dtype(self._dtype).newbyteorder("<")).reshape(self._shape)

    def text(self) -> str:
        """The text, where it is one."""
        return self._data.decode()


class CheckpointView:
    """Weights at one update. Made by `RunView.checkpoint`.

    Attributes:
        run: Whose weights they are.
        global_step: Global step of the weights.
        name: For people, for example `80M`.
        hash: Content hash of the bytes.
        format: `onnx`, …
        signature: What its inputs and outputs mean, as `ethogram.signature` made it.
    """

    def __init__(self, run: RunView, row: dict[str, Any]) -> None:
        self.run = run
        self.global_step: int = row["global_step"]
        self.name: str = row["name"]
        self.hash: str = row["hash"]
        self.format: str = row["format"]
        self.signature: dict[str, Any] | None = json.loads(row["signature"])

    def __repr__(self) -> str:
        return f"<ethogram.CheckpointView {self.name!r} at {self.global_step}, {self.format}>"

    def read(self) -> bytes:
        """The file as it was logged."""
        return self.run._reader.blob(self.hash)

    @cached_property
    def model(self) -> Model:
        """The network. Read when first asked for, and kept.

        Raises:
            CorruptError: It is no ONNX file.
        """
        from ethogram.model import Model

        return Model(self.read())


class EpisodeView:
    """One episode.

    Attributes:
        index: Its index in the run.
        folder: Of the run.
    """

    def __init__(self, reader: _native.RunView, index: int, folder: Path) -> None:
        self.index, self.folder = index, folder
        self._reader = reader
        self._row = reader.episode(index)

    @property
    def row(self) -> dict[str, Any]:
        """What is known of it as a whole: `episode_return`, `length`, `end`, `seed`, and more."""
        return dict(json.loads(self._row))

    def events(self, *kinds: str, **settings: float) -> list[Event]:
        """Moments of this episode that are worth a look; see `RunView.events`."""
        return events_from_json(self._reader.events(self.index, list(kinds), 0, settings_as_text(settings)))

    @property
    def fields(self) -> list[str]:
        """Names of the fields logged at its steps."""
        return self._reader.step_fields(self.index)

    @property
    def derived(self) -> list[str]:
        """Names of the fields that can be derived for it, for example `advantage`."""
        return self._reader.derived_fields(self.index)

    def field(self, name: str, **params: float | str) -> Column:
        """A field of its steps, logged or derived.

        Row *t* of `observation` and `frame` is what was seen before action *t*. Every column has as many rows as the
        episode has observations, one more than actions where the final one was recorded: what belongs to an action is
        missing in that row.

        Args:
            name: For example `reward`, `advantage`, or `attribution/integrated_gradients`: what a checkpoint's network
                made of each step. The latter is read where it is kept beside the run (`ethogram explain`), else
                computed and kept.
            **params: Of a derived field, for example `gamma=0.99`; `lambda_` stands for `lambda`. Of an attribution:
                `target` (`action`, `greedy`, `value`, `3`, `"3-1"`, …), `checkpoint` (a global step), `wrt` (an input
                or layer) and the method's own, for example `steps=100`.

        Raises:
            NotFoundError: There is no such field, or nothing to explain it with; the text says what to log.
            ShapeError: A parameter that it does not have, or a value that it cannot have.
        """
        texts = {key.removesuffix("_"): str(value) for key, value in params.items()}
        return Column(*self._reader.field(self.index, name, texts))

    def frames(self, name: str = "frame") -> Values:
        """The pictures as one array, T + 1 × H × W × C."""
        return self.field(name).numpy()

    def video(
        self,
        path: str | os.PathLike[str],
        *,
        steps: tuple[int, int] | range | None = None,
        fps: float | None = None,
        picture: str | None = None,
        bars: str | None = None,
        layout: Literal["side", "below"] = "side",
        axis: Literal["fixed", "auto"] = "fixed",
        scale: int | None = None,
        overlay: str | None = None,
        target: str | int | None = None,
        checkpoint: int | None = None,
        opacity: float | None = None,
        blend: Literal["over", "grey", "alone", "multiply", "heads"] | None = None,
        colours: str | None = None,
        sign: Literal["both", "positive", "negative", "absolute"] | None = None,
        outliers: float | None = None,
        table: str | os.PathLike[str] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Path:
        """Save its steps as a film: the picture, and beside it what the policy said, as bars drawn from the log.

        One frame a step. Nothing needs to be installed.

        Args:
            path: A name that ends in `.mp4` or `.gif`; a file of that name is replaced once the film is whole.
            steps: The first, and the first that is left out; all when left out.
            fps: Frames a second; the environment's own when left out, else 30.
            picture: The field of pictures, or `"none"`; `frame` when left out, else `observation`.
            bars: The field whose numbers are bars, logged or derived, or `"none"`; what the policy said of the
                actions when left out. Those taken and those highest are marked.
            layout: Bars beside the picture or below it.
            axis: As far as the numbers of all these steps reach, or as far as those of each step do.
            scale: How often each pixel of the picture is repeated, across and down.
            overlay: A method that explains, for example `"saliency"`, laid over the observation: warm above zero, cold
                below. It needs a checkpoint with a signature.
            target: What the overlay explains: `"action"` taken, `"greedy"`, `"value"`, an action by index, or `"3-1"`.
            checkpoint: Global step of the checkpoint that it asks; the one in force when left out.
            opacity: Of its strongest places, 0 to 1.
            blend: How it meets the picture: over it, over its grey, alone, as a spotlight (`multiply`), or `heads`:
                what matters to the policy in blue and to the value in red, both at once.
            colours: Its colour map: `page`, `red-blue`, `green-purple`, `viridis`, `magma`, `cividis` or `grey`.
            sign: Which numbers are shown; `both` when left out.
            outliers: Percent of the whole that its strongest places may hold beyond the end of the scale; 5 when left
                out.
            table: Also save the steps as a table, a row a frame: `frame`, `time`, `step`, action, reward and every
                small field; its name ends in `.csv`, `.json`, `.parquet`, `.npz`, `.md` or `.tex`.
            progress: Called now and then with the frames done and all frames; what it raises ends the work.

        Returns:
            The path.

        Raises:
            NotFoundError: There is no such field, or nothing to show; the text says what to log.
            ValueError: An option that has no such value, or a film larger than a film can be.
            StorageError: The file could not be written.
        """
        if isinstance(steps, range) and steps.step != 1:
            raise OptionError(f"steps: expected a range of step 1, found {steps!r}")
        start, stop = (steps.start, steps.stop) if isinstance(steps, range) else steps or (None, None)
        given = {
            "from": start, "to": stop, "fps": fps, "picture": picture, "bars": bars, "layout": layout, "axis": axis,
            "scale": scale, "overlay": overlay, "target": target, "checkpoint": checkpoint, "opacity": opacity,
            "blend": blend, "colours": colours, "sign": sign, "outliers": outliers,
        }  # fmt: skip
        options = {name: str(value) for name, value in given.items() if value is not None}
        _, _, _, shown_fps = self._reader.video(self.index, path, options, progress)
        if table is not None:
            self._reader.export_steps(self.index, table, (start, stop), None, shown_fps)
        return Path(path)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        fields: Iterable[str] | None = None,
        steps: range | tuple[int | None, int | None] | None = None,
    ) -> Path:
        """Save its steps as a table, a row a step.

        Args:
            path: A name that ends in `.csv`, `.json`, `.parquet`, `.npz`, `.md` or `.tex`.
            fields: Logged or derived ones; all that were logged with at most 64 elements when left out, pictures never.
            steps: The first, and the first that is left out; all when left out.

        Raises:
            NotFoundError: There is no such field, or the steps were not recorded.
            ValueError: The name ends otherwise, or the table is larger than a table can be.
        """
        start, stop = (steps.start, steps.stop) if isinstance(steps, range) else steps or (None, None)
        self._reader.export_steps(self.index, path, (start, stop), None if fields is None else list(fields), None)
        return Path(path)

    def __repr__(self) -> str:
        row = self.row
        return (
            f"<ethogram.EpisodeView {self.index}: {row['length']} steps, return {row['episode_return']}, {row['end']}>"
        )

    def show(
        self, *, step: int | None = None, page: Page | None = None, height: int = 720, frame: str | None = None
    ) -> Shown:
        """Replay of it in the web app; see `ethogram.show`."""
        from ethogram.show import show

        return show(self, step=step, page=page, height=height, frame=frame)

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.episode(self)


def _table(columns: list[tuple[str, str | None, list[int], Any, bytes | None]]) -> Table:
    return Table([Column(*column) for column in columns])


def _some(known: list[tuple[str, str]], most: int = 10) -> str:
    names = sorted({name for _, name in known})
    return (
        ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "") if names else "none"
    )
