"""Logs one run a kind of policy, each with one recorded episode: `python log_policies.py FOLDER`."""

import sys

import ethogram as eg
import numpy as np
from ethogram import space

ALE = [
    "NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT", "UPFIRE", "RIGHTFIRE",
    "LEFTFIRE", "DOWNFIRE", "UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE",
]  # fmt: skip
STEPS = 40
random = np.random.default_rng(7)


def start(name: str, **described) -> eg.Run:
    env = eg.describe(f"{name}-v0", fps=30, **described)
    return eg.init(root=sys.argv[1], project="policies", name=name, env=env, strict=True, capture_code=False)


def softmax(logits: np.ndarray) -> np.ndarray:
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def atari() -> None:
    """All 18 actions, one a step; logits of 1e4; steps that were drawn at random; an action drawn otherwise, and groups."""
    groups = {"left": [4, 7, 9, 12, 15, 17], "right": [3, 6, 8, 11, 14, 16], "neither": [0, 1, 2, 5, 10, 13]}
    glyphs = [""] * 17 + ["keys:A+LEFT"]
    with start("atari", observation_space=space.box(0, 1, [2]), action_space=space.discrete(18), action_meanings=ALE,
               action_glyphs=glyphs, action_groups=groups) as run, run.episode() as episode:  # fmt: skip
        for t in range(STEPS):
            logits = np.full(18, 1e4, np.float32)
            logits[t % 18] += np.log(35.0)
            episode.step(
                observation=[t / STEPS, 0.5], action=t % 18, logits=logits, reward=float(t % 3 == 1), greedy=t % 5 != 2
            )


def c51() -> None:
    """51 atoms for each of three actions; at step 3 the probabilities of the second sum to 0.5."""
    atoms = np.linspace(-10, 10, 51, dtype=np.float32)
    with (
        start("c51", action_space=space.discrete(3), action_meanings=["left", "stay", "right"]) as run,
        run.episode() as episode,
    ):
        for t in range(STEPS):
            centres = np.array([-5.0, 0.0, 5.0]) + np.sin(t / 6)
            p = softmax(-((atoms - centres[:, None]) ** 2) / 8).astype(np.float32)
            if t == 3:
                p[1] /= 2
            episode.step(action=2, reward=0.0, atoms=atoms, atom_probabilities=p)


def ensemble() -> None:
    """Nine heads with priors; the head that acts is that of the episode."""
    with start("ensemble", action_space=space.discrete(4), action_meanings=["up", "right", "down", "left"]) as run:
        for head in (4, 7):
            with run.episode(extra={"head": head}) as episode:
                for t in range(STEPS):
                    q = random.normal(np.sin(t / 8 + np.arange(4)), 0.6, (9, 4)).astype(np.float32)
                    prior = random.normal(0, 0.3, (9, 4)).astype(np.float32)
                    fields = {"head": head} if head == 7 else {}
                    episode.step(action=int(q[head].argmax()), reward=0.0, q_heads=q, q_heads_prior=prior, **fields)


def gaussian() -> None:
    """Three dimensions with bounds of their own; the second one's action goes beyond them."""
    low, high = np.array([-1, -1, -np.inf], np.float32), np.array([1, 1, np.inf], np.float32)
    with (
        start("gaussian", action_space=space.box(low, high, [3]), action_meanings=["throttle", "steer", "gain"]) as run,
        run.episode() as episode,
    ):
        for t in range(STEPS):
            mean = np.array([0.5 * np.sin(t / 5), 1.5, t / 4], np.float32)
            log_std = np.array([-1.0, -2.0, 0.5], np.float32)
            action = mean + np.exp(log_std) * np.float32(0.25)
            episode.step(action=action, reward=0.0, action_mean=mean, action_log_std=log_std)


def many() -> None:
    """A thousand actions, an observation of ten thousand numbers, and one field of the user's own."""
    with (
        start("many", observation_space=space.box(-1, 1, [10_000]), action_space=space.discrete(1000)) as run,
        run.episode() as episode,
    ):
        for t in range(STEPS):
            logits = random.normal(0, 2, 1000).astype(np.float32)
            observation = np.sin(np.arange(10_000) / 100 + t / 3).astype(np.float32)
            episode.step(action=int(logits.argmin()), reward=0.0, logits=logits, observation=observation,
                         attention=softmax(random.normal(0, 1, 6)).astype(np.float32))  # fmt: skip


def nested() -> None:
    """Observation and action in parts: numbers, a choice, a text; two choices side by side; nothing else was logged."""
    observation_space = {
        "type": "dict",
        "spaces": [
            ["arm", space.box([-1.0, -2.0], [1.0, 2.0], [2])],
            ["gear", space.discrete(3)],
            ["said", {"type": "text", "max_length": 20}],
        ],
    }
    action_space = {"type": "multi_discrete", "nvec": [3, 2], "shape": [2], "dtype": "int64"}
    with (
        start("nested", observation_space=observation_space, action_space=action_space, num_envs=8) as run,
        run.episode(env_index=3) as episode,
    ):
        for t in range(STEPS):
            episode.step(action=np.array([t % 3, t % 2]), reward=0.0, logits=np.arange(5, dtype=np.float32) * (t % 4),
                         **{"observation/arm": np.array([np.sin(t), t / 20], np.float32), "observation/gear": t % 3,
                            "observation/said": f"<b>step</b> {t}"})  # fmt: skip


for log in (atari, c51, ensemble, gaussian, many, nested):
    log()
