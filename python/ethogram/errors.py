"""What can go wrong, as exceptions. In a run that is not strict, each is told once as an `EthogramWarning` instead."""

from __future__ import annotations


class EthogramError(Exception):
    """Anything that Ethogram could not do."""


class ShapeError(EthogramError, ValueError):
    """A value has another shape or type than its field had before."""


class BadNameError(EthogramError, ValueError):
    """A name that cannot be a field, tag, project or run name."""


class StepError(EthogramError, ValueError):
    """A value was logged without a step, or with something that is not a step."""


class UnsupportedValueError(EthogramError, TypeError):
    """A value of a type that cannot be stored."""


class OptionError(EthogramError, ValueError):
    """An option that has no such value."""


class NotFoundError(EthogramError, LookupError):
    """There is no such run, episode, field, tag or blob."""


class CorruptError(EthogramError):
    """A file is not what its name says."""


class StorageError(EthogramError, OSError):
    """The disk refused."""


class QueueFullError(EthogramError):
    """The queue of the writer is full and the policy is to drop."""


class ClosedError(EthogramError):
    """The run has been finished, or belongs to the process that forked this one."""


class EthogramWarning(UserWarning):
    """Something was not recorded, or not as asked. A reason is told once, four a kind; `Run.faults` counts all."""
