"""A-1, A-2, B-4, B-11, R-4: what is recorded of a single environment."""

from __future__ import annotations

import time
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import reopened, rows
from environments import NESTED, Counter, Sampled
from gymnasium import spaces

import ethogram as eg
from ethogram import space


def play(env: Any, episodes: int, seed: int | None = 0) -> None:
    for episode in range(episodes):
        env.reset(seed=seed if episode == 0 else None)
        over = False
        while not over:
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            over = terminated or truncated


def test_row_a1_of_200_episodes_the_expected_are_recorded(run: eg.Run) -> None:
    play(eg.record(Counter(), run, schedule=eg.capped_cubic), 200)
    found = rows(reopened(run).episodes())
    assert [row["episode"] for row in found] == list(range(200))
    assert [row["episode"] for row in found if row["recorded"]] == [0, 1, 8, 27, 64, 125]
    view = eg.open(run)
    assert [bool(view.episode(row["episode"]).fields) for row in found] == [row["recorded"] for row in found]


def test_row_a1_a_schedule_of_ones_own(run: eg.Run) -> None:
    env = eg.record(Counter(), run, schedule=lambda start: start.global_step > 20 and start.index % 2 == 1)
    play(env, 40)
    found = rows(reopened(run).episodes())
    recorded = [row for row in found if row["recorded"]]
    assert [row["episode"] for row in recorded] == [
        row["episode"] for row in found if row["global_step"] > 20 and row["episode"] % 2 == 1
    ]
    assert recorded


def test_a_schedule_that_raises_records_nothing_and_is_told_once(loose: eg.Run) -> None:
    with pytest.warns(eg.EthogramWarning, match="the schedule failed: ZeroDivisionError") as told:
        play(eg.record(Counter(), loose, schedule=lambda start: 1 / 0 > 0), 5)
    assert len(told) == 1
    assert loose.faults == {"schedule": 5}
    assert not any(row["recorded"] for row in rows(reopened(loose).episodes()))


def test_what_is_wrongly_given_to_record_is_told(loose: eg.Run) -> None:
    with pytest.raises(TypeError, match=r"expected an environment and then the run, .* found Counter"):
        eg.record(loose, Counter())  # type: ignore[arg-type]
    for schedule in ("all", 10, None):
        with pytest.raises(TypeError, match=r"for example .*ethogram\.every\(10\), found"):
            eg.record(Counter(), loose, schedule=schedule)  # type: ignore[arg-type]
    with pytest.warns(
        eg.EthogramWarning, match=r"TypeError: .* as ethogram\.capped_cubic and ethogram\.every\(10\) do"
    ):
        play(eg.record(Counter(), loose, schedule=eg.every), 1)  # type: ignore[arg-type]


def test_a_batch_of_one_is_a_row(run: eg.Run) -> None:
    env = eg.record(Counter(), run, schedule=eg.always)
    env.reset(seed=0)
    over = False
    while not over:
        env.annotate(
            logits=np.array([[0.0, 0.0, 0.0, 0.0, 2.0]]),
            value=np.array([[0.5]]),
            q_values=np.ones((2, 3)),
            action_mean=np.zeros((1, 1)),
            action_log_std=np.full((1, 1), -1.0),
            other=np.ones((1, 2)),
        )
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        over = terminated or truncated
    env.annotate_final(value=np.array([0.25]))
    episode = reopened(run).episode(0)
    expected_shapes = {
        "logits": (5,),
        "value": (),
        "q_values": (2, 3),
        "action_mean": (1,),
        "action_log_std": (1,),
        "other": (1, 2),
    }
    assert {name: episode.field(name).numpy().shape[1:] for name in expected_shapes} == expected_shapes
    assert np.allclose(episode.field("action_std").numpy()[0], np.exp(-1.0))
    assert episode.field("value").numpy()[[0, -1]].tolist() == [0.5, 0.25]
    expected = np.exp([0.0, 0.0, 0.0, 0.0, 2.0]) / (4 + np.exp(2.0))
    assert np.allclose(episode.field("action_probabilities").numpy()[0], expected)


def test_an_environment_is_recorded_once(loose: eg.Run) -> None:
    env = eg.record(Counter(), loose)
    with pytest.warns(eg.EthogramWarning, match="is recorded to this run already"):
        assert eg.record(env, loose) is env
    play(env, 3)
    assert reopened(loose).episodes().rows == 3


