"""The logger interfaces of TorchRL and Tianshou, and RLlib's callbacks, with the libraries themselves."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ethogram as eg


def test_torchrl(tmp_path: Path) -> None:
    import torch
    from torchrl.record.loggers import Logger

    from ethogram.integrations.torchrl import EthogramLogger

    logger = EthogramLogger("ppo", tmp_path, capture_code=False)
    assert isinstance(logger, Logger)
    logger.log_hparams({"lr": 1e-3})
    logger.log_scalar("loss", 0.5, step=10)
    logger.log_scalar("again", 1.5)
    logger.log_metrics({"a": torch.tensor(2.0), "b": 3.0}, step=11)
    logger.log_histogram("weights", torch.arange(100.0), step=11)
    with pytest.warns(eg.EthogramWarning, match="kept as an array"):
        logger.log_video("film", torch.zeros(1, 2, 3, 4, 4, dtype=torch.uint8), step=11, fps=6)
    for value in range(3):
        logger.log_scalar("more", value)
    assert logger.run.global_step == 11
    logger.run.finish()
    view = eg.open(logger.run)
    assert view.info["config"] == {"lr": 1e-3}
    assert view.scalars("more")["step"].numpy().tolist() == [11, 12, 13]
    assert view.scalars("more")["value"].numpy().tolist() == [0.0, 1.0, 2.0]
    assert view.scalars("again")["step"].numpy().tolist() == [10]
    assert view.scalars("a")["value"].numpy().tolist() == [2.0]
    assert view.tensors("weights")[0].numpy()[1].sum() == 100
    assert view.tensors("film")[0].meta["fps"] == 6


def test_tianshou(tmp_path: Path) -> None:
    from tianshou.utils.logger.logger_base import BaseLogger

    from ethogram.integrations.tianshou import EthogramLogger

    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        logger = EthogramLogger(run, training_interval=1, update_interval=1, exclude_arrays=False)
        assert isinstance(logger, BaseLogger)
        assert logger.restore_data() == (0, 0, 0)
        logger.log_training_data({"returns_stat": {"mean": 3.5}, "returns": np.arange(4.0), "flag": True}, 100)
        logger.log_update_data({"loss": np.float32(0.25)}, 7)
        logger.log_test_data({"n_collected_steps": 5}, 100)
        saved = []
        logger.save_data(2, 100, 7, lambda *counts: saved.append(counts) or "")
        assert saved == [(2, 100, 7)]
        assert logger.restore_data() == (2, 100, 7)
        logger.finalize()
        folder = run.folder
    resumed = eg.init(resume=folder, strict=True, capture_code=False)
    assert EthogramLogger(resumed).restore_data() == (2, 100, 7)
    resumed.finish()
    view = eg.open(run)
    assert view.scalars("training/returns_stat/mean")["value"].numpy().tolist() == [3.5]
    assert view.scalars("update/loss")["step"].numpy().tolist() == [7]
    assert view.tensors("training/returns")[0].numpy()[1].sum() == 4
    assert EthogramLogger.restore_logged_data(str(folder))["update/loss"]["value"].tolist() == [0.25]


def test_rllib(tmp_path: Path) -> None:
    import ray
    from ray.rllib.algorithms.ppo import PPOConfig

    from ethogram.integrations.rllib import ethogram_callbacks

    run = eg.init("rllib", root=tmp_path, capture_code=False)
    config: Any = (
        PPOConfig()
        .environment("CartPole-v1")
        .env_runners(
            num_env_runners=0, num_envs_per_env_runner=2, rollout_fragment_length=100, batch_mode="complete_episodes"
        )
        .training(train_batch_size=200, minibatch_size=100, num_epochs=1)
        .callbacks(ethogram_callbacks(run, record=eg.always, root=tmp_path))
        .debugging(seed=1)
    )
    ray.init(num_cpus=1, include_dashboard=False, ignore_reinit_error=True, log_to_driver=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            algorithm = config.build_algo()
        result = algorithm.train()
        algorithm.stop()
    finally:
        ray.shutdown()
    run.finish()
    view = eg.open(run)
    assert view.info["config"]["algorithm"] == "PPO"
    assert any(tag.startswith("learners/default_policy/") for tag in view.tags)
    steps = view.scalars("env_runners/episode_return_mean")["step"].numpy()
    assert steps.tolist() == [result["num_env_steps_sampled_lifetime"]]
    table = view.episodes().numpy()
    # Others were under way when RLlib reset all environments.
    over = table["end"] == "terminated"
    assert over.sum() == result["env_runners"]["num_episodes_lifetime"]
    assert np.isclose(table["episode_return"][over].mean(), result["env_runners"]["episode_return_mean"])
    episode = view.episode(int(table["episode"][0]))
    length = episode.row["length"]
    assert episode.field("logits").numpy().shape == (length + 1, 2)
    assert episode.field("observation").valid.all()
