"""Names of Gymnasium's own environments, against the environments themselves."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import gymnasium
import pytest
from conftest import reopened

import ethogram as eg
from ethogram.known_names import KNOWN, known_names

HAS_BOX2D = importlib.util.find_spec("Box2D") is not None
"""Their environments cannot be made without it."""

CASES = [
    (spec.id, options)
    for spec in gymnasium.registry.values()
    if re.sub(r"-v\d+$", "", spec.id) in KNOWN and (HAS_BOX2D or "box2d" not in str(spec.entry_point))
    for options in ([{}, {"continuous": True}, {"continuous": False}] if "box2d" in str(spec.entry_point) else [{}])
    if not options or spec.id.startswith(("LunarLander-", "CarRacing"))
]


def described(env: Any, run: eg.Run, **options: Any) -> dict[str, Any]:
    eg.record(env, run, **options).reset(seed=1)
    found: dict[str, Any] = reopened(run).info["env"]
    return found


@pytest.mark.parametrize(("env_id", "options"), CASES)
def test_every_action_and_element_has_a_name(env_id: str, options: dict[str, Any], run: eg.Run) -> None:
    env = gymnasium.make(env_id, **options)
    found = described(env, run)
    space = env.action_space
    count = space.n if isinstance(space, gymnasium.spaces.Discrete) else space.shape[0]
    assert len(found["action_meanings"]) == len(set(found["action_meanings"])) == count
    if known_names(env_id).observation:
        (width,) = env.observation_space.shape
        names, units = found["observation_names"], found["observation_units"]
        assert len(names) == len(set(names)) == len(units) == width


@pytest.mark.parametrize("env_id", [name for name, options in CASES if not options])
def test_actions_are_named_as_gymnasium_numbers_them(env_id: str) -> None:
    doc = gymnasium.make(env_id).unwrapped.__doc__ or ""
    section = doc.partition("## Action Space")[2].partition("\n    ## ")[0]
    numbered = dict(re.findall(r"^\s*(?:-|\|) (\d)(?::|  +\||  *\|) *(.*)$", section, re.MULTILINE))
    names = known_names(env_id).discrete
    if not names or not numbered:
        assert known_names(env_id).continuous
        return
    assert len(numbered) >= len(names)
    for index, name in enumerate(names):
        told = numbered[str(index)].lower().replace("pickup", "pick up")
        words = {"nothing": r"nothing|don't|do not", "torque +1": "1 torque"}.get(name, name.split()[-1])
        assert re.search(words, told), f"{env_id} {index}: {name!r}, Gymnasium says {told!r}"


def test_what_is_measured_is_where_the_names_say() -> None:
    cart: Any = gymnasium.make("CartPole-v1").unwrapped
    assert (cart.gravity, cart.tau) == (9.8, 0.02), "metres and seconds"
    cart.reset(seed=0)
    observation, *_ = cart.step(1)
    names = [name for name, _ in KNOWN["CartPole"].observation]
    assert observation[names.index("cart velocity")] > 0.1, "pushed to the right"
    pendulum: Any = gymnasium.make("Pendulum-v1").unwrapped
    pendulum.reset(seed=0)
    pendulum.state = (0.0, 0.0)
    assert pendulum._get_obs().tolist() == [1.0, 0.0, 0.0], "cos, sin"
    if HAS_BOX2D:
        lander: Any = gymnasium.make("LunarLander-v3").unwrapped
        lander.reset(seed=0)
        right, left = (leg.position.x - lander.lander.position.x for leg in lander.legs)
        assert right > 0.5 > -0.5 > left


def test_names_are_also_known_of_environments_side_by_side(run: eg.Run) -> None:
    found = described(gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync"), run)
    assert found["action_meanings"] == ["push left", "push right"]
    assert found["observation_units"] == ["m", "m/s", "rad", "rad/s"]


def test_what_people_say_wins(run: eg.Run) -> None:
    found = described(
        gymnasium.make("CartPole-v1"), run, action_meanings=["a", "b"], observation_names=["1", "2", "3", "4"]
    )
    assert (found["action_meanings"], found["observation_names"]) == (["a", "b"], ["1", "2", "3", "4"])
    assert found["observation_units"] == []


def test_units_are_left_out_where_numbers_may_be_scaled(root: Any) -> None:
    def of(env: Any) -> dict[str, Any]:
        return described(env, eg.init("tests", root=root, strict=True, capture_code=False, quiet=True))

    wrappers = gymnasium.wrappers
    scaled = of(wrappers.NormalizeObservation(gymnasium.make("CartPole-v1")))
    assert scaled["observation_names"][0] == "cart position" and scaled["observation_units"] == []
    bounded = of(wrappers.RescaleObservation(gymnasium.make("Pendulum-v1"), -1, 1))
    assert bounded["observation_names"][2] == "angular velocity" and bounded["observation_units"] == []
    stacked = of(wrappers.FrameStackObservation(gymnasium.make("CartPole-v1"), 2))
    assert stacked["observation_names"] == [] and stacked["action_meanings"] == ["push left", "push right"]
    clipped = of(wrappers.ClipAction(gymnasium.make("Pendulum-v1")))
    assert clipped["action_meanings"] == ["torque"] and clipped["observation_units"] == ["", "", "rad/s"]


def test_other_environments_have_none(run: eg.Run) -> None:
    class Plain(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(-1, 1, (4,))
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, **_: Any) -> Any:
            return self.observation_space.sample(), {}

    found = described(Plain(), run)
    assert (found["action_meanings"], found["observation_names"]) == ([], [])
