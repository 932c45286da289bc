"""`eg.explain` of live modules of PyTorch gives what `eg.Model` gives of the same networks exported."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ethogram as eg
from ethogram.errors import EthogramError, NotFoundError, ShapeError

torch = pytest.importorskip("torch")
nn = torch.nn

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


class Policy(nn.Module):
    """Pictures and a memory in, logits and a value out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 5, stride=2)
        self.cell = nn.GRUCell(6 * 6 * 6, 16)
        self.actor, self.critic = nn.Linear(16, 4), nn.Linear(16, 1)

    def forward(self, frame: Any, hx: Any) -> tuple[Any, Any, Any]:
        features = torch.relu(self.conv(frame)).flatten(1)
        hx = self.cell(features, hx)
        return self.actor(hx), self.critic(hx), hx


def exported(policy: Policy, frame: Any, hx: Any) -> eg.Model:
    file = io.BytesIO()
    torch.onnx.export(
        policy.cpu().eval(), (frame.cpu(), hx.cpu()), file, dynamo=False, input_names=["frame", "hx"],
        output_names=["logits", "value", "hx_next"],
        dynamic_axes={name: {0: "batch"} for name in ("frame", "hx", "logits", "value", "hx_next")},
    )  # fmt: skip
    return eg.Model(file.getvalue())


@pytest.fixture(scope="module")
def agent() -> tuple[Policy, Any, Any, eg.Model]:
    torch.manual_seed(0)
    policy, frame, hx = Policy().eval(), torch.rand(3, 2, 16, 16), torch.randn(3, 16)
    return policy, frame, hx, exported(policy, frame, hx)


