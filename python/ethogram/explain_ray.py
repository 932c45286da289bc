"""Explanations of whole episodes on a Ray cluster: a task an episode, by the engine of `ethogram explain`.

Every task writes what it found beside the run, as the command does on one machine, so all of the cluster must see the
folder of the run. Ray starts a task again whose worker died; it goes on where that one was.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError, NotFoundError, OptionError
from ethogram.reader import open_run

if TYPE_CHECKING:
    from ethogram.run import Run

RETRIES = 3
"""How often a task is started again whose worker died."""
WAITING = 1_000
"""Tasks that Ray is given ahead of those that are done."""


@dataclass
class RayExplained:
    """What came of `explain_on_ray`."""

    episodes: dict[int, str] = field(default_factory=dict)
    """By episode: what the command said of it."""
    places: set[tuple[str, int]] = field(default_factory=set)
    """Host and process of every worker that ended a task."""

    @property
    def workers(self) -> int:
        """How many processes took part to the end of a task."""
        return len(self.places)


def explain_on_ray(
    run: str | os.PathLike[str] | Run,
    *,
    address: str | None = None,
    method: str = "integrated_gradients",
    target: int | str = "action",
    episodes: Iterable[int] | None = None,
    of: str = "plain",
    checkpoint: int | str | None = None,
    wrt: str | None = None,
    cpus: int = 1,
    told: Callable[[int, str], None] | None = None,
    **settings: float | str,
) -> RayExplained:
    """Explain recorded episodes on a Ray cluster, and keep the numbers beside the run, as `ethogram explain` does.

    They are then there as the field `attribution/METHOD` of each episode, in the app, and for the command. What was
    explained before is not computed again. Needs `pip install ray`.

    Args:
        run: Its folder, which every worker must see at the same path, or its id.
        address: Of the cluster, as `ray.init` takes it; left out, the one that this process is connected to already,
            or a new one on this machine.
        method: For example `integrated_gradients` or `saliency`.
        target: `"action"` taken, `"greedy"`, `"value"`, an action by index, or `"3-1"`.
        episodes: Which; left out, all whose steps were recorded.
        of: Look at the target as it is (`plain`), as `probability` or as `log_probability`.
        checkpoint: Global step or name of the network, or `"all"`; left out, the one in force in each episode.
        wrt: Input or hidden layer whose elements are told apart; left out, the observation.
        cpus: Processors of a task, and threads in which it explains.
        told: Called with an episode and a line about it whenever one is done.
        **settings: Settings of the method, for example `steps=100`.

    Returns:
        What was said of each episode.

    Raises:
        ImportError: Ray is not installed.
        EthogramError: There is no such cluster; or an episode could not be explained: the others are, and kept.

    Example:
        eg.explain_on_ray("runs/pong/01J…", address="auto", method="integrated_gradients", steps=50)
    """
    arguments = ["--method", method, f"--target={target}", "--of", of]
    if checkpoint is not None:
        arguments += ["--checkpoint", str(checkpoint)]
    if wrt is not None:
        arguments += ["--wrt", wrt]
    for name, value in settings.items():
        arguments.append(f"--{name.replace('_', '-')}={value}")
    chosen = None if episodes is None else set(episodes)
    return _explain(open_run(run).folder, arguments, address, chosen, cpus, told)


def _explain(
    folder: Path,
    arguments: Sequence[str],
    address: str | None,
    chosen: set[int] | Ranges | None,
    cpus: int,
    told: Callable[[int, str], None] | None,
) -> RayExplained:
    import ray

    if cpus < 1:
        raise OptionError(f"cpus: expected at least 1, found {cpus}")
    folder = folder.resolve()
    wanted = _recorded(folder, chosen)
    # Whether the question makes sense is found out here, once, and not by each task.
    tried = _command(folder, wanted[0], [*arguments, "--dry-run"], 1)
    if tried.returncode != 0:
        raise EthogramError(_reason(tried))
    if not ray.is_initialized():
        _connect(ray, address)
    task = ray.remote(explain_episode).options(num_cpus=cpus, max_retries=RETRIES)
    found, failed = RayExplained(), list[str]()
    left = iter(wanted)
    under_way: dict[Any, int] = {}
    while True:
        for episode in _first(left, WAITING - len(under_way)):
            under_way[task.remote(str(folder), episode, list(arguments), cpus)] = episode
        if not under_way:
            break
        [done], _ = ray.wait(list(under_way), num_returns=1)
        episode = under_way.pop(done)
        try:
            code, text, place = ray.get(done)
        except ray.exceptions.RayError as error:
            # All its workers died; nothing is known of the episode itself.
            failed.append(f"episode {episode}: its worker died {RETRIES + 1} times ({type(error).__name__})")
            continue
        found.places.add(tuple(place))
        if code == 0:
            found.episodes[episode] = text
            if told is not None:
                told(episode, text)
        else:
            failed.append(f"episode {episode}: {text}")
    if failed:
        more = f"; and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise EthogramError(
            f"{len(failed)} of {len(wanted)} episodes were not explained, the others are kept: {failed[0]}{more}"
        )
    return found


def _connect(ray: Any, address: str | None) -> None:
    try:
        ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
    except (ConnectionError, ValueError) as error:
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise EthogramError(
            f"address: expected a Ray cluster at {address!r}, found none ({first[:200]}); leave it out for one on this "
            "machine, or start one by `ray start --head`"
        ) from error


def explain_episode(folder: str, episode: int, arguments: list[str], cpus: int) -> tuple[int, str, tuple[str, int]]:
    """A task: the exit status of the command, what it said, and who said it."""
    place = (socket.gethostname(), os.getpid())
    if not (Path(folder) / "run.json").is_file():
        return 1, f"{place[0]} does not see {folder}; put the run into a folder that all workers share", place
    done = _command(Path(folder), episode, arguments, cpus)
    return done.returncode, _reason(done) if done.returncode else done.stdout.strip(), place


def _command(folder: Path, episode: int, arguments: Sequence[str], cpus: int) -> subprocess.CompletedProcess[str]:
    line = [
        sys.executable, "-c", _COMMAND, "explain", str(folder), *arguments, "--episodes", str(episode), "--threads",
        str(cpus),
    ]  # fmt: skip
    return subprocess.run(line, capture_output=True, text=True, check=False)


_COMMAND = """
import ctypes, signal, sys
if sys.platform == "linux":
    # PR_SET_PDEATHSIG: a command whose worker was killed does not go on beside the one that takes its place.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from ethogram.__main__ import main
