from pathlib import Path

import numpy as np
import pytest

import ethogram as eg
from ethogram.errors import EthogramError, NotFoundError, OptionError, ShapeError
from ethogram.probe import drawn
from ethogram.space import describe

gymnasium = pytest.importorskip("gymnasium")
spaces = gymnasium.spaces

MODEL = Path(__file__).parents[2] / "demo" / "sources" / "models" / "lunarlander-dqn.onnx"


def policy(observation):
    """Two actions, surer the farther the pole leans."""
    lean = np.asarray(observation)[:, 2]
    return {"logits": np.stack([-4 * lean, 4 * lean], axis=1), "value": 10 - np.abs(lean)}


def test_row_d12_a_policy_is_asked_about_states_of_the_space(tmp_path):
    env = gymnasium.make("CartPole-v1")
    with eg.init(root=tmp_path) as run:
        found = eg.probe(policy, run=run, samples=2500, space=env.observation_space, global_step=7)
    assert found["observation"].shape == (2500, 4) and found["logits"].shape == (2500, 2)
    np.testing.assert_array_equal(found["action"], found["logits"].argmax(1))
    view = eg.open(run.folder)
    mapped = view.map(samples="space-7", method="umap", points=600, standardize="yes")
    assert len(mapped) == 600 and mapped.steps == 2500
    np.testing.assert_array_equal(mapped.points, found["observation"][mapped.step])
    np.testing.assert_allclose(mapped.field("value"), found["value"][mapped.step], rtol=1e-6)
    np.testing.assert_array_equal(mapped.field("action"), found["action"][mapped.step])


def test_row_d13_confidence_is_one_less_the_share_of_the_largest_entropy(tmp_path):
    """Golden: 1 - H / ln A by NumPy, and DRLVis's scale between the smallest and largest entropy of the samples."""
    space = spaces.Box(-1, 1, (4,), seed=1)
    with eg.init(root=tmp_path) as run:
        found = eg.probe(policy, run=run, samples=300, space=space, name="sure")
    mapped = eg.open(run.folder).map(samples="sure", method="pca")
    exponent = np.exp(found["logits"] - found["logits"].max(1, keepdims=True))
    p = exponent / exponent.sum(1, keepdims=True)
    entropy = -(p * np.log(p)).sum(1)
    np.testing.assert_allclose(mapped.field("entropy"), entropy, atol=1e-6)
    np.testing.assert_allclose(mapped.field("confidence"), 1 - entropy / np.log(2), atol=1e-6)
    scaled = 1 - (entropy - entropy.min()) / (entropy.max() - entropy.min())
    np.testing.assert_allclose(mapped.field("confidence[min_max]"), scaled, atol=1e-5)


def test_row_d12_every_space_is_drawn_within_its_bounds():
    random = np.random.default_rng(0)
    space = spaces.Dict(
        {
            "open": spaces.Box(np.array([-np.inf, 0, -np.inf, -2]), np.array([np.inf, np.inf, 3, 2]), dtype=np.float32),
            "huge": spaces.Box(-np.finfo(np.float32).max, np.finfo(np.float32).max, (2,)),
            "pixels": spaces.Box(0, 255, (3, 3), dtype=np.uint8),
            "choice": spaces.Discrete(3, start=-1),
            "several": spaces.MultiDiscrete([2, 5]),
            "bits": spaces.MultiBinary(4),
            "nested": spaces.Tuple((spaces.Discrete(2), spaces.Box(1, 2, (1,)))),
        }
    )
    found = drawn(describe(space), 4000, random)
    unbounded, above, below, between = found["observation/open"].T
    assert abs(unbounded.mean()) < 0.1 and abs(unbounded.std() - 1) < 0.1
    assert above.min() >= 0 and abs(above.mean() - 1) < 0.1
    assert below.max() <= 3 and abs(below.mean() - 2) < 0.1
    assert between.min() >= -2 and between.max() <= 2 and abs(between.mean()) < 0.1
    assert np.isfinite(found["observation/huge"]).all() and np.abs(found["observation/huge"]).max() < 10
    pixels = found["observation/pixels"]
    assert pixels.dtype == np.uint8 and pixels.shape == (4000, 3, 3) and pixels.min() == 0 and pixels.max() == 255
    assert set(found["observation/choice"]) == {-1, 0, 1}
    assert found["observation/several"].max(0).tolist() == [1, 4] and found["observation/bits"].shape == (4000, 4)
    assert set(found["observation/nested/0"]) == {0, 1} and found["observation/nested/1"].min() >= 1
    again = drawn(describe(space), 4000, np.random.default_rng(0))
    assert all(np.array_equal(again[field], values) for field, values in found.items())


