"""Writes an event file with sounds, and what TensorBoard reads in it.

    pip install torch==2.15.0 tensorboard==2.21.0 && python make.py

`SummaryWriter` writes `Summary.Audio`; TensorBoard's own migration makes the tensors of it that `tf.summary.audio` writes.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import wave
import zlib
from pathlib import Path

import numpy as np
from tensorboard import data_compat
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto import summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

HERE = Path(__file__).parent


def tone(count: int, pitch: float) -> np.ndarray:
    return (0.5 * np.sin(pitch * np.arange(count))).astype(np.float32)


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    with SummaryWriter(str(folder / "old")) as writer:
        for step in range(2):
            writer.add_audio("tone", tone(100 + step, 0.1 + step), step, sample_rate=8_000)
    [old] = (folder / "old").glob("events*")
    made = EventFileWriter(str(folder / "both"))
    for event in LegacyEventFileLoader(str(old)).Load():
        if not event.HasField("summary"):
            continue
        made.add_event(event)
        # The same as tensors; the second time with a label, and twice in one value.
        [value] = event.summary.value
        moved = data_compat.migrate_value(value)
        moved.tag = "moved"
        if event.step == 1:
            encoded = moved.tensor.string_val[0]
            del moved.tensor.string_val[:]
            moved.tensor.string_val.extend([encoded, b"first", encoded, b"second"])
            moved.tensor.tensor_shape.dim[0].size = 2
        event.summary.CopyFrom(summary_pb2.Summary(value=[moved]))
        made.add_event(event)
    made.close()
    [path] = (folder / "both").glob("events*")
    for known in HERE.glob("events*"):
        known.unlink()
    target = HERE / "events.out.tfevents.1795228247.host.0.0"
    shutil.copyfile(path, target)
    (HERE / "reference.json").write_text(json.dumps(reference(target), indent=1) + "\n")
    shutil.rmtree(folder)


def reference(path: Path) -> dict[str, list[dict[str, object]]]:
    """Samples of each tag and step, by their checksum, as TensorBoard hands out the files."""
    read = event_accumulator.EventAccumulator(str(path), {"tensors": 0, "audio": 0})
    read.Reload()
    found: dict[str, list[dict[str, object]]] = {}
    for tag in read.Tags()["tensors"]:
        if read.SummaryMetadata(tag).plugin_data.plugin_name != "audio":
            continue
        for event in read.Tensors(tag):
            parts = event.tensor_proto.string_val
            width = event.tensor_proto.tensor_shape.dim[1].size
            for at in range(len(parts) // width):
                name = f"{tag}/{at}" if at else tag
                told = decoded(parts[at * width], parts[at * width + 1])
                found.setdefault(name, []).append({"step": event.step} | told)
    for tag in read.Tags()["audio"]:
        found[tag] = [{"step": event.step} | decoded(event.encoded_audio_string, b"") for event in read.Audio(tag)]
    return found


def decoded(encoded: bytes, label: bytes) -> dict[str, object]:
    with wave.open(io.BytesIO(encoded)) as sound:
        count, channels, rate = sound.getnframes(), sound.getnchannels(), sound.getframerate()
        data = sound.readframes(count)
    samples = np.frombuffer(data, "<i2").astype("<f4") / 32768
    return {"shape": [count, channels], "rate": rate, "crc32": zlib.crc32(samples.tobytes()), "label": label.decode()}


if __name__ == "__main__":
    main()
