# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Cuts small, readable goldens out of the project's reference data: `uv run make.py DATA`, or with NumPy 2.4.6 installed.

DATA holds `rollouts/AGENT/seedNNN.npz` (episodes of agents that other people trained) and `analysis/gae.npz`,
`analysis/diagnostics.npz` (results computed in Python; the advantages agree with the rollout buffer of
stable-baselines3 2.9.2 to 5e-5). Only the last rows of each episode are kept: what follows a row determines its
advantage and its returns, so a tail is exact.
"""

import json
import pathlib
import sys

import numpy as np

ROWS = 64
HERE = pathlib.Path(__file__).parent


def tail(array: np.ndarray) -> list:
    return array[-ROWS:].tolist()


def episode(data: pathlib.Path, name: str) -> np.lib.npyio.NpzFile:
    agent, seed = name.rsplit("-", 1)
    return np.load(data / "rollouts" / agent / f"{seed}.npz")


def gae(data: pathlib.Path) -> dict:
    reference = np.load(data / "analysis/gae.npz")
    cases = {}
    for name in ["lunarlander-ppo-seed000", "lunarlander-ppo-seed001", "cartpole-ppo-seed001", "pong-a3c-80M-seed000"]:
        rows = episode(data, name)
        cases[name] = {key: tail(rows[key]) for key in ["reward", "value", "terminated", "truncated"]} | {
            "final_value": float(rows["final_value"]),
            "advantage": tail(reference[f"{name}__advantage"]),
            "lambda_return": tail(reference[f"{name}__return_lambda"]),
            "return_to_go": tail(reference[f"{name}__return_discounted"]),
        }
    meaning = "the last rows of four episodes; gamma 0.99, lambda 0.95; final_value is V of the observation after the last row"
    return {"meaning": meaning, "gamma": 0.99, "lambda": 0.95, "cases": cases}


def diagnostics(data: pathlib.Path) -> dict:
    reference = np.load(data / "analysis/diagnostics.npz")
    cases = {}
    for name in ["lunarlander-ppo-seed000", "pong-a3c-80M-seed000"]:
        rows = episode(data, name)
        cases[name] = {
            "logits": tail(rows["logits"]),
            "entropy": tail(reference[f"{name}__entropy_nats"]),
            "max_probability": tail(reference[f"{name}__max_prob"]),
        }
    for name in ["lunarlander-dqn-seed000", "mountaincar-qrdqn-seed000"]:
        rows = episode(data, name)
        cases[name] = {key: tail(rows[key]) for key in ["q_values", "action", "reward", "terminated"]} | {
            "final_q_values": rows["final_q_values"].tolist(),
            "td_error": tail(reference[f"{name}__td_error"]),
        }
    meaning = "the last rows of four episodes; entropy in nats; td_error is r + 0.99 max_a Q(next) (0 if terminated) - Q(s, a), float32"
    return {"meaning": meaning, "gamma": 0.99, "cases": cases}


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1])
    for name, make in {"gae": gae, "diagnostics": diagnostics}.items():
        text = json.dumps(make(source), separators=(",", ":")).replace('},"', '},\n"').replace('],"', '],\n"')
        (HERE / f"{name}.json").write_text(text + "\n")
