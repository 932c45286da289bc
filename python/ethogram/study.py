"""From a checkpoint and an environment to all that can be said of the policy, in one call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ethogram.errors import NotFoundError, ShapeError

if TYPE_CHECKING:
    from ethogram.findings import Event, HealthFinding
    from ethogram.layer_features import LayerFeatures
    from ethogram.reader import CheckpointView, RunView
    from ethogram.remade import Make
    from ethogram.show import Page, Shown


@dataclass(frozen=True)
class Study:
    """What a policy does, and what its network has learned.

    Attributes:
        run: Recorded episodes, observations far apart, and the checkpoint.
        features: A layer taken apart; `None` where that cannot be, which `notes` says.
        events: Moments of the episodes that are worth a look.
        health: What looks wrong.
        notes: What could not be found, and why.
    """

    run: RunView
    features: LayerFeatures | None
    events: list[Event]
    health: list[HealthFinding]
    notes: list[str]

    def show(self, *, page: Page | None = None, height: int = 720, frame: str | None = None) -> Shown:
        """The run's page in the web app; see `ethogram.show`."""
        return self.run.show(page=page, height=height, frame=frame)

    def __repr__(self) -> str:
        found = "no features" if self.features is None else f"{len(self.features)} features"
        return f"<ethogram.Study of {self.run.folder}: {found}, {len(self.events)} events, {len(self.health)} warnings>"

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.study(self)


def study(
    checkpoint: CheckpointView | str | os.PathLike[str] | Any,
    env: Make | None = None,
    *,
    layer: str | None = None,
    k: int = 8,
    of: str | None = None,
    states: int = 1_024,
    events: int = 16,
    report: str | os.PathLike[str] | None = None,
    **sampling: Any,
) -> Study:
    """Play a policy, take a layer of its network apart, and look for what is odd.

    Args:
        checkpoint: A checkpoint of a run, `RUN@WHICH`, or a policy that `Run.checkpoint` takes by itself: a model of
            Stable-Baselines3, an agent of CleanRL's manner, a module of PyTorch that names its outputs.
        env: What to play: an id of Gymnasium's (also those of Atari and Procgen, where they are installed), or a
            function that makes one; the environment of the checkpoint's run when left out.
        layer: That is taken apart; the one to begin with when left out.
        k: Into how many features.
        of: What is taken apart: attributions of a target (`value`, `action`, …), or `activations`; the value where the
            network says one, else the action taken.
        states: Most states that are looked at for it.
        events: Most events of each kind.
        report: Writes all of it as one HTML file, to hand on: the best and the last episode with saliency for what is
            taken apart, the features over every step; see `ethogram.report`.
        **sampling: As `ethogram.sample` takes it: `trajectories`, `steps`, `observations`, `every`, `seed`, `root`, …

    Returns:
        What was found. Asked again with the same arguments it is found again without a step of an environment.

    Raises:
        NotFoundError: There is no such checkpoint.
        EthogramError: Nothing says what to play, or what the network's outputs mean; the report could not be made.

    Example:
        found = eg.study("runs/pong/01J…@80000", trajectories=4, report="pong.html")
        found.features.thumbnails(0), found.events[:3]
        found.show()
    """
    from ethogram.sampling import sample

    run = sample(checkpoint, env, **sampling)
    signature = run.checkpoint().signature or {}
    roles = {output.get("role") for output in signature.get("outputs", {}).values()}
    notes = []
    features = None
    target = of or ("value" if "value" in roles else "action")
    try:
        features = run.features(layer, k, of=target, states=states)
    except (NotFoundError, ShapeError) as error:
        if layer is not None:
            raise
        notes.append(f"no features: {error}")
    if report is not None:
        _write_report(run, report, features, target, notes)
    return Study(run, features, run.events(top=events), run.health(), notes)


def _write_report(
    run: RunView, path: str | os.PathLike[str], features: LayerFeatures | None, target: str, notes: list[str]
) -> None:
    from ethogram.report import report

    explained = target if target != "activations" else "action"
    report(
        run,
        path,
        episodes=("best", "last"),
        methods=("saliency",),
        targets=(explained,),
        features=None if features is None else len(features),
        features_layer=None if features is None else features.layer,
        features_of=target,
        note="\n".join(notes),
    )
