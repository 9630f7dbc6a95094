"""The MCP server, asked by the protocol's own client: in memory, and as a process on standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rewriting_stand_ins import Half, Milder, Words
from serving import SIX, SixAttributes

mcp = pytest.importorskip("mcp", reason="needs mcp: pip install -e '.[mcp]'")

from sro.apps.cli import main  # noqa: E402
from sro.apps.mcp.server import LONGEST, MOST_TEXTS, Tools, make_server  # noqa: E402
from sro.comments.languages import is_among, language_of  # noqa: E402
from sro.core.errors import SROError  # noqa: E402
from sro.rewriting.rewriter import Rewriter  # noqa: E402
from sro.screeners.base import Verdict, plain_values  # noqa: E402
from sro.screeners.loading import load_screener  # noqa: E402
from sro.screeners.sentencewise import screen_comments  # noqa: E402
from sro.screeners.toxic_spans import spans_of_failing  # noqa: E402

COMMENTS = ["thank you very much", "\U0001f600 you idiot", "You are kind. But you are an idiot.", " "]
Ask = Callable[[Any], Awaitable[Any]]


def asked(tools: Tools, ask: Ask, mode: str = "auto") -> Any:
    """What `ask` makes of a client that is connected to a server of these tools."""

    async def run() -> Any:
        async with mcp.Client(make_server(tools), mode=mode) as client:
            return await ask(client)

    return asyncio.run(run())


def stand_ins(screener: Any = Words) -> Tools:
    return Tools(screener, lambda screener: Rewriter(Milder(), screener, Half()))


def embedded() -> Any:
    return load_screener("embedded/linear")


def call(name: str, **arguments: Any) -> Ask:
    return lambda client: client.call_tool(name, arguments)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_say_what_they_take_and_give(mode: str) -> None:
    found = asked(stand_ins(), lambda client: client.list_tools(), mode)
    assert [tool.name for tool in found.tools] == ["screen", "rewrite"]
    for tool in found.tools:
        assert tool.description and tool.annotations.read_only_hint
        assert tool.input_schema["properties"]["texts"]["maxItems"] == MOST_TEXTS
        assert "results" in tool.output_schema["properties"]
    only = Tools(Words, None)
    assert [tool.name for tool in asked(only, lambda client: client.list_tools(), mode).tools] == ["screen"]
    assert asked(only, call("rewrite", texts=["you idiot"]), mode).is_error


def test_verdicts_and_words_are_those_of_the_library() -> None:
    results = asked(Tools(embedded, None), call("screen", texts=COMMENTS)).structured_content["results"]
    screener = embedded()
    verdicts = screen_comments(screener, COMMENTS)
    spans = spans_of_failing(screener, COMMENTS, verdicts)
    assert [one["label"] for one in results] == ["pass", "fail", "fail", "pass"]
    assert results == [
        {
            **plain_values(verdict),
            **{"language": language_of(text), "language_supported": is_among(language_of(text), ["en"])},
            "spans": [asdict(span) for span in found],
        }
        for text, verdict, found in zip(COMMENTS, verdicts, spans)
    ]
    start, end = (results[1]["spans"][0][name] for name in ("start", "end"))
    assert COMMENTS[1][start:end] == "idiot"


def test_a_comment_that_says_nothing_has_the_attributes_of_others_at_0() -> None:
    texts = ["\U0001f44d", "https://x.org", "", "you idiot"]
    results = asked(Tools(SixAttributes, None), call("screen", texts=texts)).structured_content["results"]
    assert [one["attributes"] for one in results[:3]] == [dict.fromkeys(SIX, 0.0)] * 3  # as the service answers
    assert results[3]["attributes"]["INSULT"] == 0.9


def test_a_threshold_is_heard() -> None:
    with_bar = Tools(embedded, None, threshold=1e-6)
    [by_default] = asked(with_bar, call("screen", texts=["so so"])).structured_content["results"]
    [own] = asked(with_bar, call("screen", texts=["so so"], threshold=0.99)).structured_content["results"]
    assert (by_default["label"], own["label"]) == ("fail", "pass")
    [strict] = asked(Tools(embedded, None), call("screen", texts=["so so"], threshold=1e-6)).structured_content[
        "results"
    ]
    assert (strict["label"], embedded().screen(["so so"])[0].label) == ("fail", "pass")


def test_rewrites_are_those_of_the_library() -> None:
    texts = ["thanks", "You are an idiot.", "a hopeless idiot"]
    found = asked(stand_ins(), call("rewrite", texts=texts, samples=1, refine=0))
    results = found.structured_content["results"]
    expected = Rewriter(Milder(), Words(), Half()).rewrite(texts)
    assert [(one["status"], one["text"], one["reason"]) for one in results] == [
        (one.status, one.text, one.reason) for one in expected
    ]
    assert [(one["language"], one["language_supported"]) for one in results] == [
        (language_of(text), is_among(language_of(text), ["en"])) for text in texts
    ]
    assert results[1]["after"]["label"] == "pass" and results[1]["changes"][0]["text"] == "You are an person."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": []}, "at least 1"),
        ({"texts": ["a"] * (MOST_TEXTS + 1)}, f"at most {MOST_TEXTS}"),
        ({"texts": "you idiot"}, "valid list"),
        ({"texts": ["a"], "threshold": 0}, "greater than 0"),
        ({"texts": ["a", "é" * LONGEST]}, "texts[1] has 40,960 bytes in UTF-8"),
        ({"texts": ["\ud800"]}, "half a character"),
    ],
)
def test_a_mistake_is_an_error_that_the_model_can_read(arguments: dict[str, Any], message: str) -> None:
    found = asked(stand_ins(), call("screen", **arguments))
    assert found.is_error and message in found.content[0].text


def test_a_part_that_cannot_be_loaded_is_told_with_its_fix_and_tried_again() -> None:
    tries: list[int] = []

    def load() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise SROError("runs/screener: no such folder\n  fix: sro screener train")
        return Words()

    async def twice(client: Any) -> Any:
        return [await client.call_tool("screen", {"texts": ["you idiot"]}) for _ in range(2)]

    first, second = asked(stand_ins(load), twice)
    assert first.is_error and "fix: sro screener train" in first.content[0].text
    assert second.structured_content["results"][0]["label"] == "fail" and len(tries) == 2


def test_what_nobody_foresaw_is_told_without_its_words() -> None:
    class Breaks(Words):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            raise ZeroDivisionError(f"secret {texts}")

    found = asked(stand_ins(Breaks), call("screen", texts=["you idiot"]))
    assert found.is_error and "screen" in found.content[0].text
    assert "secret" not in found.content[0].text and "idiot" not in found.content[0].text


def test_calls_at_once_get_their_own_answers() -> None:
    async def at_once(client: Any) -> Any:
        texts = [f"you {word} idiot" for word in "abcdefgh"]
        return texts, await asyncio.gather(*(client.call_tool("rewrite", {"texts": [text]}) for text in texts))

    texts, found = asked(stand_ins(), at_once)
    assert [one.structured_content["results"][0]["source"] for one in found] == texts


def test_the_command_speaks_on_standard_output_and_nothing_else_does(tmp_path: Path) -> None:
    """As a client starts it. Its code prints on standard output, which must not reach the protocol."""
    (tmp_path / "noisy.py").write_text(
        "import os, sys\nimport sro.screeners.loading as loading\nload = loading.load_screener\n"
        "def noisy(*names, **policy):\n    print('loading', flush=True)\n    os.write(1, b'from C\\n')\n"
        "    return load(*names, **policy)\n"
        "loading.load_screener = noisy\nfrom sro.apps.cli import main\n"
        "sys.exit(main(['mcp', '--screener', 'embedded/linear', '--no_rewrite']))\n"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH")}

    async def run() -> Any:
        parameters = mcp.StdioServerParameters(
            command=sys.executable, args=[str(tmp_path / "noisy.py")], env=kept, cwd=Path.cwd()
        )
        with (tmp_path / "log").open("w") as log:
            async with mcp.Client(mcp.stdio_client(parameters, errlog=log)) as client:
                tools = await client.list_tools()
                return [tool.name for tool in tools.tools], await client.call_tool("screen", {"texts": COMMENTS})

    names, found = asyncio.run(run())
    assert names == ["screen"]
    assert [one["label"] for one in found.structured_content["results"]] == ["pass", "fail", "fail", "pass"]
    log = (tmp_path / "log").read_text("utf-8")
    assert "loading" in log and "from C" in log
    assert "idiot" not in log and "Traceback" not in log


def test_without_the_package_the_fix_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    assert main(["mcp"]) == 2
    assert 'fix: pip install -c constraints.txt -e ".[mcp]"' in capsys.readouterr().err


@pytest.mark.slow  # loads the embedded leader, twice
def test_the_command_rewrites_as_the_library_does(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH", "SRO_CACHE")}
    texts = ["Thank you for the edit.", "What a stupid idea, nobody asked for it.", "Du bist ein dummer Idiot."]

    async def run() -> Any:
        arguments = ["-m", "sro", "mcp", "--screener", "embedded/linear"]
        parameters = mcp.StdioServerParameters(command=sys.executable, args=arguments, env=kept, cwd=Path.cwd())
        with (tmp_path / "log").open("w") as log:
            async with mcp.Client(mcp.stdio_client(parameters, errlog=log)) as client:
                return await client.call_tool("rewrite", {"texts": texts})

    results = asyncio.run(run()).structured_content["results"]
    expected = Rewriter.load(screener="embedded/linear").rewrite(texts)
    assert [(one["status"], one["text"], one["reason"]) for one in results] == [
        (one.status, one.text, one.reason) for one in expected
    ]
    assert results[1]["status"] == "rewritten" and (tmp_path / "log").read_text("utf-8").count("idiot") == 0
