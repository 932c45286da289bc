"""Logs episodes with the linear networks that acted: `python log_linear.py FOLDER`.

One observes 10,000 elements, one a stack of four pictures, one colours. The networks are written as ONNX by hand: a Flatten and a Gemm. Their
attribution by integrated gradients is known exactly: weight times element.
"""

import sys

import ethogram as eg
import numpy as np
from ethogram import space

WIDTH, ACTIONS, STEPS = 10_000, 3, 6


def varint(number: int) -> bytes:
    """A number in the base-128 form of protocol buffers."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(field: int, body: bytes | str) -> bytes:
    """A member that is a text, bytes or a message."""
    data = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    """A member that is a whole number."""
    return varint(field << 3) + varint(value)


def tensor(name: str, values: np.ndarray) -> bytes:
    """A TensorProto of floats."""
    dims = b"".join(number(1, length) for length in values.shape)
    return dims + number(2, 1) + part(8, name) + part(9, values.astype("<f4").tobytes())


def port(name: str, *sides: int) -> bytes:
    """A ValueInfoProto of shape [batch, …]."""
    shape = part(1, part(2, "batch")) + b"".join(part(1, number(1, side)) for side in sides)
    return part(1, name) + part(2, part(1, number(1, 1) + part(2, shape)))


def linear(shape: tuple[int, ...], weights: np.ndarray) -> bytes:
    """A ModelProto whose logits are `flattened observation @ weights`."""
    flatten = part(1, "obs") + part(2, "flat") + part(3, "flatten") + part(4, "Flatten")
    gemm = part(1, "flat") + part(1, "W") + part(2, "logits") + part(3, "head") + part(4, "Gemm")
    graph = (
        part(1, flatten)
        + part(1, gemm)
        + part(2, "linear")
        + part(5, tensor("W", weights))
        + part(11, port("obs", *shape))
        + part(12, port("logits", weights.shape[1]))
    )
    return number(1, 8) + part(7, graph) + part(8, number(2, 17))


def log(name: str, env: dict, shape: tuple[int, ...], weights: np.ndarray, observe, frame=None, **signature) -> None:
    """One run of one episode; `observe(step)` is what is observed, `frame(step)` what is rendered."""
    with eg.init(root=sys.argv[1], project="linear", name=name, env=env, strict=True, capture_code=False) as run:
        described = eg.signature(observation="obs", logits="logits", **signature)
        run.checkpoint(linear(shape, weights), global_step=0, name="linear", signature=described)
        episode = run.episode(global_step=0)
        for step in range(STEPS):
            observation = observe(step)
            logits = observation.reshape(-1).astype(np.float32) @ weights
            more = {"frame": frame(step)} if frame else {}
            episode.step(
                observation=observation, logits=logits, action=int(logits.argmax()), reward=float(step), **more
            )
        episode.end(observation=observe(STEPS), terminated=True)


def describe(name: str, box, **more) -> dict:
    """An environment of three actions."""
    return eg.describe(
        f"{name}-v0",
        fps=10,
        observation_space=box,
        action_space=space.discrete(ACTIONS),
        action_meanings=["UP", "DOWN", "STAY"],
        **more,
    )


def moving(name: str, width: int, weights: np.ndarray) -> None:
    """Few elements that drift: what a scene draws."""
    start = np.linspace(-0.4, 0.5, width).astype(np.float32)
    log(name, describe(name, space.box(-5, 5, (width,), "float32")), (width,), weights, lambda step: start + step / 50)


def wide() -> None:
    """10,000 elements, of which one matters."""
    random = np.random.default_rng(11)
    weights = random.normal(0, 0.05, (WIDTH, ACTIONS)).astype(np.float32)
    weights[7_654] = (9, -9, 0)
    base = random.normal(0, 1, WIDTH).astype(np.float32)

    def observe(step: int) -> np.ndarray:
        observation = base.copy()
        observation[7_654] = 1 + step / 10
        return observation

    env = describe(
        "wide",
        space.box(-5, 5, (WIDTH,), "float32"),
        observation_names=[f"sensor {i}" for i in range(WIDTH)],
        observation_units=["m" if i % 2 == 0 else "rad" for i in range(WIDTH)],
    )
    log("wide", env, (WIDTH,), weights, observe)


def picture(name: str, shape: tuple[int, ...], spots: dict[tuple[int, ...], float]) -> None:
    """Grey pictures, of which the network weighs only some spots for UP, and their opposite for DOWN."""
    weights = np.zeros((*shape, ACTIONS), np.float32)
    for place, weight in spots.items():
        weights[place] = (weight, -weight, 0)
    observation = np.full(shape, 100, np.uint8)
    env = describe(name, space.box(0, 255, shape, "uint8"))
    log(name, env, shape, weights.reshape(-1, ACTIONS), lambda step: observation + np.uint8(step))


wide()
moving("CartPole", 4, np.array([[3, -3, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]], np.float32))
moving("LunarLander", 8, np.eye(8, ACTIONS, dtype=np.float32))
picture("stack", (4, 24, 20), {(1, 5, 3): 0.02, (3, 20, 16): 0.01, (3, 2, 2): -0.01})
picture("colours", (24, 20, 3), {(10, 4, 0): 0.02, (18, 12, 2): -0.01})


def cropped() -> None:
    """A frame of 60 × 40 of which the policy sees half the size of a part: 48 × 40 from row 10 on."""
    weights = np.zeros((24, 20, ACTIONS), np.float32)
    weights[5, 3] = (0.02, -0.02, 0)

    def frame(step: int) -> np.ndarray:
        picture = np.zeros((60, 40, 3), np.uint8)
        picture[10:58] = (200, 40 + step, 40)
        return picture

    log(
        "cropped",
        describe("cropped", space.box(0, 255, (24, 20), "uint8")),
        (24, 20),
        weights.reshape(-1, ACTIONS),
        lambda step: np.ascontiguousarray(frame(step)[10:58:2, ::2, 0]),
        frame,
        region=(0, 10, 40, 48),
    )


cropped()
