"""A DQN that learns CartPole, a gradient step each step, for the bench `training`.

`training.py LOGGING FRAMES STEPS` prints a line of JSON. LOGGING is `none`, `scalars` (ten at every step), `full`
(these, and a record of the step with a picture of 210 by 160), or the same two of PyTorch's writer: `writer_scalars`,
`writer_full`.
"""

import itertools
import json
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch

Log = Callable[[int, dict[str, float], dict[str, Any]], None]
WARM_UP = 200


def ethogram(folder: str, full: bool) -> tuple[Log, Callable[[], None]]:
    """Ours."""
    import ethogram as eg

    run = eg.init("bench", root=folder, strict=True, capture_code=False)
    episodes = [run.episode() if full else None]

    def log(step: int, scalars: dict[str, float], record: dict[str, Any]) -> None:
        run.log(scalars, global_step=step)
        episode = episodes[0]
        if episode is not None:
            ended = record.pop("ended")
            episode.step(terminated=ended, **record)
            if ended:
                episode.end(observation=record["observation"])
                episodes[0] = run.episode()

    return log, run.finish


def writer(folder: str, full: bool) -> tuple[Log, Callable[[], None]]:
    """PyTorch's writer of TensorBoard events."""
    from torch.utils.tensorboard import SummaryWriter

    events = SummaryWriter(folder)

    def log(step: int, scalars: dict[str, float], record: dict[str, Any]) -> None:
        for name, value in scalars.items():
            events.add_scalar(name, value, step)
        if full:
            events.add_image("frame", record["frame"], step, dataformats="HWC")
            events.add_histogram("q_values", record["q_values"], step)

    return log, events.close


def network() -> torch.nn.Module:
    """Two hidden layers of 64."""
    sizes = [4, 64, 64, 2]
    layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])


def train(steps: int, log: Log | None, frames: np.ndarray) -> tuple[float, float]:
    """Seconds a step, and the CPU clock when the warm-up was over."""
    torch.manual_seed(1)
    random.seed(1)
    env = gymnasium.make("CartPole-v1")
    online, target = network(), network()
    target.load_state_dict(online.state_dict())
    optimizer = torch.optim.Adam(online.parameters(), 1e-3)
    memory: deque[tuple[Any, ...]] = deque(maxlen=10_000)
    observation, _ = env.reset(seed=1)
    began, cpu_began, episode_return, last_return = 0.0, 0.0, 0.0, 0.0
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            began, cpu_began = time.perf_counter(), time.process_time()
        with torch.no_grad():
            q_values = online(torch.from_numpy(observation)).numpy()
        epsilon = max(0.05, 1.0 - step / 2_000)
        action = random.randrange(2) if random.random() < epsilon else int(q_values.argmax())
        after, reward, terminated, truncated, _ = env.step(action)
        memory.append((observation, action, float(reward), after, float(terminated)))
        batch = random.choices(memory, k=64)
        states, actions, rewards, nexts, ends = (np.array(column) for column in zip(*batch, strict=True))
        with torch.no_grad():
            best = target(torch.from_numpy(nexts)).max(1).values
            wanted = torch.from_numpy(rewards).float() + 0.99 * best * (1 - torch.from_numpy(ends).float())
        chosen = online(torch.from_numpy(states)).gather(1, torch.from_numpy(actions)[:, None])[:, 0]
        loss = torch.nn.functional.smooth_l1_loss(chosen, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 500 == 0:
            target.load_state_dict(online.state_dict())
        episode_return += float(reward)
        ended = terminated or truncated
        # Made whether they are logged or not: what is measured is the logger.
        scalars = {
            "losses/td_loss": loss.item(),
            "losses/q_value": float(q_values.max()),
            "losses/target": wanted[0].item(),
            "charts/epsilon": epsilon,
            "charts/reward": float(reward),
            "charts/return": last_return,
            "charts/length": episode_return,
            "charts/memory": len(memory),
            "charts/action": action,
            "charts/position": float(after[0]),
        }
        record: dict[str, Any] = {
            "observation": observation,
            "action": action,
            "reward": float(reward),
            "q_values": q_values,
        }
        record |= {"frame": frames[step % len(frames)], "ended": ended}
        if log is not None:
            log(step, scalars, record)
        observation = after
        if ended:
            last_return, episode_return = episode_return, 0.0
            observation, _ = env.reset()
    return (time.perf_counter() - began) / steps, cpu_began


def main(logging: str, frames_file: str, steps: int) -> None:
    """Train once."""
    torch.set_num_threads(1)
    frames = np.fromfile(frames_file, np.uint8).reshape(-1, 210, 160, 3)[:500]
    full = logging.endswith("full")
    with tempfile.TemporaryDirectory() as folder:
        log: Log | None = None
        close: Callable[[], None] | None = None
        if logging != "none":
            log, close = (writer if logging.startswith("writer") else ethogram)(folder, full)
        seconds, cpu_began = train(steps, log, frames)
        if close is not None:
            close()
        cpu = time.process_time() - cpu_began
        print(json.dumps({"step_us": seconds * 1e6, "cpu_us": cpu * 1e6 / steps}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
