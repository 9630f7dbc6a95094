"""Tables written out."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from sro.evaluation.intervals import Interval, Tally
from sro.evaluation.tables import Caption, Row, markdown, to_csv

OURS = Row(
    system="ours | best\nof 8",
    sta=0.9,
    sim=0.75,
    fl=0.5,
    j=Interval(0.41236, 0.38, 0.44449),
    rank=1,
    against_reference=Tally(3, 2, 1),
    pass_rate=0.95,
    refused=0.125,
    copy_rate=0.0625,
    length_ratio=0.876,
    chrf=61.44,
)
COPY = replace(OURS, system="copy", j=Interval(0.5, 0.4, 0.6), rank=2, against_reference=None, chrf=None)
JUDGES = {"style": "tone 1a", "content": "LaBSE 2b", "fluency": "cola 3c"}
CAPTION = Caption("clef25", 1200, JUDGES, "nblr 4d", 10_000, 7)


def test_markdown() -> None:
    _, empty, *lines = markdown([OURS, COPY], CAPTION).splitlines()
    assert empty == ""
    assert lines == [
        "| system | STA | SIM | FL | J [95 %] | w/t/l | rank | pass | refused | copies | length | chrF |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
        "| copy | 0.900 | 0.750 | 0.500 | 0.500 [0.400, 0.600] | – | 2 | 0.950 | 0.125 | 0.062 | 0.88 | – |",
        r"| ours \| best of 8 | 0.900 | 0.750 | 0.500 | 0.412 [0.380, 0.444] | 3/2/1 "
        "| 1 | 0.950 | 0.125 | 0.062 | 0.88 | 61.4 |",
    ]


def test_the_caption_names_protocol_judges_and_screener() -> None:
    caption = str(CAPTION)
    assert caption.startswith(
        "CLEF TextDetox 2025 protocol on 1,200 sentences. "
        "Judges: style by tone 1a; content by LaBSE 2b; fluency by cola 3c. "
    )
    assert "10,000 resamples, seed 7" in caption and "the screener nblr 4d" in caption
    assert markdown([OURS], CAPTION).startswith(caption)


def test_csv_can_be_read_back_and_says_who_judged() -> None:
    first, second = csv.DictReader(io.StringIO(to_csv([OURS, COPY], CAPTION)))
    assert (first["system"], second["system"]) == ("copy", "ours | best\nof 8")
    assert second["j"] == "0.412360" and second["j_low"] == "0.380000" and second["j_high"] == "0.444490"
    assert (second["win"], second["tie"], second["loss"], second["rank"]) == ("3", "2", "1", "1")
    assert (first["win"], first["chrf"]) == ("", "") and second["chrf"] == "61.440000"
    for line in (first, second):
        assert (line["protocol"], line["sentences"], line["screener"]) == ("clef25", "1200", "nblr 4d")
        assert {role: line[f"{role}_judge"] for role in JUDGES} == JUDGES
