"""Artifacts that a run of W&B logged: which files they have, and where these lie.

The files lie in a folder of the machine that made the run (`WANDB_DATA_DIR`), outside of the run's; they are named, not
read, for a log could name any file.

**Source** `wandb/proto/wandb_internal.proto` (`ArtifactRecord`, `ArtifactManifest`, `ArtifactManifestEntry`).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ethogram.errors import CorruptError
from ethogram.wandb_log import fields_of, records_of, sound

FILES_MAX = 1_000
"""Most files of an artifact that are named."""


@dataclass(frozen=True)
class Kept:
    """A file of an artifact.

    Attributes:
        path: Its name in the artifact.
        size: In bytes.
        md5: Of what it held, in hexadecimal; empty where it is not told.
        where: The file, or the address, that W&B wrote down; empty where it wrote none.
    """

    path: str
    size: int
    md5: str
    where: str


@dataclass(frozen=True)
class Artifact:
    """An artifact.

    Attributes:
        name: Its name.
        kind: What W&B calls its type.
        files: The first `FILES_MAX` of them.
        count: How many there are.
    """

    name: str
    kind: str
    files: list[Kept]
    count: int


def read_artifacts(path: Path) -> list[Artifact]:
    """Artifacts that the run logged, up to the first damage; of each name and type the newest.

    W&B's own copies of tables are none of them.
    """
    found: dict[tuple[str, str], Artifact] = {}
    with contextlib.suppress(CorruptError):
        for number, record in records_of(path):
            if number != 8:
                continue
            with sound(path):
                artifact = _artifact(record)
            if artifact.kind != "run_table":
                found[artifact.name, artifact.kind] = artifact
    return list(found.values())


def listed(artifacts: list[Artifact]) -> str:
    """A table in Markdown, a line a file."""
    lines = ["| artifact | type | file | bytes | MD5 | lies in |", "| --- | --- | --- | --- | --- | --- |"]
    for artifact in artifacts:
        begin = [artifact.name, artifact.kind]
        for kept in artifact.files:
            lines.append(_line([*begin, kept.path, str(kept.size), kept.md5, kept.where]))
        if artifact.count > len(artifact.files):
            lines.append(_line([*begin, f"and {artifact.count - len(artifact.files)} more", "", "", ""]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    shown = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(shown) + " |"


def _artifact(record: bytes) -> Artifact:
    name = kind = ""
    files: list[Kept] = []
    count = 0
    for number, part in fields_of(record):
        if not isinstance(part, bytes):
            continue
        match number:
            case 4:
                kind = part.decode(errors="replace")
            case 5:
                name = part.decode(errors="replace")
            case 12:
                for entry in _entries(part):
                    count += 1
                    if count <= FILES_MAX:
                        files.append(_kept(entry))
    return Artifact(name, kind, files, count)


def _entries(manifest: bytes) -> Iterator[bytes]:
    for number, part in fields_of(manifest):
        if number == 4 and isinstance(part, bytes):
            yield part


def _kept(entry: bytes) -> Kept:
    told = dict(fields_of(entry))

    def text(number: int) -> str:
        part = told.get(number, b"")
        return part.decode(errors="replace") if isinstance(part, bytes) else ""

    size = told.get(4, 0)
    try:
        md5 = base64.b64decode(text(2), validate=True).hex()
    except binascii.Error:
        md5 = ""
    return Kept(text(1), size if isinstance(size, int) else 0, md5 if len(md5) == 32 else "", text(6) or text(3))