def test_row_b4_the_steps_of_an_episode(run: eg.Run) -> None:
    env = eg.record(Counter(render_mode="rgb_array"), run, schedule=eg.always)
    env.action_space.seed(3)
    seen, done = [np.array(env.reset(seed=4)[0])], []
    over = False
    while not over:
        action = env.action_space.sample()
        env.annotate(
            value=float(len(done)), logits=np.arange(5, dtype=np.float32) + len(done), greedy=len(done) % 2 == 0
        )
        observation, reward, over, _, _ = env.step(action)
        seen.append(np.array(observation))
        done.append((int(action), reward, over))
    steps = len(done)
    view = reopened(run)
    episode = view.episode(0)
    assert episode.row | {"started_us": 0, "ended_us": 0} == {
        "episode": 0, "env_index": 0, "agent": None, "seed": 4, "end": "terminated", "length": steps,
        "episode_return": sum(range(1, steps + 1)), "global_step": 0, "started_us": 0, "ended_us": 0, "recorded": True,
        "evaluation": False, "checkpoint": None, "env_return": None, "extra": {},
    }  # fmt: skip
    assert episode.row["ended_us"] >= episode.row["started_us"] > 1.7e15
    assert episode.fields == [
        "action", "frame", "greedy", "logits", "observation", "reward", "terminated", "truncated", "value",
    ]  # fmt: skip
    np.testing.assert_array_equal(episode.field("observation").numpy(), np.stack(seen))
    assert episode.field("observation").numpy().dtype == np.float32
    for name, expected in {
        "action": [action for action, _, _ in done],
        "reward": [reward for _, reward, _ in done],
        "terminated": [over for _, _, over in done],
        "truncated": [False] * steps,
        "value": [float(t) for t in range(steps)],
        "greedy": [t % 2 == 0 for t in range(steps)],
    }.items():
        column = episode.field(name)
        assert column.numpy()[:steps].tolist() == expected, name
        assert column.valid.tolist() == [True] * steps + [False], name
    np.testing.assert_array_equal(episode.field("logits").numpy()[:steps], [np.arange(5) + t for t in range(steps)])
    frames = episode.frames()
    assert frames.shape == (steps + 1, 32, 32, 3)
    np.testing.assert_array_equal(frames[:, 0, 0], [(0, t, 7) for t in range(steps + 1)])


SPACES = [
    spaces.Box(-1, 1, (3,), np.float32),
    spaces.Box(0, 255, (12, 10, 3), np.uint8),
    spaces.Box(0, 255, (40, 40), np.uint8),
    spaces.Box(0, 255, (4, 40, 40), np.uint8),
    spaces.Box(-np.inf, np.inf, (2, 2), np.float64),
    spaces.Box(-5, 5, (), np.int32),
    spaces.Discrete(7, start=-3),
    spaces.MultiDiscrete([4, 3, 2]),
    spaces.MultiDiscrete([[4, 3], [2, 2]]),
    spaces.MultiBinary(6),
    spaces.MultiBinary([2, 3]),
    spaces.Text(9),
    spaces.Tuple((spaces.Discrete(3), spaces.Box(0, 1, (2,), np.float32))),
    spaces.Dict({"camera": spaces.Box(0, 255, (36, 36, 3), np.uint8), "a/b": spaces.Discrete(2)}),
    spaces.Dict({"x": spaces.Tuple((spaces.Dict({"y": spaces.MultiBinary(2)}), spaces.Text(4)))}),
    NESTED,
]


@pytest.mark.parametrize("of", SPACES, ids=str)
def test_row_r4_any_space_is_kept_to_the_bit(run: eg.Run, of: spaces.Space) -> None:
    """As observation and as action; the description that the run keeps names the same fields."""
    env = eg.record(Sampled(of, of), run, schedule=eg.always)
    env.action_space.seed(1)
    plan = {root: space.leaves(of, root) for root in ("observation", "action")}
    observation, _ = env.reset(seed=5)
    emitted: dict[str, list[Any]] = {leaf.name: [leaf.pick(observation)] for leaf in plan["observation"]}
    emitted |= {leaf.name: [] for leaf in plan["action"]}
    over = False
    while not over:
        action = env.action_space.sample()
        observation, _, over, _, _ = env.step(action)
        for leaf in plan["observation"]:
            emitted[leaf.name].append(leaf.pick(observation))
        for leaf in plan["action"]:
            emitted[leaf.name].append(leaf.pick(action))
    view = reopened(run)
    episode = view.episode(0)
    for name, values in emitted.items():
        column = episode.field(name)
        if column.dtype is None:
            assert column.numpy()[: len(values)].tolist() == values
        else:
            kept = column.numpy()[: len(values)]
            np.testing.assert_array_equal(kept, np.stack([np.asarray(value) for value in values]))
            assert kept.dtype == np.asarray(values[0]).dtype
    env_info = view.info["env"]
    for root in ("observation", "action"):
        assert env_info[f"{root}_space"] == space.describe(of)


