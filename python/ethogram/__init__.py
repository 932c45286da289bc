"""Ethogram shows what a deep-RL agent does and why.

    import ethogram as eg

    run = eg.init(project="pong", config=vars(args))
    env = eg.record(env, run, schedule=eg.capped_cubic)
    run.log({"loss": loss}, global_step=t)
    env.annotate(logits=logits, value=value)

Then `ethogram serve runs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ethogram import analysis, maps, stats
from ethogram.checkpoint import signature
from ethogram.column import Column, Table
from ethogram.description import describe
from ethogram.episode import Episode
from ethogram.errors import EthogramError, EthogramWarning
from ethogram.explain import explain
from ethogram.explain_ray import explain_on_ray
from ethogram.findings import Event, HealthFinding
from ethogram.model import Attribution, Model
from ethogram.overlay import overlay
from ethogram.probe import probe
from ethogram.reader import CheckpointView, EpisodeView, RunView, open_run
from ethogram.record import record
from ethogram.report import report
from ethogram.run import Run, init
from ethogram.schedule import EpisodeStart, always, capped_cubic, evaluation_only, every, never, predicate
from ethogram.show import Shown, show
from ethogram.state_map import StateMap
from ethogram.study import Study, study
from ethogram.values import Distribution, Histogram, Image, Tensor, Text

if TYPE_CHECKING:
    from ethogram.ablation import Ablation
    from ethogram.hint import HintPixel
    from ethogram.outcomes import OutcomePair, outcome_pairs
    from ethogram.replays import Replayed, replay
    from ethogram.rollouts import fork, rollout
    from ethogram.sampling import sample

open = open_run


def __getattr__(name: str) -> Any:
    # Gymnasium is only needed by those who wrap an environment.
    if name == "HintPixel":
        from ethogram.hint import HintPixel

        return HintPixel
    # These need NumPy, which logging does not.
    if name == "Ablation":
        from ethogram.ablation import Ablation

        return Ablation
    if name in ("OutcomePair", "outcome_pairs"):
        from ethogram import outcomes

        return getattr(outcomes, name)
    if name in ("Replayed", "replay"):
        from ethogram import replays

        return getattr(replays, name)
    if name == "sample":
        from ethogram.sampling import sample

        return sample
    if name in ("fork", "rollout"):
        from ethogram import rollouts

        return getattr(rollouts, name)
    hint = "; it is a method of the run that ethogram.init returns" if name in ("finish", "log", "checkpoint") else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


__all__ = [
    "Ablation",
    "Attribution",
    "CheckpointView",
    "Column",
    "Distribution",
    "Episode",
    "EpisodeStart",
    "EpisodeView",
    "EthogramError",
    "EthogramWarning",
    "Event",
    "HealthFinding",
    "HintPixel",
    "Histogram",
    "Image",
    "Model",
    "OutcomePair",
    "Replayed",
    "Run",
    "RunView",
    "Shown",
    "StateMap",
    "Study",
    "Table",
    "Tensor",
    "Text",
    "always",
    "analysis",
    "capped_cubic",
    "describe",
    "evaluation_only",
    "every",
    "explain",
    "explain_on_ray",
    "fork",
    "init",
    "maps",
    "never",
    "open",
    "outcome_pairs",
    "overlay",
    "predicate",
    "probe",
    "record",
    "replay",
    "report",
    "rollout",
    "sample",
    "show",
    "signature",
    "stats",
    "study",
]
