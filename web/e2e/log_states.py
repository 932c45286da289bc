"""Runs for the maps of states: `log_states.py ROOT SCENARIO`.

`rooms`: an agent that walks through three rooms, four named numbers a step and a picture of each, with a policy that is sure of itself in
one room only; one step has no numbers. `many`: the same walk, 120,000 steps in 40 episodes without pictures; `million`: 1,000,000 in 50.
`words`: a walk that says its mood, of which there are three, and an id, another at each step.
`growing`: 60 steps, then, at each line of standard input, an episode of 40 more.
`bare`: no step was recorded. `sampled`: one short episode, and what a policy says of 400 random states after 0, 1,000 and 20,000 steps, surer
each time.
"""

import sys

import ethogram as eg
import numpy as np

root, scenario = sys.argv[1], sys.argv[2]
random = np.random.default_rng(5)
MIDDLES = np.array([[0.0, 0.0, 1.0, 0.0], [8.0, 1.0, -1.0, 0.5], [2.0, 9.0, 0.0, -2.0]], np.float32)
SURE = np.array([[0.98, 0.01, 0.01], [0.34, 0.33, 0.33], [0.1, 0.2, 0.7]], np.float32)

ENV = eg.describe(
    "Rooms-v0",
    observation_space={"type": "box", "low": [-20.0], "high": [20.0], "shape": [4], "dtype": "float32"},
    action_space={"type": "discrete", "n": 3, "start": 0, "dtype": "int64"},
    action_meanings=["LEFT", "RIGHT", "JUMP"],
    observation_names=["position", "height", "speed", "spin"],
    observation_units=["m", "m", "m/s", "rad/s"],
)


def walk(run: eg.Run, index: int, steps: int, frames: bool) -> None:
    rooms = 3 * np.arange(steps) // steps
    noise = random.normal(scale=0.4, size=(steps, 4)).astype(np.float32)
    actions = (random.random(steps)[:, None] > SURE[rooms].cumsum(axis=1)).sum(axis=1).clip(max=2)
    with run.episode() as episode:
        if index == 3:
            episode.note(title="it falls down", tags=["crash"])
        for step in range(steps):
            room = int(rooms[step])
            observation = MIDDLES[room] + noise[step]
            if index == 1 and step == 5 and scenario != "million":
                observation[:] = np.nan
            row: dict[str, object] = {
                "observation": observation,
                "action": int(actions[step]),
                "reward": float(room == 2),
                "value": float(room) - 1.0 + 0.1 * float(np.sin(step)),
                "action_probabilities": SURE[room],
            }
            if frames:
                frame = np.zeros((48, 64), np.uint8)
                frame[8:40, 4 + 20 * room : 20 + 20 * room] = 255
                frame[0, step % 64] = 128
                row["frame"] = frame
            episode.step(**row, terminated=step + 1 == steps)


if scenario == "bare":
    with eg.init(project="states", name="bare", root=root, when_full="block") as run:
        for _ in range(3):
            run.past_episode(episode_return=1.0, length=20, global_step=0, end="terminated")
elif scenario == "sampled":
    # Which of the three actions speaks for itself where.
    DIRECTIONS = np.array([[1, 0, 0, 0], [-1, 0, 0, 0], [0, 1, 0, 0]], np.float32) / 10
    with eg.init(project="states", name=scenario, root=root, when_full="block", env=ENV) as run:
        walk(run, 0, 30, False)
        for global_step, gain in ((0, 0.1), (1000, 1.0), (20_000, 8.0)):
            eg.probe(
                lambda states, gain=gain: {
                    "logits": gain * states @ DIRECTIONS.T,
                    "value": gain * states[:, 0],
                },
                run=run,
                samples=400,
                global_step=global_step,
            )
elif scenario == "words":
    with (
        eg.init(project="states", name=scenario, root=root, when_full="block", env=ENV) as run,
        run.episode() as episode,
    ):
        for step in range(60):
            observation = MIDDLES[step % 3] + random.normal(scale=0.4, size=4).astype(np.float32)
            mood = ["tense", "calm", "lost"][step % 3]
            episode.step(observation=observation, action=step % 3, reward=0.0, mood=mood, ident=f"id {step}")
elif scenario == "growing":
    with eg.init(project="states", name=scenario, root=root, when_full="block", env=ENV) as run:
        walk(run, 0, 60, False)
        print("begun", flush=True)
        for index, _ in enumerate(sys.stdin, start=1):
            walk(run, index, 40, False)
else:
    episodes, steps = {"rooms": (12, 60), "many": (40, 3000), "million": (50, 20_000)}[scenario]
    with eg.init(project="states", name=scenario, root=root, when_full="block", env=ENV) as run:
        for index in range(episodes):
            walk(run, index, steps, scenario == "rooms")
print("done", flush=True)
