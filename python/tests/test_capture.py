"""What a run remembers of its surroundings, and what it must not."""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ethogram import capture


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api_key", True),
        ("--openai-api-key", True),
        ("HF_TOKEN", True),
        ("dbPassword", True),
        ("aws.secret", True),
        ("access_key_id", True),
        ("max_tokens", False),
        ("tokenizer", False),
        ("keyboard", False),
        ("learning_rate", False),
        ("key", False),
        *[
            (name, True)
            for name in (
                "APIToken",
                "HFToken",
                "DBPassword",
                "AWSSecretKey",
                "api_keys",
                "apiKeys",
                "access_tokens",
                "passwords",
                "openai_key",
                "wandb_key",
                "WANDB_KEY",
                "authorization",
                "jwt",
                "hf_tokens",
                "ssh-key",
            )
        ],
        *[
            (name, False)
            for name in (
                "monkey",
                "keyframe",
                "num_tokens",
                "key_size",
                "primary_key",
                "prng_key",
                "keys",
                "state_keys",
                "tokens",
                "NumTokens",
                "TokenizerKeys",
                "passing",
                "secretary",
                "author",
                "googly_keyed",
            )
        ],
    ],
)
def test_a_secret_is_known_by_its_name(name: str, expected: bool) -> None:
    assert capture.is_secret(name) == expected


def test_a_configuration_becomes_json_without_its_secrets() -> None:
    @dataclasses.dataclass
    class Optimiser:
        rate: float
        token: str

    config = argparse.Namespace(
        seed=np.int64(3),
        gamma=np.float32(0.5),
        clip=float("inf"),
        nothing=None,
        layers=(64, 64),
        grid=np.eye(2, dtype=np.int8),
        folder=Path("a/b"),
        names={"b", "a"},
        optimiser=Optimiser(rate=1e-3, token="abc"),
        api_key="abc",
        token_count=7,
        url="https://me:abc@host/x",
        huge=2**70,
    )
    assert capture.jsonable(config) == {
        "seed": 3,
        "gamma": 0.5,
        "clip": "Infinity",
        "nothing": None,
        "layers": [64, 64],
        "grid": [[1, 0], [0, 1]],
        "folder": "a/b",
        "names": ["a", "b"],
        "optimiser": {"rate": 1e-3, "token": capture.HIDDEN},
        "api_key": capture.HIDDEN,
        "token_count": 7,
        "url": f"https://{capture.HIDDEN}@host/x",
        "huge": str(2**70),
    }


@dataclasses.dataclass
class Late:
    rate: float = 0.1
    steps: int = dataclasses.field(init=False)


class Arguments(argparse.Namespace):
    rate: float


class Base:
    rate = 0.5
    seed = 1

    def train(self) -> None: ...

    @property
    def doubled(self) -> float:
        return 2 * self.rate


