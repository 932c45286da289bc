"""A-10: an environment that gives the answer away in one pixel, to see whether explanations find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np


class HintPixel(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Paints the action that an expert would take as one bright pixel, one place an action.

    A policy that learns on such pictures can do without all else. An explanation that does not find the pixel then does
    not show what the policy looks at.

    Example:
        >>> env = HintPixel(env, expert=lambda picture: best_action(picture))
        >>> env.elements  # the flat index of each action's pixel: what `…/attribution/quality?planted=` takes
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        expert: Callable[[Any], int],
        *,
        places: Sequence[tuple[int, int]] | None = None,
        value: float | None = None,
    ) -> None:
        """Wrap an environment whose observations are pictures.

        Args:
            env: HxW, HxWxC, or with a stack or channels of at most 4 first, CxHxW.
            expert: The action to give away, an index from 0, for the observation without the hint.
            places: Row and column of each action's pixel; side by side in the topmost row when left out.
            value: What is painted; the largest value of the space when left out.

        Raises:
            ValueError: The observations are no pictures, the actions no choices, or a place lies outside.
        """
        super().__init__(env)
        space, actions = env.observation_space, env.action_space
        if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) not in (2, 3):
            raise ValueError(f"HintPixel: expected observations of shape HxW, HxWxC or CxHxW, found {space}")
        if not isinstance(actions, gymnasium.spaces.Discrete):
            raise ValueError(f"HintPixel: expected a Discrete action space, found {actions}")
        shape = space.shape
        # Channels lie last unless there are few of them first.
        first = len(shape) == 3 and shape[0] <= 4 < shape[2]
        height, width = shape[-2:] if first else shape[:2]
        count = int(actions.n)
        self.places = list(places) if places is not None else [(0, action) for action in range(count)]
        outside = [place for place in self.places if not (0 <= place[0] < height and 0 <= place[1] < width)]
        if len(self.places) != count or outside:
            raise ValueError(
                f"HintPixel: expected {count} places within {height}x{width}, one an action, "
                f"found {outside or len(self.places)}"
            )
        self._expert = expert
        self._value = float(space.high.max()) if value is None else value
        self._first = first

    @property
    def elements(self) -> list[list[int]]:
        """For each action the flat indices of its pixel in the observation, one a channel."""
        shape = self.observation_space.shape
        assert shape is not None
        index = np.arange(int(np.prod(shape))).reshape(shape)
        return [np.ravel(index[self._at(place)]).tolist() for place in self.places]

    def observation(self, observation: Any) -> Any:
        """Paint the hint on a copy."""
        painted = np.array(observation)
        painted[self._at(self.places[int(self._expert(observation))])] = self._value
        return painted

    def _at(self, place: tuple[int, int]) -> Any:
        return (slice(None), *place) if self._first else place