sys.exit(main())
"""


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    said = " ".join(lines[-3:]).removeprefix("error: ")
    return said or f"the command ended with {done.returncode} and said nothing"


def _recorded(folder: Path, chosen: set[int] | Ranges | None) -> list[int]:
    table = open_run(folder).episodes()
    rows = table.numpy()
    recorded = [int(row) for row, is_there in zip(rows["episode"], rows["recorded"], strict=True) if is_there]
    wanted = [episode for episode in recorded if chosen is None or episode in chosen]
    if isinstance(chosen, set) and (missing := sorted(chosen - set(recorded))):
        raise NotFoundError(f"episode {missing[0]} is not there, or its steps were not recorded")
    if not wanted:
        raise NotFoundError(
            f"no recorded episode among those asked for; `ethogram info {folder}` tells how many there are"
        )
    return wanted


class Ranges:
    """Episodes as the command takes them: `3`, `0..10`, `0..=9`, `42..`, several with commas."""

    def __init__(self, text: str) -> None:
        self._ranges = [self._range(part.strip()) for part in text.split(",")]

    def __contains__(self, episode: object) -> bool:
        return isinstance(episode, int) and any(
            first <= episode and (end is None or episode < end) for first, end in self._ranges
        )

    @staticmethod
    def _range(text: str) -> tuple[int, int | None]:
        first, dots, last = text.partition("..")
        inclusive = last.startswith("=")
        last = last.removeprefix("=")
        is_sound = all(part == "" or part.isdecimal() for part in (first, last))
        if is_sound and (first or dots) and (last or not inclusive):
            begin = int(first or 0)
            if not dots:
                return begin, begin + 1
            end = int(last) + inclusive if last else None
            if end is None or begin < end:
                return begin, end
        raise OptionError(
            f"expected episodes such as 3, 0..10 (0 to 9), 0..=9 or 42.., with commas between, found {text!r}"
        )


def _first(items: Iterator[int], count: int) -> Iterator[int]:
    for _, item in zip(range(count), items, strict=False):
        yield item


def main(arguments: Sequence[str]) -> int:
    """`ethogram explain RUN --ray [ADDRESS] …`: all other options are those of `ethogram explain`."""
    parser = argparse.ArgumentParser(
        prog="ethogram explain",
        description="Explain recorded episodes on a Ray cluster; every other option is one of `ethogram explain`.",
        allow_abbrev=False,
    )
    parser.add_argument("run", help="the folder of a run, which every worker sees at the same path")
    parser.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="", help="of the cluster; this machine if left out"
    )
    parser.add_argument("--ray-cpus", type=int, default=1, metavar="COUNT", help="processors of a task")
    parser.add_argument("--episodes", type=str, metavar="LIST", help="3, 0..10 (0 to 9), 42.., several with commas")
    if arguments[:1] and arguments[0].startswith("-") and arguments[0] not in ("-h", "--help"):
        parser.error(f"expected the run first, as `ethogram explain RUN --ray`, found {arguments[0]!r}")
    given, rest = parser.parse_known_args(list(arguments))
    for option in ("--dry-run", "--forget", "--threads"):
        if any(word == option or word.startswith(f"{option}=") for word in rest):
            instead = "; --ray-cpus says how many processors a task has" if option == "--threads" else ""
            parser.error(f"{option} goes without --ray{instead}")
    count = 0

    def told(episode: int, text: str) -> None:
        nonlocal count
        count += 1
        print(f"episode {episode} ({count}): {text.splitlines()[0]}", flush=True)

    try:
        chosen = None if given.episodes is None else Ranges(given.episodes)
        found = _explain(open_run(given.run).folder, rest, given.ray or None, chosen, given.ray_cpus, told)
    except ImportError as error:
        print(f"error: {error}; `pip install ray` has what --ray needs", file=sys.stderr)
        return 1
    except EthogramError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    episodes = "episode" if len(found.episodes) == 1 else "episodes"
    workers = "worker" if found.workers == 1 else "workers"
    print(f"explained {len(found.episodes)} {episodes} by {found.workers} {workers}")
    return 0
