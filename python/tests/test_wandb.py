"""B-15: offline runs of W&B with their media, and tables that were exported from it, become runs."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from conftest import rows
from PIL import Image
from wandb_files.make import STEPS, film, picture
from wandb_files.reference import RUNS, described

import ethogram as eg
from ethogram import pictures, wandb_artifacts, wandb_export, wandb_run
from ethogram.convert import convert, convert_all, main
from ethogram.errors import CorruptError, NotFoundError
from ethogram.wandb_log import read_history
from ethogram.wandb_media import Media

FILES = Path(__file__).parent / "wandb_files"
LOG = FILES / "offline-run" / "run-fixture.wandb"


def points(run: eg.RunView, tag: str) -> list[tuple[int, float]]:
    table = run.scalars(tag)
    return list(zip(table["step"].numpy().tolist(), table["value"].numpy().tolist(), strict=True))


def one(run: eg.RunView, tag: str) -> Any:
    [found] = run.tensors(tag)
    return found


@pytest.mark.parametrize("name", ["offline-run", "offline-run/run-fixture.wandb"])
def test_row_b15_an_offline_run_of_wandb_has_its_numbers_and_media(root: Path, name: str) -> None:
    run = eg.open(convert(FILES / name, root))
    assert (run.info["project"], run.info["name"], run.info["group"]) == ("cartpole", "dqn seed 1", "dqn")
    assert run.info["tags"] == ["converted", "a", "b"] and run.info["notes"] == "first try"
    config = run.info["config"]
    assert (config["layers"], config["nested"], run.info["env"]["id"]) == ([64, 64], {"gamma": 0.99}, "CartPole-v1")
    assert points(run, "losses/td") == [(100 * at, 1 / (at + 1)) for at in range(STEPS)]
    assert points(run, "charts.deep") == [(100 * at, at) for at in range(STEPS)]
    odd = [value for _, value in points(run, "odd")]
    assert odd[0] == float("inf") and np.isnan(odd[1]), "NaN and infinities are what they were"
    logged = {"charts.deep", "flag", "losses/td", "odd"}
    assert set(run.tags) - {"episode_return", "episode_length"} == logged, "what is told of a file is no number"

    frame = one(run, "frame")
    assert (frame.step, frame.meta["caption"]) == (600, "a caption")
    np.testing.assert_array_equal(frame.numpy(), picture(3))
    for at in range(2):
        np.testing.assert_array_equal(one(run, f"pair/{at}").numpy(), picture(at))
        assert one(run, f"pair/{at}").meta["caption"] == f"number {at}"
    [grey] = (FILES / "offline-run" / "files" / "media" / "images").glob("grey*.jpg")
    np.testing.assert_array_equal(one(run, "grey").numpy(), np.asarray(Image.open(grey).convert("RGB")))
    weights = one(run, "weights")
    assert weights.kind == "distribution" and weights.meta["edges"] == [-1.0, 0.0, 0.5, 2.0]
    assert weights.numpy()[1].tolist() == [1, 0, 5]
    assert one(run, "table").text() == "| a | b\\|c |\n| --- | --- |\n| 1 | x\\|y |\n| 2.5 | null |"
    assert (one(run, "page").text(), one(run, "words").text()) == ("<p>hello</p>", "a text")
    assert one(run, "list").numpy().tolist() == [1, 2, 3]
    with pytest.raises(NotFoundError):
        one(run, "wandb/left_out")


@pytest.mark.parametrize("name", RUNS)
def test_row_b15_a_converted_run_of_wandb_holds_what_the_served_one_does(root: Path, name: str) -> None:
    # The reader that serves such runs is held to the same file (crates/ethogram_import/tests/it/wandb_media.rs).
    expected = json.loads((FILES / "converted.json").read_text())[name]
    assert json.loads(json.dumps(described(eg.open(convert(FILES / name, root))))) == expected


def test_row_b15_sounds_points_and_tables_of_numbers_of_wandb_are_arrays(root: Path) -> None:
    run = eg.open(convert(FILES / "more-media", root))
    assert one(run, "list").numpy().tolist() == [1, 2.5]
    np.testing.assert_array_equal(one(run, "cloud").numpy(), np.arange(12.0).reshape(4, 3))
    assert one(run, "numbers").text() == "| a | b |\n| --- | --- |\n| 1 | 2.5 |\n| 3 | 4.0 |"
    table = one(run, "numbers/values")
    assert (table.numpy().tolist(), table.meta["columns"]) == ([[1, 2.5], [3, 4]], ["a", "b"])
    tone = one(run, "tone")
    told = {name: tone.meta[name] for name in ("sample_rate", "caption")}
    assert told == {"sample_rate": 8_000, "caption": "a tone"}
    samples = np.round(2**14 * np.sin(np.arange(80) / 4)) / 2**15
    np.testing.assert_array_equal(tone.numpy(), np.stack([samples, -samples], 1))
    lines = one(run, "wandb/left_out").text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("artifact weights (model): its files lie outside of the run's folder, see wandb/artif")
    assert lines[1] == "mixed: lists of other values than numbers (1 times)"
    assert lines[2].startswith("scene: 3-D objects that are no points, media/object3D/scene")


def test_row_b15_files_of_artifacts_of_wandb_are_named_with_their_place(root: Path, tmp_path: Path) -> None:
    [scene] = (FILES / "more-media" / "files" / "media" / "object3D").glob("scene*")
    run = eg.open(convert(FILES / "more-media", root))
    head, line, row = one(run, "wandb/artifacts").text().splitlines()
    assert head == "| artifact | type | file | bytes | MD5 | lies in |" and line.startswith("| ---")
    cells = row.strip("| ").split(" | ")
    # The same file was logged as a 3-D object, of which the run's folder has a copy.
    md5 = hashlib.md5(scene.read_bytes(), usedforsecurity=False).hexdigest()
    assert cells[:5] == ["weights", "model", "scene.obj", str(scene.stat().st_size), md5]
    assert Path(cells[5]).is_absolute() and "artifacts/staging" in cells[5]

    entry = delimited(1, b"a|b") + delimited(2, b"no digest") + delimited(3, b"s3://bucket/x")
    several = b"".join(delimited(4, entry) for _ in range(wandb_artifacts.FILES_MAX + 2))
    log = tmp_path / "run-x.wandb"
    log.write_bytes(framed(delimited(8, delimited(4, b"data") + delimited(5, b"many") + delimited(12, several))))
    lines = wandb_artifacts.listed(wandb_artifacts.read_artifacts(log)).splitlines()
    assert len(lines) == 2 + wandb_artifacts.FILES_MAX + 1
    assert lines[2] == "| many | data | a\\|b | 0 |  | s3://bucket/x |"
    assert lines[-1] == "| many | data | and 2 more |  |  |  |"


def test_row_b15_films_of_wandb_are_episodes(root: Path) -> None:
    run = eg.open(convert(FILES / "offline-run", root))
    told = [(row["global_step"], row["length"], row["recorded"], row["end"]) for row in rows(run.episodes())]
    assert told == [(700, 4, True, "unknown"), (800, 0, False, "unknown")]
    played = run.episode(0)
    assert played.row["extra"]["wandb"]["caption"] == "played once"
    np.testing.assert_array_equal(played.field("frame").numpy(), film(4).transpose(0, 2, 3, 1))
    assert played.fields == ["frame"], "no reward was logged"
    extra = run.episode(1).row["extra"]
    [made] = (FILES / "offline-run" / "files" / "media" / "videos").glob("*.mp4")
    assert run.blob(extra["video_blob"]) == made.read_bytes()
    assert (extra["wandb"]["name"], extra["video_first_step"]) == ("eval.film", 0)


def test_row_b15_the_csv_of_a_chart_is_a_run_for_each_of_its_runs(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (eg.open(run) for run in convert_all(FILES / "chart.csv", root))
    assert (first.info["name"], second.info["name"]) == ("Pendulum - a", "seed, two")
    assert points(first, "eval/return") == [(10 * at, at / 3) for at in range(4)]
    assert first.tags == ["eval/return"], "extremes that are the value itself say nothing"
    assert points(second, "eval/return") == [(0, 0), (10, -1), (30, -3)], "an empty cell is missing"
    assert points(second, "eval/return__MIN") == [(0, -1), (10, -2), (30, -4)]
    assert main([str(FILES / "chart.csv"), str(root)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in said] == [
        "no episodes, 1 curve of 4 points", "no episodes, 2 curves of 6 points"
    ]  # fmt: skip


def test_row_b15_a_history_as_csv_or_parquet_is_a_run(root: Path, tmp_path: Path) -> None:
    frame = pandas.read_csv(FILES / "history.csv", index_col=0)
    frame.to_csv(tmp_path / "again.csv", index=False)
    frame.to_parquet(tmp_path / "again.parquet")
    for path in (FILES / "history.csv", tmp_path / "again.csv", tmp_path / "again.parquet"):
        run = eg.open(convert(path, root))
        assert points(run, "episode/return") == [(1, 12.0), (5, -3.0)]
        assert points(run, "loss")[0] == (0, 0.5)
        assert run.scalars("loss")["time_us"].numpy()[0] == 1_700_000_000_500_000
        assert "picture" in one(run, "wandb/left_out").text()
    frame["global_step"] = [0, 200, 400]
    frame.to_csv(tmp_path / "steps.csv")
    assert points(eg.open(convert(tmp_path / "steps.csv", root)), "episode/return") == [(200, 12.0), (400, -3.0)]


def test_row_b15_media_outside_of_the_run_are_refused(root: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(FILES / "offline-run", tmp_path / "run")
    secret = tmp_path / "secret.png"
    [frame] = (copied / "files" / "media" / "images").glob("frame*")
    shutil.move(frame, secret)
    frame.symlink_to(secret)
    with pytest.raises(CorruptError, match="outside of its folder"):
        convert(copied, root)
    media = Media(copied / "files")
    for path in ("../../secret.png", str(secret), "media/../../../secret.png"):
        for value in (
            {"_type": "image-file", "path": path},
            {"_type": "images/separated", "filenames": [path]},
            {"_type": "video-file", "path": path},
            {"_type": "videos", "videos": [{"path": path}]},
            {"_type": "table-file", "path": path},
            {"_type": "html-file", "path": path},
            {"_type": "audio-file", "path": path},
            {"_type": "object3D-file", "path": path},
        ):
            with pytest.raises(CorruptError, match="outside of its folder"):
                media.read("x", value)
    frame.unlink()
    run = eg.open(convert(copied, root))
    assert "files that are not there (1 times)" in one(run, "wandb/left_out").text()


def test_values_that_are_not_what_they_say_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("[]")
    (tmp_path / "f.webm").write_bytes(b"")
    media = Media(tmp_path)
    for value, text in (
        ({"_type": "histogram", "values": [1], "bins": "x"}, "a histogram of values and bins"),
        ({"_type": "images/separated", "filenames": ["x"] * 2_000}, "at most 1024 filenames"),
        ({"_type": "table-file", "path": "t.json"}, "a table of columns and data"),
        ({"_type": "image-file", "path": "t.json"}, "a picture"),
    ):
        with pytest.raises(CorruptError, match=text):
            media.read("x", value)
    packed = {"_type": "histogram", "values": [1, 2], "packedBins": {"min": -1, "size": 0.5, "count": 2}}
    assert media.read("x", packed)["x"].edges == [-1, -0.5, 0]
    assert media.read("x", {"_type": "video-file", "path": "f.webm"}) == {}
    assert media.read("x", {"_type": "graph-file", "path": "t.json"}) == {}
    assert wandb_run.number(10**400) is None, "no number of 64 bits says it"
    assert set(media.left_out) == {
        "x: films that are neither mp4 nor gif",
        "x: values of the kind 'graph-file', t.json",
    }


def test_films_are_bounded_in_pictures_and_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    [gif] = (FILES / "offline-run" / "files" / "media" / "videos").glob("*.gif")
    assert len(list(pictures.frames(gif.read_bytes(), "it"))) == 4
    monkeypatch.setattr(pictures, "FILM_PIXELS_MAX", 3 * 32 * 32)
    with pytest.raises(CorruptError, match="it: expected at most 100000 pictures of 3072 pixels"):
        list(pictures.frames(gif.read_bytes(), "it"))
    with pytest.raises(CorruptError, match="it: expected a picture"):
        list(pictures.frames(gif.read_bytes()[:30], "it"))


def framed(*records: bytes) -> bytes:
    """A log of whole records, block after block."""
    data = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        kind, rest = 1, record
        while True:
            left = 32_768 - len(data) % 32_768
            if left < 7:
                data += bytes(left)
                continue
            piece, rest = rest[: left - 7], rest[left - 7 :]
            kind = (2 if rest else 1) if kind == 1 else (3 if rest else 4)
            crc = zlib.crc32(piece, zlib.crc32(bytes([kind])))
            data += crc.to_bytes(4, "little") + len(piece).to_bytes(2, "little") + bytes([kind]) + piece
            if not rest:
                break
    return bytes(data)


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def delimited(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def history(**values: Any) -> bytes:
    items = [
        delimited(1, delimited(1, name.encode()) + delimited(16, json.dumps(value).encode()))
        for name, value in values.items()
    ]
    return delimited(2, b"".join(items))


def test_records_reach_over_blocks_and_a_cut_log_is_read_up_to_the_cut(tmp_path: Path) -> None:
    log = tmp_path / "run-x.wandb"
    said = [{"text": "x" * 70_000, "loss": 0.5, "_step": 0}, *({"loss": at, "_step": at} for at in range(2_000))]
    data = framed(*(history(**values) for values in said))
    log.write_bytes(data)
    assert [values for _, values in read_history(log)] == said
    for cut in (8, 100, 40_000, len(data) - 1):
        log.write_bytes(data[:cut])
        found = [values for _, values in read_history(log)]
        assert found == said[: len(found)] and len(found) < len(said)
    log.write_bytes(data[:90_000] + bytes([data[90_000] ^ 1]) + data[90_001:])
    with pytest.raises(CorruptError, match=r"run-x.wandb, byte \d+: the checksum of a piece differs"):
        list(read_history(log))
    with pytest.raises(CorruptError, match="the checksum of a piece differs"):
        convert(log, tmp_path / "kept")
    [kept] = (tmp_path / "kept").glob("*/*")
    assert len(points(eg.open(kept), "loss")) > 100, "what came before the damage is kept"
    for record in (b"\x12\x09x", *(delimited(2, part) for part in (b"\x0b", delimited(1, b"\x0a\xff")))):
        log.write_bytes(framed(record))
        with pytest.raises(CorruptError, match=r"run-x.wandb: expected a record, found a (field|number)"):
            convert(log, tmp_path / "runs")
    log.write_bytes(b"nothing of the kind")
    with pytest.raises(CorruptError, match="expected a file of W&B"):
        list(read_history(log))


def test_exports_without_steps_or_over_a_limit_are_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "chart.csv"
    table.write_text('"Relative Time (Wall)","a - x"\n"0","1"\n')
    with pytest.raises(CorruptError, match="export it over Step"):
        convert(table, root)
    table.write_text('"Step","a - x"\n"one","1"\n')
    with pytest.raises(CorruptError, match=r"chart.csv, line 2: expected a step, found 'one'"):
        convert(table, root)
    monkeypatch.setattr(wandb_export, "COLUMNS_MAX", 1)
    with pytest.raises(CorruptError, match="at most 1 columns"):
        convert(table, root)
    table.write_text("some,other\n1,2\n")
    monkeypatch.undo()
    assert wandb_export.runs_of(table) is None