def test_row_b11_a_step_limit_is_not_an_end(run: eg.Run) -> None:
    env = gymnasium.wrappers.TimeLimit(Counter(longest=6), 3)
    play(eg.record(env, run, schedule=eg.always), 30)
    view = reopened(run)
    found = rows(view.episodes())
    ends = {(row["end"], row["length"]) for row in found}
    assert ends == {("terminated", 1), ("terminated", 2), ("both", 3), ("truncated", 3)}
    for row in found:
        episode = view.episode(row["episode"])
        last = row["length"] - 1
        assert bool(episode.field("terminated").numpy()[last]) == (row["end"] in ("terminated", "both"))
        assert bool(episode.field("truncated").numpy()[last]) == (row["end"] in ("truncated", "both"))


def test_row_a2_an_episode_is_there_while_it_is_played(run: eg.Run) -> None:
    env = eg.record(Counter(longest=6), run, schedule=eg.always)
    play(env, 2)
    env.reset(seed=8)
    env.step(1)
    env.step(1)
    view = eg.open(run)
    assert view.status["state"] == "running"
    live = view.episode(2)
    assert (live.row["end"], live.row["ended_us"]) == ("open", None)
    assert live.field("reward").numpy().tolist() == [1.0, 2.0]
    assert [row["end"] for row in rows(view.episodes())] == ["terminated", "terminated", "open"]
    view = reopened(run)
    left = view.episode(2)
    assert (left.row["end"], left.row["length"], left.row["episode_return"]) == ("open", 2, 3.0)
    assert len(left.field("observation")) == 3
    assert view.status["state"] == "finished"


def test_a_reset_in_mid_episode_cuts_it(run: eg.Run) -> None:
    env = eg.record(Counter(longest=50), run, schedule=eg.always)
    env.reset(seed=3)
    env.step(1)
    env.reset()
    first = reopened(run).episode(0)
    assert (first.row["end"], first.row["length"], first.row["extra"]) == ("truncated", 1, {"reset_early": True})
    assert len(first.field("observation")) == 2


def test_steps_past_the_end_are_nobodys(run: eg.Run) -> None:
    env = eg.record(Counter(longest=1), run, schedule=eg.always)
    env.reset(seed=1)
    for _ in range(3):
        env.step(0)
    (row,) = rows(reopened(run).episodes())
    assert (row["length"], row["episode_return"]) == (1, 1.0)
    assert run.global_step == 1


def test_the_autoreset_wrapper_begins_episodes(run: eg.Run) -> None:
    env = eg.record(gymnasium.wrappers.Autoreset(Counter()), run, schedule=eg.always)
    env.reset(seed=2)
    for _ in range(40):
        env.step(0)
    view = reopened(run)
    found = rows(view.episodes())
    assert len(found) > 5
    for row in found[:-1]:
        assert row["end"] == "terminated"
        seen = view.episode(row["episode"]).field("observation").numpy()
        assert seen[:, 1].tolist() == list(range(row["length"] + 1))


def test_the_environments_own_return_is_checked(loose: eg.Run) -> None:
    class Doubled(gymnasium.RewardWrapper):
        def reward(self, reward: Any) -> Any:
            return 2 * reward

    statistics = gymnasium.wrappers.RecordEpisodeStatistics(Counter())
    play(eg.record(statistics, loose), 3)
    agreed = rows(eg.open(loose).episodes())
    assert [row["env_return"] for row in agreed] == [row["episode_return"] for row in agreed]
    with pytest.warns(eg.EthogramWarning, match="by the recorder's sum but") as told:
        play(eg.record(Doubled(statistics), loose), 3)
    assert len(told) == 1
    lied = rows(reopened(loose).episodes())[3:]
    assert [row["env_return"] * 2 for row in lied] == [row["episode_return"] for row in lied]


def test_evaluation_is_marked_and_does_not_count(run: eg.Run) -> None:
    env = eg.record(Counter(), run, schedule=eg.evaluation_only)
    play(env, 2)
    steps = run.global_step
    env.evaluation = True
    play(env, 2)
    found = rows(reopened(run).episodes())
    assert [(row["evaluation"], row["recorded"]) for row in found] == [(False, False)] * 2 + [(True, True)] * 2
    assert run.global_step == steps == found[0]["length"] + found[1]["length"]
    assert [row["global_step"] for row in found] == [0, found[0]["length"], steps, steps]


