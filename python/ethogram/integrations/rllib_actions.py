"""What RLlib makes of its modules' actions before the environment gets them."""

from __future__ import annotations

from typing import Any

import numpy as np


class ActionUnits:
    """Actions of a module in the units of the environment, which RLlib's last connector makes of them.

    Args:
        space: Of the environment's actions.
        config: Of the algorithm; None is RLlib's default.
        squashed: Whether the module's Gaussian goes through a hyperbolic tangent, as in SAC.

    Attributes:
        low: Lowest actions where a module's −1 to 1 stands for the bounds of the space; None where it does not.
        span: From the lowest action to the highest.
        squashed: As given.
    """

    def __init__(self, space: Any, config: Any = None, squashed: bool = False) -> None:
        self._space, self.squashed = space, squashed
        self._normalized = bool(getattr(config, "normalize_actions", True))
        self._clipped = bool(getattr(config, "clip_actions", False))
        self.low: Any = None
        self.span: Any = None
        real = type(space).__name__ == "Box" and np.issubdtype(space.dtype, np.floating)
        if real and self._normalized and np.all(space.bounded_below) and np.all(space.bounded_above):
            self.low = np.asarray(space.low, np.float32).reshape(-1)
            self.span = np.asarray(space.high, np.float32).reshape(-1) - self.low

    def action(self, action: Any) -> Any:
        """The action that the environment got, of the module's."""
        from ray.rllib.utils.spaces import space_utils

        if self._normalized:
            return space_utils.unsquash_action(action, space_utils.get_base_struct_from_space(self._space))
        if self._clipped:
            return space_utils.clip_action(action, space_utils.get_base_struct_from_space(self._space))
        return action

    def gaussian(self, mean: Any, log_std: Any) -> dict[str, Any]:
        """Mean and logarithm of the deviation, as fields of a step; a squashed Gaussian has the middle action only."""
        if self.squashed:
            mean = np.tanh(mean)
        if self.low is not None:
            mean = self.low + 0.5 * (mean + 1.0) * self.span
            with np.errstate(divide="ignore"):
                log_std = log_std + np.log(0.5 * self.span)
        return {"action_mean": mean} if self.squashed else {"action_mean": mean, "action_log_std": log_std}


def is_squashed(module: Any) -> bool:
    """Whether a module's Gaussian goes through a hyperbolic tangent."""
    kind = getattr(module, "get_inference_action_dist_cls", None)
    return kind is not None and getattr(kind(), "__name__", "") == "TorchSquashedGaussian"
