"""Real pictures for the bench `frames`, and what PNG and WebP make of them.

`frames.py export FOLDER [GAME…]` writes the pictures of each game as raw RGB, `frames.py measure FOLDER GAME HEIGHT WIDTH`
encodes those of one with Pillow. Each prints lines of JSON.
"""

import io
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SOURCES = Path(__file__).parent.parent / "demo" / "sources" / "rollouts"
FRAMES_MAX = 2_000
# Of 600 by 400: 360 MB.
LARGE_FRAMES_MAX = 500
DECODED = 200
# A random agent holds each action for this many steps at most.
HELD_MAX = 15
# Recordings of trained agents; a game's pictures are those of its files in order.
RECORDED = {
    "breakout": ["breakout-a3c-40M/seed000", "breakout-a3c-80M/seed000"],
    "pong": ["pong-a3c-40M/seed000"],
    "lunarlander": ["lunarlander-dqn/seed000", "lunarlander-ppo/seed001"],
}
# Played here, from fixed seeds: by Gymnasium's own controller where it has one, else at random.
PLAYED = {
    "enduro": "ALE/Enduro-v5",
    "mspacman": "ALE/MsPacman-v5",
    "carracing": "CarRacing-v3",
    "lunarlander600": "LunarLander-v3",
    "cartpole600": "CartPole-v1",
}
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP", "lossless": True, "method": 4},
}


def recorded(name: str) -> Any:
    """All pictures of one recording, T×H×W×3."""
    with np.load(SOURCES / f"{name}.npz") as stored:
        if "frames" in stored.files:
            return np.asarray(stored["frames"])
        return np.asarray(stored["palette"][stored["frames_idx"]])


def played(env_id: str) -> Any:
    """Pictures of an environment as it renders itself, one a step, T×H×W×3."""
    import gymnasium
    from gymnasium.envs.box2d.lunar_lander import heuristic

    if env_id.startswith("ALE/"):
        import ale_py

        gymnasium.register_envs(ale_py)
    env = gymnasium.make(env_id, render_mode="rgb_array", disable_env_checker=True)
    env.action_space.seed(1)
    rng = random.Random(1)
    frames: list[Any] = []
    action, held, seed, ended = None, 0, 0, True
    observation: Any = None
    while len(frames) < (LARGE_FRAMES_MAX if frames and frames[0].shape[0] >= 400 else FRAMES_MAX):
        if ended:
            observation, _ = env.reset(seed=seed)
            seed += 1
        if env_id.startswith("LunarLander"):
            action = heuristic(env.unwrapped, observation)
        elif held == 0:
            action, held = env.action_space.sample(), rng.randint(1, HELD_MAX)
        held = max(held - 1, 0)
        observation, _, terminated, truncated, _ = env.step(action)
        frames.append(env.render())
        ended = terminated or truncated
    return np.stack(frames)


def pictures(game: str) -> Any:
    """The pictures of one game."""
    if game in PLAYED:
        return played(PLAYED[game])
    return np.concatenate([recorded(name)[:FRAMES_MAX] for name in RECORDED[game]])[:FRAMES_MAX]


def export(folder: Path, games: list[str]) -> None:
    """Write `GAME.rgb`, the raw pictures one after the other; once, for they are the same every time."""
    for game in games or [*RECORDED, *PLAYED]:
        about = folder / f"{game}.json"
        if not about.exists():
            frames = pictures(game)
            frames.tofile(folder / f"{game}.rgb")
            count, height, width, _ = frames.shape
            about.write_text(json.dumps({"game": game, "count": count, "height": height, "width": width}))
        print(about.read_text())


def measure(folder: Path, game: str, height: int, width: int) -> None:
    """Encode every picture by itself, and decode some in random order."""
    frames = np.fromfile(folder / f"{game}.rgb", np.uint8).reshape(-1, height, width, 3)
    order = random.Random(1).choices(range(len(frames)), k=DECODED)
    for name, options in FORMATS.items():
        files, encode, decode = [], [], []
        for frame in frames:
            began = time.perf_counter()
            file = io.BytesIO()
            Image.fromarray(frame).save(file, **options)
            encode.append(time.perf_counter() - began)
            files.append(file.getvalue())
        for index in order:
            began = time.perf_counter()
            decoded = np.asarray(Image.open(io.BytesIO(files[index])).convert("RGB"))
            decode.append(time.perf_counter() - began)
            assert np.array_equal(decoded, frames[index]), f"{name} lost something of frame {index} of {game}"
        result = {
            "codec": name,
            "bytes": sum(map(len, files)) / len(files),
            "encode_us": statistics.median(encode) * 1e6,
            "decode_us": statistics.median(decode) * 1e6,
        }
        print(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(Path(sys.argv[2]), sys.argv[3:])
    else:
        measure(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
