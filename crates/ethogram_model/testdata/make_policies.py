"""Small policies of every kind, exported by torch, with reference numbers by torch's autograd and captum.

    pip install torch==2.15.0 captum==0.9.0 onnx==1.23.0 onnxscript==0.7.2 numpy==2.4.6
    python make_policies.py

Writes `policies/NAME.onnx`, and `policies/NAME.bin` (float32, little-endian, one array after the other) with `policies/NAME.json` (what
they are). Weights are random, of a fixed seed: these networks play nothing, they only have the shapes that real ones have.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from captum.attr import DeepLift, IntegratedGradients, Occlusion, Saliency
from torch import nn

HERE = Path(__file__).parent / "policies"
ROWS = 4


class FixedLstm(nn.Module):
    """Two layers of LSTM: the state has layers first and rows second."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.LSTM(5, 6, num_layers=2)
        self.logits = nn.Linear(6, 3)
        self.value = nn.Linear(6, 1)

    def forward(self, obs, h, c):
        y, (h, c) = self.memory(obs.unsqueeze(0), (h, c))
        return self.logits(y[0]), self.value(y[0]), h, c


class Lstm(nn.Module):
    """A layer of LSTM with its state as torch has it: layers first, rows second."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(5, 8)
        self.memory = nn.LSTM(8, 6)
        self.logits = nn.Linear(6, 3)
        self.value = nn.Linear(6, 1)

    def forward(self, obs, h, c):
        x = torch.tanh(self.enter(obs)).unsqueeze(0)
        y, (h, c) = self.memory(x, (h, c))
        return self.logits(y[0]), self.value(y[0]), h, c


class Gru(nn.Module):
    """A cell of GRU with rows first."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.GRUCell(5, 6)
        self.q = nn.Linear(6, 4)

    def forward(self, obs, hx):
        hx = self.memory(obs, hx)
        return self.q(hx), hx


class Joint(nn.Module):
    """Choices of 4, 3 and 2 at once."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 12), nn.Tanh())
        self.logits = nn.Linear(12, 9)
        self.value = nn.Linear(12, 1)

    def forward(self, obs):
        x = self.body(obs)
        return self.logits(x), self.value(x)


class Nested(nn.Module):
    """A Dict observation: a picture and a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=1, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2), nn.ReLU(), nn.Flatten()
        )
        self.both = nn.Sequential(nn.Linear(4 * 9 + 3, 10), nn.ReLU())
        self.logits = nn.Linear(10, 3)

    def forward(self, camera, speed):
        return self.logits(self.both(torch.cat([self.eyes(camera), speed], 1)))


class Gaussian(nn.Module):
    """A continuous policy whose deviation follows the state."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 10), nn.Tanh())
        self.mean = nn.Linear(10, 2)
        self.log_std = nn.Linear(10, 2)

    def forward(self, obs):
        x = self.body(obs)
        return self.mean(x), torch.clamp(self.log_std(x), -5, 2)


class Quantiles(nn.Module):
    """QR-DQN: 8 quantiles of 3 actions, quantile first, in no order."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 24))

    def forward(self, obs):
        return self.body(obs).reshape(-1, 8, 3)


class Categorical(nn.Module):
    """C51 with 7 atoms: probabilities of each action's returns."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 21))

    def forward(self, obs):
        return torch.softmax(self.body(obs).reshape(-1, 3, 7), -1)


class Ensemble(nn.Module):
    """Three heads on one body."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 10), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(10, 4) for _ in range(3))

    def forward(self, obs):
        x = self.body(obs)
        return torch.stack([head(x) for head in self.heads], 1)


