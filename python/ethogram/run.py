"""A run as its training process sees it: `init` starts one, `Run.log` adds to it, `Run.finish` ends it."""

from __future__ import annotations

import datetime
import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from ethogram import _native, capture, ending, info, machine, values
from ethogram.checkpoint import Exporter, no_pickle, read_checkpoint
from ethogram.console import Console, can_copy
from ethogram.episode import Episode, PastEnd, past_episode
from ethogram.errors import EthogramError, NotFoundError
from ethogram.films import Films
from ethogram.greeting import greet
from ethogram.guard import Guard
from ethogram.integrations.adapted import adapted, observation_for
from ethogram.live_function import Function, function_of
from ethogram.run_folder import find_run
from ethogram.settings import Settings

if TYPE_CHECKING:
    from ethogram.reader import RunView
    from ethogram.show import Page, Shown

Mode = Literal["online", "disabled"]
WhenFull = Literal["drop", "block"]

QUEUE_BYTES = 256 * 1024 * 1024
"""Default bound of what waits for the disk."""


def init(
    project: str | None = None,
    *,
    name: str | None = None,
    config: Any = None,
    root: str | os.PathLike[str] | None = None,
    tags: Sequence[str] | None = None,
    group: str | None = None,
    notes: str | None = None,
    resume: str | os.PathLike[str] | RunView | None = None,
    mode: Mode | None = None,
    strict: bool = False,
    env: Mapping[str, Any] | None = None,
    gamma: float | None = None,
    when_full: WhenFull = "drop",
    queue_bytes: int = QUEUE_BYTES,
    flush_secs: float = 0.2,
    capture_code: bool = True,
    capture_console: bool = True,
    capture_system: float | bool = True,
    quiet: bool = False,
) -> Run:
    """Start a run, or continue one.

    Settings come from the environment first, then from the arguments, then from the defaults, so that whoever starts a
    script has the last word without editing it: `ETHOGRAM_PROJECT`, `ETHOGRAM_NAME`, `ETHOGRAM_ROOT`, `ETHOGRAM_TAGS`
    (separated by commas), `ETHOGRAM_GROUP`, `ETHOGRAM_NOTES`, `ETHOGRAM_RESUME`, `ETHOGRAM_MODE`, `ETHOGRAM_STRICT`,
    `ETHOGRAM_CONSOLE`, `ETHOGRAM_SYSTEM`, `ETHOGRAM_QUIET`.

    The run appears on disk with the first thing logged or recorded, so that it can say which environment it is about.
    Then a line on stderr says where it lies and how to see it: once for each `root`, and in no worker process.

    Args:
        project: A folder of runs that belong together; `default` if left out.
        name: For people; the script's name and the time if left out.
        config: Hyper-parameters: a mapping, namespace, dataclass, or an object or class whose members they are. Secrets
            are hidden by name.
        root: Where projects lie; `runs` in the working directory if left out.
        tags: Free words.
        group: Runs to be averaged over seeds share a group.
        notes: What there is to say of it.
        resume: A run to continue: its id or folder, or what `ethogram.open` returned. It keeps its name, configuration
            and all that was logged.
        mode: `online` writes; `disabled` writes nothing and costs next to nothing.
        strict: Raise what would otherwise be told once as a warning. For tests and first tries.
        env: What the agent acts in, for loops without a Gymnasium environment: see `ethogram.describe`.
        gamma: Discount of training, for derived fields; `config["gamma"]` if left out.
        when_full: What to do when the disk cannot keep up and the queue is full: `drop` and count, or `block`.
        queue_bytes: Bound of what waits for the disk.
        flush_secs: How long a value may take to become readable by others.
        capture_code: Keep commit and `git diff` of the folder of the script.
        capture_console: Keep what the script prints, secrets hidden; `ETHOGRAM_CONSOLE=0` wins.
        capture_system: Log how busy the machine is (`system/…`), every 15 seconds or as many as are given;
            `ETHOGRAM_SYSTEM=0` wins.
        quiet: Do not say where the run lies; also `ETHOGRAM_QUIET=1`.

    Raises:
        ValueError: A setting has no such value.
        NotFoundError: There is no run to resume.
    """
    setting = Settings(os.environ)
    resumed: Any = getattr(resume, "folder", resume)
    if resume is not None and resumed is None:
        raise NotFoundError(f"resume: expected a run that was written, found {resume!r}, of which nothing is there")
    chosen_mode = setting.one_of("MODE", mode or "online", ("online", "disabled"))
    if when_full not in ("drop", "block"):
        raise ValueError(f'when_full: expected "drop" or "block", found {when_full!r}')
    tags_text = setting.text("TAGS", None)
    written = capture.configuration(config if config is not None else {})
    run = Run(
        project=setting.text("PROJECT", project) or "default",
        name=setting.text("NAME", name),
        config=written if written is not None else {"value": capture.jsonable(config)},
        root=Path(setting.text("ROOT", None if root is None else os.fspath(root)) or "runs"),
        tags=[tag.strip() for tag in tags_text.split(",") if tag.strip()] if tags_text is not None else _tags(tags),
        group=setting.text("GROUP", group),
        notes=setting.text("NOTES", notes) or "",
        resume=setting.text("RESUME", None if resumed is None else os.fspath(resumed)),
        disabled=chosen_mode == "disabled",
        strict=setting.flag("STRICT", strict),
        gamma=gamma,
        block=when_full == "block",
        queue_bytes=queue_bytes,
        flush_secs=flush_secs,
        capture_code=capture_code,
        quiet=setting.flag("QUIET", quiet),
    )
    if written is None:
        run._settle("config", _no_config(config))
    if isinstance(env, Mapping):
        run._describe_env(dict(env))
    elif env is not None:
        text = f"env: expected what ethogram.describe returns, found {type(env).__name__}; it is not kept"
        run._settle("environment", EthogramError(text))
    ending.watch(run)
    if not run.disabled:
        seconds = machine.INTERVAL_SECS if capture_system is True else float(capture_system)
        run._capture(
            console=setting.flag("CONSOLE", capture_console),
            system_secs=seconds if setting.flag("SYSTEM", bool(capture_system)) else 0.0,
        )
    return run


