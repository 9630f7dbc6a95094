"""Command line, folders, service and rewriter give the same verdict on every comment, whatever it is made of."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sro.apps.cli import main
from sro.apps.serve.screening import Asked, screen_texts
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


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_the_verdicts_agree(threshold: float | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = mixed(400)
    screener = load_screener("embedded/linear")
    expected = screen_comments(screener, texts, threshold=threshold)
    labels = [verdict.label for verdict in expected]
    assert len(texts) > 300 and 0.2 < labels.count("fail") / len(texts) < 0.8
    disagree = [screener.screen([text])[0].label for text in texts]
    assert threshold or disagree != labels  # the whole text alone would say something else of some

    served = screen_texts(screener, texts, Asked(threshold=threshold), lambda *_: [])
    assert [one.verdict for one in served] == expected

    rewriter = Rewriter(Silent(), screener, Same())
    arguments = RewriteArguments(samples=0, refine=0, threshold=threshold)
    assert [found.before for found in rewriter.rewrite(texts, arguments)] == expected
    streamed = [found.before for some in rewriter.stream(texts, arguments, 7) for found in some]
    assert [(one.label, round(one.probability, 9)) for one in streamed] == [
        (one.label, round(one.probability, 9)) for one in expected
    ]

    bar = ["--screener", "embedded/linear", *([] if threshold is None else ["--threshold", str(threshold)])]
    assert main(["screener", "screen", *texts, *bar]) == 0
    printed = re.findall(r"^(?:\d+\t)?(pass|fail)\t[01]\.\d+\t", capsys.readouterr().out, re.MULTILINE)
    assert printed == labels

    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    assert (
        main(["screener", "screen", "--input", str(tmp_path / "in.jsonl"), "--output", f"{tmp_path}/out/", *bar]) == 0
    )
    rows = [json.loads(line) for path in sorted((tmp_path / "out").glob("*.jsonl")) for line in path.open()]
    assert [row["verdict"] for row in rows] == labels
    assert [row["p_fail"] for row in rows] == [round(verdict.probability, 4) for verdict in expected]
