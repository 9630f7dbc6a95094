"""P(acceptable) by an adapter on the leader, and how it learns: a tiny leader stands in for the embedded one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sro.core.errors import SROError
from sro.core.files import UnwritableCache
from sro.screeners.lora import acceptability_training as training
from sro.screeners.lora.acceptability import Acceptability, AcceptabilityWhenAsked
from sro.screeners.lora.acceptability_training import FluencyConfig, FluencyData, labelled, split, train_fluency
from sro.screeners.lora.classifier import base, encode

SENTENCES = [
    f"{who} {how} {what} this {thing} ."
    for who in ("i", "you", "we", "they")
    for how in ("read", "edit", "leave")
    for what in ("and think of", "to edit", "or shut up on", "not")
    for thing in ("page", "comment", "idea", "friend")
]


@pytest.fixture
def leader(tmp_path: Path, tiny_causal: Any, saved: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder: Path = saved(tmp_path / "leader", *tiny_causal())
    for module in ("screeners.lora.acceptability", "screeners.lora.classifier"):
        monkeypatch.setattr(f"sro.{module}.embedded_leader", lambda: folder)
    return folder


@pytest.fixture
def learnt(leader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An adapter that learnt to tell `SENTENCES` from broken ones."""
    monkeypatch.setattr(training, "HELD_OUT", 60)
    source = tmp_path / "sentences.txt"
    source.write_text("\n".join(SENTENCES), "utf-8")
    args = FluencyConfig(
        output_dir=str(tmp_path / "run"), learning_rate=1e-2, num_train_epochs=8, warmup_steps=5, use_cpu=True
    )
    return train_fluency(FluencyData(sentences=[str(source)]), args)


def test_it_learns_to_tell_whole_from_broken_and_loads_again(learnt: Path) -> None:
    measures = json.loads((learnt.parent / "measures.json").read_text("utf-8"))
    assert measures["auc"] > 0.7 and measures["sentences"] > 250
    found = Acceptability.load(str(learnt))(["they edit to edit this page .", "edit they to this edit page .", ""])
    assert found[0] > found[1] and found[2] == 0
    assert found.shape == (3,) and found.dtype == np.float32
    assert json.loads((learnt.parent / "manifest.json").read_text("utf-8"))["config"]["sentences_each"] == 5000


def test_a_folder_that_holds_a_run_is_left_alone(learnt: Path, tmp_path: Path) -> None:
    with pytest.raises(SROError, match="another --output_dir"):
        train_fluency(FluencyData(), FluencyConfig(output_dir=str(learnt.parent), use_cpu=True))


def test_a_text_is_judged_alike_in_any_company(leader: Path) -> None:
    torch.manual_seed(0)
    judge = Acceptability(*base(), batch_size=2)
    judge.model.eval()
    together = judge(["you are a fool", "i think", "i think", "you are a fool . why do they leave this page ?"])
    alone = [judge([text])[0] for text in ("you are a fool", "i think")]
    assert together[:2] == pytest.approx(alone, abs=2e-2)  # bfloat16 where the processor has it
    assert together[1] == together[2] and len(set(together.tolist())) == 3