METHODS: list[tuple[str, dict[str, Any]]] = [
    ("saliency", {}),
    ("gradient_times_input", {}),
    ("integrated_gradients", {"steps": 20}),
    ("integrated_gradients", {"steps": 20, "rule": "riemann_trapezoid", "baseline": "row_mean"}),
    ("integrated_gradients", {"steps": 20, "baseline": 0.25}),
    ("smooth_grad", {"samples": 8, "seed": 3}),
    ("occlusion", {}),
    ("perturbation", {}),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("method", "params"), METHODS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_live_module_gives_what_the_exported_network_gives(
    agent: tuple[Policy, Any, Any, eg.Model], device: str, method: str, params: dict[str, Any]
) -> None:
    policy, frame, hx, model = agent
    policy = policy.to(device)
    actions = np.array([0, 3, 1])
    for target, live in [(("logits", actions), (0, actions)), ("value", (1, 0)), (("logits", 2, 1), (0, 2, 1))]:
        expected = model.attribute({"frame": frame.numpy(), "hx": hx.numpy()}, target=target, method=method, **params)
        found = eg.explain(policy, (frame, hx), target=live, method=method, batch=7, **params)
        assert found.values.shape == expected.values.shape
        scale = np.abs(expected.values).max()
        # Points of a path that lie within rounding of a kink of relu may fall on the other side.
        assert np.abs(found.values - expected.values).max() < 2e-3 * scale
        assert np.allclose(found.at_input, expected.at_input, rtol=1e-3, atol=1e-4)
        assert (found.completeness_error is None) == (expected.completeness_error is None)


@pytest.mark.parametrize("device", DEVICES)
def test_row_r5_a_live_module_is_explained_completely(agent: tuple[Policy, Any, Any, eg.Model], device: str) -> None:
    policy, frame, hx, _ = agent
    found = eg.explain(policy.to(device), (frame, hx), target=(0, 1), wrt=1, steps=200)
    assert found.values.shape == (3, 16) and found.at_baseline is not None
    assert np.abs(found.values.sum(axis=1) - (found.at_input - found.at_baseline)).max() < 1e-3


@pytest.mark.parametrize("device", DEVICES)
def test_row_u6_submodules_are_explained_completely(agent: tuple[Policy, Any, Any, eg.Model], device: str) -> None:
    policy, frame, hx, _ = agent
    policy = policy.to(device)
    for target in ((0, 2), (1, 0), (0, {0: 1.0, 3: 1.0})):
        for layer, shape in [("conv", (6, 6, 6)), ("cell", (16,))]:
            found = eg.explain(policy, (frame, hx), target=target, wrt=layer, steps=200)
            assert found.values.shape == (3, *shape) and found.at_baseline is not None
            difference = found.at_input - found.at_baseline
            assert np.abs(found.values.reshape(3, -1).sum(axis=1) - difference).max() < 1e-3
    assert not policy.conv._forward_hooks, "nothing is left behind in the module"


def test_row_u23_devices_share_the_rows(agent: tuple[Policy, Any, Any, eg.Model]) -> None:
    policy, frame, hx, _ = agent
    policy = policy.cpu()
    alone = eg.explain(policy, (frame, hx), target=(0, np.array([0, 3, 1])), steps=20)
    every = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    for devices in (["cpu"], ["cpu"] * 2, ["cpu"] * 5, ["cpu", *every], every):
        for batch in (1, 7, 256):
            found = eg.explain(
                policy, (frame, hx), target=(0, np.array([0, 3, 1])), steps=20, batch=batch, devices=devices
            )
            assert np.allclose(found.values, alone.values, rtol=1e-3, atol=1e-4 * np.abs(alone.values).max()), devices
            assert np.allclose(found.at_input, alone.at_input, rtol=1e-3, atol=1e-4)
    assert torch.backends.cudnn.enabled, "what was turned off is on again"
    with pytest.raises(ShapeError, match="devices: expected a module that can be copied"):
        eg.explain(lambda frame, hx: policy(frame, hx), (frame, hx), target=(0, 1), devices=["cpu", "cpu"])


def test_functions_names_and_outputs_of_any_kind(agent: tuple[Policy, Any, Any, eg.Model]) -> None:
    policy, frame, hx, _ = agent
    policy = policy.cpu()

    def named(*, frame: Any, hx: Any) -> dict[str, Any]:
        logits, value, _ = policy(frame, hx)
        return {"logits": logits, "value": value}

    inputs = {"frame": frame.numpy(), "hx": hx}
    expected = eg.explain(policy, (frame, hx), target=(0, 2), wrt=1, method="saliency").values
    assert np.allclose(eg.explain(named, inputs, target=("logits", 2), wrt="hx", method="saliency").values, expected)
    spread = eg.explain(named, inputs, target=lambda found: found["logits"].var(dim=1), method="saliency", wrt="hx")
    assert spread.values.shape == (3, 16) and np.abs(spread.values).max() > 0
    shares = [
        eg.explain(named, inputs, target=("logits", at), of="probability", method="gradient_times_input").values
        for at in range(4)
    ]
    assert np.abs(sum(shares)).max() < 1e-5
    single = nn.Linear(5, 2)
    x = torch.rand(4, 5)
    found = eg.explain(single, x, target=1, method="gradient_times_input")
    assert np.allclose(found.values, (x * single.weight[1]).detach().numpy(), atol=1e-6)
    assert all(parameter.grad is None for parameter in policy.parameters()), "no gradient is left behind"


def test_what_does_not_fit_is_said(agent: tuple[Policy, Any, Any, eg.Model]) -> None:
    policy, frame, hx, _ = agent
    policy = policy.cpu()
    for error, text, more in [
        (
            NotFoundError,
            r"expected an input or a submodule, 0, 1, conv, cell, actor, critic; found 'eyes'",
            {"wrt": "eyes"},
        ),
        (ShapeError, r"for the module gives 0, 1, 2", {"target": 3}),
        (NotFoundError, r"no output 7", {"target": (7, 0)}),
        (ShapeError, r"entry below 4", {"target": (0, 9)}),
        (ShapeError, r"expected one of saliency", {"method": "tea_leaves"}),
        (ShapeError, r"batch: expected at least 1", {"batch": 0}),
        (EthogramError, r"run= and episode= together", {"episode": 3}),
    ]:
        with pytest.raises(error, match=text):
            eg.explain(policy, (frame, hx), **({"target": (0, 1), "method": "saliency"} | more))
    with pytest.raises(ShapeError, match="as many rows in each"):
        eg.explain(policy, (frame, hx[:2]), target=(0, 1))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        eg.explain(nn.Linear(3, 2), torch.rand(2, 5), target=0)


def test_a_recurrent_module_in_evaluation_is_explained() -> None:
    class Remembers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(x)[0][:, -1])

    for device in DEVICES:
        module = Remembers().eval().to(device)
        found = eg.explain(module, torch.rand(2, 6, 4), target=0, steps=100)
        assert found.values.shape == (2, 6, 4) and found.at_baseline is not None
        assert np.abs(found.values.sum(axis=(1, 2)) - (found.at_input - found.at_baseline)).max() < 1e-3
        assert not module.training


