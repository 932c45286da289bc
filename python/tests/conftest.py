from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ethogram as eg


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests reaches them."""
    for name in ("PROJECT", "NAME", "ROOT", "TAGS", "GROUP", "NOTES", "RESUME", "MODE", "STRICT"):
        monkeypatch.delenv(f"ETHOGRAM_{name}", raising=False)
    # A slow machine would add its numbers to what a test logged.
    monkeypatch.setenv("ETHOGRAM_SYSTEM", "0")
    monkeypatch.setenv("ETHOGRAM_QUIET", "1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def run(root: Path) -> Iterator[eg.Run]:
    """A run in which every fault raises."""
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        yield run


@pytest.fixture
def loose(root: Path) -> Iterator[eg.Run]:
    """A run as users have it: faults are told."""
    with eg.init("tests", root=root, capture_code=False) as run:
        yield run


def reopened(run: eg.Run) -> eg.RunView:
    run.finish()
    return eg.open(run)


def rows(table: eg.Table) -> list[dict[str, Any]]:
    """A table as one dict a row, missing values as `None`."""
    columns = {name: (column.numpy().tolist(), column.valid.tolist()) for name, column in table.items()}
    return [
        {name: values[row] if valid[row] else None for name, (values, valid) in columns.items()}
        for row in range(table.rows)
    ]
