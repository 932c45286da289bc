"""Names of other tools as names of fields and tags: printable, not too long, and each once."""

from __future__ import annotations

import itertools
from collections.abc import Container

BYTES_MAX = 480
"""Longer names are cut; a field has at most 512 bytes (docs/format.md)."""


def plain(name: str) -> str:
    """Without control characters, and not too long."""
    kept = "".join(sign if sign.isprintable() else " " for sign in name) or "unnamed"
    return kept.encode(errors="replace")[:BYTES_MAX].decode(errors="ignore")


def free(name: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    if name not in taken:
        return name
    return next(found for count in itertools.count(2) if (found := f"{name} ({count})") not in taken)
