import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ethogram as eg
from ethogram.errors import NotFoundError, ShapeError

ROLLOUTS = Path(__file__).parents[2] / "demo" / "sources" / "rollouts" / "lunarlander-dqn"
MODEL = Path(__file__).parents[2] / "demo" / "sources" / "models" / "lunarlander-dqn.onnx"


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real landings of somebody else's agent, with its network, as a run."""
    root = tmp_path_factory.mktemp("runs")
    with eg.init("lander", name="lander", root=root) as run:
        run.checkpoint(MODEL, global_step=0, signature=eg.signature(observation="obs", q_values="q_values"))
        for seed in (2, 3):
            with np.load(ROLLOUTS / f"seed{seed:03}.npz") as rollout:
                observations, actions, rewards = rollout["obs"], rollout["action"], rollout["reward"]
            with run.episode() as episode:
                frame = np.zeros((40, 60, 3), dtype=np.uint8)
                for observation, action, reward in zip(observations, actions, rewards, strict=False):
                    frame[..., 0] = action * 60
                    episode.step(observation=observation, action=int(action), reward=float(reward), frame=frame)
        folder = run.folder
    assert folder is not None
    return Path(folder)


def test_row_a12_steps_are_laid_out_by_observations_and_layers(landed):
    run = eg.open(landed)
    steps = sum(len(run.episode(index).field("action")) for index in (0, 1))
    found = run.map(method="pca")
    assert found.points.shape == (len(found), 8) and found.layout.shape == (len(found), 2) and found.steps == steps
    expected = eg.maps.pca(found.points)
    np.testing.assert_allclose(found.layout, expected.positions, atol=1e-4)
    np.testing.assert_allclose(found.variance_ratio, expected.variance_ratio, rtol=1e-5)
    values = run.episode(1).field("observation").numpy()
    np.testing.assert_array_equal(found.points[found.episode == 1], values[found.step[found.episode == 1]])

    layers = run.checkpoint().model.layers
    hidden = next(layer for layer in layers if layer.operator == "Relu")
    near = run.map(of=f"layer/{hidden.name}", method="umap", points=150, n_neighbors=10, seed=3)
    activations = run.checkpoint().model.activations({"obs": values[near.step[near.episode == 1]]}, [hidden.name])
    np.testing.assert_allclose(near.points[near.episode == 1], activations[hidden.name], atol=1e-4)
    assert eg.maps.trustworthiness(near.points, near.layout) > 0.9
    again = run.map(of=f"layer/{hidden.name}", method="umap", points=150, n_neighbors=10, seed=3)
    np.testing.assert_array_equal(near.layout, again.layout)


def test_row_a12_labels_take_part(landed):
    run = eg.open(landed)
    plain = run.map(method="umap", seed=1, rounds=200)
    found = run.map(method="umap", seed=1, rounds=200, supervised_by="action", label_weight=0.9)
    assert (plain.supervised_by, found.supervised_by) == (None, "action")
    assert any("labels took part" in note for note in found.notes)
    action = found.field("action")

    def alike(layout: np.ndarray) -> float:
        distance = np.linalg.norm(layout[:, None].astype(float) - layout[None], axis=-1)
        np.fill_diagonal(distance, np.inf)
        return float((action[np.argsort(distance, axis=1)[:, :10]] == action[:, None]).mean())

    assert alike(found.layout) > alike(plain.layout) + 0.1
    with pytest.raises(ShapeError, match="the only one that takes labels"):
        run.map(method="tsne", supervised_by="action")
    with pytest.raises(NotFoundError, match="mood"):
        run.map(supervised_by="mood")


def test_row_d14_points_have_any_field(landed):
    found = eg.open(landed).map(method="pca", points=60, dims=3)
    assert found.layout.shape == (60, 3)
    rewards = [eg.open(landed).episode(index).field("reward").numpy() for index in (0, 1)]
    expected = [rewards[episode][step] for episode, step in zip(found.episode, found.step, strict=True)]
    np.testing.assert_allclose(found.field("reward"), expected, rtol=1e-6)
    np.testing.assert_array_equal(found.field("observation[3]"), found.points[:, 3])
    np.testing.assert_allclose(found.field("observation[norm]"), np.linalg.norm(found.points, axis=1), rtol=1e-6)
    assert found.field("time").min() == 0 and found.field("time").max() <= 1


