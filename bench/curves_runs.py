"""Logs many runs of many scalars for the bench `curves`, and keeps some of them growing. Usage: see `main`."""

import argparse
import json
import math
import random
import time

import ethogram as eg

TAGS = (
    "rollout/ep_rew_mean",
    "rollout/ep_len_mean",
    "losses/approx_kl",
    "losses/clipfrac",
    "losses/entropy",
    "losses/explained_variance",
    "losses/policy_loss",
    "losses/value_loss",
    "charts/learning_rate",
    "charts/SPS",
)
SEEDS = 10


def values(noise: random.Random, variant: int, step: int) -> dict[str, float]:
    """Curves that look like training: a rise or a fall that depends on the variant, with noise."""
    progress = 1 - math.exp(-step / (20_000 * (1 + variant / 5)))
    return {tag: (at + 1) * progress + noise.gauss(0, 0.2) for at, tag in enumerate(TAGS)}


def start(root: str, index: int, project: str) -> eg.Run:
    """Run number `index`: seeds of one configuration are named alike."""
    variant, seed = divmod(index, SEEDS)
    return eg.init(
        project=project,
        name=f"ppo-{variant}-s{seed}",
        root=root,
        when_full="block",
        config={"variant": variant, "seed": seed},
    )


def main() -> None:
    """`--runs 100 --points 2000` makes finished runs; `--live 10 --rate 6 --seconds 100` runs that grow meanwhile."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--live", type=int, default=0)
    parser.add_argument("--rate", type=float, default=6.0)
    parser.add_argument("--seconds", type=float, default=100.0)
    args = parser.parse_args()
    for index in range(args.runs):
        run = start(args.root, index, "curves")
        noise = random.Random(index)
        for point in range(args.points):
            step = point * 64
            run.log(values(noise, index // SEEDS, step), global_step=step)
        run.finish()
    growing = [start(args.root, args.runs + index, "curves") for index in range(args.live)]
    noise = random.Random(0)
    began, point = time.time(), 0
    while growing and time.time() - began < args.seconds:
        for index, run in enumerate(growing):
            run.log(values(noise, (args.runs + index) // SEEDS, point * 64), global_step=point * 64)
        point += 1
        time.sleep(max(0.0, began + point / args.rate - time.time()))
    for run in growing:
        run.finish()
    print(json.dumps({"runs": args.runs, "live": args.live, "points": point or args.points}))


if __name__ == "__main__":
    main()
