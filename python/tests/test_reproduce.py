"""The script that makes a run again, letter by letter; the web app writes the same, tested with the same cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ethogram.reproduce import reproduce

CASES = json.loads((Path(__file__).parent / "reproduce.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_row_b2_row_n28_the_script_of_a_run(case: dict[str, Any]) -> None:
    assert reproduce(case["info"]).split("\n") == case["script"]