def _tags(tags: Sequence[str] | None) -> list[str]:
    """A text alone is one tag, not its letters."""
    if isinstance(tags, str):
        return [tags]
    if tags is None or (isinstance(tags, Iterable) and all(isinstance(tag, str) for tag in tags)):
        return list(tags or ())
    raise ValueError(f'tags: expected texts, as tags=["baseline"], found {tags!r}')


class _Writing(TypedDict):
    block: bool
    queue_bytes: int
    flush_secs: float


class Run(_native.RunCore):
    """A run that is being written. Made by `init`.

    No method raises what is wrong with a value or the disk, unless the run is strict: the first four reasons of a kind
    are each told once as an `EthogramWarning`, and all are counted in `faults`. All methods may be called from any
    thread. In a forked child nothing is written, which is told once; a child that wants to log calls
    `init(resume=run.id)`.

    Attributes:
        id: Unique for ever.
        project: The folder of runs it belongs to.
        name: For people.
        config: Hyper-parameters as they are written down, secrets hidden.
        strict: Whether faults raise.
    """

    def __init__(
        self,
        *,
        project: str,
        name: str | None,
        config: dict[str, Any],
        root: Path,
        tags: list[str],
        group: str | None,
        notes: str,
        resume: str | None,
        disabled: bool,
        strict: bool,
        gamma: float | None,
        block: bool,
        queue_bytes: int,
        flush_secs: float,
        capture_code: bool,
        quiet: bool,
    ) -> None:
        self._configure(strict=strict, disabled=disabled)
        self._resumed = None if resume is None or disabled else find_run(resume, root)
        self.id = self._resumed.name if self._resumed is not None else _native.new_run_id()
        self.project, self.config, self.strict = project, config, strict
        self.name = name if name is not None else _default_name()
        self._root, self._tags, self._group, self._notes = root.absolute(), tags, group, notes
        self._gamma = gamma if gamma is not None else _number(config.get("gamma"))
        self._writing: _Writing = {"block": block, "queue_bytes": queue_bytes, "flush_secs": flush_secs}
        self._capture_code, self._quiet = capture_code, quiet
        self._env: dict[str, Any] | None = None
        self._env_spec: dict[str, Any] | None = None
        self._folder: Path | None = None
        # A signal may come in the middle of `_start`, and its handler get here again.
        self._lock, self._starting = threading.RLock(), False
        self._recorders: dict[int, _native.Recorder] = {}
        # Names of the fields that a policy was said to say, and how many numbers each has where a loop told it itself.
        self._said: dict[str, int | None] = {}
        self._exporter: Exporter | None = None
        self._films = Films(self)
        self._captures: list[Console | machine.Sampler] = []
        self._disabled, self._finished = disabled, False

    @property
    def folder(self) -> Path | None:
        """Where the run lies; `None` while nothing was logged, or when nothing is written."""
        return self._folder

    @property
    def disabled(self) -> bool:
        """Whether nothing is written: `mode="disabled"`, or the run could not be started."""
        return self._disabled

    def episode(
        self,
        *,
        seed: int | None = None,
        env_index: int = 0,
        evaluation: bool = False,
        global_step: int | None = None,
        extra: Mapping[str, Any] | None = None,
        agent: str | None = None,
    ) -> Episode:
        """Begin an episode of a loop that has no Gymnasium environment, and record its steps.

        Args:
            seed: What the environment was reset with.
            env_index: Which of the environments side by side.
            evaluation: Played to evaluate, not to learn from; its steps do not count as steps of the run.
            global_step: Environment steps of the run at its start; `Run.global_step` if left out.
            extra: Anything else to keep with the episode.
            agent: Who acts, where there are several; episodes of one reset share `match` in `extra` and `global_step`.

        Example:
            >>> with run.episode(seed=3) as episode:
            ...     episode.step(observation=state, action=action, reward=reward, terminated=True)
            ...     episode.end(observation=last_state)
        """
        return Episode(
            self, seed=seed, env_index=env_index, evaluation=evaluation, global_step=global_step, extra=extra,
            agent=agent,
        )  # fmt: skip

    def past_episode(
        self,
        *,
        episode_return: float,
        length: int,
        global_step: int,
        end: PastEnd = "unknown",
        env_index: int = 0,
        seed: int | None = None,
        evaluation: bool = False,
        started: float | None = None,
        ended: float | None = None,
        extra: Mapping[str, Any] | None = None,
        agent: str | None = None,
    ) -> int | None:
        """Keep the outcome of an episode that somebody else counted, for example another tool's log.

        Args:
            episode_return: Sum of its rewards.
            length: Steps taken.
            global_step: Environment steps of the run at its start.
            end: How it ended; `unknown` where the source does not say.
            env_index: Which of the environments side by side.
            seed: What the environment was reset with.
            evaluation: Played to evaluate, not to learn from.
            started: When it began, in seconds since 1970; taken for when it ended, if left out.
            ended: When it ended, likewise.
            extra: Anything else to keep with it.
            agent: Who acted, where there are several; as in `episode`.

        Returns:
            Its index in the run; `None` when nothing is written.
        """
        with Guard(self):
            return past_episode(
                self,
                episode_return=float(episode_return),
                length=int(length),
                end=end,
                global_step=int(global_step),
                env_index=env_index,
                seed=seed,
                evaluation=evaluation,
                started=started,
                ended=ended,
                extra=extra,
                agent=agent,
            )
        return None

    def checkpoint(
        self,
        source: Any,
        *,
        global_step: int | None = None,
        name: str | None = None,
        signature: Mapping[str, Any] | None = None,
        example: Any = None,
        format: str = "onnx",
    ) -> str | None:
        """Keep the weights of this moment, so that the agent's reasons can be computed later.

        Args:
            source: ONNX as `bytes`, a path, or an object with `SerializeToString` (as `onnx.ModelProto`); or a module
                of PyTorch, which is copied now and exported to ONNX by another process while training goes on.
                Algorithms and policies of Stable-Baselines3 and sb3-contrib, agents in the manner of CleanRL, and
                modules whose `forward` returns a dict by role (`logits`, `value`, …) need no signature and no example;
                nor does one that returns what `env.annotate` was given (`logits=`, `q_values=`, …), alone or with the
                value. After the steps of a `run.episode`, whose environment nobody described, it needs an example.
                Policies in JAX likewise, by the package jax2onnx: a function of an observation batch, a
                `TrainState`, a module of Flax or Equinox; one that returns a distribution of distrax or TensorFlow
                Probability, with the value or without, needs nothing else. Models of Keras, modules and functions of
                TensorFlow by the package tf2onnx: one whose outputs are called by their roles needs nothing else.
            global_step: Environment steps at these weights; `Run.global_step` if left out.
            name: For people; the global step if left out.
            signature: What inputs and outputs mean, see `ethogram.signature`. Those of a module are named by it, in the
                order of `forward` and of what it returns, or by key where these are dicts of the same names.
            example: For a module or function: an observation batch of one, or a tuple of all its inputs; dicts and
                tuples may be nested in it. Left out, it is what the recorded environment gives, if the signature
                names no more than one input and nothing that is done to it.
            format: What the bytes are.

        Returns:
            Hash of the bytes; `None` when it is not known yet (a module), or nothing is written.
        """
        try:
            if self._disabled:
                return None
            step = self.global_step if global_step is None else int(global_step)
            label = str(step) if name is None else str(name)
            text = json.dumps(capture.jsonable(dict(signature or {})))
            if signature is None and (found := adapted(source, self._env, example, self._said)) is not None:
                source, example, text = found.module, found.example, json.dumps(found.signature)
            source = function_of(source) or source
            if isinstance(source, Function) or (hasattr(source, "state_dict") and hasattr(source, "forward")):
                example = observation_for(signature, self._env) if example is None else example
                if self._exporter is None:
                    self._exporter = Exporter(self)
                self._exporter.export(source, example, step, label, text)
                return None
            data = read_checkpoint(source)
            return self._checkpoint(step, label, format, no_pickle(data) if format == "onnx" else data, text)
        except Exception as error:
            self._settle("checkpoint", error)
            return None

    def attach_films(self, folder: str | os.PathLike[str], *, evaluation: bool | None = None) -> int:
        """Attach films that Gymnasium's `RecordVideo` made since the run began to the episodes that they show.

        This is done by itself, while the training goes on and when the run ends, for the folder of a `RecordVideo`
        inside or around an environment given to `record`, and for those beside the `log_dir` of a `SummaryWriter`.
        A film of 128 MiB is the largest.

        Args:
            folder: Where they lie, called `…-episode-N.mp4` or `…-step-N.mp4`. Links are passed over.
            evaluation: Whether they show evaluation (`True`), training (`False`), or the run does both in one count.

        Returns:
            How many are attached now that were not.
        """
        try:
            return 0 if self._disabled else self._films.attach_from(folder, evaluation)
        except Exception as error:
            self._settle("films", error)
            return 0

    def update_config(self, values: Any) -> bool:
        """Add to the configuration, which is written with the first thing logged or recorded.

        Args:
            values: Hyper-parameters, in any form that `init` takes.

        Returns:
            False, and nothing added, where it is written already, as that of a resumed run is, or they have no names.
        """
        added = capture.configuration(values)
        if added is None:
            self._settle("config", _no_config(values))
            return False
        with self._lock:
            if self._folder is not None or self._starting or self._resumed is not None:
                return False
            self.config |= added
            if self._gamma is None:
                self._gamma = _number(added.get("gamma"))
            return True

    def show(self, *, page: Page | None = None, height: int = 720, frame: str | None = None) -> Shown:
        """Its page in the web app, while it is written; see `ethogram.show`."""
        from ethogram.show import show

        return show(self, page=page, height=height, frame=frame)

    def _repr_html_(self) -> str | None:
        from ethogram import notebook
        from ethogram.reader import open_run

        if self._folder is None:
            return None
        return notebook.run(open_run(self))

    def finish(self, state: Literal["finished", "crashed"] = "finished") -> None:
        """End the run: everything logged reaches the disk. Later calls of `log` are told once and dropped."""
        if self._finished:
            return
        for captured in self._captures:
            captured.end()
        self._captures.clear()
        for recorder in self._recorders.values():
            recorder.leave()
        self._recorders.clear()
        if self._exporter is not None:
            self._exporter.wait()
        fault: Exception | None = None
        self._films.end()
        if self._folder is not None:
            try:
                self._films.attach()
            except Exception as error:
                fault = error
        self._finished = True
        ending.forget(self)
        self._close(state)
        if fault is not None:
            self._settle("films", fault)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish("finished" if kind is None or issubclass(kind, KeyboardInterrupt | SystemExit) else "crashed")

    def __reduce__(self) -> Any:
        raise TypeError(
            "a run cannot be sent to another process; call ethogram.init(resume=run.id) there, "
            "or record around the vector environment instead of within it"
        )

    def __repr__(self) -> str:
        return f"<ethogram.Run {self.project}/{self.id} {self.name!r}>"

    def _forget(self) -> None:
        """Called in the child of a fork: threads and locks of the parent are not there, or held for ever."""
        super()._forget()
        self._lock = threading.RLock()
        self._exporter = None
        self._films = Films(self)
        self._recorders.clear()
        self._captures.clear()

    def _describe_env(self, env: dict[str, Any]) -> None:
        """Take the description of the first environment recorded; `run.json` is written with it."""
        if self._env is None and not self._env_given_late():
            self._env = env

    def _capture(self, *, console: bool, system_secs: float) -> None:
        """Begin to keep what the script prints, and how busy the machine is."""
        if console and can_copy():
            self._captures.append(Console(self))
        if system_secs > 0:
            self._captures.append(machine.Sampler(self, system_secs))

    def _describe_spec(self, env: Any, around: Sequence[str] = ()) -> None:
        """Take what makes the first environment again."""
        if self._env_spec is None:
            from ethogram.remade import spec_of

            try:
                self._env_spec = spec_of(env, around)
            except Exception as error:
                self._settle("environment", error)

    def _env_given_late(self) -> bool:
        if self._folder is None or self._resumed is not None:
            return False
        error = EthogramError(
            "the environment was recorded after something was logged, so the run does not describe it; "
            "call ethogram.record before the first run.log"
        )
        self._settle("environment", error)
        return True

    def _attach(self, recorder: _native.Recorder) -> None:
        """Have the open episodes of `recorder` written when the run ends."""
        self._recorders[id(recorder)] = recorder

    def _detach(self, recorder: _native.Recorder) -> None:
        """The recorder has no episode left."""
        self._recorders.pop(id(recorder), None)

    def _start(self) -> None:
        """Create the run on disk. Called by the native half at the first thing to write, from whichever thread."""
        with self._lock:
            if self._folder is not None or self._disabled or self._starting:
                if self._finished:
                    self._settle("closed", _closed())
                return
            self._starting = True
            try:
                if self._resumed is not None:
                    self._folder = Path(self._resume(self._resumed, **self._writing))
                    self._continue_from(*_native.extent(self._folder))
                else:
                    self._folder = Path(info.accepted(self, self._info(), self._create_with))
            except Exception as error:
                self._disabled = True
                self._configure(strict=self.strict, disabled=True)
                self._settle("start", error)
                return
            finally:
                self._starting = False
        if not self._quiet and self._folder is not None:
            greet(self._folder, self._root if self._folder.is_relative_to(self._root) else self._folder.parent)

    def _create_with(self, text: str) -> str:
        return self._create(self._root, text, **self._writing)

    def _info(self) -> dict[str, Any]:
        """What `run.json` says."""
        return info.gathered(
            self,
            {
                "id": lambda: self.id,
                "name": lambda: self.name,
                "project": lambda: self.project,
                "group": lambda: self._group,
                "tags": lambda: self._tags,
                "notes": lambda: self._notes,
                "created_us": _native.now_us,
                "config": lambda: self.config,
                "env": lambda: self._env,
                "code": lambda: capture.code_state(capture.script_folder()) if self._capture_code else None,
                "command": lambda: capture.command_line(sys.argv),
                "host": capture.host,
                "system": lambda: (
                    capture.system()
                    | ({"launch": capture.launch()} if self._capture_code else {})
                    | ({"env_spec": self._env_spec} if self._env_spec else {})
                ),
                "gamma": lambda: self._gamma,
            },
        )

    def _log_wrapped(self, axis: str, name: str, step: int, value: Any) -> None:
        """Log one of the wrappers of `ethogram.values`. Called by the native half."""
        meta: dict[str, Any] = {}
        match value:
            case values.Tensor(array, given):
                self._tensor(axis, name, step, "tensor", array, json.dumps(capture.jsonable(given or {})))
            case values.Distribution(samples, bins):
                lower, counts, edges, not_finite = _native.distribution(samples, bins)
                meta = {} if edges is None else {"edges": edges}
                meta |= {"not_finite": not_finite} if not_finite else {}
                self._tensor(axis, name, step, "distribution", [lower, counts], json.dumps(meta))
            case values.Histogram(counts, edges):
                rows, bounds = _native.histogram(counts, edges)
                self._tensor(axis, name, step, "distribution", rows, json.dumps({"edges": bounds}))
            case values.Image(pixels, caption):
                self._tensor(axis, name, step, "image", pixels, json.dumps({"caption": caption} if caption else {}))
            case values.Text(text):
                self._tensor(axis, name, step, "text", text.encode(), "{}")


def written_into(run: Any) -> Run:
    """The run that something is to be written into; what is only read is an error that says how to go on with it."""
    if isinstance(run, Run):
        return run
    how = ", resume=run" if hasattr(run, "folder") else ""
    found = type(run).__name__
    raise EthogramError(f"run: expected a run that is being written, as eg.init(…{how}) returns it, found {found}")


def _closed() -> EthogramError:
    from ethogram.errors import ClosedError

    return ClosedError("the run is finished; continue it with ethogram.init(resume=run.id)")


def _no_config(given: Any) -> EthogramError:
    return EthogramError(
        "config: expected a mapping, namespace, dataclass or an object with members, "
        f"found {type(given).__name__}; it is not kept by name"
    )


def _default_name() -> str:
    script = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "run"
    if script in ("ipykernel_launcher", "colab_kernel_launcher"):
        # Jupyter's server tells its kernels which notebook they are of; others do not.
        script = Path(os.environ.get("JPY_SESSION_NAME", "")).stem or "notebook"
    return f"{script} {datetime.datetime.now():%Y-%m-%d %H:%M:%S}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
