"""`SummaryWriter` of PyTorch's TensorBoard module, writing into a run: a script changes one import.

    from ethogram.summary import SummaryWriter     # was: from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(f"runs/{run_name}")
    writer.add_text("hyperparameters", table)      # becomes the configuration
    writer.add_scalar("losses/policy_loss", loss, global_step)
    env = eg.record(env, writer.run)               # one line more, and episodes are there, too

What has no meaning here (graphs, embeddings, meshes, sound, precision-recall curves) is told once, counted in
`SummaryWriter.skipped`, and never raised.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ethogram import capture, values
from ethogram.integrations.skipped import Skipped
from ethogram.integrations.stepless import Numbered
from ethogram.run import Run, init

HYPERPARAMETERS = ("hyperparameters", "hparams", "config", "args")
"""Tags of texts whose table of parameters becomes the configuration."""

PROJECT_LETTERS = re.compile(r"[^A-Za-z0-9._ -]+")
"""What a project's name may not have."""


class SummaryWriter:
    """Takes what `torch.utils.tensorboard.SummaryWriter` takes.

    Without a `global_step` a value has the run's, or where its tag has a point there or later, the step after that one:
    no point replaces another.

    Args:
        log_dir: Its last part is the run's name, and the folder that holds it is where the run's project lies:
            `runs/CartPole-v1__ppo__1__1700000000` becomes `runs/PROJECT/ID` of that name. Runs of CleanRL's naming
            (`ENV__SCRIPT__SEED__TIME`) have ENV for their project, and those that differ in seed are a group.
        comment: Added to the name where `log_dir` is left out.
        run: A run to write into; one is made where it is left out. `close` finishes only a run that was made here.
        **ignored: `purge_step`, `max_queue`, `flush_secs`, `filename_suffix`: a run needs none of them.

    Attributes:
        run: The run, for `ethogram.record` and all else.
        skipped: How often each call came that has no meaning here.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        *_: Any,
        run: Run | None = None,
        **ignored: Any,
    ) -> None:
        self.log_dir = None if log_dir is None else os.fspath(log_dir)
        self._mine = run is None
        self.run = run if run is not None else _begin(self.log_dir, comment)
        self._skipped = Skipped("SummaryWriter")
        self._numbered = Numbered(self.run)
        if self.log_dir is not None:
            # Where scripts in the manner of CleanRL have RecordVideo keep its films.
            folder = Path(self.log_dir)
            for place in (folder, folder / "videos", folder.parent.parent / "videos" / folder.name):
                self.run._films.watch(place)
            self.run._films.watch(Path("videos") / folder.name)

    @property
    def skipped(self) -> Mapping[str, int]:
        """How often each call came that has no meaning here."""
        return self._skipped.counts

    def get_logdir(self) -> str:
        """Where the run lies."""
        return str(self.run.folder or self.log_dir or "runs")

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: Any = None, walltime: float | None = None, *_: Any, **__: Any
    ) -> None:
        """Log a number."""
        self._log({tag: scalar_value}, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log several numbers under one name: `main_tag/tag`."""
        self._log({f"{main_tag}/{tag}": value for tag, value in tag_scalar_dict.items()}, global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Log a distribution. Bins are chosen here: exact counts of few distinct values, else 64 of equal width."""
        self._log({tag: _distribution(values, bins)}, global_step, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: Any,
        max: Any,
        num: Any,
        sum: Any,
        sum_squares: Any,
        bucket_limits: Sequence[float],
        bucket_counts: Sequence[float],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log a distribution that was counted already."""
        edges = [float(min), *[float(limit) for limit in bucket_limits]]
        self._log({tag: values.Histogram(list(bucket_counts), edges)}, global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Log a picture."""
        self._guarded("add_image", lambda: self._log({tag: _image(img_tensor, dataformats)}, global_step, walltime))

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Log several pictures, as `tag/0`, `tag/1` and so on."""

        def log() -> None:
            batch, axes = _numpy(img_tensor), dataformats.upper()
            import numpy as np

            pictures = np.moveaxis(batch, axes.index("N"), 0)
            rest = axes.replace("N", "")
            named = {f"{tag}/{at}": _image(picture, rest) for at, picture in enumerate(pictures)}
            self._log(named, global_step, walltime)

        self._guarded("add_images", log)

    def add_text(self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None) -> None:
        """Log a text. A Markdown table of hyper-parameters becomes the configuration, if nothing was logged before."""
        text = str(text_string)
        if tag.rpartition("/")[2].lower() in HYPERPARAMETERS:
            found = parameters_of(text)
            if found and self.run.update_config(found):
                return
            text = _without_secrets(text, found)
        self._log({tag: values.Text(text)}, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Any = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """Take hyper-parameters into the configuration (a text once it is written), and log the metrics."""
        if not self.run.update_config(hparam_dict):
            shown = capture.configuration(hparam_dict) or {}
            table = "\n".join(f"|{name}|{value}|" for name, value in shown.items())
            self._log({"hparams": values.Text(f"|param|value|\n|-|-|\n{table}")}, global_step, None)
        self._log(dict(metric_dict), global_step, None)

    def add_video(
        self, tag: str, vid_tensor: Any, global_step: Any = None, fps: float = 4, walltime: float | None = None
    ) -> None:
        """Keep pictures over time, N×T×C×H×W, as an array: no page plays it; record episodes to see them played."""
        array = values.Tensor(vid_tensor, {"fps": fps, "axes": "NTCHW"})
        self._log({tag: array}, global_step, walltime)
        self._skipped.tell("add_video as a film", "it is kept as an array; ethogram.record shows episodes step by step")

    def add_figure(
        self, tag: str, figure: Any, global_step: Any = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """Log figures of Matplotlib as pictures."""

        def log() -> None:
            import numpy as np

            figures = figure if isinstance(figure, list) else [figure]
            for at, drawn in enumerate(figures):
                drawn.canvas.draw()
                pixels = np.asarray(drawn.canvas.buffer_rgba())
                name = tag if len(figures) == 1 else f"{tag}/{at}"
                self._log({name: values.Image(pixels)}, global_step, walltime)
                if close:
                    import matplotlib.pyplot

                    matplotlib.pyplot.close(drawn)

        self._guarded("add_figure", log)

    def add_tensor(self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None) -> None:
        """Keep an array."""
        self._log({tag: values.Tensor(tensor)}, global_step, walltime)

    def flush(self) -> None:
        """Wait until everything logged so far can be read by others."""
        self.run.flush()

    def close(self) -> None:
        """Finish the run, if it was made here."""
        if self._mine:
            self.run.finish()
        else:
            self.run.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mine and kind is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
            self.run.finish("crashed")
        else:
            self.close()

    def __getattr__(self, name: str) -> Any:
        """Calls that have no meaning here: `add_graph`, `add_embedding`, `add_mesh`, `add_audio` and the like."""
        if not name.startswith("add_"):
            raise AttributeError(f"SummaryWriter has no attribute {name!r}")

        def skip(*_: Any, **__: Any) -> None:
            self._skipped.tell(name, "it has no meaning here")

        return skip

    def _log(self, logged: dict[str, Any], global_step: Any, walltime: float | None) -> None:
        self._numbered.log(logged, global_step, walltime)

    def _guarded(self, what: str, work: Any) -> None:
        try:
            work()
        except Exception as error:
            self._skipped.tell(what, f"{type(error).__name__}: {error}")


def parameters_of(table: str) -> dict[str, Any]:
    """Names and values of a Markdown table of two columns, as CleanRL writes its arguments; empty where it is none.

    Values are read as Python's: `True`, `None`, `0.99`, `[1, 2]`; anything else stays a text.
    """
    import ast

    found: dict[str, Any] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|", 1)]
        if len(cells) != 2 or not line.strip().startswith("|"):
            continue
        name, text = cells
        if not name or set(name) <= set("-: ") or (name.lower(), text.lower()) == ("param", "value"):
            continue
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            found[name] = text
    return found


def _without_secrets(table: str, parameters: Mapping[str, Any]) -> str:
    """The text of a table without the values that are hidden in a configuration."""
    hidden = [name for name, value in capture.jsonable(parameters).items() if value == capture.HIDDEN]
    for name in hidden:
        row = re.compile(rf"^(\s*\|\s*{re.escape(name)}\s*\|).*$", re.MULTILINE)
        table = row.sub(rf"\g<1>{capture.HIDDEN}|", table)
    return capture.hide_assignments(table)


def _begin(log_dir: str | None, comment: str) -> Run:
    if log_dir is None:
        return init(name=comment.strip("_- ") or None)
    folder = Path(log_dir)
    name = folder.name + comment
    parts = folder.name.split("__")
    root = folder.parent if str(folder.parent) not in ("", ".") else Path("runs")
    if len(parts) == 4 and parts[2].lstrip("-").isdecimal():
        project = PROJECT_LETTERS.sub("-", parts[0]).lstrip(".") or "default"
        return init(project, name=name, root=root, group=f"{parts[0]}__{parts[1]}")
    return init(name=name, root=root)


def _numpy(value: Any) -> Any:
    import numpy as np

    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)


def _image(pixels: Any, axes: str) -> values.Image:
    import numpy as np

    array, axes = _numpy(pixels), axes.upper()
    if sorted(axes) not in (sorted("HW"), sorted("HWC")) or array.ndim != len(axes):
        raise ValueError(f"dataformats: expected the axes of a picture, as CHW, found {axes} for shape {array.shape}")
    array = np.transpose(array, [axes.index(axis) for axis in "HWC" if axis in axes])
    return values.Image(np.ascontiguousarray(array))


def _distribution(samples: Any, bins: Any) -> values.Distribution:
    return values.Distribution(samples, bins) if isinstance(bins, int) else values.Distribution(samples)
