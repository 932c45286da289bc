"""The web app from Python: `show` starts a server, or takes the one that runs, and says where to look."""

from __future__ import annotations

import atexit
import html
import json
import os
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlencode, urlsplit

from ethogram.errors import EthogramError, NotFoundError, OptionError

if TYPE_CHECKING:
    from ethogram.reader import EpisodeView, RunView
    from ethogram.run import Run

Page = Literal[
    "runs", "overview", "training", "episodes", "events", "gallery", "compare", "replay", "states", "features",
    "benchmark",
]  # fmt: skip
"""A page of the web app, as its address says."""

START_SECS = 20.0
"""A server that has not said its address by then is ended."""

HEIGHT_MAX = 4_000
"""Tallest frame, in CSS pixels."""


@dataclass(frozen=True)
class Shown:
    """A page of the web app. In a notebook it is a frame where the server was told to allow it, else a link.

    Attributes:
        url: The page, with the token that lets the browser in.
        framed: Whether pages of the notebook's origin may show it within themselves.
        height: Of the frame, in CSS pixels.
    """

    url: str
    framed: bool = False
    height: int = 720

    def __repr__(self) -> str:
        return f"<ethogram.Shown {self.url}>"

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        link = f'<a href="{url}" target="_blank" rel="noopener">Open in Ethogram</a>'
        if not self.framed:
            return link
        frame = f'<iframe src="{url}" title="Ethogram" width="100%" height="{self.height}" style="border:0"></iframe>'
        return f"{frame}<br>{link}"


class _Server:
    """A server of this process, ended with it."""

    def __init__(self, root: Path, frame: str | None) -> None:
        # The environment keeps the token out of the list of processes.
        environment = os.environ | {"ETHOGRAM_TOKEN": secrets.token_urlsafe(24)}
        command = [sys.executable, "-m", "ethogram", "serve", str(root), "--json"]
        command += ["--allow-frame", frame] if frame else []
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        end = threading.Timer(START_SECS, self.process.kill)
        end.start()
        try:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
        finally:
            end.cancel()
        if not line:
            assert self.process.stderr is not None
            said = self.process.stderr.read().strip()
            raise EthogramError(f"show: the server did not start: {said or 'it said nothing'}")
        # What it says later is of no use to anybody, and a full pipe would hold it up.
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=_drained, args=(stream,), daemon=True).start()
        told = urlsplit(json.loads(line)["url"])
        # A page of a notebook on localhost and ours are then of one site, so that the cookie is sent in a frame.
        self.url = f"http://localhost:{told.port}/?{told.query}"

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


_servers: dict[tuple[Path, str | None], _Server] = {}
_lock = threading.Lock()


def show(
    what: RunView | EpisodeView | Run | str | os.PathLike[str] = "runs",
    *,
    episode: int | None = None,
    step: int | None = None,
    page: Page | None = None,
    height: int = 720,
    frame: str | None = None,
) -> Shown:
    """Serve the runs around `what`, if nothing in this process does so yet, and give the address of its page.

    The server listens on this machine alone, wants a token, which the address has, and ends with this process or by
    `stop`.

    Args:
        what: A run, an episode, or a folder of runs.
        episode: Its index.
        step: Of the episode.
        page: Replay for an episode, the overview of a run, the table of runs for a folder, when left out.
        height: Of the frame, in CSS pixels.
        frame: The notebook's origin, for example `http://localhost:8888`, where the page is to lie within the notebook:
            no other page may have it in a frame. A link when left out; `ETHOGRAM_FRAME` has the last word.

    Raises:
        NotFoundError: There is no such run or folder.
        EthogramError: The server did not start; the text has what it said.
    """
    if page is not None and page not in get_args(Page):
        raise OptionError(f"page: expected one of {', '.join(get_args(Page))}, found {page!r}")
    if not 50 <= height <= HEIGHT_MAX:
        raise OptionError(f"height: expected 50 to {HEIGHT_MAX} pixels, found {height}")
    root, run, episode = _place(what, episode)
    query: dict[str, str] = {}
    if run is not None:
        query |= {"runs": run, "run": run}
    if run is not None and episode is not None:
        query["episode"] = str(episode)
        query |= {"step": str(step)} if step else {}
    name = page or ("replay" if episode is not None else "overview" if run is not None else "runs")
    frame = os.environ.get("ETHOGRAM_FRAME") or frame
    with _lock:
        server = _servers.get((root, frame))
        if server is None or not server.alive:
            server = _servers[root, frame] = _Server(root, frame)
    address = f"{server.url}#/{name}" + (f"?{urlencode(query)}" if query else "")
    return Shown(address, framed=frame is not None, height=height)


def stop() -> None:
    """End the servers that `show` started."""
    with _lock:
        for server in _servers.values():
            server.stop()
        _servers.clear()


atexit.register(stop)


def _place(what: object, episode: int | None) -> tuple[Path, str | None, int | None]:
    """The folder to serve, the run's id and the episode."""
    from ethogram.reader import EpisodeView, RunView
    from ethogram.run import Run

    if isinstance(what, EpisodeView):
        episode = what.index
        what = what.folder
    if isinstance(what, Run):
        what.flush()
        if what.folder is None:
            raise NotFoundError(f"show: nothing was written by {what!r} so far")
        what = what.folder
    if isinstance(what, RunView):
        what = what.folder
    if not isinstance(what, str | os.PathLike):
        raise OptionError(f"show: expected a run, an episode or a folder, found {type(what).__name__}")
    folder = Path(what).absolute()
    if not folder.is_dir():
        raise NotFoundError(f"show: expected a run or a folder of runs, found nothing at {folder}")
    if (folder / "run.json").is_file():
        # Runs lie in ROOT/PROJECT/ID; the others of the root are shown beside it.
        return folder.parent.parent, folder.name, episode
    return folder, None, None


def _drained(stream: object) -> None:
    for _ in stream:  # type: ignore[attr-defined]
        pass
