"""What was found in a run by itself: events of its episodes, and what looks wrong about its training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A moment that is worth a look.

    Attributes:
        kind: For example `loop` or `low_advantage`; `docs/http.md` lists them.
        episode: Index of the episode.
        step: Where to look first.
        start: First step of what it is about.
        end: One beyond its last.
        value: The number that was found, in the unit of the kind.
        score: How pronounced it is, from 0 to 1; comparable within a kind.
        rank: Place among its kind in the answer, from 1.
        evidence: Why, in words.
        numbers: The numbers of the evidence.
    """

    kind: str
    episode: int
    step: int
    start: int
    end: int
    value: float
    score: float
    rank: int
    evidence: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class HealthFinding:
    """Something about training that looks wrong.

    Attributes:
        rule: For example `entropy_collapse`; `docs/health.md` lists them.
        tag: The scalar or tensor that tells, where it is one.
        axis: What indexes it.
        step: The step on that axis at which it first holds.
        episode: The episode to look at, where it is about episodes.
        evidence: Why, in words.
        numbers: The numbers of the evidence.
    """

    rule: str
    tag: str | None
    axis: str | None
    step: int | None
    episode: int | None
    evidence: str
    numbers: Mapping[str, float]


def events_from_json(text: str) -> list[Event]:
    """As the native half tells them."""
    return [Event(**one) for one in json.loads(text)]


def findings_from_json(text: str) -> list[HealthFinding]:
    """As the native half tells them."""
    return [HealthFinding(**one) for one in json.loads(text)]


def settings_as_text(settings: Mapping[str, object]) -> dict[str, str]:
    """As the native half takes them."""
    return {name: str(value) for name, value in settings.items()}
