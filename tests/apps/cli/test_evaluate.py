"""`sro evaluate` from files to table, with tiny random judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rewriting_stand_ins import Half, Milder, Words
from tiny_judges import tiny_bert, tiny_roberta

from sro.apps.cli import main
from sro.apps.cli.evaluate import FilesArguments, named_files
from sro.core.errors import SROError
from sro.rewriting.rewriter import Rewriter

pytest.importorskip("sacrebleu", reason="tables with a reference have a column chrF: pip install -e '.[eval]'")

SOURCES = ["you idiot", "what a stupid page", "this is bad"]
REWRITES = ["you", "what a page", "this is not good"]
REFERENCES = ["you are not good", "what a bad page", "this is not very good"]


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("judges")
    tiny_roberta(folder / "tone", ["neutral", "toxic"])
    tiny_roberta(folder / "cola", ["unacceptable", "acceptable"], seed=1)
    tiny_bert(folder / "LaBSE")
    return [f"style={folder / 'tone'}", f"content={folder / 'LaBSE'}", f"fluency={folder / 'cola'}"]


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    for name, lines in (("in", SOURCES), ("ours", REWRITES), ("ref", REFERENCES)):
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n")
        rows = [json.dumps({"id": i, "text": line}) + "\n" for i, line in enumerate(lines)]
        (tmp_path / f"{name}.jsonl").write_text("".join(rows if name == "in" else rows[::-1]))
    return tmp_path


def arguments(folder: Path, judges: list[str], suffix: str = "txt") -> list[str]:
    names = ["--input", f"{folder}/in.{suffix}", "--rewrites", f"{folder}/ours.{suffix}"]
    names += ["--reference", f"{folder}/ref.{suffix}", "--resamples", "100"]
    return ["evaluate", *names, "--judges", *judges]


def test_text_and_clef_files_give_the_same_table(
    texts: Path, judges: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(texts, judges)) == 0
    table = capsys.readouterr()
    assert [line.split(" | ")[0] for line in sorted(table.out.splitlines()) if line.startswith("| ")] == [
        *("| ---", "| copy", "| delete", "| human reference", "| ours", "| phrase table", "| system")
    ]
    assert "style by tone " in table.out and "content by LaBSE " in table.out and "fluency by cola " in table.out
    assert "judging ours: 3 sentences" in table.err
    assert main(arguments(texts, judges, "jsonl")) == 0
    assert capsys.readouterr().out == table.out


def test_the_second_run_loads_no_model(
    texts: Path, judges: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    assert main(arguments(texts, judges)) == 0
    first = capsys.readouterr().out
    monkeypatch.delattr(transformers.AutoModelForSequenceClassification, "from_pretrained")
    monkeypatch.delattr(transformers.AutoModel, "from_pretrained")
    assert main(arguments(texts, judges)) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("protocol", ["paradetox", "clef24", "clef25"])
def test_every_protocol(texts: Path, judges: list[str], protocol: str, capsys: pytest.CaptureFixture[str]) -> None:
    judges = judges[:2] if protocol == "clef24" else judges
    assert main([*arguments(texts, judges), "--protocol", protocol, "--output_dir", str(texts / "out")]) == 0
    assert sorted(path.name for path in (texts / "out").iterdir()) == [
        *("manifest.json", "sentences.jsonl", "table.csv", "table.md")
    ]
    assert (texts / "out" / "table.md").read_text("utf-8") == capsys.readouterr().out
    manifest = json.loads((texts / "out" / "manifest.json").read_text())
    assert manifest["config"]["protocol"] == protocol and len(manifest["data"]) == 3


def test_a_submission_of_ours_is_read(
    texts: Path, judges: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Rewriter, "load", lambda **parts: Rewriter(Milder(), Words(), Half()))
    files = ["--input", f"{texts}/in.jsonl", "--output", f"{texts}/ours.jsonl"]
    assert main(["rewrite", "--clef", *files]) == 0
    saved = ["--protocol", "clef24", "--output_dir", str(texts / "out")]
    assert main([*arguments(texts, judges[:2], "jsonl"), *saved]) == 0
    rows = [json.loads(line) for line in (texts / "out" / "sentences.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows if row["system"] == "ours"] == ["you person", *SOURCES[1:]]


def test_a_table_that_was_rewritten_is_scored_by_its_rows(
    texts: Path, judges: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rewriter, "load", lambda **parts: Rewriter(Milder(), Words(), Half()))
    for name, lines in (("in", ["you idiot", "hopeless idiot"]), ("ref", REFERENCES[:2])):
        (texts / f"{name}.csv").write_text("id,text\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines)))
    assert main(["rewrite", "--input", f"{texts}/in.csv", "--output", f"{texts}/ours.csv"]) == 0
    assert main([*arguments(texts, judges, "csv"), "--output_dir", str(texts / "out")]) == 0
    rows = [json.loads(line) for line in (texts / "out" / "sentences.jsonl").read_text("utf-8").splitlines()]
    found = {name: [row["text"] for row in rows if row["system"] == name] for name in ("ours", "human reference")}
    assert found == {"ours": ["you person", "hopeless idiot"], "human reference": REFERENCES[:2]}
    head, *lines = (texts / "out" / "table.csv").read_text("utf-8").splitlines()
    refused = {line.split(",")[0]: line.split(",")[head.split(",").index("refused")] for line in lines}
    assert float(refused["ours"]) == 0.5


def test_mistakes(texts: Path, judges: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "ours.txt").write_text("one line\n")
    assert main(arguments(texts, judges)) == 2
    assert "ours.txt has 1" in capsys.readouterr().err
    assert main([*arguments(texts, judges, "jsonl"), "--protocol", "clef23"]) == 2
    assert "clef23" in capsys.readouterr().err
    assert main([*arguments(texts, ["offical"], "jsonl")]) == 2
    assert "did you mean 'official'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--output_dir", "FILE"], "cannot be the folder of the results: File exists\n  fix: another --output_dir"),
        (["--output_dir", "FILE/out"], "cannot be the folder of the results: Not a directory"),
        (["--resamples", "0"], "resamples=0 must be ≥ 1"),
        (["--seed", "-1"], "seed=-1 must be ≥ 0"),
    ],
)
def test_bad_settings_show_before_anything_is_judged(
    texts: Path, judges: list[str], flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [flag.replace("FILE", f"{texts}/in.txt") for flag in flags]
    assert main([*arguments(texts, judges), *flags]) == 2
    assert message in (said := capsys.readouterr().err) and "judging" not in said


def test_a_file_that_cannot_be_scored_is_an_error(
    texts: Path, judges: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (texts / "ours.txt").write_text("you\n" + "good page " * 40 + "\nthis\n")
    assert main(arguments(texts, judges)) == 2
    assert "ours: tone " in (said := capsys.readouterr().err) and "the text of row 2 (counted from 1)" in said


def test_names_of_systems(tmp_path: Path) -> None:
    odd = tmp_path / "a=b.txt"
    odd.write_text("x")
    files = FilesArguments(input="in.txt", rewrites=["runs/ours.txt", "BART=peer.txt", str(odd)], reference="ref.txt")
    assert named_files(files) == {
        **{"--input": "in.txt", "ours": "runs/ours.txt", "BART": "peer.txt"},
        **{"a=b": str(odd), "--reference": "ref.txt"},
    }
    with pytest.raises(SROError, match="two systems are called 'ours'"):
        named_files(FilesArguments(input="in.txt", rewrites=["a/ours.txt", "b/ours.txt"]))
