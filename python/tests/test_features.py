"""U-9, U-1: a layer is taken apart from Python, and a policy is studied in one call."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import rows
from networks import BREAKOUT, LUNAR_LANDER, log_lander

import ethogram as eg
from ethogram import _native
from ethogram.errors import NotFoundError


class Ball(gymnasium.Env):  # type: ignore[type-arg]
    """A ball that falls: one plane of 80×80, as a network of Breakout takes it. The action moves it till the ground."""

    observation_space = gymnasium.spaces.Box(0, 1, (1, 80, 80), np.float32)
    action_space = gymnasium.spaces.Discrete(4)
    render_mode = None
    steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.place = np.array([5, int(self.np_random.integers(5, 70))])
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        Ball.steps += 1
        self.place += [6, (int(action) % 2) * 4 - 2]
        ended = bool(self.place[0] >= 74)
        return self._seen(), float(ended), ended, False, {}

    def _seen(self) -> np.ndarray:
        drawn = np.zeros((1, 80, 80), np.float32)
        row, column = np.clip(self.place, 0, 76)
        drawn[0, row : row + 4, column : column + 4] = 1
        return drawn


ASKED: dict[str, Any] = {"trajectories": 2, "steps": 24, "observations": 8, "environments": 2, "every": 5}


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> tuple[eg.Study, Path]:
    root = tmp_path_factory.mktemp("studied")
    with eg.init("tests", root=root, strict=True, capture_code=False, capture_system=False) as run:
        run.log({"loss": 0.0}, global_step=0)
        signature = eg.signature(observation="frame", state={"hx": "hx_next"}, logits="logits", value="value")
        run.checkpoint(BREAKOUT, global_step=80, signature=signature)
    return eg.study(f"{run.folder}@80", Ball, k=3, states=24, root=root, **ASKED), root


def test_row_u1_a_checkpoint_and_an_environment_become_a_study(studied: tuple[eg.Study, Path]) -> None:
    found, root = studied
    assert sum(row["length"] for row in rows(found.run.episodes())) == 48
    assert found.features is not None and len(found.features) == 3 and found.features.of == "value"
    assert found.notes == [] and found.run.tensors("samples/decorrelated/observation", "sample")
    assert {event.kind for event in found.events} and found.health == found.run.health()
    assert "3 features" in repr(found) and "Features" in (found._repr_html_() or "")
    taken = Ball.steps
    again = eg.study(found.run.checkpoint(), Ball, k=3, states=24, root=root, **ASKED)
    assert Ball.steps == taken and again.run.folder == found.run.folder
    np.testing.assert_array_equal(again.features.directions, found.features.directions)


def test_row_u1_a_checkpoint_and_an_environment_become_a_report(studied: tuple[eg.Study, Path], tmp_path: Path) -> None:
    found, root = studied
    taken, file = Ball.steps, tmp_path / "report.html"
    again = eg.study(found.run.checkpoint(), Ball, k=3, states=24, root=root, report=file, **ASKED)
    assert Ball.steps == taken, "what was sampled is not sampled again"
    head = head_of(file)
    assert head["runs"] == [again.run.folder.name] and head["left_out"] == []
    assert {episode["episode"] for episode in head["episodes"]} <= {
        row["episode"] for row in rows(again.run.episodes())
    }
    for episode in head["episodes"]:
        assert 0 < episode["steps"] == episode["to"]
        assert [(one["method"], one["target"]) for one in episode["explanations"]] == [("saliency", "value")]
        assert len(episode["features"]) == 1


def head_of(file: Path) -> dict[str, Any]:
    """What a report says of itself."""
    found = re.search(r'<script type="application/json" id="ethogram-report">(.*?)</script>', file.read_text(), re.S)
    assert found is not None
    head: dict[str, Any] = json.loads(found.group(1))["head"]
    return head


def test_reports_are_refused_in_words(studied: tuple[eg.Study, Path], tmp_path: Path) -> None:
    run = studied[0].run
    with pytest.raises(eg.EthogramError, match=r"whose name ends in \.html, found .*report\.pdf"):
        eg.report(run, tmp_path / "report.pdf")
    with pytest.raises(eg.EthogramError, match="no_such_method"):
        eg.report(run, tmp_path / "report.html", methods=["no_such_method"], targets=["action"])
    with pytest.raises(eg.EthogramError, match="at least one run"):
        eg.report([], tmp_path / "report.html")
    assert not list(tmp_path.iterdir()), "nothing was written"


def test_what_a_report_leaves_out_is_said_where_it_was_asked_for(
    studied: tuple[eg.Study, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = studied[0].run
    file = tmp_path / "report.html"
    sentence = "episode 99 was neither recorded nor filmed"
    with pytest.warns(eg.EthogramWarning, match=f"not in it: .*{sentence}") as told:
        eg.report(run, file, episodes=["best", 99])
    assert len(told) == 1
    assert [sentence in one for one in head_of(file)["left_out"]] == [True], "the page says the same"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eg.report(run, file, episodes=["best"])
    asked = ["ethogram", "report", str(run.folder), "-o", str(file), "--episode", "best", "--episode", "99"]
    capfd.readouterr()
    assert _native.run_cli(asked) == 0
    out, err = capfd.readouterr()
    assert out.startswith(f"{file}: 1 run, ") and sentence not in out
    assert err.startswith("not in it: ") and err.endswith(f"{sentence}\n")


def test_row_u9_features_of_a_layer_are_directions_with_states_and_maps(studied: tuple[eg.Study, Path]) -> None:
    run = studied[0].run
    found = run.features(k=4, of="activations", states=30)
    count, height, width = found.shape
    assert found.directions.shape == (4, count) and (found.directions >= 0).all()
    assert abs(sum(found.shares) - 1) < 1e-6 and 0 <= found.relative_error < 1 and len(set(found.colours)) == 4
    seen = [one for one in found.examples(0) if one is not None]
    assert len(found.examples(0)) == height * width and seen and all(one.strength > 0 for one in seen)
    assert all(0 <= one.row < height and 0 <= one.column < width for one in seen)
    length = run.episode(0).row["length"]
    maps = found.maps(0)
    assert maps.maps.shape[1:] == (4, height, width) and maps.valid[:length].all()
    np.testing.assert_allclose(maps.totals[:length], maps.maps[:length].sum(axis=(2, 3)), rtol=1e-3, atol=1e-3)
    some = found.maps(0, 2, 5)
    np.testing.assert_array_equal(some.maps, maps.maps[2:5])
    # What the layer holds, read from the network itself, is the sum of the features and of what no feature holds;
    # what lies below 0 counts as 0.
    network = run.checkpoint().model
    hidden = run.episode(0).field("recurrent_state").numpy()
    frames = run.episode(0).field("observation").numpy()
    layer = network.activations({"frame": frames[2:5], "hx": hidden[2:5].reshape(3, -1)}, [found.layer])[found.layer]
    whole = some.maps.sum(axis=1) + some.residual
    np.testing.assert_allclose(whole, np.maximum(layer, 0).sum(axis=1), rtol=1e-3, atol=1e-3)


def test_row_u14_images_excite_features_more_than_the_states_that_were_looked_at(
    studied: tuple[eg.Study, Path],
) -> None:
    found = studied[0].run.features(k=2, of="activations", states=12)
    images = found.images(steps=40)
    assert images.factors == [0, 1] and images.values.shape == (2, 1, 80, 80)
    assert images.values.min() >= 0 and images.values.max() <= 1, "within the observation space"
    assert all(curve == sorted(curve) and curve[-1] > curve[0] for curve in images.curves)
    assert (images.excitation > [seen.strength for seen in images.strongest]).all()
    assert "need not look like any state" in images.notes[0]
    # The network says the same of the image; what it takes beside is as it was at the strongest state.
    seen = images.strongest[0]
    place = images.places[0]
    assert place is not None
    network = studied[0].run.checkpoint().model
    hidden = studied[0].run.episode(seen.episode).field("recurrent_state").numpy()[seen.step]
    given = {"frame": images.values[:1], "hx": hidden.reshape(1, -1)}
    layer = network.activations(given, [found.layer])[found.layer][0]
    direction = found.directions[0] / np.linalg.norm(found.directions[0])
    np.testing.assert_allclose(layer[:, place[0], place[1]] @ direction, images.excitation[0], rtol=1e-3)
    again = found.images([1], steps=40)
    assert again.values.shape == (1, 1, 80, 80)
    with pytest.raises(ValueError, match=r"centre.*corner"):
        found.images(place="corner")  # type: ignore[arg-type]


def test_how_far_it_is_is_told_and_may_be_called_off(studied: tuple[eg.Study, Path]) -> None:
    told: list[tuple[str, float]] = []
    run = studied[0].run
    found = run.features(k=3, of="activations", states=9, progress=lambda *now: told.append(now))
    assert told and all(0 <= share <= 1 for _, share in told) and all(phase for phase, _ in told)
    told.clear()
    found.images([0], steps=20, progress=lambda *now: told.append(now))
    shares = [share for _, share in told]
    assert len(shares) > 2 and shares == sorted(shares)

    def enough(phase: str, share: float) -> None:
        raise RuntimeError(f"enough of {phase}")

    with pytest.raises(RuntimeError, match="enough of "):
        found.images([0], steps=2_000, progress=enough)
    with pytest.raises(RuntimeError, match="enough of "):
        run.features(k=2, of="value", states=11, progress=enough)


def test_labels_of_people_come_with_the_features(studied: tuple[eg.Study, Path]) -> None:
    import json

    found = studied[0].features
    assert found is not None and found.labels == {}
    told = {"layer": found.layer, "checkpoint": found.checkpoint, "of": found.of, "factors": 3, "index": 1}
    notes = {"features": [told | {"name": "ball", "colour": "#00ff00", "note": ""}, told | {"of": "3", "name": "else"}]}
    (studied[0].run.folder / "meta").mkdir(exist_ok=True)
    (studied[0].run.folder / "meta" / "notes.json").write_text(json.dumps(notes))
    assert {index: (label.name, label.colour) for index, label in found.labels.items()} == {1: ("ball", "#00ff00")}


def test_a_layer_without_places_and_what_cannot_be_taken_apart(run: eg.Run) -> None:
    log_lander(run)
    view = eg.open(run)
    layer = next(layer.name for layer in eg.Model(LUNAR_LANDER).layers if layer.operator == "Relu")
    found = view.features(layer, 2, of="activations")
    assert found.examples(0) == [] and found.thumbnails(0)[0].strength >= found.thumbnails(0)[-1].strength
    assert found.maps(0).maps.shape[1:] == (2, 1, 1)
    with pytest.raises(NotFoundError):
        view.features("no such layer", 2, of="activations")
    with pytest.raises(NotFoundError):
        view.features(layer, 2, episodes=[77])
