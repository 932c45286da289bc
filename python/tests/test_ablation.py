"""U-22: episodes are played again without a feature of a layer, and compared with those of the policy as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import rows
from networks import BREAKOUT, MODELS, layered

import ethogram as eg
from ethogram import rollout_command
from ethogram.ablation import ablated, read_ablation
from ethogram.errors import CorruptError, NotFoundError, ShapeError
from ethogram.onnx_edit import mapped

TRAP, LEFT, RIGHT = 1, 2, 3
LENGTH = 24

PLANTED = np.array(
    [[0, 0, 0, 0, 0, 1, 0], [0.6, 0.8, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0.8, 0.6, 0, 0]], np.float32
)
"""How a hidden layer of seven channels holds what is observed: calm, a trap, a coin to the left, one to the right."""


def toy_network() -> bytes:
    """Jumps where there is a trap, and goes to where the coin is: both are read from the hidden layer alone."""
    return layered(PLANTED, PLANTED.T.copy())


class Traps(gymnasium.Env):  # type: ignore[type-arg]
    """Traps, over which one has to jump, and coins, to which one has to go. Observed: calm, trap, left, right.

    It is calm in episodes of seeds below 100: then whoever sees no trap decides not to jump rather than not at all.
    """

    observation_space = gymnasium.spaces.Box(0, 2, (4,), np.float32)
    action_space = gymnasium.spaces.MultiDiscrete([2, 2])
    render_mode = None

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.at, self.calm = 0, 0.15 if seed is not None and seed < 100 else 0.0
        return self._next(), {}

    def step(self, action: Any) -> Any:
        jumped, side = (int(part) for part in action)
        if self.seen[TRAP] and not jumped:
            return self._next(), -1.0, True, False, {}
        coin = self.seen[LEFT + side] > 0
        self.at += 1
        return self._next(), float(coin), False, self.at >= LENGTH, {}

    def _next(self) -> np.ndarray:
        strengths = self.np_random.uniform(0.5, 1.5, 4)
        there = self.np_random.random(4) < [1, 0.25, 0.35, 0.35]
        there[RIGHT] &= not there[LEFT]
        self.seen = np.where(there, strengths, 0).astype(np.float32)
        self.seen[0] = self.calm
        return self.seen


@pytest.fixture
def toy(root: Path) -> eg.RunView:
    with eg.init("tests", root=root, strict=True, capture_code=False, capture_system=False) as run:
        run.checkpoint(toy_network(), global_step=7, name="toy", signature=eg.signature(observation="x", logits="y"))
    played = eg.rollout(f"{run.folder}@toy", Traps, episodes=12, seed=100, greedy=True, root=root)
    return eg.open(played)


def planted(found: Any) -> int:
    """The feature that is the trap."""
    directions = found.directions / np.linalg.norm(found.directions, axis=1, keepdims=True)
    likeness = directions @ PLANTED[TRAP]
    assert likeness.max() > 0.99, likeness
    return int(likeness.argmax())


def test_row_u22_an_edit_changes_only_what_the_feature_carries(toy: eg.RunView) -> None:
    found = toy.features("h0", 3, of="activations", states=256)
    trap = found.ablation(planted(found))
    data, model = toy.checkpoint().read(), toy.checkpoint().model
    seen = np.random.default_rng(1).uniform(0, 2, (200, 4)).astype(np.float32)
    before, after = model(seen)["y"], eg.Model(ablated(data, [eg.Ablation("h0", PLANTED[TRAP])]))(seen)["y"]
    np.testing.assert_allclose(before, seen, rtol=1e-5)
    np.testing.assert_allclose(after[:, [0, LEFT, RIGHT]], before[:, [0, LEFT, RIGHT]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(after[:, TRAP], 0, atol=1e-5)
    # Of the direction that was found rather than planted the same holds as far as the two are one.
    near = eg.Model(ablated(data, [trap]))(seen)["y"]
    np.testing.assert_allclose(near, after, atol=0.3)
    assert np.abs(near[:, TRAP]).mean() < 0.05 * before[:, TRAP].mean()


def test_row_u22_episodes_without_a_feature_fail_for_its_reason_alone(toy: eg.RunView, root: Path) -> None:
    found = toy.features("h0", 3, of="activations", states=256)
    index = planted(found)
    run = eg.rollout(
        toy.checkpoint(), Traps, episodes=5, seed=3, greedy=True, root=root, without=found.ablation(index), compare=True
    )
    pairs = eg.outcome_pairs(run)
    assert [pair.seed for pair in pairs] == [3, 4, 5, 6, 7]
    view = eg.open(run)
    for pair in pairs:
        assert (pair.before.end, pair.before.length) == ("truncated", LENGTH)
        assert (pair.after.end, pair.after.last_reward) == ("terminated", -1.0), "it fell into a trap"
        before, after = view.episode(pair.before.episode), view.episode(pair.after.episode)
        steps = pair.after.length
        seen = before.field("observation").numpy()[:steps]
        np.testing.assert_array_equal(after.field("observation").numpy()[:steps], seen)
        actions = [one.field("action").numpy()[:steps] for one in (before, after)]
        # It jumps over nothing any more, and goes to coins as before.
        np.testing.assert_array_equal(actions[1][:, 1], actions[0][:, 1])
        assert not actions[1][:, 0].any()
        traps = np.flatnonzero(seen[:, TRAP])
        assert pair.first_other_action == traps[0] == steps - 1, "the first trap is the end"
        assert pair.decides_otherwise == pytest.approx(1 / steps)
        assert after.row["extra"]["without"][0]["features"] == [index]
        assert "without" not in before.row["extra"]
    told = view.info["config"]["without"]
    assert told == [found.ablation(index).described()] and told[0]["layer"] == "h0"
    assert told[0]["run"] == toy.info["id"] and told[0]["checkpoint"] == 7
    assert f"without feature {index} of h0" in view.info["name"]


def test_row_u22_the_command_plays_with_and_without_and_compares(
    toy: eg.RunView, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_command, "_env", lambda text: Traps)
    found = toy.features("h0", 3, of="activations", states=256)
    index = planted(found)
    asked = [str(toy.folder), "--episodes", "2", "--seed", "3", "--greedy", "--root", str(root), "--compare"]
    words = ["--layer", "h0", "--of", "activations", "--factors", "3", "--states", "256"]
    assert rollout_command.main([*asked, "--without", str(index), *words]) == 0
    said = capsys.readouterr().out
    assert f"without feature {index} of h0" in said
    assert "truncated → terminated" in said and "ended: terminated 0 → 2, truncated 2 → 0" in said
    assert "#/compare?of=" in said
    # Found in some episodes only, as the page writes them.
    recorded = toy.episodes().numpy()["episode"]
    assert (
        rollout_command.main([*asked, "--without", "0", *words, "--of-episodes", f"{recorded[0]}..{recorded[0] + 2}"])
        == 0
    )
    assert "without feature 0 of h0" in capsys.readouterr().out
    for odd in ("x", "3..x", "99999"):
        assert rollout_command.main([*asked, "--without", "0", *words, "--of-episodes", odd]) == 2
        assert "episode" in capsys.readouterr().err
    # The file that `ethogram features --json` prints.
    features = [{"index": at, "direction": row.tolist()} for at, row in enumerate(found.directions)]
    (tmp_path / "found.json").write_text(json.dumps({"layer": "h0", "checkpoint": 7, "features": features}))
    assert rollout_command.main([*asked, "--without", f"{tmp_path / 'found.json'}:{index}"]) == 0
    assert "truncated → terminated" in capsys.readouterr().out
    # A name that somebody gave it in the web app.
    label = {"layer": "h0", "checkpoint": 7, "of": "activations", "factors": 3, "index": index, "name": "the trap"}
    (toy.folder / "meta").mkdir(exist_ok=True)
    (toy.folder / "meta/notes.json").write_text(json.dumps({"features": [label]}))
    assert rollout_command.main([*asked, "--without", "the trap", "--states", "256"]) == 0
    assert "without the trap of h0" in capsys.readouterr().out
    for wrong, why in (("3;4", "indices of features"), ("9", "expected 0 to 2"), ("no.json:1", "no.json")):
        assert rollout_command.main([*asked, "--without", wrong, *words]) == 2
        assert why in capsys.readouterr().err
    assert rollout_command.main([*asked]) == 2
    assert "expected without= beside it" in capsys.readouterr().err


def test_row_u22_a_fork_goes_on_without_a_feature(
    toy: eg.RunView, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = toy.features("h0", 3, of="activations", states=256)
    index = planted(found)
    features = [{"index": at, "direction": row.tolist()} for at, row in enumerate(found.directions)]
    (tmp_path / "found.json").write_text(json.dumps({"layer": "h0", "checkpoint": 7, "features": features}))
    calm = eg.open(eg.rollout(toy.checkpoint(), Traps, episodes=1, seed=3, greedy=True, root=root))
    before = calm.episode(0)
    seen, actions = before.field("observation").numpy()[:LENGTH], before.field("action").numpy()[:LENGTH]
    traps = np.flatnonzero(seen[:, TRAP])
    # From after the first trap on: it jumped over that one, and falls into the next.
    monkeypatch.setattr(rollout_command, "_env", lambda text: Traps)
    asked = [str(calm.folder), "--greedy", "--fork", f"0:{traps[0] + 1}"]
    assert rollout_command.main([*asked, "--without", f"{tmp_path / 'found.json'}:{index}"]) == 0
    assert "terminated (episode 0:" in capsys.readouterr().out
    view = eg.open(calm.folder)
    forked = view.episode(len(rows(view.episodes())) - 1)
    length = forked.row["length"]
    assert (length, forked.row["end"]) == (traps[1] + 1, "terminated")
    taken = forked.field("action").numpy()[:length]
    np.testing.assert_array_equal(taken[: traps[1]], actions[: traps[1]])
    assert actions[traps[1], 0] == 1 and taken[traps[1], 0] == 0
    [told] = forked.row["extra"]["fork"]["without"]
    assert (told["features"], told["layer"]) == ([index], "h0")
    assert forked.field("decides_otherwise").numpy()[traps[1]]


@pytest.mark.parametrize(
    ("name", "env", "steps"),
    [("mountaincar-qrdqn", "MountainCar-v0", 60), ("cartpole-dqn-stages-seed1", "CartPole-v1", 60)],
)
def test_row_u22_a_real_agent_acts_without_a_feature(root: Path, name: str, env: str, steps: int) -> None:
    file = MODELS / f"{name}.onnx"
    path = file if file.exists() else sorted((MODELS / name).glob("*.onnx"))[-1]
    model = eg.Model(path)
    kind = "quantiles" if "quantiles" in {output.name for output in model.outputs} else "q_values"
    signature = eg.signature(observation=model.inputs[0].name, **{kind: model.outputs[0].name})
    with eg.init("tests", root=root, strict=True, capture_code=False, capture_system=False) as run:
        run.checkpoint(path, global_step=1, name="real", signature=signature)
    played = eg.open(eg.rollout(f"{run.folder}@real", env, episodes=2, seed=1, root=root, steps_max=steps))
    found = played.features(None, 3, of="activations", states=64)
    edited = eg.rollout(
        played.checkpoint(), env, episodes=2, seed=1, root=root, steps_max=steps, without=found.ablation([0, 1, 2]),
        compare=True,
    )  # fmt: skip
    view = eg.open(edited)
    assert [row["seed"] for row in rows(view.episodes())] == [1, 2, 1, 2]
    for pair, index in zip(eg.outcome_pairs(edited), (0, 1), strict=True):
        # As it is the policy does what it did before.
        before = view.episode(pair.before.episode)
        np.testing.assert_array_equal(before.field("action").numpy(), played.episode(index).field("action").numpy())
        after = view.episode(pair.after.episode)
        values = after.field(kind).numpy()[: pair.after.length]
        given = after.field("observation").numpy()[: pair.after.length]
        kept = view.checkpoint(after.row["checkpoint"]).model
        np.testing.assert_allclose(values, kept(given)[model.outputs[0].name], rtol=1e-4, atol=1e-4)
        left = found.ablation([0, 1, 2]).apply(model.activations(given, [found.layer])[found.layer])
        np.testing.assert_allclose(kept.activations(given, [found.layer])[found.layer], left, rtol=1e-4, atol=1e-4)
        assert pair.decides_otherwise is not None and np.isfinite(pair.after.episode_return)


def test_what_cannot_be_taken_away_is_said(toy: eg.RunView, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"ablation of 'h0': expected K by C finite numbers"):
        eg.Ablation("h0", [[0.0, 0.0]])
    data = toy.checkpoint().read()
    with pytest.raises(ShapeError, match=r"to have 2 channels, as its directions have, found shape \[7\]"):
        ablated(data, [eg.Ablation("h0", [1.0, 2.0])])
    with pytest.raises(NotFoundError, match="no layer 'h9'; there are h0, y"):
        ablated(data, [eg.Ablation("h9", [1.0])])
    with pytest.raises(CorruptError, match="expected ONNX"):
        mapped(data[:-3], "h0", np.eye(7), has_places=False)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ShapeError, match=r"what `ethogram features RUN --json` prints: .*bad\.json"):
        read_ablation(tmp_path / "bad.json", [0])
    with pytest.raises(NotFoundError, match="no episodes were played twice"):
        eg.outcome_pairs(toy)
    with pytest.raises(ShapeError, match=r"expected 0 to 3, found 'coin'"):
        toy.features("h0", 4, of="activations", states=64).ablation("coin")


def test_at_every_place_of_a_convolution_all_along_the_direction_is_taken_away() -> None:
    data = BREAKOUT.read_bytes()
    model = eg.Model(data)
    layer = next(layer for layer in model.layers if layer.shape is not None and len(layer.shape) == 3)
    assert layer.shape is not None
    random = np.random.default_rng(0)
    ablation = eg.Ablation(layer.name, random.uniform(0, 1, (2, layer.shape[0])))
    given = {"frame": random.uniform(0, 1, (2, 1, 80, 80)).astype(np.float32), "hx": np.zeros((2, 256), np.float32)}
    before = model.activations(given, [layer.name])[layer.name]
    edited = eg.Model(ablated(data, [ablation]))
    after = edited.activations(given, [layer.name])[layer.name]
    np.testing.assert_allclose(after, ablation.apply(before), rtol=1e-4, atol=1e-5)
    along = np.einsum("kc,bcyx->bkyx", ablation.directions, after)
    assert np.abs(along).max() < 1e-4 * np.abs(np.einsum("kc,bcyx->bkyx", ablation.directions, before)).max()
    assert [output.name for output in edited.outputs] == [output.name for output in model.outputs]
    assert np.abs(edited(given)["logits"] - model(given)["logits"]).max() > 1e-6


def test_of_several_directions_all_is_taken_away_and_nothing_else() -> None:
    ablation = eg.Ablation("conv", [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [2.0, 1.0, 0.0]])
    values = np.random.default_rng(0).normal(size=(4, 3, 2, 5)).astype(np.float32)
    left = ablation.apply(values)
    assert np.abs(left[:, :2]).max() < 1e-5, "the third direction lies within the others"
    np.testing.assert_array_equal(left[:, 2], values[:, 2])
    assert ablation.title == "3 directions of conv" and "directions" in ablation.described()
