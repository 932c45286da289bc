"""DRLVis's logger: its twelve functions, writing into a run of Ethogram. A script changes one import.

    from ethogram import drlvis as logger      # was: from drlvis import logger (or src.backend.logger)

    logger.create_logger("logs/cartpole")
    logger.log_episode_return(episode_return, episode)

Names and defaults are DRLVis's. Where it computed something wrong, what is logged here is right, and the function
says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ethogram import values
from ethogram.errors import EthogramError
from ethogram.run import Run, init

NEIGHBOURS = 15
"""Neighbours of the layout of random states, as umap-learn's default, which DRLVis uses."""

_run: Run | None = None
_meanings: list[str] = []


def create_logger(logdir: str | os.PathLike[str]) -> Run:
    """Begin a run, into which the other functions write.

    Args:
        logdir: Its last part is the run's name, and what holds it the folder of runs. It may hold other runs already.
    """
    global _run
    folder = Path(logdir)
    if _run is not None:
        _run.finish()
    _run = init("drlvis", name=folder.name or None, root=folder.parent if folder.parent != Path() else "runs")
    return _run


def log_episode_return(episode_return: float, episode_count: int) -> None:
    """Log what an episode returned."""
    _current().log({"episode_return": episode_return}, episode=episode_count)


def log_frame(frame: Any, episode_count: int, step: int) -> None:
    """Log a picture of a step: H×W×3, or a stack H×W×4, each plane of which is kept."""
    pixels = _array(frame)
    if pixels.dtype != np.uint8:
        high = float(pixels.max()) if pixels.size else 0.0
        pixels = (pixels * (255.0 if high <= 1.0 else 1.0)).clip(0, 255).astype(np.uint8)
    _current().log({"frame": pixels}, episode=episode_count, step=step)


def log_action_divergence(
    action_probs: Any, action_probs_old: Any, episode_count: int, apply_softmax: bool = False
) -> None:
    """Log how far the policy moved: Σ p log2(p / q), p of the current step and q the mean over the old ones.

    DRLVis applies the softmax to `q` alone, and is NaN where a probability is zero; here it applies to both, and
    0 log 0 is 0.

    Args:
        action_probs: A probability an action, or T×A of which the last counts.
        action_probs_old: T×A of the episode before.
        episode_count: Which episode.
        apply_softmax: Whether these are logits.
    """
    now, before = _array(action_probs, np.float64), _array(action_probs_old, np.float64)
    now, before = (_softmax(now), _softmax(before)) if apply_softmax else (now, before)
    p = now.reshape(-1, now.shape[-1])[-1]
    q = before.reshape(-1, before.shape[-1]).mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / q), 0.0)
    _current().log({"action_divergence": float(terms.sum())}, episode=episode_count)


def log_action_probs(predictions: Any, episode_count: int, step: int, apply_softmax: bool = False) -> None:
    """Log the probability of each action at a step."""
    flat = _array(predictions, np.float64).reshape(-1)
    _current().log(
        {"action_probabilities": _softmax(flat) if apply_softmax else flat}, episode=episode_count, step=step
    )


def log_experiment_random_states(
    random_state_samples: Any,
    predicted_dists: Any,
    obs_min: Any,
    obs_max: Any,
    episode_count: int,
    image_data: bool = False,
    apply_softmax: bool = False,
) -> None:
    """Log how sure the policy is of random states: a layout by UMAP, the greedy action and the entropy of each.

    Args:
        random_state_samples: N×… states.
        predicted_dists: N×A probabilities.
        obs_min: Smallest value of each number of a state.
        obs_max: Largest.
        episode_count: Which episode.
        image_data: Whether states are pictures; these are kept as such.
        apply_softmax: Whether `predicted_dists` are logits.
    """
    from ethogram import maps

    run = _current()
    states = _array(random_state_samples)
    chances = _array(predicted_dists, np.float64).reshape(len(states), -1)
    chances = _softmax(chances) if apply_softmax else chances
    flat = states.reshape(len(states), -1).astype(np.float32)
    layout = np.asarray(maps.umap(flat, n_neighbors=min(NEIGHBOURS, max(len(flat) - 1, 1)), seed=0))
    logarithms = np.log(chances, out=np.zeros_like(chances), where=chances > 0)
    found = {
        "layout": values.Tensor(layout),
        "action": values.Tensor(chances.argmax(1)),
        "entropy": values.Tensor(-(chances * logarithms).sum(1)),
        "action_probabilities": values.Tensor(chances),
        "states": values.Tensor(states if image_data else flat),
        "bounds": values.Tensor(
            np.stack([np.ravel(_array(obs_min, np.float64)), np.ravel(_array(obs_max, np.float64))])
        ),
    }
    run.log({f"random_states/{name}": value for name, value in found.items()}, episode=episode_count)


def log_action_distribution(actions: Any, episode_count: int) -> None:
    """Log how often each action was chosen in an episode."""
    log_custom_distribution(actions, "action_distribution", episode_count)


def log_weights(weight_tensor: Any, step: int, episode_count: int) -> None:
    """Log the weights of a layer at a step."""
    _current().log({"weights": _array(weight_tensor)}, episode=episode_count, step=step)


def log_action_meanings(action_meanings: Sequence[str]) -> None:
    """Say what the actions are called. To be called before anything else is logged, as the run's description has it."""
    names = [str(name) for name in action_meanings]
    _meanings[:] = names
    run = _current()
    if run.folder is not None:
        error = EthogramError(
            "log_action_meanings: expected before anything else is logged, found after; kept as a text"
        )
        run._settle("action_meanings", error)
        run.log({"action_meanings": "\n".join(names)}, episode=0)
        return
    from ethogram.description import describe
    from ethogram.space import discrete

    run._describe_env(describe("drlvis", action_space=discrete(len(names)), action_meanings=names))


def log_custom_episode_scalar(custom_scalar: float, episode_count: int, log_tag: str) -> None:
    """Log a number of an episode."""
    _current().log({log_tag: custom_scalar}, episode=episode_count)


def log_custom_timestep_scalar(custom_scalar: float, timestep: int, episode_count: int, log_tag: str) -> None:
    """Log a number of a step; that called `reward` is the step's reward."""
    _current().log({log_tag: float(custom_scalar)}, episode=episode_count, step=timestep)


def log_custom_distribution(distribution_data: Any, custom_tag: str, episode_count: int) -> None:
    """Log how often each value came in an episode."""
    _current().log({custom_tag: values.Distribution(np.ravel(_array(distribution_data)))}, episode=episode_count)


def _current() -> Run:
    if _run is None:
        raise EthogramError("expected a logger, found none; call create_logger(logdir) first")
    return _run


def _array(value: Any, dtype: Any = None) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value, dtype)


def _softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
