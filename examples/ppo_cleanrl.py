"""PPO in one file, in the manner of CleanRL, in PyTorch: `python examples/ppo_cleanrl.py`, then `ethogram serve runs`.

What was changed for Ethogram are the lines marked with `# ethogram`: one import, and three lines that record episodes.
Learns CartPole in a minute or two.
"""

from __future__ import annotations

import argparse
import time

import ethogram as eg  # ethogram
import gymnasium as gym
import numpy as np
import torch
from ethogram.summary import SummaryWriter  # ethogram: was torch.utils.tensorboard
from torch import nn
from torch.distributions.categorical import Categorical


def layer(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Linear:
    made = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(made.weight, gain)
    nn.init.constant_(made.bias, 0.0)
    return made


class Agent(nn.Module):
    def __init__(self, envs: gym.vector.VectorEnv) -> None:
        super().__init__()
        inputs = int(np.prod(envs.single_observation_space.shape))
        self.critic = nn.Sequential(layer(inputs, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, 1, 1.0))
        actions = int(envs.single_action_space.n)
        self.actor = nn.Sequential(layer(inputs, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, actions, 0.01))

    def get_value(self, x: torch.Tensor) -> torch.Tensor:
        return self.critic(x)

    def get_action_and_value(self, x: torch.Tensor, action: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        logits = self.actor(x)
        chances = Categorical(logits=logits)
        action = chances.sample() if action is None else action
        return action, chances.log_prob(action), chances.entropy(), self.critic(x), logits


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {
        "env_id": "CartPole-v1", "seed": 1, "total_timesteps": 60_000, "num_envs": 4, "num_steps": 128, "gamma": 0.99,
        "gae_lambda": 0.95, "learning_rate": 2.5e-3, "update_epochs": 4, "minibatches": 4, "clip_coef": 0.2,
        "ent_coef": 0.01, "vf_coef": 0.5,
    }  # fmt: skip
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


def main() -> None:
    """Train as the command line says."""
    args = arguments()
    batch = args.num_envs * args.num_steps
    writer = SummaryWriter(f"runs/{args.env_id}__ppo__{args.seed}__{int(time.time())}")
    table = "\n".join(f"|{key}|{value}|" for key, value in vars(args).items())
    writer.add_text("hyperparameters", f"|param|value|\n|-|-|\n{table}")
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    envs = gym.vector.SyncVectorEnv(
        [lambda: gym.make(args.env_id, render_mode="rgb_array") for _ in range(args.num_envs)]
    )
    envs = eg.record(envs, writer.run, schedule=eg.every(25))  # ethogram
    agent = Agent(envs)
    optimizer = torch.optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)
    shape = (args.num_steps, args.num_envs)
    obs = torch.zeros(*shape, *envs.single_observation_space.shape)
    actions, logprobs, rewards, dones, values = (torch.zeros(shape) for _ in range(5))
    seen, _ = envs.reset(seed=args.seed)
    next_obs, next_done = torch.as_tensor(seen), torch.zeros(args.num_envs)
    start, global_step = time.time(), 0
    for update in range(args.total_timesteps // batch):
        if update % 20 == 0:
            writer.run.checkpoint(agent, global_step=global_step)  # ethogram
        for step in range(args.num_steps):
            global_step += args.num_envs
            obs[step], dones[step] = next_obs, next_done
            with torch.no_grad():
                action, logprob, _, value, logits = agent.get_action_and_value(next_obs)
            values[step], actions[step], logprobs[step] = value.flatten(), action, logprob
            envs.annotate(logits=logits, value=value.flatten())  # ethogram
            seen, reward, terminated, truncated, _ = envs.step(action.numpy())
            rewards[step] = torch.as_tensor(reward)
            next_obs = torch.as_tensor(seen)
            next_done = torch.as_tensor(np.logical_or(terminated, truncated)).float()
        with torch.no_grad():
            following = agent.get_value(next_obs).flatten()
        advantages, last = torch.zeros(shape), torch.zeros(args.num_envs)
        for t in reversed(range(args.num_steps)):
            goes_on = 1.0 - (next_done if t == args.num_steps - 1 else dones[t + 1])
            after = following if t == args.num_steps - 1 else values[t + 1]
            delta = rewards[t] + args.gamma * after * goes_on - values[t]
            last = delta + args.gamma * args.gae_lambda * goes_on * last
            advantages[t] = last
        returns = advantages + values
        # The step after an episode's end only resets: there is nothing to learn from it.
        learn = (dones.flatten() == 0).nonzero().flatten().numpy()
        flat = [part.reshape(batch, *part.shape[2:]) for part in (obs, actions, logprobs, advantages, returns)]
        for _ in range(args.update_epochs):
            np.random.shuffle(learn)
            for rows in np.array_split(learn, args.minibatches):
                b_obs, b_actions, b_logprobs, b_advantages, b_returns = (part[rows] for part in flat)
                _, logprob, entropy, value, _ = agent.get_action_and_value(b_obs, b_actions)
                ratio = (logprob - b_logprobs).exp()
                b_advantages = (b_advantages - b_advantages.mean()) / (b_advantages.std() + 1e-8)
                clipped = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
                policy_loss = -torch.min(b_advantages * ratio, b_advantages * clipped).mean()
                value_loss = 0.5 * ((value.flatten() - b_returns) ** 2).mean()
                loss = policy_loss - args.ent_coef * entropy.mean() + args.vf_coef * value_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
        writer.add_scalar("losses/value_loss", value_loss.item(), global_step)
        writer.add_scalar("losses/policy_loss", policy_loss.item(), global_step)
        writer.add_scalar("losses/entropy", entropy.mean().item(), global_step)
        writer.add_scalar("charts/SPS", int(global_step / (time.time() - start)), global_step)
    writer.run.checkpoint(agent, global_step=global_step)  # ethogram
    envs.close()
    writer.close()


if __name__ == "__main__":
    main()
