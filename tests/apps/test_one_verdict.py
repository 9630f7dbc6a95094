"""Command line, folders, service and rewriter give the same verdict on every comment, whatever it is made of."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from serving import serving

from sro.apps.cli import main
from sro.apps.serve.lanes import make_parts as real_parts
from sro.apps.serve.screening import ScreeningOptions, screen_texts
from sro.apps.serve.settings import Models, Service
from sro.leader.generation import Completion, Sampling
from sro.rewriting.config import RewriteArguments
from sro.rewriting.rewriter import Rewriter
from sro.screeners.loading import load_screener
from sro.screeners.sentencewise import screen_comments

CIVIL = [
    *("Thank you for the edit.", "I read it twice", "See the talk page, please.", "That is a fine idea!", "Why not?"),
    *("The train leaves at 9.30 from platform 4.", "Here is the source of the figures", "We should meet. Soon."),
]
RUDE = [
    *("you are an idiot", "What a stupid idea.", "Shut up!", "this is bullshit", "you pathetic moron..."),
    *("y0u 1d10t", "f u c k off", "sh*t happens", "you id\u200biot", "ѕtuріd", "stuuupid"),
]
PIECES = [
    *(
        "> you idiot\n",
        "&gt; what a stupid idea\n\n",
        "https://example.org/you-idiot ",
        "[docs](https://example.org/a_b) ",
    ),
    *(
        "`x = stupid` ",
        "```\nidiot\n```\n",
        "@moron_bot ",
        "#idiot ",
        "😂",
        "🖕 ",
        "👨\u200d👩\u200d👧 ",
        ":) ",
        "\t",
        "  ",
    ),
    *("\n", "\r\n\r\n", "- ", "* ", "", "", "", "می\u200cخواهم ", "идиот ", "naïve "),
]


def mixed(number: int) -> list[str]:
    draw = random.Random(20)
    pools = (CIVIL, RUDE, PIECES, PIECES)
    made = ["".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(1, 6))) for _ in range(number)]
    return [text for text in dict.fromkeys(made) if text.strip() and "\x00" not in text]


class Silent:
    """A leader that says nothing, so that only the screening matters."""

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        return [[Completion("", [1], True)] * n for _ in comments]


class Same:
    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return np.ones(len(texts), np.float32)


def analyzed(client: TestClient, text: str) -> float:
    """TOXICITY by Perspective's protocol; of a comment that it calls empty 0."""
    asked = {"comment": {"text": text}, "languages": ["en"], "requestedAttributes": {"TOXICITY": {}}}
    answer = client.post("/v1alpha1/comments:analyze", json=asked)
    if answer.status_code == 400:
        assert answer.json()["error"]["details"][0]["errorType"] == "COMMENT_EMPTY"
        return 0.0
    return float(answer.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"])


def all_ways_agree(
    name: str,
    texts: list[str],
    threshold: float | None,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    every: int = 1,
) -> list[str]:
    """The labels, which command line, file, folder, service, Perspective's protocol (for one text of `every`) and
    rewriter all have given."""
    screener = load_screener(name)
    expected = screen_comments(screener, texts, threshold=threshold)
    labels = [verdict.label for verdict in expected]
    close = pytest.approx([verdict.probability for verdict in expected], abs=2e-4)  # sums of float32 depend on company

    served = screen_texts(screener, texts, ScreeningOptions(threshold=threshold), lambda *_: [])
    assert [one.verdict.label for one in served] == labels
    rewriter = Rewriter(Silent(), screener, Same())
    arguments = RewriteArguments(samples=0, refine=0, threshold=threshold)
    assert [found.before.label for found in rewriter.rewrite(texts, arguments)] == labels
    streamed = [found.before for some in rewriter.stream(texts, arguments, 7) for found in some]
    assert [one.label for one in streamed] == labels and [one.probability for one in streamed] == close

    parts = real_parts(Models(rewrite=False, screener=name), Service(), lambda *_: None)
    with serving(parts, Service(time_limit=600)) as client:
        while client.get("/readyz", params={"part": "screen"}).json()["parts"]["screen"] == "loading":
            time.sleep(0.1)
        answers: list[dict[str, object]] = []
        for at in range(0, len(texts), 50):
            asked = {"texts": texts[at : at + 50], "threshold": threshold}
            answers += client.post("/v1/screen", json=asked).json()["results"]
        assert [one["label"] for one in answers] == labels and [one["probability"] for one in answers] == close
        some = slice(None, None, every)
        assert [analyzed(client, text) for text in texts[some]] == pytest.approx(close.expected[some], abs=2e-4)

    bar = ["--screener", name, *([] if threshold is None else ["--threshold", str(threshold)])]
    assert main(["screener", "screen", *texts, *bar]) == 0
    printed = re.findall(r"^(?:\d+\t)?(pass|fail)\t[01]\.\d+\t", capsys.readouterr().out, re.MULTILINE)
    assert printed == labels
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    for target in ("verdicts.jsonl", "out/"):
        assert main(["screener", "screen", "--input", str(source), "--output", f"{folder}/{target}", *bar]) == 0
    for path in (folder / "verdicts.jsonl", *(folder / "out").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.open()]
        assert [row["verdict"] for row in rows] == labels and [row["p_fail"] for row in rows] == close
    return labels


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_the_verdicts_agree(threshold: float | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = mixed(240)
    labels = all_ways_agree("embedded/linear", texts, threshold, tmp_path, capsys, every=8)
    assert len(texts) > 180 and 0.2 < labels.count("fail") / len(texts) < 0.8
    wholes = [load_screener("embedded/linear").screen([text])[0].label for text in texts]
    assert threshold or wholes != labels  # the whole text alone would say something else of some


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), [("embedded/linear", 2_700), ("embedded/encoder", 270)])
def test_the_verdicts_agree_on_many_texts(
    name: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "embedded/encoder":
        pytest.importorskip("onnxruntime")
    texts = mixed(number)
    texts += [" ".join(texts[at : at + 120]) for at in range(0, 240, 120)]  # two long ones
    texts.append("so they said wait and i waited and nothing came, " * 8 + "and then some stupid idiot laughed")
    all_ways_agree(name, texts, None, tmp_path, capsys)
    assert len(texts) >= number * 3 // 4
