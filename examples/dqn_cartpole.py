"""DQN on CartPole, in NumPy, watched live: `python examples/dqn_cartpole.py`, then `ethogram serve runs`.

What Ethogram needs are the lines marked with `# ethogram`; the rest is the agent. Learns to balance for 195 steps and
more, the mark at which the task counts as solved, in a minute or two on one core.
"""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import asdict, dataclass
from itertools import pairwise

import ethogram as eg
import gymnasium
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
SOLVED_RETURN = 195.0


@dataclass(frozen=True)
class Config:
    """Hyper-parameters. They are kept with the run, so that runs can be compared by them."""

    seed: int = 0
    steps: int = 50_000
    gamma: float = 0.98
    hidden: int = 64
    learning_rate: float = 5e-4
    batch: int = 64
    buffer: int = 50_000
    learning_starts: int = 1_000
    train_every: int = 1
    target_every: int = 200
    epsilon_last: float = 0.05
    epsilon_steps: int = 8_000
    gradient_norm_max: float = 10.0


class Network:
    """Observation to Q-values: two hidden layers of ReLU, with the gradient written out and Adam."""

    def __init__(self, sizes: list[int], learning_rate: float, random: np.random.Generator) -> None:
        self.weights: list[Array] = []
        for inputs, outputs in pairwise(sizes):
            scale = np.sqrt(2 / inputs)
            self.weights += [
                (random.normal(size=(inputs, outputs)) * scale).astype(np.float32),
                np.zeros(outputs, np.float32),
            ]
        self.learning_rate, self.updates = learning_rate, 0
        self.first = [np.zeros_like(weight) for weight in self.weights]
        self.second = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, x: Array) -> list[Array]:
        """Activations of every layer, the input first and the Q-values last."""
        activations = [x]
        for layer in range(0, len(self.weights), 2):
            x = x @ self.weights[layer] + self.weights[layer + 1]
            if layer + 2 < len(self.weights):
                x = np.maximum(x, 0)
            activations.append(x)
        return activations

    def q_values(self, x: Array) -> Array:
        return self.forward(x)[-1]

    def learn(self, activations: list[Array], gradient: Array, norm_max: float) -> float:
        """One step of Adam down `gradient`, the loss's with respect to the Q-values. Returns the gradient's norm."""
        gradients: list[Array] = []
        for layer in range(len(self.weights) - 2, -1, -2):
            inputs = activations[layer // 2]
            gradients += [gradient.sum(axis=0), inputs.T @ gradient]
            # ReLU passes on what it let through.
            gradient = (gradient @ self.weights[layer].T) * (inputs > 0)
        gradients.reverse()
        norm = float(np.sqrt(sum(float((part**2).sum()) for part in gradients)))
        clip = min(1.0, norm_max / (norm + 1e-8))
        self.updates += 1
        rate = self.learning_rate * np.sqrt(1 - 0.999**self.updates) / (1 - 0.9**self.updates)
        for weight, part, first, second in zip(self.weights, gradients, self.first, self.second, strict=True):
            first += 0.1 * (part * clip - first)
            second += 0.001 * ((part * clip) ** 2 - second)
            weight -= (rate * first / (np.sqrt(second) + 1e-8)).astype(np.float32)
        return norm

    def copy_from(self, other: Network) -> None:
        for mine, theirs in zip(self.weights, other.weights, strict=True):
            mine[:] = theirs


class Replay:
    """The newest transitions, drawn from at random."""

    def __init__(self, capacity: int, observation: int, random: np.random.Generator) -> None:
        self.observation = np.zeros((capacity, observation), np.float32)
        self.following = np.zeros((capacity, observation), np.float32)
        self.action = np.zeros(capacity, np.int64)
        self.reward = np.zeros(capacity, np.float32)
        self.terminated = np.zeros(capacity, np.float32)
        self.capacity, self.added, self.random = capacity, 0, random

    def add(self, observation: Array, action: int, reward: float, following: Array, terminated: bool) -> None:
        at = self.added % self.capacity
        self.observation[at], self.following[at] = observation, following
        self.action[at], self.reward[at], self.terminated[at] = action, reward, terminated
        self.added += 1

    def draw(self, count: int) -> NDArray[np.int64]:
        return self.random.integers(0, min(self.added, self.capacity), count)


def update(network: Network, target: Network, replay: Replay, config: Config) -> dict[str, float]:
    """One step of double DQN with the Huber loss. Returns what is worth a curve."""
    drawn = replay.draw(config.batch)
    every = np.arange(config.batch)
    action = replay.action[drawn]
    following = replay.following[drawn]
    best = network.q_values(following).argmax(axis=1)
    bootstrap = target.q_values(following)[every, best] * (1 - replay.terminated[drawn])
    value_target = replay.reward[drawn] + np.float32(config.gamma) * bootstrap
    activations = network.forward(replay.observation[drawn])
    td_error = activations[-1][every, action] - value_target
    gradient = np.zeros_like(activations[-1])
    gradient[every, action] = np.clip(td_error, -1, 1) / config.batch
    norm = network.learn(activations, gradient, config.gradient_norm_max)
    size = np.abs(td_error)
    return {
        "loss": float(np.where(size < 1, 0.5 * size**2, size - 0.5).mean()),
        "td_error": float(size.mean()),
        "gradient_norm": norm,
        "q_values/mean": float(activations[-1].mean()),
        "q_values/max": float(activations[-1].max()),
    }


def train(config: Config, root: str | None = None) -> float:
    """Train one agent and return its mean return over the last 20 episodes."""
    random = np.random.default_rng(config.seed)
    run = eg.init("cartpole", name=f"dqn seed {config.seed}", group="dqn", config=config, root=root)  # ethogram
    env = eg.record(  # ethogram
        gymnasium.make("CartPole-v1", render_mode="rgb_array"),
        run,
        schedule=eg.every(10),
        observation_names=["position", "velocity", "angle", "angular velocity"],
        observation_units=["m", "m/s", "rad", "rad/s"],
        action_meanings=["push left", "push right"],
    )
    sizes = [4, config.hidden, config.hidden, 2]
    network = Network(sizes, config.learning_rate, random)
    target = Network(sizes, config.learning_rate, random)
    target.copy_from(network)
    replay = Replay(config.buffer, 4, random)
    returns: deque[float] = deque(maxlen=20)
    observation, _ = env.reset(seed=config.seed)
    episode_return, next_print = 0.0, 0
    for step in range(config.steps):
        epsilon = max(config.epsilon_last, 1 - step / config.epsilon_steps)
        q_values = network.q_values(observation)
        greedy = bool(random.random() >= epsilon)
        action = int(q_values.argmax()) if greedy else int(random.integers(2))
        env.annotate(q_values=q_values, greedy=greedy)  # ethogram
        following, reward, terminated, truncated, _ = env.step(action)
        replay.add(observation, action, float(reward), following, terminated)
        observation, episode_return = following, episode_return + float(reward)
        if step >= config.learning_starts and step % config.train_every == 0:
            losses = update(network, target, replay, config)
            run.log({**losses, "epsilon": epsilon}, global_step=step)  # ethogram
        if step % config.target_every == 0:
            target.copy_from(network)
        if terminated or truncated:
            returns.append(episode_return)
            run.log({"return/mean of 20": float(np.mean(returns))}, global_step=step)  # ethogram
            if step >= next_print:
                print(f"step {step:6}: mean return of the last 20 episodes {np.mean(returns):6.1f}", flush=True)
                next_print += 2_500
            episode_return = 0.0
            observation, _ = env.reset()
    env.close()
    run.finish()  # ethogram
    return float(np.mean(returns))


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in asdict(Config()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--root", default="runs", help="where runs are kept")
    arguments = vars(parser.parse_args())
    root = arguments.pop("root")
    print(f"training; to watch, in another terminal:\n\n    ethogram serve {root}\n", flush=True)
    mean = train(Config(**arguments), root)
    print(f"mean return of the last 20 episodes {mean:.1f} ({'solved' if mean >= SOLVED_RETURN else 'not solved yet'})")


if __name__ == "__main__":
    main()