def test_row_d12_nested_states_reach_the_policy_as_they_are(tmp_path):
    seen = []

    def nested(observation):
        seen.append(observation)
        return np.zeros((len(observation["camera"]), 2))

    space = spaces.Dict({"camera": spaces.Box(0, 1, (2, 2)), "speed": spaces.Tuple((spaces.Discrete(4),))})
    with eg.init(root=tmp_path) as run:
        eg.probe(nested, run=run, samples=30, space=space, batch=20, name="nested")
    assert [len(batch["camera"]) for batch in seen] == [20, 10]
    assert seen[0]["camera"].shape == (20, 2, 2) and isinstance(seen[0]["speed"], tuple)
    mapped = eg.open(run.folder).map(samples="nested", method="pca")
    assert mapped.points.shape == (30, 5), "all parts, one after the other"


def test_row_d12_recorded_and_given_states_and_a_network(tmp_path):
    states = np.random.default_rng(2).normal(size=(50, 8)).astype(np.float32)
    signature = eg.signature(observation="obs", q_values="q_values")
    with eg.init(root=tmp_path) as run:
        run.checkpoint(MODEL, global_step=3, signature=signature)
        with run.episode() as episode:
            for state in states:
                episode.step(observation=state, action=1)
        run.flush()
        checkpoint = eg.open(run).checkpoint(3)
        replayed = eg.probe(checkpoint, run=run, samples=25, from_="replay")
        given = eg.probe(eg.Model(MODEL), run=run, states=states, from_="dataset", signature=signature, name="given")
    np.testing.assert_array_equal(replayed["observation"], states[::2])
    expected = eg.Model(MODEL)({"obs": states})["q_values"]
    np.testing.assert_allclose(given["q_values"], expected, rtol=1e-4, atol=1e-4)
    view = eg.open(run.folder)
    mapped = view.map(samples="replay-3", method="pca", of="layer/q_values")
    np.testing.assert_allclose(mapped.points, expected[::2], rtol=1e-4, atol=1e-3)
    with pytest.raises(NotFoundError, match="given, replay-3"):
        view.map(samples="other")


def test_what_cannot_be_asked_says_why(tmp_path):
    with eg.init(root=tmp_path) as run:
        with pytest.raises(NotFoundError, match="observation space"):
            eg.probe(policy, run=run)
        with pytest.raises(NotFoundError, match="states="):
            eg.probe(policy, run=run, from_="dataset")
        with pytest.raises(OptionError, match="from_"):
            eg.probe(policy, run=run, from_="dreams", space=spaces.Discrete(2))  # type: ignore[arg-type]
        with pytest.raises(ShapeError, match="256 rows"):
            eg.probe(lambda batch: np.zeros((3, 2)), run=run, space=spaces.Box(0, 1, (4,)))
        with pytest.raises(OptionError, match="without /"):
            eg.probe(policy, run=run, space=spaces.Box(0, 1, (4,)), name="a/b")
        with pytest.raises(NotFoundError, match="signature"):
            eg.probe(eg.Model(MODEL), run=run, space=spaces.Box(0, 1, (8,)))


def test_a_run_that_is_only_read_is_an_error_that_says_how_to_go_on_with_it(tmp_path):
    with eg.init(root=tmp_path) as run:
        run.log({"loss": 1.0}, global_step=1)
    view = eg.open(run)
    with pytest.raises(EthogramError, match=r"run: expected .* eg\.init\(…, resume=run\) .* found RunView"):
        eg.probe(policy, run=view, samples=5, space=spaces.Box(-1, 1, (4,)))
    with eg.init(root=tmp_path, resume=view) as again:
        eg.probe(policy, run=again, samples=5, space=spaces.Box(-1, 1, (4,)), name="few")
    assert len(eg.open(again).map(samples="few", method="pca")) == 5
