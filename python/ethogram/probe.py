"""Asking a policy about many states at once: drawn from the space, taken from recorded episodes, or given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ethogram.errors import NotFoundError, OptionError, ShapeError
from ethogram.live_module import array_of
from ethogram.run import written_into

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    from ethogram.model import Model
    from ethogram.reader import CheckpointView
    from ethogram.run import Run

    Values = numpy.typing.NDArray[Any]

CHUNK = 1_000
"""Samples that are kept together."""

INFINITE = 1e30
"""A bound beyond this is none: Gymnasium writes "no bound" as the largest number of the type now and then."""

_CHOICES = ("logits", "action_probabilities", "q_values")


def probe(
    policy: Callable[[Any], Any] | Model | CheckpointView,
    *,
    run: Run,
    samples: int = 10_000,
    from_: Literal["space", "replay", "dataset"] = "space",
    space: Any = None,
    states: Any = None,
    name: str | None = None,
    global_step: int | None = None,
    signature: Mapping[str, Any] | None = None,
    seed: int = 0,
    batch: int = 256,
) -> dict[str, Values]:
    """Ask a policy about many states, and log both: points of a map of what it would do and how sure it is.

    Bounds of a box may be missing. An element is drawn uniformly between two bounds; above a lower bound alone, or
    below an upper one, at an exponential distance of mean 1; and from a standard normal distribution without bounds.
    That is Gymnasium's own rule.

    The samples lie on the `sample` axis as `samples/NAME/observation`, `samples/NAME/logits` and so on. They are a
    source of maps: `eg.open(run).map(samples=NAME)`, or `{"run", "samples": NAME}` of `POST /api/maps`; entropy,
    confidence and the like are derived from them as from steps.

    Args:
        policy: A function from a batch of observations (an array with a row a state; of a Dict or Tuple space one array
            a part) to logits, or to a mapping with `logits`, `action_probabilities`, `q_values`, `value` or any other
            name, each with a row a state. Or a network with a signature: `run.checkpoint(…)` of an open run, or
            `eg.Model` with `signature`. Recurrent states are zero.
        run: Where to log.
        samples: How many; of recorded or given states so many are picked evenly.
        from_: Drawn from `space`; `replay`: the observations recorded in the run; `dataset`: `states`.
        space: The observation space, of Gymnasium or as `eg.describe` has it; that of the run's environment when left
            out.
        states: An array with a row a state, or a mapping of arrays by the space's parts.
        name: Of the samples; `from_` and the global step when left out, for example `space-1000`. Samples of one index
            are taken for the same state when maps are aligned, as they are with the same seed.
        global_step: Of the weights; that of the run or of the checkpoint when left out.
        signature: What inputs and outputs of an `eg.Model` mean.
        seed: The same seed draws the same states.
        batch: States that the policy is asked about at once.

    Returns:
        Everything that was logged, by field: `observation` (or `observation/PART`), outputs, and `action`: the one
        with the largest number, when the policy did not say.

    Raises:
        NotFoundError: No space or states are known.
        OptionError: An option that has no such value.
        EthogramError: The run is not one that is being written.
        ShapeError: The policy gave something without a row a state.
    """
    import numpy

    run = written_into(run)
    if samples < 1 or batch < 1:
        raise OptionError(f"samples and batch: expected at least 1, found {samples} and {batch}")
    if from_ == "space":
        observations = drawn(_description(space, run), samples, numpy.random.default_rng(seed))
    elif from_ == "replay":
        observations = _picked(_recorded(run), samples)
    elif from_ == "dataset":
        observations = _picked(_given(states), samples)
    else:
        raise OptionError(f"from_: expected space, replay or dataset, found {from_!r}")

    step = global_step
    if step is None:
        step = getattr(policy, "global_step", None)
    step = run.global_step if step is None else int(step)
    label = f"{from_}-{step}" if name is None else name
    if not label or "/" in label:
        raise OptionError(f"name: expected a name without /, found {label!r}")

    ask = _asker(policy, signature)
    rows = len(next(iter(observations.values())))
    parts: dict[str, list[Values]] = {}
    for start in range(0, rows, batch):
        some = {field: values[start : start + batch] for field, values in observations.items()}
        count = min(batch, rows - start)
        for field, values in ask(some, count).items():
            if values.ndim == 0 or len(values) != count:
                raise ShapeError(f"{field!r} of the policy: expected {count} rows, found shape {values.shape}")
            parts.setdefault(field, []).append(values)
    found = observations | {field: numpy.concatenate(some) for field, some in parts.items()}
    if "action" not in found:
        choice = next((found[field] for field in _CHOICES if field in found), None)
        if choice is not None and choice.ndim == 2:
            found["action"] = choice.argmax(axis=1)

    meta = json.dumps({"global_step": step, "from": from_, "seed": seed if from_ == "space" else None})
    for field, values in found.items():
        for start in range(0, rows, CHUNK):
            chunk = numpy.ascontiguousarray(values[start : start + CHUNK])
            run._tensor("sample", f"samples/{label}/{field}", start, "tensor", chunk, meta)
    return found


def drawn(description: dict[str, Any], count: int, random: numpy.random.Generator) -> dict[str, Values]:
    """States of a space by field: `observation`, or `observation/PART` of nested ones. `probe` says how."""
    found: dict[str, Values] = {}
    _draw(description, "observation", count, random, found)
    return found


def _draw(space: dict[str, Any], name: str, count: int, random: Any, found: dict[str, Values]) -> None:
    import numpy

    from ethogram.space import escape

    kind = space["type"]
    if kind == "dict":
        for key, part in space["spaces"]:
            _draw(part, f"{name}/{escape(key)}", count, random, found)
    elif kind == "tuple":
        for index, part in enumerate(space["spaces"]):
            _draw(part, f"{name}/{index}", count, random, found)
    elif kind == "box":
        found[name] = _boxed(space, count, random)
    elif kind == "discrete":
        start = space.get("start", 0)
        found[name] = random.integers(start, start + space["n"], size=count)
    elif kind == "multi_discrete":
        found[name] = random.integers(0, numpy.array(space["nvec"]), size=(count, len(space["nvec"])))
        found[name] = found[name].reshape(count, *space["shape"])
    elif kind == "multi_binary":
        found[name] = random.integers(0, 2, size=(count, *space["shape"]), dtype=numpy.int8)
    else:
        raise OptionError(f"space: states of {kind!r} cannot be drawn; pass from_='dataset' and states=")


def _boxed(space: dict[str, Any], count: int, random: Any) -> Values:
    import numpy

    width = int(numpy.prod(space["shape"], dtype=int))

    def bounds(key: str, missing: float) -> Values:
        given = [missing if bound is None or abs(bound) > INFINITE else bound for bound in space[key]]
        return numpy.broadcast_to(numpy.array(given, dtype=float), (width,))

    low, high = bounds("low", -numpy.inf), bounds("high", numpy.inf)
    dtype = numpy.dtype(space["dtype"])
    # Every kind of number is drawn for every element, so that a bound that changes moves no other element.
    uniform, distance = random.random((count, width)), random.exponential(size=(count, width))
    normal = random.normal(size=(count, width))
    has_low, has_high = numpy.isfinite(low), numpy.isfinite(high)
    # A whole number up to and with the upper bound.
    end = numpy.where(has_high, high, 0.0) + (1.0 if dtype.kind in "iu" else 0.0)
    begin = numpy.where(has_low, low, 0.0)
    values = numpy.select(
        [has_low & has_high, has_low, has_high],
        [begin + uniform * (end - begin), begin + distance, numpy.where(has_high, high, 0.0) - distance],
        normal,
    )
    if dtype.kind in "iu":
        values = numpy.clip(numpy.floor(values), low, high)
    boxed: Values = values.astype(dtype).reshape(count, *space["shape"])
    return boxed


def _description(space: Any, run: Run) -> dict[str, Any]:
    from ethogram.space import describe

    if space is None:
        env = run._env or {}
        space = env.get("observation_space")
        if space is None:
            raise NotFoundError("the run's environment has no observation space; pass space=env.observation_space")
    return dict(space) if isinstance(space, Mapping) and "type" in space else describe(space)


def _recorded(run: Run) -> dict[str, Values]:
    """The observations of all recorded episodes, one after the other."""
    import numpy

    from ethogram.reader import open_run

    view = open_run(run)
    parts: dict[str, list[Values]] = {}
    table = view.episodes()
    for index in table["episode"].numpy()[table["recorded"].numpy()] if table.rows else ():
        episode = view.episode(int(index))
        fields = [field for field in episode.fields if field.split("/")[0] == "observation"]
        columns = {field: episode.field(field) for field in fields}
        there = numpy.logical_and.reduce([column.valid for column in columns.values()]) if columns else None
        for field, column in columns.items():
            parts.setdefault(field, []).append(numpy.asarray(column.numpy())[there])
    if not parts:
        raise NotFoundError("no observations are recorded in the run; record with eg.record, or pass from_='space'")
    return {field: numpy.concatenate(some) for field, some in parts.items()}


def _given(states: Any) -> dict[str, Values]:
    import numpy

    if states is None:
        raise NotFoundError("from_='dataset' needs states=, an array with a row a state")
    if isinstance(states, Mapping):
        from ethogram.space import escape

        found = {f"observation/{escape(str(key))}": numpy.asarray(values) for key, values in states.items()}
    else:
        found = {"observation": numpy.asarray(states)}
    lengths = {values.shape[0] if values.ndim else 0 for values in found.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ShapeError(f"states: expected arrays with a row a state, found {lengths or 'none'} rows")
    return found


def _picked(observations: dict[str, Values], samples: int) -> dict[str, Values]:
    import numpy

    rows = len(next(iter(observations.values())))
    picked = numpy.arange(min(rows, samples)) * rows // min(rows, samples)
    return {field: values[picked] for field, values in observations.items()}


def _asker(policy: Any, signature: Mapping[str, Any] | None) -> Callable[[dict[str, Values], int], dict[str, Values]]:
    from ethogram.model import Model
    from ethogram.reader import CheckpointView

    if isinstance(policy, CheckpointView):
        return _network(policy.model, signature or policy.signature)
    if isinstance(policy, Model):
        return _network(policy, signature)

    def ask(some: dict[str, Values], _: int) -> dict[str, Values]:
        answer = policy(_nested(some))
        if not isinstance(answer, Mapping):
            answer = {"logits": answer}
        return {str(field): array_of(values) for field, values in answer.items() if values is not None}

    return ask


def _nested(some: dict[str, Values]) -> Any:
    """The batch as a policy takes it: an array, a dict of parts, or a tuple where the parts are numbered."""
    if set(some) == {"observation"}:
        return some["observation"]
    tree: dict[str, Any] = {}
    for field, values in some.items():
        *path, last = field.split("/")[1:]
        at = tree
        for key in path:
            at = at.setdefault(_unescape(key), {})
        at[_unescape(last)] = values

    def shaped(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if all(key.isdecimal() for key in part):
            return tuple(shaped(part[key]) for key in sorted(part, key=int))
        return {key: shaped(value) for key, value in part.items()}

    return shaped(tree)


def _unescape(key: str) -> str:
    return key.replace("%2F", "/").replace("%25", "%")


def _network(
    model: Model, signature: Mapping[str, Any] | None
) -> Callable[[dict[str, Values], int], dict[str, Values]]:
    import numpy

    if not signature or not signature.get("inputs"):
        raise NotFoundError("nobody says what the network takes; pass signature=eg.signature(observation=…, logits=…)")
    meanings: Mapping[str, Any] = signature["inputs"]
    roles = {name: output.get("role") for name, output in signature.get("outputs", {}).items()}
    wanted = [(name, role) for name, role in roles.items() if role and role != "state"]

    def ask(some: dict[str, Values], count: int) -> dict[str, Values]:
        inputs: dict[str, Values] = {}
        for port in model.inputs:
            meaning = meanings.get(port.name, {})
            if meaning.get("role") == "state":
                shape = [length if isinstance(length, int) else count for length in port.shape or ()]
                inputs[port.name] = numpy.zeros(shape, dtype=numpy.float32)
                continue
            field = meaning.get("field", "observation")
            if field not in some:
                raise NotFoundError(f"the network takes {field!r}; the states have {', '.join(some)}")
            values = some[field].astype(numpy.float32)
            for step in meaning.get("preprocessing", ()):
                values = _prepared(values, step)
            inputs[port.name] = values
        found = model.activations(inputs, [name for name, _ in wanted])
        return {str(role): found[name] for name, role in wanted}

    return ask


def _prepared(values: Values, step: Mapping[str, Any]) -> Values:
    """One step of a signature's preprocessing, on rows."""
    import numpy

    shape: Sequence[int] = values.shape[1:]
    match step["op"]:
        case "scale" | "shift" as op:
            by = numpy.asarray(step["by"], dtype=numpy.float32)
            by = by.reshape(shape) if by.size > 1 else by
            return values * by if op == "scale" else values + by
        case "clip":
            return numpy.clip(values, step["low"], step["high"])
        case "one_hot":
            switches: Values = (values[..., None] == numpy.arange(step["count"])).astype(numpy.float32)
            return switches
        case "unsqueeze":
            return numpy.expand_dims(values, step["axis"] + 1)
        case "transpose":
            return values.transpose(0, *(axis + 1 for axis in step["axes"]))
        case "flatten":
            return values.reshape(len(values), -1)
    raise OptionError(f"signature: step {step!r} is not known")
