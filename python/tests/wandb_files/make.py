"""Writes the files beside it as W&B keeps an offline run with media, and as its tables are exported.

    pip install wandb==0.31.0 moviepy==2.2.1 imageio==2.38.1 pillow==11.3.0 numpy==2.4.6 && python make.py

`offline-run` and `more-media` are what `wandb` wrote.
`chart.csv` and `history.csv` have the layout of the button *CSV* of a chart and of
`run.history().to_csv()`, which need W&B's service: they are written here by hand.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
STEPS = 6


def picture(at: int) -> np.ndarray[Any, Any]:
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[..., 0], pixels[:, at, 1] = 40 * at, 255
    return pixels


def film(frames: int) -> np.ndarray[Any, Any]:
    """T×C×H×W in four flat colours, which a GIF keeps exactly."""
    return np.stack([np.full((3, 32, 32), 60 * at, np.uint8) for at in range(frames)])


def begun(folder: str, **more: Any) -> Any:
    """An offline run that says nothing of the machine."""
    os.environ |= {
        "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": folder, "WANDB_DISABLE_GIT": "true",
        "WANDB_CONSOLE": "off", "WANDB_DATA_DIR": folder, "WANDB_CACHE_DIR": folder,
        "WANDB_X_DISABLE_STATS": "true", "WANDB_X_DISABLE_META": "true",
    }  # fmt: skip
    import wandb

    settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True, disable_git=True, x_disable_machine_info=True)
    return wandb.init(project="cartpole", settings=settings, **more)


def offline_run() -> None:
    import wandb

    folder = tempfile.mkdtemp()
    run = begun(
        folder, name="dqn seed 1", group="dqn", tags=["a", "b"], notes="first try",
        config={"lr": 3e-4, "layers": [64, 64], "nested": {"gamma": 0.99}, "env_id": "CartPole-v1"},
    )  # fmt: skip
    for at in range(STEPS):
        run.log({
            "global_step": at * 100, "losses/td": 1 / (at + 1), "charts": {"deep": float(at)},
            "odd": float("nan") if at % 2 else float("inf"), "flag": at % 2 == 0,
        })  # fmt: skip
    run.log({
        "global_step": 600,
        "frame": wandb.Image(picture(3), caption="a caption"),
        "pair": [wandb.Image(picture(at), caption=f"number {at}") for at in range(2)],
        "grey": wandb.Image(picture(1)[..., 0], mode="L", file_type="jpg"),
        "weights": wandb.Histogram(np_histogram=(np.array([1, 0, 5]), np.array([-1.0, 0.0, 0.5, 2.0]))),
        "table": wandb.Table(columns=["a", "b|c"], data=[[1, "x|y"], [2.5, None]]),
        "page": wandb.Html("<p>hello</p>", inject=False),
        "words": "a text", "list": [1, 2, 3],
    })  # fmt: skip
    run.log({"global_step": 700, "played": wandb.Video(film(4), format="gif", fps=4, caption="played once")})
    run.log({"global_step": 800, "eval": {"film": wandb.Video(film(3), format="mp4", fps=4)}})
    run.finish()
    keep(folder, "offline-run")


def more_media() -> None:
    import wandb

    folder = tempfile.mkdtemp()
    run = begun(folder, name="more")
    run.log({"list": [1, 2.5], "mixed": [1, "a"], "cloud": wandb.Object3D(np.arange(12.0).reshape(4, 3))})
    run.log({"numbers": wandb.Table(columns=["a", "b"], data=[[1, 2.5], [3, 4.0]])})
    # Stereo: the second channel is the first one, turned around.
    tone = np.round(2**14 * np.sin(np.arange(80) / 4)).astype("<i2")
    with wave.open(str(Path(folder, "tone.wav")), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(np.stack([tone, -tone], 1).tobytes())
    run.log({"tone": wandb.Audio(str(Path(folder, "tone.wav")), caption="a tone")})
    Path(folder, "scene.obj").write_text("v 0 0 0\n")
    run.log({"scene": wandb.Object3D(str(Path(folder, "scene.obj")))})
    weights = wandb.Artifact("weights", type="model")
    weights.add_file(str(Path(folder, "scene.obj")))
    run.log_artifact(weights)
    run.finish()
    keep(folder, "more-media")


def keep(folder: str, name: str) -> None:
    """What is kept of the run that was made in a folder."""
    [made] = Path(folder, "wandb").glob("offline-run-*")
    target = HERE / name
    shutil.rmtree(target, ignore_errors=True)
    [log] = made.glob("run-*.wandb")
    shutil.copytree(made / "files" / "media", target / "files" / "media")
    shutil.copyfile(log, target / "run-fixture.wandb")
    shutil.rmtree(folder)


def exports() -> None:
    runs = ("Pendulum - a", "seed, two")
    names = ['"Step"', *(f'"{run} - eval/return{end}"' for run in runs for end in ("", "__MIN", "__MAX"))]
    lines = [",".join(names)]
    for at in range(4):
        first = f'"{at / 3!r}","{at / 3!r}","{at / 3!r}"'
        second = f'"{-at}","{-at - 1}","{-at}"' if at != 2 else '"","",""'
        lines.append(f'"{at * 10}",{first},{second}')
    (HERE / "chart.csv").write_text("\n".join(lines) + "\n")
    history = [
        ",_step,_timestamp,_runtime,loss,episode/return,picture",
        "0,0,1700000000.5,1.0,0.5,,",
        "1,1,1700000001.5,2.0,,12.0,\"{'_type': 'image-file', 'path': 'media/images/x.png'}\"",
        "2,5,1700000002.5,3.0,nan,-3,",
    ]
    (HERE / "history.csv").write_text("\n".join(history) + "\n")


if __name__ == "__main__":
    exports()
    offline_run()
    more_media()
