"""A-14: folders that TensorBoard's projector shows become runs whose steps are the points."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import rows
from projector_files.make import POINTS, WORDS, points, tile

import ethogram as eg
from ethogram import _native, projector, space, text_protobuf
from ethogram.convert import convert
from ethogram.errors import CorruptError
from ethogram.projector_metadata import columns_of

FILES = Path(__file__).parent / "projector_files"


def said(episode: eg.EpisodeView, name: str) -> list[Any]:
    column = episode.field(name)
    values = column.numpy().tolist()
    return [value if valid else None for value, valid in zip(values, column.valid, strict=True)]


@pytest.mark.parametrize("name", ["tensorboard", "tensorboard/projector_config.pbtxt"])
def test_row_a14_tensors_metadata_sprites_and_bookmarks_of_tensorboard_are_steps(root: Path, name: str) -> None:
    run = eg.open(convert(FILES / name, root))
    assert (run.info["project"], run.info["name"]) == ("projector", "tensorboard")
    first, second = run.episode(0), run.episode(1)
    np.testing.assert_array_equal(first.field("digits").numpy(), points(POINTS, 4))
    assert said(first, "metadata/label") == [WORDS[at % 3] for at in range(POINTS)]
    assert said(first, "metadata/label/index") == [at % 3 for at in range(POINTS)]
    assert first.row["extra"]["projector"]["words"] == {"metadata/label": WORDS}
    assert said(first, "metadata/confidence") == [at / 4 for at in range(POINTS)]
    assert said(first, "metadata/index") == [at if at != 4 else None for at in range(POINTS)], "missing is missing"
    np.testing.assert_array_equal(first.field("frame").numpy(), [tile(at, 20, 24) for at in range(POINTS)])
    assert said(first, "bookmarks/two clouds/tsne")[:4] == [[0, 0, 0.25], [0.5, -1, 0.25], [1, -2, 0.25], None]
    assert said(first, "bookmarks/two clouds/selected")[:4] == [[False], [True], [True], [False]]
    # As they lie in memory, with one column of words without a name; control characters are in no field's name.
    np.testing.assert_array_equal(second.field("wörter 2").numpy(), points(6, 3))
    assert said(second, "metadata/label") == ["the", "of", "and", None, 'to "be"', "é"]
    assert "reward" not in first.fields, "nobody rewarded a point"

    found = run.map("digits", method="pca", episodes=[0])
    np.testing.assert_array_equal(found.points, points(POINTS, 4))
    assert found.field("metadata/label/index").tolist() == [at % 3 for at in range(POINTS)]


def test_row_a14_embeddings_of_pytorch_are_episodes_at_their_steps(root: Path) -> None:
    run = eg.open(convert(FILES / "torch", root))
    assert [(row["global_step"], row["length"]) for row in rows(run.episodes())] == [(5, 5), (10, 5), (10, 4)]
    for index, step in enumerate((5, 10)):
        episode = run.episode(index)
        np.testing.assert_array_equal(episode.field("layer").numpy(), points(5, 3, step))
        assert said(episode, "metadata/even") == [[at % 2 == 0] for at in range(5)]
        # Pictures of few bytes are enlarged by a whole number; PyTorch's rounding of pixels is its own.
        expected = [tile(at, 12, 12).repeat(2, axis=0).repeat(2, axis=1) for at in range(5)]
        np.testing.assert_allclose(episode.field("frame").numpy().astype(int), np.array(expected, int), atol=1)
    assert said(run.episode(2), "metadata/label") == [*WORDS, "3"]
    assert len(run.map("layer", method="pca")) == 10, "both steps of one tag are one map"


def test_row_a14_what_embed_writes_comes_back(root: Path, tmp_path: Path) -> None:
    names = ["LEFT", "RIGHT", "FIRE now"]
    env = eg.describe("Trip-v0", action_space=space.discrete(3), action_meanings=names)
    random = np.random.default_rng(1)
    states = random.normal(size=(9, 3)).astype(np.float32)
    with eg.init("there", name="the run", root=root, env=env, strict=True, capture_code=False) as run:
        with run.episode() as episode:
            for at, state in enumerate(states):
                episode.step(
                    observation=state, action=at * 2 % 3, frame=tile(at, 20, 24), reward=0.0, value=at / 3,
                    terminated=at == 8,
                )  # fmt: skip
        run.finish()
    assert run.folder is not None
    told = ["--method", "pca", "--with", "action", "--with", "value", "--projector", str(tmp_path / "there")]
    assert _native.run_cli(["ethogram", "embed", str(run.folder), *told]) == 0
    back = eg.open(convert(tmp_path / "there", root))
    episode = back.episode(0)
    np.testing.assert_array_equal(episode.field("observation").numpy(), states)
    layout = eg.open(run).map("observation", method="pca").layout
    np.testing.assert_array_equal(episode.field("observation (pca)").numpy(), layout)
    np.testing.assert_array_equal(episode.field("frame").numpy(), [tile(at, 20, 24) for at in range(9)])
    assert said(episode, "metadata/value") == [at / 3 for at in range(9)]
    assert said(episode, "metadata/step") == list(range(9)) and said(episode, "metadata/run") == ["the run"] * 9
    assert said(episode, "metadata/action") == [names[at * 2 % 3] for at in range(9)]
    # Words of a column called action name the actions, so that the map is coloured by their names.
    found = back.map("observation", method="pca")
    meanings = found.names("action")
    assert meanings is not None
    assert [meanings[int(at)] for at in found.field("action")] == [names[at * 2 % 3] for at in range(9)]


def folder(path: Path, config: str, **files: bytes) -> Path:
    path.mkdir()
    (path / "projector_config.pbtxt").write_text(config)
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def test_row_a14_paths_that_leave_the_folder_are_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tsv").write_text("1\t2\n")
    outside = ("../secret.tsv", str(tmp_path / "secret.tsv"), "inner/../../secret.tsv", "link.tsv")
    for number, path in enumerate(outside):
        made = folder(tmp_path / str(number), f'embeddings {{ tensor_path: "{path}" }}')
        (made / "link.tsv").symlink_to(tmp_path / "secret.tsv")
        with pytest.raises(CorruptError, match="outside the folder"):
            convert(made, root)
    for what in ('metadata_path: "../secret.tsv"', 'bookmarks_path: "/etc/passwd"'):
        made = folder(tmp_path / what[:8], f'embeddings {{ tensor_path: "t" {what} }}', t=b"1\t2\n")
        with pytest.raises(CorruptError, match="outside the folder"):
            convert(made, root)
    sprite = 'sprite { image_path: "../secret.tsv" single_image_dim: [1, 1] }'
    made = folder(tmp_path / "sprite", f'embeddings {{ tensor_path: "t" {sprite} }}', t=b"1\t2\n")
    with pytest.raises(CorruptError, match="outside the folder"):
        convert(made, root)


@pytest.mark.parametrize(
    ("config", "files", "text"),
    [
        ("", {}, "expected 1 to 256 embeddings, found 0"),
        ("embeddings {", {}, "line 1: expected }, found 'the end'"),
        ('embeddings { tensor_name: "x" }', {}, "'x' has no tensor_path"),
        ('embeddings { tensor_path: "t" }', {}, "the tensor 't' is not there"),
        ('embeddings { tensor_path: "t" }', {"t": b"1\t2\n3\n"}, "t, line 2: expected 2 numbers, found 1"),
        ('embeddings { tensor_path: "t" }', {"t": b"1\tx\n"}, "t, line 1: expected numbers and tabs"),
        ('embeddings { tensor_path: "t" }', {"t": b"\xff\xfe\x00"}, "bytes of 32-bit floats: those of a tensor_shape"),
        ('embeddings { tensor_path: "t" tensor_shape: [2, 2] }', {"t": b"\xff" * 15}, "16 of .2, 2., found 15 bytes"),
        ('embeddings { tensor_path: "t" tensor_shape: -1 }', {"t": b"1\n"}, "tensor_shape of whole numbers"),
        ('embeddings { tensor_path: "t" }', {"t": b""}, "expected a line of numbers a point, found none"),
        (
            'embeddings { tensor_path: "t" metadata_path: "m" }',
            {"t": b"1\n2\n", "m": b"a\n"},
            "each of 2 points, and one of names at most, found 1",
        ),
        (
            'embeddings { tensor_path: "t" bookmarks_path: "m" }',
            {"t": b"1\n2\n", "m": b"[" * 100_000},
            "expected bookmarks as JSON",
        ),
        (
            'embeddings { tensor_path: "t" sprite { image_path: "m" single_image_dim: [1, 1] } }',
            {"t": b"1\n2\n", "m": b"no picture"},
            "m: expected a picture",
        ),
        ('embeddings { tensor_path: "t" ' + "x { " * 20, {"t": b"1\n"}, "nested at most 16 deep"),
    ],
)
def test_broken_folders_are_told_by_file_and_line(
    root: Path, tmp_path: Path, config: str, files: dict[str, bytes], text: str
) -> None:
    with pytest.raises(CorruptError, match=text):
        convert(folder(tmp_path / "broken", config, **files), root)


def test_what_is_larger_than_a_limit_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "WIDTH_MAX", 2)
    (tmp_path / "t.tsv").write_text("1\t2\t3\n")
    (tmp_path / "t.bytes").write_bytes(bytes(12))
    for name in ("t.tsv", "t.bytes"):
        with pytest.raises(CorruptError, match=r"at most 1000000 points of 2 numbers"):
            projector.read_tensor(tmp_path / name, (1, 3))
    monkeypatch.setattr(projector, "TENSOR_BYTES_MAX", 4)
    with pytest.raises(CorruptError, match=r"t.tsv: expected at most 4 bytes, found 6"):
        projector.read_tensor(tmp_path / "t.tsv", ())
    copied = shutil.copytree(FILES / "tensorboard", tmp_path / "copied")
    text = (copied / "projector_config.pbtxt").read_text()
    (copied / "projector_config.pbtxt").write_text(text.replace("single_image_dim: 24", "single_image_dim: 90"))
    monkeypatch.undo()
    with pytest.raises(CorruptError, match=r"expected 10 pictures of \[90, 20\], found room for 3"):
        projector.read_embeddings(copied / "projector_config.pbtxt")


def test_texts_of_protocol_buffers_are_read_as_their_own_reader_does() -> None:
    text = r"""
    # a comment
    name: "a\tb\303\251" ' and ' "\x41\u00e9"; list: [1, 2.5,], sub < deep { x: -1 } >, sub: { flag: true }
    """
    assert text_protobuf.parsed(text, "it") == {
        "name": ["a\tbé and Aé"],
        "list": ["1", "2.5"],
        "sub": [{"deep": [{"x": ["-1"]}]}, {"flag": ["true"]}],
    }
    for wrong in ('"', "a b", "a: }", "a {", "[ext.name]: 1", "a: 'x\ny'", "\x00"):
        with pytest.raises(CorruptError, match=r"it, line \d: expected"):
            text_protobuf.parsed(wrong, "it")


def test_columns_of_metadata_are_numbers_truths_or_words() -> None:
    text = "a\ta\tlong\ttruth\twords\n1\tnan\t12345678901234567890\tTrue\tx\n\t-1e3\t1\tfalse\t1\n"
    found = columns_of(text, 2, "it")
    assert [column.name for column in found] == ["a", "a (2)", "long", "truth", "words"]
    assert found[0].values == [1.0, None] and found[1].values[1] == -1000.0 and np.isnan(found[1].values[0])
    assert found[2].values == ["12345678901234567890", "1"], "no number of 64 bits says it"
    assert (found[3].values, found[4].values) == ([True, False], ["x", "1"])
    assert [column.name for column in columns_of("x\ty\r\nz\n", 2, "it")] == ["column 1", "column 2"]
    assert columns_of("\n\n", 2, "it")[0].values == [None, None]
    with pytest.raises(CorruptError, match=r"it, line 3: expected 1 cells, found 2"):
        columns_of("a\nx\ny\tz\n", 2, "it")
