"""What a run should remember of its surroundings: code, command line, packages, host. Secrets are filtered by name."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HIDDEN = "[hidden]"
"""What stands where a secret stood."""

DIFF_BYTES_MAX = 256 * 1024
"""`git diff` is cut here."""

DEPTH_MAX = 16
"""Deepest nesting of a configuration; what lies deeper is written as text."""

TEXT_MAX = 10_000
"""Longest text of a value that is neither number, text, list nor mapping."""

_WORDS = {
    "apikey",
    "authorization",
    "bearer",
    "credential",
    "credentials",
    "jwt",
    "passphrase",
    "passphrases",
    "passwd",
    "password",
    "passwords",
    "pwd",
    "secret",
    "secrets",
    "token",
}
_GRANTS = {"access", "account", "api", "auth", "private", "refresh", "secret"}
_PROVIDERS = {
    "anthropic", "aws", "azure", "comet", "encryption", "gcp", "gemini", "github", "gitlab", "google", "groq", "hf",
    "huggingface", "license", "mistral", "neptune", "openai", "openrouter", "replicate", "signing", "slack", "ssh",
    "stripe", "wandb",
}  # fmt: skip
"""Those whose keys and tokens let somebody in; `primary_key` and `num_tokens` do not."""
# Names and schemes start where no word goes on before them, so that a long line without either is read once.
_ASSIGNMENT = re.compile(r"""(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)\\*["']?\s*[:=]\s*""")
# Quoted, in brackets, after the scheme of a header, or up to the next sign between values.
_VALUE = re.compile(
    r"""\\*"(?:[^"\\]|\\.)*"|\\*'(?:[^'\\]|\\.)*'|\[[^\]\n]*\]|(?i:bearer|basic|token)[ ]+[^\s,;"']+|[^\s,;]+"""
)
# An access (`args.token`), an index or a call; parts of a name are short, those of a signed token are not.
_EXPRESSION = re.compile(r"\{?[A-Za-z_]\w{0,23}(?:(?:\.[A-Za-z_]\w{0,23})+(?![\w.-])|(?:\.[A-Za-z_]\w{0,23})*[\[(])")
# What may follow an option that has no value; a password may begin with `-`, too.
_OPTION = re.compile(r"--|-.?$")
_OPTION_NAME = re.compile(r"[\w.+@/ -]+")
# A name alone is of no use, but in HTTP it may be a token.
_URL_LOGIN = re.compile(
    r"(?<![a-z0-9+.-])(?P<scheme>[a-z][a-z0-9+.-]*+://)(?:[^/\s:@]*:[^/\s@]+|(?<=https://)[^/\s:@]+|(?<=http://)[^/\s:@]+)@"
)


@functools.lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a value of this name should not be written down.

    Names are split into words at `_`, `-`, `.`, spaces and capitals: `api_key`, `HF_TOKEN`, `dbPassword`, `APIToken`
    and `wandb_key` are secrets, `max_tokens`, `tokenizer`, `primary_key` and `keyboard` are not.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    words = [word.lower() for word in re.split(r"[\W_]+", spaced) if word]
    return any(word in _WORDS for word in words) or any(
        last in ("key", "keys", "tokens") and (word in _GRANTS or word in _PROVIDERS)
        for word, last in itertools.pairwise(words)
    )


def jsonable(value: Any, depth: int = 0, *, hide: bool = True) -> Any:
    """Turn a configuration into what JSON can hold, secrets hidden if `hide`.

    Mappings, namespaces, dataclasses and models of Pydantic become objects; sequences and sets become lists; numbers of
    NumPy become numbers; numbers that JSON has no word for become the texts `NaN`, `Infinity` and `-Infinity`;
    anything else its `str`. Surrogates in texts, which no file can hold, are written out. Nothing raises.
    """
    try:
        return _jsonable(value, depth, hide)
    except Exception:
        return _as_text(value)


def configuration(value: Any) -> dict[str, Any] | None:
    """Turn hyper-parameters into a JSON object, as `jsonable` does; `None` of what has no names for its parts.

    An object of one's own, a class and a module have their public members, other than functions and modules.
    """
    written = jsonable(value)
    if isinstance(written, str) and not isinstance(value, str):
        written = jsonable(_members(value) or None)
    return written if isinstance(written, dict) else None


