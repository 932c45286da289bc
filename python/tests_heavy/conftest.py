"""Tests with the real frameworks, which take gigabytes: `make test-heavy`. They have an environment of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import ethogram as eg


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests reaches them, and no framework looks for an accelerator."""
    for name in ("PROJECT", "NAME", "ROOT", "TAGS", "GROUP", "NOTES", "RESUME", "MODE", "STRICT", "EXPORTER"):
        monkeypatch.delenv(f"ETHOGRAM_{name}", raising=False)
    # A slow machine would add its numbers to what a test logged.
    monkeypatch.setenv("ETHOGRAM_SYSTEM", "0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[eg.Run]:
    """A run in which every fault raises."""
    with eg.init("tests", root=tmp_path / "runs", strict=True, capture_code=False) as run:
        yield run
