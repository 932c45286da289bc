"""How things look in a notebook, and the server that `show` starts. No Jupyter is needed."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from conftest import reopened

import ethogram as eg
from ethogram import notebook
from ethogram.errors import NotFoundError, OptionError

HTML_MAX = 200_000
VOID = {"img", "br", "path", "circle"}


class Parsed(HTMLParser):
    """Elements that were opened and closed in order, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(what: Any) -> Parsed:
    text = what._repr_html_()
    assert isinstance(text, str) and len(text) < HTML_MAX
    found = Parsed(text)
    assert "script" not in found.seen
    return found


@pytest.fixture
def view(root: Path) -> eg.RunView:
    evil = "<script>alert('x')</script>"
    with eg.init("tests", name=evil, root=root, strict=True, capture_code=False, tags=[evil]) as run:
        for index in range(12):
            with run.episode(seed=index) as episode:
                for step in range(9):
                    frame = np.full((24, 32, 3), 20 * step, np.uint8)
                    state = np.array([index, step, -step], np.float32)
                    value = None if step == 3 else float(step)
                    episode.step(observation=state, frame=frame, action=step % 2, reward=0.5, value=value, note=evil)
    return eg.open(run)


def test_a_run_and_its_table_are_shown_and_escaped(view: eg.RunView) -> None:
    found = shown(view)
    assert "<script>alert" in found.text and "12, 12 recorded" in found.text and "svg" in found.seen
    table = shown(view.episodes())
    assert table.seen.count("tr") == 1 + notebook.ROWS_MAX + 1 and "12 rows" in table.text


def test_an_episode_is_shown_with_its_rewards_and_frames(view: eg.RunView) -> None:
    found = shown(view.episode(3))
    assert found.seen.count("img") == notebook.PICTURES
    assert "4.5" in found.text and "advantage" in found.text


def test_fields_are_shown_by_their_kind(view: eg.RunView) -> None:
    episode = view.episode(0)
    value = shown(episode.field("value"))
    assert "missing" in value.text and "0, " in value.text and "svg" in value.seen
    assert "3" in shown(episode.field("observation")).text
    assert shown(episode.field("frame")).seen.count("img") == notebook.PICTURES
    assert "<script>alert" in shown(episode.field("note")).text


def test_a_map_and_statistics_are_shown(view: eg.RunView) -> None:
    found = shown(view.map(of="observation", method="pca"))
    assert found.seen.count("circle") == 108 and "pca" in found.text
    scores = np.random.default_rng(0).normal(size=(5, 3))
    assert "to" in shown(eg.stats.interval(scores, reps=200)).text
    assert "svg" in shown(eg.stats.performance_profile(scores, np.linspace(-1, 1, 9), reps=200)).seen
    assert "svg" in shown(eg.stats.efficiency_curve(np.stack([scores] * 4, axis=2), reps=200)).seen


def test_what_is_empty_or_not_a_number_is_shown_or_left_to_the_text(run: eg.Run) -> None:
    assert run._repr_html_() is None
    run.log({"loss": float("nan")}, global_step=0)
    assert run._repr_html_() is not None
    view = reopened(run)
    assert "0, 0 recorded" in shown(view).text
    assert shown(view.episodes()).seen.count("tr") == 1
    assert "NaN" in shown(view.scalars("loss")).text


@pytest.fixture
def servers() -> Iterator[None]:
    from ethogram.show import stop

    yield
    stop()


def get(url: str) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(url, timeout=20) as answer:
        return answer.status, answer.headers


def test_show_starts_one_server_for_a_root_and_gives_the_page(view: eg.RunView, servers: None) -> None:
    first = view.show()
    place = urlsplit(first.url)
    assert (place.hostname, place.fragment) == ("localhost", f"/overview?runs={view.info['id']}&run={view.info['id']}")
    second = urlsplit(view.episode(3).show(step=4).url)
    assert (second.port, second.query) == (place.port, place.query)
    assert second.fragment == f"/replay?runs={view.info['id']}&run={view.info['id']}&episode=3&step=4"
    status, headers = get(first.url)
    assert status == 200 and "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://localhost:{place.port}/api/runs", timeout=20)
    assert refused.value.code == 401
    link = first._repr_html_()
    assert "iframe" not in link and "token=" in link and 'rel="noopener"' in link


def test_show_lies_in_a_frame_of_the_origin_that_is_named_alone(view: eg.RunView, servers: None) -> None:
    framed = eg.show(view, page="training", height=500, frame="http://localhost:8888")
    assert "<iframe" in framed._repr_html_() and 'height="500"' in framed._repr_html_()
    _, headers = get(framed.url)
    assert headers["Content-Security-Policy"].endswith("frame-ancestors http://localhost:8888")
    with pytest.raises(eg.EthogramError, match="expected an origin"):
        eg.show(view, frame="*")


def test_show_says_what_is_not_there(root: Path, run: eg.Run) -> None:
    with pytest.raises(NotFoundError, match="found nothing at"):
        eg.show(root / "nowhere")
    with pytest.raises(NotFoundError, match="nothing was written"):
        run.show()
    for wrong in ({"height": 3}, {"page": "nowhere"}):
        with pytest.raises(OptionError):
            eg.show(root, **wrong)


def test_a_run_of_a_notebook_is_called_after_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/venv/lib/ipykernel_launcher.py", "-f", "kernel.json"])
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert eg.init("tests", root=root).name.startswith("notebook 20")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/cart pole.ipynb")
    assert eg.init("tests", root=root).name.startswith("cart pole 20")
