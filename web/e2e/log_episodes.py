"""Runs with episodes for the tests of their page: `log_episodes.py ROOT SCENARIO`.

`pong`: returns from −21 to 21 with the numbers that `crates/ethogram_analysis/testdata/trend.json` has a reference for, and once more
with gaps, which are logged as NaN. `odd`: what nobody should log, and actions of which only some are used. `many N`: so many episodes.
"""

import json
import math
import pathlib
import sys

import ethogram as eg
import numpy as np

root, scenario = sys.argv[1], sys.argv[2]
REFERENCE = pathlib.Path(__file__).parents[2] / "crates/ethogram_analysis/testdata/trend.json"


def returns(project: str, name: str, values: list[float | None]) -> None:
    with eg.init(project=project, name=name, root=root, when_full="block") as run:
        for index, value in enumerate(values):
            number = math.nan if value is None else value
            run.past_episode(episode_return=number, length=1000 + index, global_step=1000 * index, end="terminated")


def play(run: eg.Run, actions: list[int], reward: float, **words: object) -> None:
    frame = np.zeros((84, 84), np.uint8)
    with run.episode(extra=words or None) as episode:
        for step, action in enumerate(actions):
            frame[:] = 20 * action
            frame[40:44, step % 80 : step % 80 + 4] = 255
            last = step + 1 == len(actions)
            episode.step(
                frame=frame.copy(),
                observation=[step / 10.0],
                action=action,
                reward=reward / len(actions),
                terminated=last,
            )
        episode.end(observation=[1.0])


def odd() -> None:
    env = eg.describe(
        "Odd-v0",
        action_space={"type": "discrete", "n": 4, "start": 0, "dtype": "int64"},
        action_meanings=["NOOP", "FIRE", "RIGHT", "LEFT"],
    )
    with eg.init(project="odd", name="<b>odd</b> 🙂", root=root, when_full="block", env=env) as run:
        play(run, [0, 2, 2, 0, 2] * 4, -21.0, tags=["level/3", "hard"], level=1)
        play(
            run, [3] * 10, 21.0, tags=["<img src=x onerror=alert(1)>", "🙂"], title="<script>alert(2)</script>", level=2
        )
        for value in (math.nan, math.inf, -math.inf, 3.0):
            run.past_episode(episode_return=value, length=7, global_step=100, end="truncated", extra={"level": "none"})
        for index in range(6):
            run.log({"eval/success": index / 10}, episode=index)


if scenario == "pong":
    cases = json.loads(REFERENCE.read_text())["cases"]
    returns("pong", "pong gaps", cases["pong with gaps"]["y"])
    returns("pong", "pong", cases["pong"]["y"])
elif scenario == "odd":
    odd()
elif scenario == "many":
    count = int(sys.argv[3])
    noise = np.random.default_rng(1).normal(scale=40, size=count)
    rise = 400 / (1 + np.exp(-(np.arange(count) / count - 0.4) * 12)) - 200
    returns("many", "many", list(np.round(rise + noise, 2)))
print("done", flush=True)
