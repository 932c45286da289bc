"""A DQN that learns CartPole, a gradient step each step, for the bench `training`.

`training.py LOGGING FRAMES STEPS` prints a line of JSON a turn: the loop logs in every second block of 100 steps, and a
turn is a block without logging and the block after it with. A process so compares itself with itself: from process
to process the loop alone scatters by a fifth, more than any bar. LOGGING is `scalars` (ten at every step), `full`
(these, and a record of the step with a picture of 210 by 160), or the same two of PyTorch's writer: `writer_scalars`,
`writer_full`. Between blocks the logger writes what waits, outside the clock of the loop and inside that of the CPU.
"""

import itertools
import json
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import numpy as np
import torch

Log = Callable[[int, dict[str, float], dict[str, Any]], None]
WARM_UP = 1_000
BLOCK = 100


def ethogram(folder: str, full: bool) -> tuple[Log, Callable[[], object], Callable[[], object]]:
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

    return log, run.flush, run.finish


def writer(folder: str, full: bool) -> tuple[Log, Callable[[], object], Callable[[], object]]:
    """PyTorch's writer of TensorBoard events."""
    from torch.utils.tensorboard import SummaryWriter

    events = SummaryWriter(folder)

    def log(step: int, scalars: dict[str, float], record: dict[str, Any]) -> None:
        for name, value in scalars.items():
            events.add_scalar(name, value, step)
        if full:
            events.add_image("frame", record["frame"], step, dataformats="HWC")
            events.add_histogram("q_values", record["q_values"], step)

    return log, events.flush, events.close


def network() -> torch.nn.Module:
    """Two hidden layers of 64."""
    sizes = [4, 64, 64, 2]
    layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])


def train(log: Log, frames: np.ndarray) -> Iterator[None]:
    """Learn for ever, a step each time that the next one is asked for; `log` may do nothing."""
    torch.manual_seed(1)
    random.seed(1)
    env = gymnasium.make("CartPole-v1")
    online, target = network(), network()
    target.load_state_dict(online.state_dict())
    optimizer = torch.optim.Adam(online.parameters(), 1e-3)
    memory: deque[tuple[Any, ...]] = deque(maxlen=10_000)
    observation, _ = env.reset(seed=1)
    episode_return, last_return = 0.0, 0.0
    for step in itertools.count():
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
        log(step, scalars, record)
        observation = after
        if ended:
            last_return, episode_return = episode_return, 0.0
            observation, _ = env.reset()
        yield


def main(logging: str, frames_file: str, steps: int) -> None:
    """Train once."""
    torch.set_num_threads(1)
    frames = np.fromfile(frames_file, np.uint8).reshape(-1, 210, 160, 3)[:500]
    logs = False
    with tempfile.TemporaryDirectory() as folder:
        log, flush, finish = (writer if logging.startswith("writer") else ethogram)(folder, logging.endswith("full"))

        def log_if(step: int, scalars: dict[str, float], record: dict[str, Any]) -> None:
            if logs:
                log(step, scalars, record)

        loop = train(log_if, frames)
        for _ in range(WARM_UP):
            next(loop)

        def block() -> tuple[float, float]:
            """Microseconds a step, and of CPU."""
            began, cpu_began = time.perf_counter(), time.process_time()
            for _ in range(BLOCK):
                next(loop)
            seconds = time.perf_counter() - began
            flush()
            return seconds * 1e6 / BLOCK, (time.process_time() - cpu_began) * 1e6 / BLOCK

        for _ in range(steps // (2 * BLOCK)):
            logs = False
            bare, bare_cpu = block()
            logs = True
            logged, logged_cpu = block()
            print(
                json.dumps({"bare_us": bare, "logged_us": logged, "bare_cpu_us": bare_cpu, "logged_cpu_us": logged_cpu})
            )
        finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
