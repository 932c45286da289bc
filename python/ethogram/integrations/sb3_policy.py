"""Policies of Stable-Baselines3 and sb3-contrib as networks with a signature.

The network begins behind the policy's own preprocessing, which the signature tells instead: images are scaled by 1/255
and transposed to channels first, discrete observations are written one-hot, `VecNormalize` shifts, scales and clips
with the statistics of the moment. So attributions are of what the policy's layers receive, and a recorded observation
is the environment's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ethogram.checkpoint import signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations.adapted import Adapted

OBSERVATION = "observation"
STATES = ("h", "c", "h_critic", "c_critic")


def adapt(source: Any) -> Adapted:
    """Take an algorithm (`PPO`, `DQN`, …) or a policy apart.

    Raises:
        UnsupportedValueError: Its network is of a kind that is not known here.
    """
    import torch

    from ethogram.integrations import sb3_heads

    policy = getattr(source, "policy", source)
    layout = Layout(source)
    if hasattr(policy, "quantile_net"):
        heads: Any = sb3_heads.Values(policy.quantile_net, "quantiles", layout.one_hot)
        outputs = ["quantiles"]
    elif hasattr(policy, "q_net"):
        heads = sb3_heads.Values(policy.q_net, "q_values", layout.one_hot)
        outputs = ["q_values"]
    elif hasattr(policy, "actor") and hasattr(policy, "critic"):
        heads = sb3_heads.ActorCritic(policy, layout.one_hot)
        outputs = ["action_mean", "value"]
    elif hasattr(policy, "action_net") and hasattr(policy, "value_net"):
        heads = sb3_heads.OnPolicy(policy, layout.one_hot)
        outputs = ["logits", "value"] if heads.discrete else ["action_mean", "log_std", "value"]
    else:
        raise UnsupportedValueError(
            "checkpoint: expected a policy with action_net, actor, q_net or quantile_net, "
            f"found {type(policy).__name__}"
        )
    states = STATES[: heads.states] if hasattr(heads, "states") else ()
    described = signature(
        observation=layout.inputs,
        state={name: f"{name}_next" for name in states},
        **{role: role for role in outputs},  # type: ignore[arg-type] # roles are outputs only
    )
    for field, name in layout.inputs.items():
        steps = layout.preprocessing(field)
        if steps:
            described["inputs"][name]["preprocessing"] = steps
    given = layout.example(torch)
    memory = tuple(torch.zeros(*heads.state_shape) for _ in states)
    return Adapted(heads, (given, *memory) if memory else given, described)


class Layout:
    """How a policy's observations are laid out: what of them is recorded, and what is done to it before the network.

    Attributes:
        wrappers: The environments side by side and all that is wrapped around them, outermost first.
        inputs: Recorded field and input of the network, one a part of the observation.
        one_hot: Of parts that are several choices, how many options each has; those are written one-hot in the network.
    """

    def __init__(self, source: Any) -> None:
        policy = getattr(source, "policy", source)
        self.space = policy.observation_space
        self.normalizes_images = bool(getattr(policy, "normalize_images", True))
        env = source.get_env() if hasattr(source, "get_env") else None
        self.wrappers = list(_wrappers(env))
        self.normalize = self._normalize()
        self._known_env = env is not None
        kind = type(self.space).__name__
        self.parts: dict[str | None, Any] = dict(self.space.spaces) if kind == "Dict" else {None: self.space}
        self.fields = {key: OBSERVATION if key is None else f"{OBSERVATION}/{key}" for key in self.parts}
        names = {key: "obs" if key is None else str(key) for key in self.parts}
        self.inputs = {self.fields[key]: names[key] for key in self.parts}
        self.one_hot = {
            key: [int(n) for n in space.nvec.reshape(-1)]
            for key, space in self.parts.items()
            if type(space).__name__ == "MultiDiscrete"
        }

    def transposed(self, key: str | None) -> bool:
        """Whether a part is a picture whose channels are moved first on its way from the environment."""
        if not _is_picture(self.parts[key]):
            return False
        if not self._known_env:
            # Stable-Baselines3 wraps every environment whose pictures have their channels last.
            return bool(self.parts[key].shape[0] <= 4 < self.parts[key].shape[-1])
        return any(
            type(wrapper).__name__ == "VecTransposeImage"
            and not wrapper.skip
            and (key is None or key in wrapper.image_space_keys)
            for wrapper in self.wrappers
        )

    def recorded_space(self) -> Any:
        """The space of what is recorded: the environment's own, before pictures are transposed."""
        import gymnasium

        spaces = {key: self._own_space(key) for key in self.parts}
        return spaces[None] if None in spaces else gymnasium.spaces.Dict({str(key): spaces[key] for key in spaces})

    def recorded(self, batch: Any) -> Any:
        """What is recorded of a batch that the policy receives: pictures as the environment made them."""
        if None in self.parts:
            return np.moveaxis(batch, 1, -1) if self.transposed(None) else batch
        return {key: np.moveaxis(part, 1, -1) if self.transposed(key) else part for key, part in batch.items()}

    def stack_axis(self) -> int | None:
        """Which axis of a recorded picture is a stack of frames."""
        stacked = any(type(wrapper).__name__ == "VecFrameStack" for wrapper in self.wrappers)
        if not stacked or None not in self.parts or not _is_picture(self.parts[None]):
            return None
        return 2 if self.transposed(None) else 0

    def preprocessing(self, field: str) -> list[dict[str, Any]]:
        """The steps from the recorded part to the input of the network."""
        key = next(key for key, name in self.fields.items() if name == field)
        space = self.parts[key]
        steps: list[dict[str, Any]] = self._normalization(key)
        if self.transposed(key):
            steps.append({"op": "transpose", "axes": [2, 0, 1]})
        if self.normalizes_images and _is_picture(space):
            steps.append({"op": "scale", "by": 1 / 255})
        if type(space).__name__ == "Discrete":
            steps.append({"op": "one_hot", "count": int(space.n)})
        return steps

    def example(self, torch: Any) -> Any:
        """One row of what the network takes."""
        rows = {}
        for key, space in self.parts.items():
            shape = (int(space.n),) if type(space).__name__ == "Discrete" else tuple(space.shape)
            rows[key] = torch.zeros((1, *shape), dtype=torch.float32)
        return rows.get(None, rows)

    def tensors(self, batch: Any, device: Any) -> Any:
        """What the network takes, from a batch that the policy receives (normalised and transposed already)."""
        import torch

        rows = {}
        for key, space in self.parts.items():
            part = torch.as_tensor(np.asarray(batch if key is None else batch[key]), device=device)
            if type(space).__name__ == "Discrete":
                part = torch.nn.functional.one_hot(part.reshape(-1).long(), int(space.n))
            part = part.float()
            rows[key] = part / 255.0 if self.normalizes_images and _is_picture(space) else part
        return rows.get(None, rows)

    def _own_space(self, key: str | None) -> Any:
        import gymnasium

        space = self.parts[key]
        if self.normalize is not None:
            known = self.normalize.venv.observation_space
            return known if key is None else known.spaces[key]
        if not self.transposed(key):
            return space
        low, high = np.moveaxis(space.low, 0, -1), np.moveaxis(space.high, 0, -1)
        return gymnasium.spaces.Box(low, high, dtype=space.dtype)

    def _normalize(self) -> Any:
        """The `VecNormalize` whose observations are what the policy receives but for the statistics; else `None`."""
        for wrapper in self.wrappers:
            name = type(wrapper).__name__
            if name == "VecNormalize":
                return wrapper if wrapper.norm_obs else None
            if name not in ("VecTransposeImage", "VecMonitor", "VecCheckNan"):
                return None
        return None

    def _normalization(self, key: str | None) -> list[dict[str, Any]]:
        vec = self.normalize
        if vec is None or (key is not None and key not in vec.norm_obs_keys):
            return []
        rms = vec.obs_rms if key is None else vec.obs_rms[key]
        mean, scale = rms.mean.reshape(-1), 1 / np.sqrt(rms.var.reshape(-1) + vec.epsilon)
        return [
            {"op": "shift", "by": (-mean).tolist()},
            {"op": "scale", "by": scale.tolist()},
            {"op": "clip", "low": -float(vec.clip_obs), "high": float(vec.clip_obs)},
        ]


def _wrappers(env: Any) -> Iterator[Any]:
    for _ in range(64):
        if env is None:
            return
        yield env
        env = env.__dict__.get("venv")


def _is_picture(space: Any) -> bool:
    """As Stable-Baselines3 decides it: bytes from 0 to 255 with three axes."""
    return (
        type(space).__name__ == "Box"
        and len(space.shape) == 3
        and space.dtype == np.uint8
        and bool((space.low == 0).all() and (space.high == 255).all())
    )