class Plain(Base):
    def __init__(self) -> None:
        self.rate, self.api_key, self._private = 0.1, "abc", 3
        self.activation = max


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Late(), {"rate": 0.1}),
        (Arguments(rate=0.1, _kept=2), {"rate": 0.1, "_kept": 2}),
        (Plain(), {"rate": 0.1, "seed": 1, "api_key": capture.HIDDEN}),
        (Base, {"rate": 0.5, "seed": 1}),
        ({"optimiser": Arguments(rate=0.2)}, {"optimiser": {"rate": 0.2}}),
        ({}, {}),
        ("rate=0.1", None),
        ([1, 2], None),
        (Path("a"), None),
        (object(), None),
        (3, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_configuration_is_of_any_object_that_names_its_parts(given: object, expected: object) -> None:
    assert capture.configuration(given) == expected


def test_a_value_that_raises_is_text() -> None:
    class Broken(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise RuntimeError

    assert capture.jsonable({"a": Broken(b=1), "c": 2}) == {"a": "{'b': 1}", "c": 2}


def test_surrogates_are_written_out() -> None:
    given = {"path": "data/\udcff", "\udcff": [Path("a\udcff")]}
    assert capture.jsonable(given) == {"path": "data/\\udcff", "\\udcff": ["a\\udcff"]}


def test_a_configuration_that_holds_itself_ends() -> None:
    config: dict[str, object] = {}
    config["self"] = config
    described = capture.jsonable(config)
    for _ in range(capture.DEPTH_MAX - 1):
        described = described["self"]
    assert isinstance(described["self"], str)


def test_a_value_without_a_text_is_named_by_its_type() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    assert capture.jsonable({"x": Mute()}) == {"x": "<Mute>"}


def test_a_command_line_loses_its_secrets() -> None:
    given = ["train.py", "--api-key", "abc", "--seed", "3", "--hf-token=abc", "--verbose", "s3://me:abc@b/x"]
    hidden = capture.HIDDEN
    assert capture.command_line(given) == [
        "train.py", "--api-key", hidden, "--seed", "3", f"--hf-token={hidden}", "--verbose", f"s3://{hidden}@b/x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (['{"api_key": "sk"}'], ['{"api_key": "[hidden]"}']),
        (['{"api_keys":["sk","sl"],"lr":1}'], ['{"api_keys":[hidden],"lr":1}']),
        ([r'"{\"api_key\": \"sk\"}"'], [r'"{\"api_key\": [hidden]']),
        (["--set=api_key=sk", "--set", "api_key=sk"], ["--set=api_key=[hidden]", "--set", "api_key=[hidden]"]),
        (["--password", "-hunter2", "-v"], ["--password", "[hidden]", "-v"]),
        (["--password", "--seed", "3"], ["--password", "--seed", "3"]),
        (["--token", "-"], ["--token", "-"]),
        (["--api_keys", "sk", "sl", "--lr", "1"], ["--api_keys", "[hidden]", "[hidden]", "--lr", "1"]),
        (["--header", "Authorization: Bearer a.b-c"], ["--header", "Authorization: [hidden]"]),
        (
            ["--max_tokens=512", "--num-tokens", "3", "optim.lr=1"],
            ["--max_tokens=512", "--num-tokens", "3", "optim.lr=1"],
        ),
        (["https://host/x?token=abc&y=1"], ["https://host/x?token=[hidden]"]),
        (["-c", "token = args.token; key = 1"], ["-c", "token = args.token; key = 1"]),
        (["-c", "token = args.token"], ["-c", "token = args.token"]),
        (["--set", "token = args.token"], ["--set", "token =[hidden]"]),
        (["the api key=sk"], ["the api key=[hidden]"]),
    ],
    ids=str,
)
def test_secrets_within_arguments_are_hidden(given: list[str], expected: list[str]) -> None:
    assert capture.command_line(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://ghp_abc@host/x", "https://[hidden]@host/x"),
        ("git+http://me:abc@host", "git+http://[hidden]@host"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("https://host/@name", "https://host/@name"),
        ("https://host:80/x", "https://host:80/x"),
    ],
)
def test_a_login_in_an_address_is_hidden(given: str, expected: str) -> None:
    assert capture.jsonable(given) == expected


def test_quotes_in_a_secret_do_not_end_it() -> None:
    assert capture.hide_assignments(r'password = "a\"b c" x') == f'password = "{capture.HIDDEN}" x'


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=trunk", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", folder, *arguments], check=True, capture_output=True)


def test_the_state_of_the_code_is_kept(tmp_path: Path) -> None:
    assert capture.code_state(tmp_path) is None
    git(tmp_path, "init")
    (tmp_path / "train.py").write_text("rate = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    clean = capture.code_state(tmp_path)
    assert clean is not None
    assert (len(clean["commit"]), clean["branch"], clean["dirty"], clean["diff"]) == (40, "trunk", False, "")
    (tmp_path / "train.py").write_text('rate = 2\napi_key = "abc"\n')
    dirty = capture.code_state(tmp_path)
    assert dirty is not None
    assert dirty["dirty"]
    assert "+rate = 2" in dirty["diff"]
    assert f'+api_key = "{capture.HIDDEN}"' in dirty["diff"]
    assert "abc" not in dirty["diff"]


def test_code_that_gives_nothing_away_stays() -> None:
    hidden = capture.HIDDEN
    given = {
        "token = args.token": "token = args.token",
        'api_key = os.environ["KEY"]': 'api_key = os.environ["KEY"]',
        "secret=get_secret()": "secret=get_secret()",
        'password = "abc"': f'password = "{hidden}"',
        "API_KEY=abc123": f"API_KEY={hidden}",
        'config={"rate": 1, "api_key": "abc"}': f'config={{"rate": 1, "api_key": "{hidden}"}}',
        "a=token=abc": f"a=token={hidden}",
        "token = eyJhbGciOiJIUzI1NiJ9abcdefgh.eyJzdWIiOiIxMjM0NTY3ODkwIn0abcd.x": f"token = {hidden}",
    }
    assert {text: capture.hide_assignments(text, code=True) for text in given} == given
    assert capture.hide_assignments("token = args.token") == f"token = {hidden}"


def test_a_long_diff_is_cut(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "data.txt").write_text("x\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    (tmp_path / "data.txt").write_text("y" * capture.DIFF_BYTES_MAX * 2)
    state = capture.code_state(tmp_path)
    assert state is not None
    assert len(state["diff"]) == capture.DIFF_BYTES_MAX


def test_the_system_names_what_is_installed() -> None:
    system = capture.system()
    assert system["packages"]["numpy"] == np.__version__
    assert system["cpu_count"] >= 1