class Planted(nn.Module):
    """A picture in which one pixel says it all: the logit of action 1 is led by (5, 9), everything else is noise."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Flatten()
        )
        self.logits = nn.Linear(6 * 256, 2)
        with torch.no_grad():
            self.logits.weight.mul_(0.05)
            first, second = self.body[0], self.body[2]
            first.weight[0].zero_()
            first.weight[0, 0, 1, 1] = 1.0
            first.bias[0] = 0.0
            second.weight[0].zero_()
            second.weight[0, 0, 1, 1] = 1.0
            second.bias[0] = 0.0
            self.logits.weight[1, 5 * 16 + 9] = 3.0

    def forward(self, frame):
        return self.logits(self.body(frame))


class Residual(nn.Module):
    """Two residual blocks with a pool between, as in IMPALA's network."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, 4, 3, padding=1)
        self.first = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.second = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.body = nn.Linear(4 * 16, 12)
        self.logits = nn.Linear(12, 3)
        self.value = nn.Linear(12, 1)

    def forward(self, frame):
        x = self.pool(self.enter(frame))
        for block in (self.first, self.second):
            x = x + block[1](torch.relu(block[0](torch.relu(x))))
        x = torch.relu(x)
        x = torch.relu(self.body(x.flatten(1)))
        return self.logits(x), self.value(x)


class Attends(nn.Module):
    """Six things that are seen, looked at together, then once more in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(5, 8)
        self.look = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.logits = nn.Linear(8, 3)

    def forward(self, things):
        x = self.enter(things)
        x = self.norm(x + self.look(x, x, x, need_weights=False)[0])
        apart = x.unflatten(-1, (2, 4)).transpose(1, 2)
        seen = nn.functional.scaled_dot_product_attention(apart, apart, apart, is_causal=True)
        return self.logits(seen.transpose(1, 2).flatten(-2).mean(1))


def export(
    name: str, module: nn.Module, inputs: Mapping[str, torch.Tensor], outputs: list[str], axes: Mapping[str, int] | None
) -> None:
    """Writes a module as ONNX, with rows left open; without axes with none open, as those export who do not ask for one."""
    dynamic = None if axes is None else {key: {axes.get(key, 0): "batch"} for key in [*inputs, *outputs]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, tuple(inputs.values()), str(HERE / f"{name}.onnx"), input_names=list(inputs), output_names=outputs,
            dynamic_axes=dynamic, opset_version=17, dynamo=False,
        )  # fmt: skip


def write(name: str, arrays: Mapping[str, torch.Tensor]) -> None:
    """Writes reference numbers and what they are."""
    described, body, offset = [], b"", 0
    for key, tensor in arrays.items():
        data = np.ascontiguousarray(tensor.detach().numpy(), dtype="<f4")
        described.append({"name": key, "shape": list(data.shape), "offset": offset})
        body += data.tobytes()
        offset += data.size
    (HERE / f"{name}.bin").write_bytes(body)
    (HERE / f"{name}.json").write_text(json.dumps({"model": f"{name}.onnx", "arrays": described}, indent=1) + "\n")


def gradients(number: torch.Tensor, wrt: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Gradients of a number a row."""
    found = torch.autograd.grad(number.sum(), list(wrt.values()), retain_graph=True)
    return {f"{prefix}__d_{key}": grad for key, grad in zip(wrt, found, strict=True)} | {f"{prefix}__at": number}


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape).requires_grad_()


def recurrent() -> None:
    """LSTM and GRU: one step, and three steps through time."""
    lstm, gru = Lstm().eval(), Gru().eval()
    obs = [noise(ROWS, 5) for _ in range(3)]
    h, c = noise(1, ROWS, 6), noise(1, ROWS, 6)
    export("lstm", lstm, {"obs": obs[0], "h": h, "c": c}, ["logits", "value", "h_next", "c_next"],
           {"h": 1, "c": 1, "h_next": 1, "c_next": 1})  # fmt: skip
    arrays = {f"obs_{at}": x for at, x in enumerate(obs)} | {"h": h.squeeze(0), "c": c.squeeze(0)}
    logits, _, _, _ = lstm(obs[0], h, c)
    arrays |= gradients(logits[:, 1], {"obs_0": obs[0], "h": h, "c": c}, "one")
    state = (h, c)
    for x in obs:
        logits, _, *state = lstm(x, *state)
    arrays |= gradients(logits[:, 2], {"obs_0": obs[0], "obs_1": obs[1], "obs_2": obs[2], "h": h, "c": c}, "three")
    # Integrated gradients over everything that comes in, from zero: captum wants rows first.
    over = IntegratedGradients(lambda x, h, c: lstm(x, h.unsqueeze(0), c.unsqueeze(0))[1])
    inputs = (obs[0].detach(), h.detach()[0], c.detach()[0])
    found, delta = over.attribute(inputs, target=0, n_steps=64, return_convergence_delta=True)
    arrays |= {f"ig__{key}": values for key, values in zip(("obs_0", "h", "c"), found, strict=True)} | {
        "ig__delta": delta
    }
    write("lstm", arrays)

    obs, hx = noise(ROWS, 5), noise(ROWS, 6)
    export("gru", gru, {"obs": obs, "hx": hx}, ["q", "hx_next"], {})
    q, after = gru(obs, hx)
    write("gru", {"obs": obs, "hx": hx, "q": q, "hx_next": after} | gradients(q[:, 3], {"obs": obs, "hx": hx}, "q3"))