def test_row_a13_neighbors_are_those_of_brute_force(landed):
    found = eg.open(landed).map(method="pca")
    distance = np.linalg.norm(found.points.astype(float) - found.points[7], axis=1)
    distance[7] = np.inf
    near = found.neighbors(7, count=9)
    np.testing.assert_array_equal(near.point, np.argsort(distance, kind="stable")[:9])
    np.testing.assert_allclose(near.distance, np.sort(distance)[:9])
    unit = found.points.astype(float) / np.linalg.norm(found.points.astype(float), axis=1, keepdims=True)
    angle = 1 - unit @ unit[7]
    angle[7] = np.inf
    np.testing.assert_allclose(found.neighbors(7, metric="cosine").distance, np.sort(angle)[:15], atol=1e-9)


def test_what_cannot_be_mapped_says_why(landed):
    run = eg.open(landed)
    with pytest.raises(NotFoundError, match="state"):
        run.map(of="state")
    with pytest.raises(ShapeError, match="pca, umap, tsne"):
        run.map(method="isomap")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="n_neighbors"):
        run.map(n_neighbors=1)
    with pytest.raises(NotFoundError, match="conv9"):
        run.map(of="layer/conv9")
    found = run.map(method="pca", points=20)
    with pytest.raises(ShapeError, match="8 numbers"):
        found.field("observation")
    with pytest.raises(ShapeError, match="row of the points"):
        found.neighbors(20)


def embed(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ethogram", "embed", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_what_python_reads(landed, tmp_path):
    found = eg.open(landed).map(method="tsne", points=80, perplexity=8, rounds=50)
    table, arrays = tmp_path / "map.csv", tmp_path / "map.npz"
    settings = ("--method", "tsne", "--points", 80, "--perplexity", 8, "--rounds", 50, "--with", "reward")
    assert embed(landed, *settings, "-o", table).returncode == 0
    rows = list(csv.DictReader(table.open()))
    places = np.array([[row["x"], row["y"]] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(places, found.layout)
    np.testing.assert_array_equal([int(row["step"]) for row in rows], found.step)
    np.testing.assert_array_equal([float(row["reward"]) for row in rows], found.field("reward"))
    assert embed(landed, *settings, "-o", arrays).returncode == 0
    with np.load(arrays) as read:
        np.testing.assert_array_equal(read["layout"], found.layout)
        np.testing.assert_array_equal(read["points"], found.points)
        np.testing.assert_array_equal(read["episode"], found.episode)
        assert read["runs"].tolist() == ["lander"] and read["run"].tolist() == [0] * 80
    wrong = embed(landed, "-o", tmp_path / "map.xlsx")
    assert wrong.returncode == 1 and ".csv or .npz" in wrong.stderr


def test_row_a14_files_of_the_projector_read_back(landed, tmp_path):
    """As the projector reads them: tab-separated numbers, names in the first line, a sprite of pictures row by row."""
    folder = tmp_path / "projector"
    done = embed(landed, "--method", "pca", "--points", 50, "--with", "action", "--projector", folder)
    assert done.returncode == 0, done.stderr
    found = eg.open(landed).map(method="pca", points=50)
    np.testing.assert_array_equal(np.loadtxt(folder / "tensors.tsv", delimiter="\t", dtype=np.float32), found.points)
    np.testing.assert_array_equal(np.loadtxt(folder / "layout.tsv", delimiter="\t", dtype=np.float32), found.layout)
    lines = [line.split("\t") for line in (folder / "metadata.tsv").read_text().splitlines()]
    assert lines[0] == ["run", "episode", "step", "action"] and len(lines) == 51
    assert [int(line[2]) for line in lines[1:]] == found.step.tolist()
    actions = [int(float(line[3])) for line in lines[1:]]
    assert actions == found.field("action").astype(int).tolist()

    config = (folder / "projector_config.pbtxt").read_text()
    first, second = config.split("embeddings {")[1:]
    assert 'tensor_path: "tensors.tsv"' in first and "tensor_shape: 50\n  tensor_shape: 8" in first
    assert 'tensor_path: "layout.tsv"' in second and "tensor_shape: 50\n  tensor_shape: 2" in second
    assert all(
        'metadata_path: "metadata.tsv"' in part and 'image_path: "sprite.png"' in part for part in (first, second)
    )
    width, height = [int(line.split(":")[1]) for line in first.splitlines() if "single_image_dim" in line]
    assert (width, height) == (60, 40)
    pixels = read_png(folder / "sprite.png")
    assert pixels.shape == (7 * 40, 8 * 60, 3)
    for index, action in enumerate(actions):
        top, left = index // 8 * 40, index % 8 * 60
        assert (pixels[top : top + 40, left : left + 60, 0] == action * 60).all(), index


def read_png(path: Path) -> np.ndarray:
    """Pixels of a PNG of 8-bit RGB without filters, by nothing but zlib."""
    import struct
    import zlib

    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            assert tuple(body[8:]) == (8, 2, 0, 0, 0)
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(size[1], 1 + 3 * size[0])
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(size[1], size[0], 3)
