"""Every example runs, on parts that need no weights or on tiny random ones."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markdown_blocks import ROOT

EXAMPLES = ROOT / "examples"


def example(name: str) -> ModuleType:
    """The module of an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_example_is_tested() -> None:
    tested = Path(__file__).read_text("utf-8")
    for file in EXAMPLES.iterdir():
        if file.suffix in (".py", ".ipynb"):
            assert f'"{file.stem}"' in tested or f'"{file.name}"' in tested, file.name


def test_a_csv_keeps_its_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rewriting_stand_ins import Half, Milder, Words

    from sro import Rewriter

    monkeypatch.setattr(Rewriter, "load", lambda: Rewriter(Milder(), Words(), Half()))
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        'id,text,author\n1,You are an idiot.,ann\n2,"Thank you,\nall.",bob\n3,A hopeless idiot.,cy\n', "utf-8"
    )
    example("rewrite_csv").main([str(source), str(target)])
    with target.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] + row["author"] for row in rows] == ["1ann", "2bob", "3cy"]
    assert [row["rewrite"] for row in rows] == ["You are an person.", "Thank you,\nall.", ""]
    assert [(row["status"], row["reason"]) for row in rows] == [
        ("rewritten", ""),
        ("unchanged", ""),
        ("refused", "still_fails"),
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("id,body\n1,hello\n", "no column 'text'; it has id, body"),
        ("id,text,status\n1,hello,approved\n", "has a column 'status' already"),
        ("id,text\n1,hello\n2,a,b\n", r"in\.csv:3: more fields than the header has columns"),
    ],
)
def test_a_csv_that_would_lose_something_is_refused(tmp_path: Path, table: str, message: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(table, "utf-8")
    with pytest.raises(SystemExit, match=message):
        example("rewrite_csv").rewrite_csv(source, target, "text", lambda: pytest.fail("models are loaded"))
    assert not target.exists()


def test_a_short_row_of_a_csv_has_an_empty_comment(tmp_path: Path) -> None:
    from rewriting_stand_ins import Half, Milder, Words

    from sro import Rewriter

    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n1\n2,You are an idiot.\n", "utf-8")
    example("rewrite_csv").rewrite_csv(source, target, "text", lambda: Rewriter(Milder(), Words(), Half()))
    with target.open(newline="", encoding="utf-8") as file:
        assert [(row["text"], row["status"]) for row in csv.DictReader(file)] == [
            ("", "unchanged"),
            ("You are an idiot.", "rewritten"),
        ]


def test_a_line_ends_where_a_reader_of_files_ends_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffone\x0ctwo\r\n\nthree\x85\u2028four\n".encode())
    assert example("evaluate_submission").lines(tmp_path / "a.txt") == ["one\x0ctwo", "", "three\x85\u2028four"]


def test_a_queue_is_decided_by_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = pytest.importorskip("serving", reason="the service needs the extra `serve`")
    module = example("moderate_queue")
    queue, decisions = tmp_path / "queue.jsonl", tmp_path / "decisions.jsonl"
    texts = {f"c{n}": "you idiot" if n % 3 == 0 else "thank\u2028you" for n in range(20)}  # two requests
    queue.write_text(
        "".join(json.dumps({"id": i, "text": text}, ensure_ascii=False) + "\n" for i, text in texts.items()), "utf-8"
    )
    with serving.serving(wait_for="rewrite") as client:

        def post(address: str, path: str, body: dict[str, Any], key: str = "") -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        monkeypatch.setattr(module, "post", post)
        module.main([str(queue), str(decisions)])
    found = [json.loads(line) for line in decisions.read_text("utf-8").splitlines()]
    assert [row["id"] for row in found] == list(texts)
    for row in found:
        rude = texts[row["id"]] == "you idiot"
        assert row["action"] == ("moderate" if rude else "publish")
        assert row.get("reason") == ("still_fails" if rude else None)


def test_a_leader_is_trained_against_a_classifier(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_causal: Any,
    saved: Any,
) -> None:
    from tiny_judges import tiny_roberta

    from sro.leader.model import Leader, LeaderArguments, is_peft

    monkeypatch.chdir(tmp_path)
    leader = saved(tmp_path / "leader", *tiny_causal())
    classifier = tiny_roberta(tmp_path / "classifier", ["neutral", "toxic"])
    (tmp_path / "comments.txt").write_text("you are an idiot\n\nwhat a stupid idea\n", "utf-8")
    words = ["comments.txt", "--classifier", str(classifier), "--leader", str(leader)]
    example("train_with_hf_classifier").main([*words, "--output_dir", "out", "--max_steps", "2"])
    assert capsys.readouterr().out.endswith(f" --leader {leader} --adapter out/adapter\n")
    assert is_peft(Leader.load(LeaderArguments(str(leader), adapter="out/adapter")).model)  # so that command works
    state = json.loads((tmp_path / "out" / "checkpoint-2" / "trainer_state.json").read_text("utf-8"))
    assert state["global_step"] == 2


def test_a_submission_is_scored(tmp_path: Path) -> None:
    pytest.importorskip("sacrebleu", reason="tables with a reference have a column chrF: pip install -e '.[eval]'")
    from tiny_judges import tiny_bert, tiny_roberta

    from sro.evaluation.judges.loading import load_judges

    style, fluency = (
        tiny_roberta(tmp_path / "style", ["neutral", "toxic"]),
        tiny_roberta(tmp_path / "fluency", ["unacceptable", "acceptable"], seed=1),
    )
    content = tiny_bert(tmp_path / "content")
    judges = load_judges([f"style={style}", f"content={content}", f"fluency={fluency}"], "paradetox")
    for name, rows in {
        "toxic": ["you idiot", "a stupid page"],
        "ours": ["you", "a page"],
        "human": ["you", "page"],
    }.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(rows) + "\n", "utf-8")
    files = (tmp_path / f"{name}.txt" for name in ("toxic", "ours", "human"))
    found = example("evaluate_submission").score(*files, judges)
    assert {"ours", "copy", "delete", "human reference"} <= {row.system for row in found.rows}
    [ours] = [row for row in found.rows if row.system == "ours"]
    assert ours.copy_rate == 0.0


def cells(name: str) -> list[str]:
    """The code cells of a notebook."""
    notebook = json.loads((EXAMPLES / name).read_text("utf-8"))
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_causal: Any,
    saved: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    leader = saved(tmp_path / "leader", *tiny_causal())
    first, *rest = cells("demo.ipynb")
    assert first.startswith("LEADER, ADAPTER, STEPS = ")
    names: dict[str, Any] = {}
    for number, code in enumerate([f"LEADER, ADAPTER, STEPS = {str(leader)!r}, 'none', 2", *rest]):
        exec(compile(code, f"demo.ipynb cell {number}", "exec"), names)
    assert names["trainer"].state.global_step == 2
    assert len(names["before"]) == len(names["after"]) == len(names["comments"])
    assert capsys.readouterr().out.count("  after:  ") == len(names["comments"])


@pytest.mark.slow
def test_the_notebook_runs_on_the_embedded_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for code in cells("demo.ipynb"):
        exec(compile(code, "demo.ipynb", "exec"), names)
    assert names["trainer"].state.global_step == 5