def targets() -> None:
    """Gradients of every kind of target."""
    obs = noise(ROWS, 5)
    joint = Joint().eval()
    export("joint", joint, {"obs": obs}, ["logits", "value"], {})
    logits, _ = joint(obs)
    parts = [torch.log_softmax(part, 1) for part in logits.split([4, 3, 2], 1)]
    log_p = parts[0][:, 2] + parts[1][:, 0] + parts[2][:, 1]
    group = torch.softmax(logits[:, :4], 1)[:, [0, 3]].sum(1)
    arrays = {"obs": obs, "logits": logits}
    arrays |= gradients(log_p.exp(), {"obs": obs}, "joint_p") | gradients(log_p, {"obs": obs}, "joint_log_p")
    arrays |= gradients(group, {"obs": obs}, "either_p") | gradients(group.log(), {"obs": obs}, "either_log_p")
    entropy = -sum((part.exp() * part).sum(1) for part in parts)
    arrays |= gradients(entropy, {"obs": obs}, "entropy")
    write("joint", arrays)

    gaussian, action = Gaussian().eval(), torch.randn(ROWS, 2)
    export("gaussian", gaussian, {"obs": obs}, ["mean", "log_std"], {})
    mean, log_std = gaussian(obs)
    policy = torch.distributions.Normal(mean, log_std.exp())
    fixed = torch.distributions.Normal(mean, torch.full_like(mean, 0.3).exp())
    arrays = {"obs": obs, "action": action} | gradients(mean[:, 1], {"obs": obs}, "mean1")
    arrays |= gradients(policy.log_prob(action).sum(1), {"obs": obs}, "log_density")
    arrays |= gradients(fixed.log_prob(action).sum(1), {"obs": obs}, "log_density_fixed")
    arrays |= gradients(policy.entropy().sum(1), {"obs": obs}, "entropy")
    write("gaussian", arrays)

    quantiles = Quantiles().eval()
    export("quantiles", quantiles, {"obs": obs}, ["quantiles"], {})
    export("fixed", quantiles, {"obs": obs[:1]}, ["quantiles"], None)
    theta = quantiles(obs)
    ordered = theta.sort(1).values
    # The lowest 0.3 of 8: two whole quantiles and 0.4 of the third.
    tail = (ordered[:, 0] + ordered[:, 1] + 0.4 * ordered[:, 2]) / 2.4
    arrays = {"obs": obs} | gradients(theta.mean(1)[:, 1], {"obs": obs}, "q1")
    arrays |= gradients(tail[:, 1], {"obs": obs}, "cvar1") | gradients(ordered[:, 4, 2], {"obs": obs}, "median2")
    write("quantiles", arrays)

    categorical, atoms = Categorical().eval(), torch.linspace(-3, 3, 7)
    export("categorical", categorical, {"obs": obs}, ["probabilities"], {})
    p = categorical(obs)
    before = p.cumsum(-1) - p
    weights = torch.minimum(p, (0.25 - before).clamp(min=0)) / 0.25
    arrays = {"obs": obs, "atoms": atoms} | gradients((p * atoms).sum(-1)[:, 0], {"obs": obs}, "q0")
    arrays |= gradients((weights * atoms).sum(-1)[:, 2], {"obs": obs}, "cvar2")
    write("categorical", arrays)

    ensemble = Ensemble().eval()
    export("ensemble", ensemble, {"obs": obs}, ["q_heads"], {})
    q = ensemble(obs)
    arrays = (
        {"obs": obs} | gradients(q[:, 1, 3], {"obs": obs}, "head1_3") | gradients(q.mean(1)[:, 3], {"obs": obs}, "q3")
    )
    write("ensemble", arrays)


