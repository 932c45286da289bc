"""Plays CartPole with each stage of one DQN's training and writes the episodes beside the other sources.

Run once, with the versions in `make_cartpole_stages.txt`; what it wrote is committed, so that building the demo needs
neither ONNX Runtime nor an environment:

    python3 -m venv /tmp/stages && /tmp/stages/bin/pip install -r demo/make_cartpole_stages.txt
    /tmp/stages/bin/python demo/make_cartpole_stages.py

One file an episode, rows as in the other rollouts: `obs` [T,4], `q_values` [T,2], `action` [T], `reward` [T],
`terminated` [T], `truncated` [T], `frames_idx` [T,200,300] with `palette` [n,3] (every second pixel of the render),
`final_obs` [4], `final_q_values` [2], `final_frame_idx` [200,300], and `meta`, a JSON text.
"""

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import onnxruntime as ort

SOURCES = Path(__file__).parent / "sources"
SEEDS = (0, 1)


def palette_of(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Splits [T,H,W,3] into indices [T,H,W] and a palette [n,3] of at most 256 colours."""
    packed = frames.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, index = np.unique(packed, return_inverse=True)
    if len(colours) > 256:
        raise SystemExit(f"expected at most 256 colours, found {len(colours)}")
    palette = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.uint8)
    return index.reshape(packed.shape).astype(np.uint8), palette


def play(model: ort.InferenceSession, step: int, seed: int) -> dict[str, np.ndarray]:
    """One greedy episode."""
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    rows: dict[str, list] = {name: [] for name in ("obs", "q_values", "action", "reward", "terminated", "truncated")}
    frames = []
    observation, _ = env.reset(seed=seed)
    ended = False
    while not ended:
        frames.append(env.render()[::2, ::2])
        q_values = model.run(None, {"obs": observation[None].astype(np.float32)})[0][0]
        action = int(np.argmax(q_values))
        after, reward, terminated, truncated, _ = env.step(action)
        for name, value in zip(rows, (observation, q_values, action, reward, terminated, truncated), strict=True):
            rows[name].append(value)
        observation, ended = after, terminated or truncated
    frames.append(env.render()[::2, ::2])
    final_q = model.run(None, {"obs": observation[None].astype(np.float32)})[0][0]
    index, palette = palette_of(np.stack(frames))
    meta = {
        "env": "CartPole-v1",
        "agent": "cartpole-dqn-stages-seed1",
        "trained_steps": step,
        "seed": seed,
        "policy": "greedy",
        "fps": 50,
        "gamma": 0.99,
        "action_meanings": ["push left", "push right"],
        "obs_names": ["cart position (m)", "cart velocity (m/s)", "pole angle (rad)", "pole angular velocity (rad/s)"],
        "ret": float(np.sum(rows["reward"])),
        "steps": len(rows["action"]),
    }
    return {
        "obs": np.array(rows["obs"], np.float32),
        "q_values": np.array(rows["q_values"], np.float32),
        "action": np.array(rows["action"], np.int64),
        "reward": np.array(rows["reward"], np.float32),
        "terminated": np.array(rows["terminated"]),
        "truncated": np.array(rows["truncated"]),
        "frames_idx": index[:-1],
        "palette": palette,
        "final_obs": observation.astype(np.float32),
        "final_q_values": final_q,
        "final_frame_idx": index[-1],
        "meta": np.array(json.dumps(meta, sort_keys=True)),
    }


def main() -> None:
    out = SOURCES / "rollouts" / "cartpole-dqn-stages-seed1"
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted((SOURCES / "models" / "cartpole-dqn-stages-seed1").glob("step*.onnx")):
        model = ort.InferenceSession(path)
        step = int(path.stem.removeprefix("step"))
        for seed in SEEDS:
            episode = play(model, step, seed)
            np.savez_compressed(out / f"{path.stem}-seed{seed:03}.npz", **episode)
            print(f"{path.stem} seed {seed}: return {episode['reward'].sum():.0f}")


if __name__ == "__main__":
    main()