def test_numbers_are_written_into_an_episode(tmp_path: Path) -> None:
    module = nn.Linear(4, 2)
    observations = torch.rand(5, 4)
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        with run.episode() as episode:
            for t in range(5):
                episode.step(observation=observations[t].numpy(), action=0, reward=0.0, truncated=t == 4)
        found = eg.explain(
            module, observations[1:], target=1, method="gradient_times_input", run=run, episode=0, first=1
        )
    field = eg.open(run).episode(0).field("attribution/gradient_times_input")
    assert np.allclose(field.numpy()[1:5], found.values) and not field.valid[0]


def test_rows_are_told_as_they_are_done(agent: tuple[Policy, Any, Any, eg.Model]) -> None:
    policy, frame, hx, _ = agent
    policy = policy.cpu()
    frame, hx = frame.repeat(4, 1, 1, 1), hx.repeat(4, 1)
    told: list[tuple[int, int]] = []
    for method, params in METHODS:
        told.clear()
        settings: dict[str, Any] = {"target": (0, 2), "method": method, **params}
        baseline = settings.pop("baseline", None)
        found = eg.explain(
            policy, (frame, hx), batch=2, baseline=baseline, progress=lambda *done: told.append(done), **settings
        )
        assert told[-1] == (12, 12) and len(told) > 1, (method, told)
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        whole = eg.explain(policy, (frame, hx), baseline=baseline, progress=False, **settings)
        scale = np.abs(whole.values).max()
        assert np.abs(found.values - whole.values).max() < 2e-3 * scale, method
        assert np.allclose(found.at_input, whole.at_input, rtol=1e-3, atol=1e-4)
        assert (found.at_baseline is None) == (whole.at_baseline is None)
    # A baseline a row goes with its row.
    rows = torch.rand(12, 2, 16, 16)
    found = eg.explain(policy, (frame, hx), target=(0, 1), steps=10, batch=2, baseline=rows)
    at = policy(rows, hx)[0][:, 1].detach().numpy()
    assert found.at_baseline is not None and np.allclose(found.at_baseline, at, atol=1e-4)
    # Each row is compared with all others, whichever go together.
    told.clear()
    drawn: dict[str, Any] = {"target": (0, 1), "method": "expected_gradients", "samples": 5}
    found = eg.explain(policy, (frame, hx), batch=2, progress=lambda *done: told.append(done), **drawn)
    assert told[0] == (1, 12) and told[-1] == (12, 12) and len(told) > 2, told
    whole = _native_at_once(policy, frame, hx, samples=5)
    assert np.abs(found.values - whole).max() < 2e-3 * np.abs(whole).max()
    # And with rows that are given: of one alone, gradients times the difference from it.
    pool = torch.rand(3, 2, 16, 16)
    among = eg.explain(policy, (frame, hx), batch=2, baseline=pool, progress=False, **drawn)
    alone = eg.explain(policy, (frame, hx), batch=2, baseline=pool[:1], progress=False, **drawn)
    at = policy(pool[:1].repeat(12, 1, 1, 1), hx)[0][:, 1].detach().numpy()
    assert alone.at_baseline is not None and np.allclose(alone.at_baseline, at, atol=1e-4)
    assert not np.allclose(among.values, alone.values)
    with pytest.raises(ShapeError, match="rows of shape"):
        eg.explain(policy, (frame, hx), baseline=torch.rand(2, 5), progress=False, **drawn)


