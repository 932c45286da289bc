"""What a script says of an episode: title, description, tags, hotspots.

People see it in Replay, and what they write themselves wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram import _native
    from ethogram.run import Run

KEY = "notes"
"""Name of the member of an episode's `extra` that holds them."""

TITLE_MAX = 200
TEXT_MAX = 20_000
TAG_MAX = 100
TAGS_MAX = 100
HOTSPOTS_MAX = 1_000


class Notes:
    """The notes of the episodes that one recorder writes; each belongs to the newest episode of a slot."""

    def __init__(self, run: Run, recorder: _native.Recorder) -> None:
        self._run, self._recorder = run, recorder
        # By slot: the episode that is spoken of, and all that was said of it.
        self._said: dict[int, tuple[int, dict[str, Any]]] = {}

    def say(
        self, slot: int, *, title: str | None = None, description: str | None = None, tags: Iterable[str] = ()
    ) -> None:
        """Add to what is said: a title and a description replace those before, tags are added."""
        said = self._of(slot)
        if title is not None:
            said["title"] = self._cut("title", " ".join(str(title).split()), TITLE_MAX)
        if description is not None:
            said["description"] = self._cut("description", str(description), TEXT_MAX)
        for tag in [tags] if isinstance(tags, str) else tags:
            known: list[str] = said.setdefault("tags", [])
            text = self._cut("tag", " ".join(str(tag).split()), TAG_MAX)
            if text and text not in known and self._fits("tags", known, TAGS_MAX):
                known.append(text)
        self._write(slot, said)

    def hotspot(self, slot: int, title: str, note: str, start: int | None, end: int | None) -> None:
        """Add a hotspot; without `start` it is the step to come."""
        said = self._of(slot)
        first = self._recorder.length(slot) if start is None else int(start)
        last = first if end is None else int(end)
        if first < 0 or last < first:
            text = f"hotspot: expected 0 <= start <= end, found start {first} and end {last}; it was left out"
            self._run._settle("hotspot", EthogramError(text))
            return
        spots: list[dict[str, Any]] = said.setdefault("hotspots", [])
        if not self._fits("hotspots", spots, HOTSPOTS_MAX):
            return
        title = self._cut("title of a hotspot", " ".join(str(title).split()), TITLE_MAX)
        note = self._cut("note of a hotspot", str(note), TEXT_MAX)
        spots.append({"from": first, "to": last, "title": title, "note": note})
        self._write(slot, said)

    def _of(self, slot: int) -> dict[str, Any]:
        episode = self._recorder.episode(slot)
        known = self._said.get(slot)
        if known is None or known[0] != episode:
            known = self._said[slot] = (episode, {})
        return known[1]

    def _write(self, slot: int, said: dict[str, Any]) -> None:
        if said:
            self._recorder.tag(slot, json.dumps({KEY: said}))

    def _cut(self, what: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        told = f"{what}: {len(text)} characters, over the limit of {limit}; the rest was left out"
        self._run._settle("notes", EthogramError(told))
        return text[:limit]

    def _fits(self, what: str, known: list[Any], limit: int) -> bool:
        if len(known) < limit:
            return True
        self._run._settle("notes", EthogramError(f"{what} of one episode: over the limit of {limit}; left out"))
        return False