def test_the_loops_own_global_step_counts(run: eg.Run) -> None:
    env = eg.record(Counter(longest=4), run, schedule=eg.never)
    play(env, 1)
    run.log({"loss": 1.0}, global_step=1000)
    play(env, 2)
    found = rows(reopened(run).episodes())
    assert [row["global_step"] for row in found] == [0, 1000, 1000 + found[1]["length"]]


def test_fields_of_ones_own_and_fields_left_out(run: eg.Run) -> None:
    env = eg.record(
        Counter(render_mode="rgb_array"),
        run,
        schedule=eg.always,
        fields={"left": lambda env: env.unwrapped.length - env.unwrapped.t},
        omit={"observation", "frame"},
    )
    play(env, 1)
    view = reopened(run)
    episode = view.episode(0)
    length = episode.row["length"]
    assert set(episode.fields) == {"action", "left", "reward", "terminated", "truncated"}
    assert episode.field("left").numpy().tolist() == list(range(length, -1, -1))


def test_frames_by_a_function(run: eg.Run) -> None:
    env = eg.record(Counter(), run, schedule=eg.always, frames=lambda env: env.unwrapped.render())
    play(env, 1)
    episode = reopened(run).episode(0)
    assert episode.frames()[:, 0, 0, 1].tolist() == list(range(episode.row["length"] + 1))


def test_frames_that_cannot_be_drawn_are_told(loose: eg.Run) -> None:
    with pytest.warns(eg.EthogramWarning, match='made with render_mode="rgb_array", found None'):
        eg.record(Counter(), loose, frames="rgb_array")
    with pytest.warns(eg.EthogramWarning, match="rendering failed: KeyError") as told:
        play(eg.record(Counter(), loose, schedule=eg.always, frames=lambda env: {}["x"]), 3)
    assert len(told) == 1


def test_a_field_of_another_shape_is_named(run: eg.Run) -> None:
    env = eg.record(Counter(longest=50), run, schedule=eg.always)
    env.reset(seed=1)
    env.annotate(logits=np.zeros(5))
    env.step(0)
    with pytest.raises(ValueError, match=r'field "logits": expected shape \[5\], found \[2, 5\]'):
        env.annotate(logits=np.zeros((2, 5)))


def test_a_field_keeps_the_type_it_had_first(run: eg.Run) -> None:
    env = eg.record(Counter(longest=50), run, schedule=eg.always)
    env.reset(seed=1)
    for value in (np.float32(0.5), 1, True, np.array(0.25)):
        env.annotate(value=value)
        env.step(0)
    column = reopened(run).episode(0).field("value")
    assert column.dtype == "float32"
    assert column.numpy()[:4].tolist() == [0.5, 1.0, 1.0, 0.25]