def whole_text(text: str) -> str:
    """The text with its surrogates, as names of files that are no Unicode have them, written out as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _jsonable(value: Any, depth: int, hide: bool) -> Any:
    if value is None or isinstance(value, bool | str):
        if not isinstance(value, str):
            return value
        return _without_login(whole_text(value)) if hide else whole_text(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _not_finite(value)
    if depth >= DEPTH_MAX:
        return _as_text(value)
    mapping = _as_mapping(value)
    if mapping is not None:
        return {
            whole_text(str(key)): HIDDEN
            if hide and is_secret(str(key)) and _could_be_secret(part)
            else jsonable(part, depth + 1, hide=hide)
            for key, part in mapping.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [jsonable(part, depth + 1, hide=hide) for part in value]
    if isinstance(value, set | frozenset):
        return [jsonable(part, depth + 1, hide=hide) for part in sorted(value, key=str)]
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return jsonable(value.tolist(), depth + 1, hide=hide)
    return _as_text(value)


def command_line(arguments: Sequence[str]) -> list[str]:
    """Copy a command line, its secrets hidden.

    They are `X` in `--api-key X`, `--api-key=X`, `--set=api_key=X`, `{"api_key": "X"}` and `https://me:X@host`, and all
    that follows in `--api-keys X Y`. The script of `python -c` loses what is no expression, see `hide_assignments`.
    """
    shown: list[str] = []
    hides, before = "", ""
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hides and not _OPTION.match(argument):
            shown.append(HIDDEN)
            hides = hides if hides.endswith("s") else ""
        elif equals and before != "-c" and is_secret(name) and _OPTION_NAME.fullmatch(name):
            shown.append(f"{name}={HIDDEN}")
            hides = ""
        else:
            shown.append(hide_assignments(whole_text(argument), code=before == "-c"))
            hides = name if argument.startswith("-") and not equals and is_secret(name) else ""
        before = argument
    return shown


def code_state(folder: Path, timeout_secs: float = 5.0) -> dict[str, Any] | None:
    """Read the state of the git work tree that holds `folder`: commit, branch, dirty, diff; `None` outside of one."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments],
                capture_output=True,
                timeout=timeout_secs,
                check=False,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout[: DIFF_BYTES_MAX + 1].decode(errors="replace") if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return None
    status = git("status", "--porcelain", "--untracked-files=no") or ""
    diff = git("diff", "--no-color", "--no-ext-diff", "HEAD") if status.strip() else ""
    return {
        "commit": commit.strip(),
        "branch": (git("rev-parse", "--abbrev-ref", "HEAD") or "").strip(),
        "dirty": bool(status.strip()),
        "diff": hide_assignments((diff or "")[:DIFF_BYTES_MAX], code=True),
    }


def hide_assignments(text: str, *, code: bool = False) -> str:
    """Hide the values in `name = value` and `"name": "value"` where the name is a secret's.

    Args:
        text: Any text.
        code: Whether it is source code, in which `token = args.token` and `key = os.environ["KEY"]` give nothing away:
            expressions stay, so that a diff can be applied.
    """
    shown: list[str] = []
    done = 0
    for match in _ASSIGNMENT.finditer(text):
        # What follows a name that is no secret's may hold one that is: `config={"token": "abc"}`.
        if match.start() < done or not is_secret(match["name"]):
            continue
        value = _VALUE.match(text, match.end())
        if value is None or (code and _EXPRESSION.match(value[0])):
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        shown += [text[done : match.end()], quote, HIDDEN, quote]
        done = value.end()
    return _without_login("".join([*shown, text[done:]]))


def launch() -> dict[str, Any]:
    """How this process was started: its whole command line, and where within which repository. Secrets are hidden."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], capture_output=True, timeout=5.0, check=False, stdin=subprocess.DEVNULL, text=True
            )
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    found: dict[str, Any] = {"arguments": command_line(sys.orig_argv)}
    top = git("rev-parse", "--show-toplevel")
    if top is not None:
        here = Path.cwd().resolve()
        inside = Path(top).resolve()
        found["folder"] = here.relative_to(inside).as_posix() if here.is_relative_to(inside) else "."
        remote = git("config", "--get", "remote.origin.url")
        found["remote"] = None if remote is None else _without_login(remote)
    return found


def script_folder() -> Path:
    """The folder of the script that runs; the working directory in notebooks and consoles."""
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    if script is None or not script.is_file() or script.resolve().is_relative_to(sys.prefix):
        return Path.cwd()
    return script.resolve().parent


def system() -> dict[str, Any]:
    """Describe Python, platform, installed packages and hardware."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "gpus": _gpus(),
        "packages": packages(),
    }


def packages() -> dict[str, str]:
    """Installed packages and versions, by the names of their metadata folders (opening each would take far longer)."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            stem, _, suffix = name.rpartition(".")
            if suffix in ("dist-info", "egg-info") and "-" in stem:
                package, version = stem.split("-")[:2]
                found.setdefault(package.replace("_", "-").lower(), version)
    return dict(sorted(found.items()))


def host() -> str:
    """Name this machine."""
    return platform.node()


def _as_mapping(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # A field of which the initial value comes later may not be there yet.
        names = [field.name for field in dataclasses.fields(value)]
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
        try:
            dumped = dump()
        except Exception:
            return None
        return dumped if isinstance(dumped, Mapping) else None
    if any(kind.__name__ in ("Namespace", "SimpleNamespace") for kind in type(value).__mro__):
        return dict(vars(value))
    return None


def _members(value: Any) -> dict[str, Any]:
    """What an object, a class or a module has, those of its classes first."""
    classes = value.__mro__ if isinstance(value, type) else type(value).__mro__
    # Those of the language have nothing that is of this object.
    places: list[Mapping[str, Any]] = [vars(kind) for kind in reversed(classes) if kind.__module__ != "builtins"]
    if not isinstance(value, type):
        places.append(getattr(value, "__dict__", {}))
    found = {name: part for place in places for name, part in place.items()}
    return {
        name: part
        for name, part in found.items()
        if not (name.startswith("_") or callable(part) or isinstance(part, ModuleType) or hasattr(part, "__get__"))
    }


def _could_be_secret(value: Any) -> bool:
    """Numbers and flags such as `token = 512` are no secrets; empty texts have nothing to hide."""
    return not (value is None or isinstance(value, bool | int | float) or value in ("", b""))


def _without_login(text: str) -> str:
    return _URL_LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _as_text(value: Any) -> str:
    try:
        return hide_assignments(whole_text(str(value)[:TEXT_MAX]))
    except Exception:
        return f"<{type(value).__name__}>"


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _gpus() -> list[str]:
    """Models of NVIDIA cards, as the driver lists them; no tool is started and no library loaded."""
    models: list[str] = []
    for information in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            lines = information.read_text(errors="replace").splitlines()
        except OSError:
            continue
        models += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return models