def pictures() -> None:
    """DeepLIFT, occlusion and integrated gradients of networks that see."""
    nested = Nested().eval()
    camera, speed = noise(ROWS, 2, 8, 8), noise(ROWS, 3)
    export("nested", nested, {"camera": camera, "speed": speed}, ["logits"], {})
    inputs = (camera.detach(), speed.detach())
    arrays = {"camera": camera, "speed": speed, "logits": nested(camera, speed)}
    baselines = (torch.full_like(camera, 0.2), torch.full_like(speed, -0.1))
    for prefix, method, more in (
        ("ig", IntegratedGradients(nested), {"n_steps": 50, "baselines": baselines}),
        ("deep_lift", DeepLift(nested), {"baselines": baselines}),
        ("saliency", Saliency(nested), {"abs": False}),
    ):
        found = method.attribute(inputs, target=2, **more)
        arrays |= {f"{prefix}__camera": found[0], f"{prefix}__speed": found[1]}
    hidden = Occlusion(nested).attribute(
        inputs, sliding_window_shapes=((2, 3, 3), (1,)), strides=((2, 2, 2), (1,)), target=2
    )
    arrays |= {"occlusion__camera": hidden[0], "occlusion__speed": hidden[1]}
    write("nested", arrays)

    planted, frame = Planted().eval(), noise(ROWS, 1, 16, 16)
    export("planted", planted, {"frame": frame}, ["logits"], {})
    export("fixed-planted", planted, {"frame": frame[:1]}, ["logits"], None)
    frame = noise(ROWS, 3, 8, 8)
    export("residual", Residual().eval(), {"frame": frame}, ["logits", "value"], {})


def attention() -> None:
    """Attention as torch's exporters write it: the older one, and the newer one with and without the operator `Attention`."""
    torch.manual_seed(7)
    attends, things = Attends().eval(), noise(ROWS, 6, 5)
    export("attends-legacy", attends, {"things": things}, ["logits"], {})
    for opset in (20, 23):
        path = HERE / f"attends-{opset}.onnx"
        torch.onnx.export(
            attends, (things,), str(path), input_names=["things"], output_names=["logits"],
            dynamic_shapes=({0: "batch"},), opset_version=opset, dynamo=True, external_data=False,
        )  # fmt: skip
        # Where each node came from in the source is most of such a file.
        file = onnx.load(path)
        for node in file.graph.node:
            del node.metadata_props[:]
        del file.functions[:], file.graph.value_info[:]
        onnx.save(file, path)
    logits = attends(things)
    write("attends-legacy", {"things": things, "logits": logits} | gradients(logits[:, 1], {"things": things}, "one"))


def one_row() -> None:
    """A recurrent network exported for one row; numbers of several rows, rows first."""
    torch.manual_seed(11)
    network, obs, h, c = FixedLstm().eval(), noise(ROWS, 5), noise(2, ROWS, 6), noise(2, ROWS, 6)
    given = {"obs": obs[:1], "h": h[:, :1], "c": c[:, :1]}
    export("fixed-lstm", network, given, ["logits", "value", "h_next", "c_next"], None)
    logits, value, after_h, after_c = network(obs, h, c)
    found = gradients(logits[:, 1], {"obs": obs, "h": h, "c": c}, "one")
    states = {"h": h, "c": c, "h_next": after_h, "c_next": after_c}
    arrays = {"obs": obs, "logits": logits, "value": value, "one__d_obs": found["one__d_obs"]}
    arrays |= {key: values.transpose(0, 1) for key, values in states.items()}
    write("fixed-lstm", arrays | {f"one__d_{key}": found[f"one__d_{key}"].transpose(0, 1) for key in "hc"})


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    torch.manual_seed(5)
    recurrent()
    targets()
    pictures()
    attention()
    one_row()