def test_faults_of_recording_do_not_reach_the_loop(loose: eg.Run) -> None:
    class Odd(Counter):
        def step(self, action: Any) -> Any:
            observation, reward, terminated, truncated, info = super().step(action)
            return (
                ("no array", [reward], terminated, truncated, info)
                if self.t == 2
                else (observation, reward, terminated, truncated, info)
            )

    env = eg.record(Odd(longest=50), loose, schedule=eg.always)
    env.reset(seed=1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(4):
            env.step(0)
    assert len(told) >= 1
    episode = reopened(loose).episode(0)
    assert episode.field("observation").valid.tolist() == [True, True, False, True, True]


@pytest.mark.parametrize("annotated", [{"value": None}, {"value": object()}, {"value": [[1], [2, 3]]}])
def test_what_cannot_be_annotated_does_not_reach_the_loop(loose: eg.Run, annotated: dict[str, Any]) -> None:
    env = eg.record(Counter(longest=50), loose, schedule=eg.always)
    env.reset(seed=1)
    with warnings.catch_warnings(record=True):
        env.annotate(value=1.0)
        env.step(0)
        env.annotate(**annotated)
        env.annotate_final(**annotated)
        env.note_episode(tags=5)  # type: ignore[arg-type]
        env.hotspot(start="first")  # type: ignore[arg-type]
        env.step(0)
    assert loose.faults["record"] == 2
    assert reopened(loose).episode(0).field("value").valid.tolist()[:2] == [True, False]


def test_a_fault_at_the_end_of_an_episode_does_not_keep_it_open(loose: eg.Run) -> None:
    fields: Any = {5: lambda env: 1}
    env = eg.record(Counter(longest=2), loose, schedule=eg.always, fields=fields)
    with warnings.catch_warnings(record=True):
        play(env, 4)
    assert [row["end"] for row in rows(reopened(loose).episodes())] == ["terminated"] * 4


def test_a_strict_run_raises_what_failed(run: eg.Run) -> None:
    env = eg.record(Counter(), run, schedule=eg.always)
    env.reset(seed=1)
    with pytest.raises(TypeError):
        env.note_episode(tags=5)  # type: ignore[arg-type]


def test_a_seed_that_cannot_be_kept_is_told_once(loose: eg.Run) -> None:
    class Worded(Counter):
        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            return super().reset(seed=seed if isinstance(seed, int) else None, options=options)

    env = eg.record(Worded(), loose, schedule=eg.always)
    with pytest.warns(eg.EthogramWarning, match=r"seed: \d+ is over the limit of 63 bits; it is not kept") as told:
        env.reset(seed=2**64)
        env.reset(seed=2**64 + 1)
    assert len(told) == 1
    with pytest.warns(eg.EthogramWarning, match="expected an integer, found str"):
        env.reset(seed="a word")
    env.reset(seed=np.int64(4))
    assert loose.faults == {"seed": 3}
    assert [row["seed"] for row in rows(reopened(loose).episodes())] == [None, None, None, 4]


def test_an_environment_stays_what_it_was(run: eg.Run) -> None:
    plain = gymnasium.make("CartPole-v1")
    env = eg.record(plain, run)
    assert isinstance(env, gymnasium.Env)
    assert env.unwrapped is plain.unwrapped
    assert env.spec is not None
    assert env.spec.id == "CartPole-v1"
    first, _ = env.reset(seed=1)
    again, _ = plain.reset(seed=1)
    np.testing.assert_array_equal(first, again)


def test_what_is_no_environment_is_refused(run: eg.Run) -> None:
    with pytest.raises(TypeError, match=r"found int; for other loops see Run.episode"):
        eg.record(3, run)


def test_the_run_describes_the_environment(run: eg.Run) -> None:
    stacked = gymnasium.wrappers.FrameStackObservation(Counter(render_mode="rgb_array"), 3)
    env = eg.record(stacked, run, observation_names=["episode", "step"], observation_units=["", "steps"])
    env.reset(seed=1)
    described = reopened(run).info["env"]
    assert described["action_meanings"] == ["NOOP", "UP", "DOWN", "LEFT", "RIGHT"]
    assert described["observation_space"]["stack_axis"] == 0
    assert (described["observation_names"], described["observation_units"]) == (["episode", "step"], ["", "steps"])
    assert described["fps"] == 10.0


def test_row_u21_actions_have_glyphs_and_groups(run: eg.Run) -> None:
    glyphs, groups = ["", "arrow:up"], {"vertical": (1, 2), "none": [0]}
    eg.record(Counter(), run, action_glyphs=glyphs, action_groups=groups).reset(seed=1)
    described = reopened(run).info["env"]
    assert described["action_glyphs"] == glyphs
    assert described["action_groups"] == [
        {"name": "vertical", "actions": [1, 2]},
        {"name": "none", "actions": [0]},
    ]
    by_hand = eg.describe("hand", action_glyphs=glyphs, action_groups=groups)
    assert [by_hand[key] for key in ("action_glyphs", "action_groups")] == [
        described[key] for key in ("action_glyphs", "action_groups")
    ]


def test_an_environment_recorded_late_is_told(loose: eg.Run) -> None:
    loose.log({"a": 1.0}, global_step=0)
    with pytest.warns(eg.EthogramWarning, match=r"call ethogram.record before the first run.log"):
        eg.record(Counter(), loose)


def test_row_a1_recording_is_cheap_where_nothing_is_recorded(run: eg.Run) -> None:
    """Of CartPole with a small network that learns at every step; the best of some rounds, as machines are busy."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(4, 64)), random.normal(size=(64, 64)), random.normal(size=(64, 2))
    batch = random.normal(size=(64, 4))

    def forward(x: np.ndarray) -> np.ndarray:
        return np.maximum(np.maximum(x @ weights[0], 0) @ weights[1], 0) @ weights[2]

    def spent(env: Any) -> float:
        env.reset(seed=1)
        began = time.thread_time()
        for step in range(1000):
            action = int(forward(batch[:1]).argmax()) ^ (step & 1)
            # As much as the forward and backward passes of one update.
            for _ in range(3):
                forward(batch)
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return time.thread_time() - began

    plain, recorded = gymnasium.make("CartPole-v1"), eg.record(gymnasium.make("CartPole-v1"), run, schedule=eg.never)
    ratio = min(spent(recorded) / spent(plain) for _ in range(9))
    # The bar of 5 % is held by `cargo xtask bench training`; this only sees that something went badly wrong.
    assert ratio < 1.3, f"{ratio:.3f} times the time of the loop alone"
