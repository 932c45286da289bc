"""Logs a run whose every text is markup that calls `hostile(…)`, with a policy to ask. Usage: log_hostile.py ROOT ONNX.

The network takes four numbers and gives two values of actions.
"""

import json
import sys
from pathlib import Path

import ethogram as eg
import numpy as np
from ethogram import space

STEPS = 40


def hostile(where: str) -> str:
    """Ends whatever it stands in, and runs a script in as many ways as one line has."""
    call = f"hostile('{where}')"
    return (
        f"</title></textarea></script>\"'><img src=x onerror={call}><svg onload={call}></svg>"
        f'<script>{call}</script><a href="javascript:{call}">{where}</a>{{{{{call}}}}}'
    )


env = eg.describe(
    hostile("environment"),
    fps=10,
    observation_space=space.box(-5, 5, (4,), "float32"),
    action_space=space.discrete(2),
    action_meanings=[hostile("action 0"), hostile("action 1")],
    observation_names=[hostile(f"observation {index}") for index in range(4)],
    observation_units=[hostile(f"unit {index}") for index in range(4)],
)
run = eg.init(
    project="hostile",
    name=hostile("name"),
    root=sys.argv[1],
    group=hostile("group"),
    tags=[hostile("tag")],
    notes=hostile("notes"),
    config={hostile("key"): hostile("value"), "lr": 0.1, "algorithm": hostile("algorithm"), "gamma": 0.9},
    env=env,
    when_full="block",
    capture_code=False,
)
run.checkpoint(
    Path(sys.argv[2]).read_bytes(),
    global_step=0,
    name=hostile("checkpoint"),
    signature=eg.signature(observation="obs", q_values="q_values"),
)
for step in range(0, 400, 10):
    run.log({hostile("scalar"): np.sin(step / 50), "losses/td": 1 / (1 + step)}, global_step=step)
for row in range(3):
    run.log(
        {
            hostile("tensor"): np.arange(12.0).reshape(3, 4) + row,
            hostile("text"): eg.Text(hostile("text value")),
            hostile("image"): eg.Image(np.full((16, 16, 3), 40 * row, np.uint8)),
            hostile("distribution"): eg.Distribution(np.linspace(-1, 1, 50) * (row + 1)),
        },
        global_step=row * 100,
    )
for index in range(3):
    episode = run.episode(global_step=index * STEPS, extra={hostile("extra key"): hostile("extra value")}, seed=index)
    if index == 0:
        episode.note(title=hostile("title"), description=hostile("description"), tags=[hostile("episode tag")])
        episode.hotspot(hostile("hotspot"), note=hostile("hotspot note"), start=2, end=5)
    for t in range(STEPS):
        # Goes in a circle, so that loops are found.
        phase = 2 * np.pi * (t % 5) / 5
        seen = np.array([np.sin(phase), np.cos(phase), index, 0.0], np.float32)
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[t % 48] = (200, 40, 40)
        fields = {hostile("field"): float(t), "thought": hostile("thought")}
        episode.step(observation=seen, action=t % 2, reward=float(t % 5 == 0), value=0.1, frame=picture, **fields)
    episode.end(observation=np.zeros(4, np.float32), terminated=True)
run.finish()
print(json.dumps({"steps": STEPS}))