def test_batches_have_few_shapes(leader: Path) -> None:
    """A new shape costs time and memory that is never given back."""
    torch.manual_seed(0)
    model, tokenizer = base()
    judge = Acceptability(model.eval(), tokenizer)
    shapes: list[tuple[int, ...]] = []
    model.register_forward_pre_hook(
        lambda _, __, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    texts = ["you " * n for n in range(1, 40)]
    alone = [float(judge([text])[0]) for text in texts]
    for n in range(1, 39, 3):
        assert judge(texts[:n]) == pytest.approx(alone[:n], abs=2e-2)
    assert all(n & (n - 1) == 0 and length % 16 == 0 for n, length in shapes)
    assert len(set(shapes)) < 15 < len(shapes)


def test_rows_stand_between_two_ends(leader: Path) -> None:
    _, tokenizer = base()
    [row] = encode(tokenizer, ["you are " * 60])
    assert row[0] == row[-1] == tokenizer.eos_token_id and len(row) == 66


def test_every_sentence_comes_whole_and_most_come_broken() -> None:
    rows = labelled(SENTENCES, seed=3)
    whole = {text for text, label in rows if label > 0.5}
    broken = [text for text, label in rows if label < 0.5]
    assert whole == set(SENTENCES) and len(SENTENCES) * 0.9 < len(broken) <= len(SENTENCES)
    assert rows == labelled(SENTENCES, seed=3) != labelled(SENTENCES, seed=4)


def test_what_is_measured_on_is_learnt_in_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.screeners.lora.acceptability_training.HELD_OUT", 20)
    held_out, learnt = split(SENTENCES, seed=3)
    whole = [{text for text, label in rows if label > 0.5} for rows in (held_out, learnt)]
    assert len(whole[0]) == 10 and not whole[0] & whole[1] and whole[0] | whole[1] == set(SENTENCES)
    assert len(held_out) <= 20 and min(label for _, label in held_out) < 0.5


def test_one_that_loads_when_asked_says_what_the_other_says(leader: Path, learnt: Path) -> None:
    late = AcceptabilityWhenAsked(str(learnt))
    texts = [SENTENCES[0], "page this edit", ""]
    assert late(texts, [""] * 3) == pytest.approx(Acceptability.load(str(learnt))(texts))


def test_threads_share_one_model_and_take_turns(leader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, together, loads = 0, 0, 0

    class Judge:
        def __call__(self, texts: Sequence[str]) -> np.ndarray:
            nonlocal inside, together
            inside += 1
            time.sleep(0.005)  # long enough for another thread to come in, if it could
            together = max(together, inside)
            inside -= 1
            return np.array([len(text) for text in texts], np.float32)

    def load(name: str = "embedded") -> Judge:
        nonlocal loads
        loads += 1
        time.sleep(0.02)
        return Judge()

    monkeypatch.setattr(Acceptability, "load", load)
    late = AcceptabilityWhenAsked()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: late(["x" * n]).tolist(), range(16)))
    assert found == [[float(n)] for n in range(16)] and (loads, together) == (1, 1)


def test_without_the_embedded_leader_all_are_alike_unless_a_judge_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise SROError("the embedded leader is not installed")

    monkeypatch.setattr("sro.screeners.lora.acceptability.embedded_leader", missing)
    assert AcceptabilityWhenAsked()(["a", "b"]).tolist() == [0, 0]
    with pytest.raises(SROError, match="not installed"):
        AcceptabilityWhenAsked("embedded")
    with pytest.raises(SROError, match="sro fluency"):
        AcceptabilityWhenAsked(str(tmp_path))


def test_a_leader_that_cannot_be_converted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwritable() -> Path:
        raise UnwritableCache("the cache cannot be written")

    monkeypatch.setattr("sro.screeners.lora.acceptability.embedded_leader", unwritable)
    with pytest.raises(UnwritableCache):
        AcceptabilityWhenAsked()(["a"])


def test_too_few_sentences_are_refused(leader: Path, tmp_path: Path) -> None:
    source = tmp_path / "few.txt"
    source.write_text("\n".join(SENTENCES[:20]), "utf-8")
    with pytest.raises(SROError, match="too few"):
        train_fluency(
            FluencyData(sentences=[str(source)]), FluencyConfig(output_dir=str(tmp_path / "r"), use_cpu=True)
        )


def test_a_folder_without_an_adapter_is_refused(leader: Path, tmp_path: Path) -> None:
    with pytest.raises(SROError, match="sro fluency"):
        Acceptability.load(str(tmp_path))


def test_a_cache_that_cannot_be_written_costs_time_alone(
    learnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["they edit to edit this page .", "edit they to this edit page ."]
    expected = Acceptability.load(str(learnt))(texts)
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "file"))  # no folder, so nothing can lie in it
    assert Acceptability.load(str(learnt))(texts) == pytest.approx(expected)