def _native_at_once(policy: Policy, frame: Any, hx: Any, *, samples: int) -> np.ndarray:
    """Expected gradients of the second logit, by the engine, which takes all rows together."""
    model = exported(policy, frame[:3], hx[:3])
    inputs = {"frame": frame.numpy(), "hx": hx.numpy()}
    return model.attribute(inputs, target=("logits", 1), method="expected_gradients", samples=samples).values


def test_what_was_found_before_an_interrupt_is_kept(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    observations = torch.rand(40, 4)
    asked = []
    module.register_forward_pre_hook(lambda _module, inputs: asked.append(len(inputs[0])))

    def interrupted(done: int, count: int) -> None:
        assert count == 40
        if done > 10:
            raise KeyboardInterrupt

    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        with run.episode() as episode:
            for t in range(40):
                episode.step(observation=observations[t].numpy(), action=0, reward=0.0, truncated=t == 39)
        whole = eg.explain(module, observations, target=1, steps=20)
        where: dict[str, Any] = {"run": run, "episode": 0, "steps": 20, "batch": 16}
        with pytest.raises(KeyboardInterrupt) as caught:
            eg.explain(module, observations, target=1, progress=interrupted, **where)
        [note] = caught.value.__notes__
        assert "of 40 rows" in note and "resume=True" in note
        name = "attribution/integrated_gradients"
        kept = int(eg.open(run).episode(0).field(name).valid.sum())
        assert 10 < kept < 40 and f"has {kept} of 40 rows" in note

        with pytest.raises(EthogramError, match="other numbers as 'attribution/integrated_gradients'"):
            eg.explain(module, observations, target=0, resume=True, **where)
        asked.clear()
        told: list[tuple[int, int]] = []
        found = eg.explain(
            module, observations, target=1, resume=True, progress=lambda *done: told.append(done), **where
        )
        assert told[0] == (kept, 40) and told[-1] == (40, 40)
        # The rows that were missing, and three that were there.
        points = sum(asked)
        asked.clear()
        eg.explain(module, observations, target=1, steps=20, batch=16)
        assert points < sum(asked) * (40 - kept + 4) / 40
        assert np.allclose(found.values, whole.values, atol=1e-5)
        again = [0, kept // 2, kept - 1, *range(kept, 40)]
        assert np.allclose(found.at_input[again], whole.at_input[again])
        assert np.isfinite(found.at_input).sum() == len(again)
        with pytest.raises(EthogramError, match="expected run= and episode="):
            eg.explain(module, observations, target=1, resume=True)
    field = eg.open(run).episode(0).field(name)
    assert field.valid.all() and np.allclose(field.numpy(), whole.values, atol=1e-5)


def test_pytorch_is_not_imported_before_it_is_asked_for() -> None:
    code = "import sys, ethogram; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_output_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    one, x = nn.Linear(3, 2), torch.zeros(2, 3)
    with pytest.raises(NotFoundError, match=r"no output 'logits': the module gives one output.* target=actions"):
        eg.explain(one, x, target=("logits", [0, 1]))
    with pytest.raises(NotFoundError, match=r"no output 'logits': the module gives a tuple of 2; .* named 0 to 1"):
        eg.explain(lambda x: (one(x), one(x)), x, target=("logits", 0))
    with pytest.raises(NotFoundError, match=r"no output 'logits': the module gives pi"):
        eg.explain(lambda x: {"pi": one(x)}, x, target=("logits", 0))
    with eg.init(root=tmp_path) as run:
        run.log({"loss": 1.0}, global_step=1)
    with pytest.raises(EthogramError, match=r"run: expected .* found RunView"):
        eg.explain(one, x, target=0, run=eg.open(run), episode=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [nn.LeakyReLU, nn.ELU, nn.ReLU])
@pytest.mark.parametrize("method", ["gradient", "occlusion", "integrated_gradients"])
def test_modules_that_change_in_place_are_explained_as_those_that_do_not(kind: type[nn.Module], method: str) -> None:
    torch.manual_seed(0)
    first, last, x = nn.Linear(6, 8), nn.Linear(8, 3), torch.randn(3, 6)
    changing, other = (nn.Sequential(first, kind(inplace=inplace), last) for inplace in (True, False))
    found, expected = (eg.explain(net, x, target=1, wrt="0", method=method).values for net in (changing, other))
    assert np.allclose(found, expected, atol=1e-6)
    before = x.clone()
    found, expected = (
        eg.explain(nn.Sequential(kind(inplace=inplace), first), x, target=1, method=method).values
        for inplace in (True, False)
    )
    assert np.allclose(found, expected, atol=1e-6)
    assert torch.equal(x, before)


class Sequence(nn.Module):
    """A layer that is called with time first."""

    def __init__(self) -> None:
        super().__init__()
        self.within, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.within(x.transpose(0, 1)).mean(0))


@pytest.mark.parametrize(("rows", "times"), [(2, 2), (5, 5), (5, 1), (1, 3), (3, 5)])
def test_a_layer_whose_rows_are_not_first_is_refused(rows: int, times: int) -> None:
    with pytest.raises(ShapeError, match="has the rows as its first axis"):
        eg.explain(Sequence(), torch.randn(rows, times, 3), target=0, wrt="within", method="gradient")


def test_what_is_no_number_or_output_for_each_row_is_refused() -> None:
    net, x = nn.Linear(4, 3), torch.randn(5, 4)
    with pytest.raises(ShapeError, match=r"a first axis of 1 rows, found an output of shape \[3, 1\]"):
        eg.explain(lambda x: net(x).T, x, target=1)
    with pytest.raises(ShapeError, match=r"a number for each of 1 rows, found an output of shape \[1, 3\]"):
        eg.explain(net, x, target=lambda found: found)
    with pytest.raises(ShapeError, match=r"found float"):
        eg.explain(net, x, target=lambda found: 1.0)
    with pytest.raises(ShapeError, match="one at least"):
        eg.explain(net, x[:0], target=0)


def test_a_module_that_takes_one_mapping_is_given_it() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.camera, self.speed = nn.Linear(4, 3), nn.Linear(2, 3)

        def forward(self, observation: dict[str, torch.Tensor]) -> torch.Tensor:
            return self.camera(observation["camera"]) + self.speed(observation["speed"])

    both = Both()
    observation = {"camera": torch.randn(3, 4), "speed": torch.randn(3, 2)}
    found = eg.explain(both, observation, target=1, wrt="speed", method="gradient").values
    assert np.allclose(found, both.speed.weight[1].detach().numpy(), atol=1e-6)
    assert eg.explain(both, observation, target=1, wrt="camera", method="gradient").values.shape == (3, 4)


def test_numbers_of_another_question_are_told_wherever_they_differ(tmp_path: Path) -> None:
    net, x = nn.Sequential(nn.Linear(4, 3), nn.Tanh()), torch.randn(6, 4)
    with eg.init(root=tmp_path) as run:
        with run.episode() as episode:
            for row in x:
                episode.step(observation=row.numpy(), reward=0.0)
        eg.explain(net, x, target=[0, 0, 0, 1, 1, 1], run=run, episode=0, method="gradient")
        with pytest.raises(EthogramError, match="other numbers"):
            eg.explain(net, x, target=0, run=run, episode=0, method="gradient", resume=True)


def test_numbers_are_written_where_there_are_steps_for_them(tmp_path: Path) -> None:
    net, x = nn.Linear(4, 3), torch.randn(3, 4)
    with eg.init(root=tmp_path) as run:
        run.log({"loss": 1.0}, global_step=1)
        with pytest.raises(NotFoundError, match="no episode 0; it has none"):
            eg.explain(net, x, target=0, run=run, episode=0)
        with run.episode() as episode:
            for row in x:
                episode.step(observation=row.numpy(), reward=0.0)
            eg.explain(net, x, target=0, run=run, episode=0, method="saliency")
        with pytest.raises(NotFoundError, match="no episode 7; it has 0 to 0"):
            eg.explain(net, x, target=0, run=run, episode=7)
        with pytest.raises(ShapeError, match=r"at most 4 rows.* found 3 from step 2 on"):
            eg.explain(net, x, target=0, run=run, episode=0, first=2)
        with pytest.raises(ShapeError, match="first: expected a step"):
            eg.explain(net, x, target=0, run=run, episode=0, first=-1)
    assert eg.open(run).episode(0).field("attribution/saliency").valid.tolist() == [True] * 3
