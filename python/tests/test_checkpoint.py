"""Checkpoints: bytes, files, models that serialise themselves, and modules exported by another process."""

from __future__ import annotations

import json
import pickle
import textwrap
import warnings
from pathlib import Path
from typing import Any

import pytest
from conftest import reopened, rows

import ethogram as eg
from ethogram.errors import EthogramError, UnsupportedValueError


class Model:
    """What an `onnx.ModelProto` answers to."""

    def SerializeToString(self) -> bytes:  # noqa: N802
        return b"model"


def test_bytes_files_and_models_are_kept(run: eg.Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.onnx"
    path.write_bytes(b"file")
    signature = eg.signature(observation="obs", q_values="q")
    hashes = [
        run.checkpoint(b"bytes", global_step=10, signature=signature),
        run.checkpoint(path, global_step=20, name="best"),
        run.checkpoint(str(path), global_step=25),
        run.checkpoint(Model(), global_step=30),
    ]
    view = reopened(run)
    found = rows(view.checkpoints())
    assert [(row["global_step"], row["name"], row["format"], row["bytes"]) for row in found] == [
        (10, "10", "onnx", 5), (20, "best", "onnx", 4), (25, "25", "onnx", 4), (30, "30", "onnx", 5),
    ]  # fmt: skip
    assert [row["hash"] for row in found] == hashes
    assert hashes[1] == hashes[2]
    assert [view.blob(row["hash"]) for row in found] == [b"bytes", b"file", b"file", b"model"]
    assert json.loads(found[0]["signature"]) == signature


def test_an_episode_knows_the_checkpoint_in_force(run: eg.Run) -> None:
    for step in (None, 100):
        if step is not None:
            run.checkpoint(b"weights", global_step=step)
        with run.episode() as episode:
            episode.step(reward=1.0, terminated=True)
    assert [row["checkpoint"] for row in rows(reopened(run).episodes())] == [None, 100]


def test_what_is_no_checkpoint_is_refused(run: eg.Run, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedValueError, match="expected bytes, a path, a model with SerializeToString"):
        run.checkpoint(3, global_step=1)
    with pytest.raises(FileNotFoundError):
        run.checkpoint(tmp_path / "none.onnx", global_step=1)


def test_a_pickle_is_not_taken_for_onnx(run: eg.Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.pt"
    path.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(
        UnsupportedValueError, match=r"found a pickle, as torch\.save writes it; give the module itself"
    ):
        run.checkpoint(path, global_step=1)
    assert run.checkpoint(path, global_step=1, format="pytorch") is not None
    with pytest.raises(UnsupportedValueError, match="found dict; weights alone are no network"):
        run.checkpoint({"weight": [1.0]}, global_step=1)


def test_a_checkpoint_that_fails_does_not_stop_training(loose: eg.Run, tmp_path: Path) -> None:
    with pytest.warns(eg.EthogramWarning, match=r"none\.onnx"):
        assert loose.checkpoint(tmp_path / "none.onnx", global_step=1) is None


def test_another_reason_of_a_failed_checkpoint_is_told_too(loose: eg.Run, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for step in range(3):
            loose.checkpoint(tmp_path / "missing.onnx", global_step=step)
            loose.checkpoint(b"\x80\x04pickle", global_step=step)
    texts = [str(warning.message) for warning in told]
    assert len(texts) == 2, texts
    assert "missing.onnx" in texts[0]
    assert "found a pickle" in texts[1]
    assert loose.faults == {"checkpoint": 6}


def test_a_signature_says_what_inputs_and_outputs_are() -> None:
    found = eg.signature(
        observation={"observation/camera": "frame"},
        preprocessing=[{"op": "scale", "by": 1 / 255}],
        state={"hx": "hx_next"},
        logits="logits",
        value="value",
    )
    assert found == {
        "inputs": {
            "frame": {
                "role": "observation",
                "field": "observation/camera",
                "preprocessing": [{"op": "scale", "by": 1 / 255}],
            },
            "hx": {"role": "state", "next": "hx_next"},
        },
        "outputs": {
            "logits": {"role": "logits"},
            "value": {"role": "value"},
            "hx_next": {"role": "state", "of": "hx"},
        },
    }
    with pytest.raises(ValueError, match="found policy"):
        eg.signature(observation="obs", policy="p")


STAND_IN = """
    \"\"\"Stands in for PyTorch in the process that exports: what `ethogram.export` asks of it, and no more.\"\"\"
    import time

    class as_tensor:
        ndim = 0
        def __init__(self, value): self.value = value
        def __getitem__(self, at): return self.value[at]
        def __repr__(self): return repr(self.value)
        def cpu(self): return self

    class no_grad:
        def __enter__(self): pass
        def __exit__(self, *error): pass

    class nn:
        class Module:
            def state_dict(self): return dict(self.__dict__)
            def parameters(self): return []
            def forward(self, x): return x[0]
            def __call__(self, *inputs): return self.forward(*inputs)
            def cpu(self): return self
            def eval(self): return self
            def parameters(self): return ()

    class onnx:
        @staticmethod
        def export(flat, args, f, **options):
            module = flat.module
            time.sleep(module.seconds)
            if module.seconds > 0.5: raise RuntimeError("unsupported operator")
            with open(f, "wb") as file:
                file.write(repr((module.weight, args)).encode())
"""


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package that is found where PyTorch would be, here and in the process that exports."""
    (tmp_path / "torch.py").write_text(textwrap.dedent(STAND_IN))
    (tmp_path / "policies.py").write_text(
        "import torch\nclass Policy(torch.nn.Module):\n    def __init__(self, weight, seconds):\n"
        "        self.weight, self.seconds = weight, seconds\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import policies

    return policies.Policy


def test_a_module_is_exported_as_it_was_while_training_goes_on(run: eg.Run, torch: Any) -> None:
    policy = torch(1, 0.2)
    for step in range(3):
        policy.weight = step
        assert run.checkpoint(policy, global_step=step, example=[0.0]) is None
    policy.weight = 99
    view = reopened(run)
    found = rows(view.checkpoints())
    assert [row["global_step"] for row in found] == [0, 1, 2]
    assert [view.blob(row["hash"]) for row in found] == [repr((step, ([0.0],))).encode() for step in range(3)]


def test_an_export_that_fails_is_told(loose: eg.Run, torch: Any) -> None:
    loose.log({"a": 1.0}, global_step=0)
    with pytest.warns(eg.EthogramWarning, match="the export to ONNX failed: .*unsupported operator"):
        loose.checkpoint(torch(1, 0.6), example=[0.0])
        loose.finish()


def test_a_module_needs_an_example(run: eg.Run, torch: Any) -> None:
    with pytest.raises(EthogramError, match="expected example="):
        run.checkpoint(torch(1, 0), global_step=1)


def test_a_signature_says_which_part_of_the_frame_was_observed() -> None:
    found = eg.signature(observation="frame", state={"hx": "next"}, region=(0, 35, 160, 160), logits="l")
    assert found["inputs"]["frame"]["region"] == {"field": "frame", "x": 0, "y": 35, "width": 160, "height": 160}
    assert "region" not in found["inputs"]["hx"]
    for wrong in [(0, 0, 10), (0, 0, 0, 4), (-1, 0, 4, 4), (0, 0, 4.5, 4)]:
        with pytest.raises(ValueError, match="whole pixels"):
            eg.signature(observation="o", region=wrong, value="v")
