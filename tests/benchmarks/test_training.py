"""The training benchmark on tiny leaders: the authors' loss by hand, equal work for every row, honest checks."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM

from benchmarks.training import peak_memory, sro_loop, trl_loops
from benchmarks.training import run as training
from benchmarks.training.authors_loop import LONGEST, AuthorsLoop, authors_loss, misplaced_log_prob
from benchmarks.training.timing import Check, Task, Turn, until_end
from sro.core.errors import SROError
from sro.leader.generation import Sampling
from sro.leader.logprobs import TokenLogProbs, log_probs
from sro.leader.model import Leader
from sro.leader.speculative_decoding import speculate
from sro.screeners.base import Verdict
from sro.training.objective import losses

pytestmark = pytest.mark.usefixtures("quick_collections")

COMMENTS = [
    "you are a stupid idiot",
    "they are a moron",
    "he is a crap fool",
    "shut up",
    "what a bad idea",
    "you fool",
]
Make = Callable[..., Task]


class Lengths:
    """Passes texts of an even number of words, and remembers what it was asked."""

    name = "lengths 1"

    def __init__(self) -> None:
        self.sources: list[str] = []

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.sources += sources or []
        odd = [len(text.split()) % 2 for text in texts]
        return [Verdict("fail" if fails else "pass", 0.2 + 0.6 * fails, self.name) for fails in odd]


@pytest.fixture
def make(tiny_causal: Any, tmp_path: Path) -> Make:
    """A task for tiny leaders with an adapter to go on with, two steps of four completions, one of them counted."""

    def start() -> Leader:
        model, tokenizer = tiny_causal()
        torch.manual_seed(0)
        config = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
        return Leader(get_peft_model(model, config), tokenizer, "Rude : {text} Polite :")

    def task(**changes: Any) -> Task:
        sampling = Sampling(temperature=0.7, top_p=0.95, max_new_tokens=12)
        usual = Task(
            start, Lengths(), sampling, batch=4, micro_batch=2, steps=1, authors_comments=2, output_dir=str(tmp_path)
        )
        return replace(usual, **changes)

    return task


@pytest.fixture
def unfinished_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny leader hardly ever stops by itself, and where nothing passes no comment shares its prompt."""
    monkeypatch.setattr("sro.training.trainer.is_pass", lambda completion, verdict: verdict.passed)


def number(value: float) -> torch.Tensor:
    return torch.tensor(value)


def test_the_authors_loss_has_the_hand_computed_values() -> None:
    assert authors_loss(number(2.0), number(-1.0), True, 0.1, 0.0).item() == pytest.approx(0.554355, abs=1e-6)
    assert authors_loss(number(2.0), number(-1.0), False, 0.1, 0.0).item() == pytest.approx(0.798139, abs=1e-6)
    smoothed = 0.9 * math.log(1 + math.exp(-0.3)) + 0.1 * math.log(1 + math.exp(0.3))
    assert authors_loss(number(2.0), number(-1.0), True, 0.1, 0.1).item() == pytest.approx(smoothed, abs=1e-6)


def test_the_authors_log_probabilities_are_one_position_off() -> None:
    """Logits at the position of token t are ln 2 for t, and 0 for its one other neighbour."""
    logits = torch.zeros(1, 4, 3)
    logits[0, 2, 1] = logits[0, 3, 2] = math.log(2)  # where 1 and 2 stand themselves; what predicts them is even

    def model(input_ids: torch.Tensor) -> Any:
        assert input_ids.tolist() == [[0, 0, 1, 2]]
        return SimpleNamespace(logits=logits)

    found = misplaced_log_prob(model, torch.tensor([[0, 0]]), torch.tensor([[1, 2]]))
    assert found.item() == pytest.approx(2 * math.log(2 / 4))


@pytest.mark.parametrize(("passes", "forwards"), [(True, 4), (False, 2)])
def test_a_step_of_the_authors(make: Make, passes: bool, forwards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cut generation, two forwards a model where the text passed and one where not; ln 2 before anything is
    learnt, and another loss afterwards; the reference stays."""
    leader = make().start()
    screener = Lengths()
    verdict = Verdict("pass" if passes else "fail", 0.5, "fixed")
    monkeypatch.setattr(screener, "screen", lambda texts, sources: [verdict])
    model = leader.model.merge_and_unload().requires_grad_(True)
    loop = AuthorsLoop(model, leader.tokenizer, leader.prompt, screener, learning_rate=1e-2)
    kept = [weight.clone() for weight in loop.reference.parameters()]
    seen: list[str] = []

    def count(model: Any, prompt: torch.Tensor, completion: torch.Tensor) -> torch.Tensor:
        seen.append("leader" if model is loop.model else "reference")
        return misplaced_log_prob(model, prompt, completion)

    monkeypatch.setattr("benchmarks.training.authors_loop.misplaced_log_prob", count)
    loss, ids = loop.step(COMMENTS[0])
    assert loss == pytest.approx(math.log(2), abs=1e-5)
    assert Counter(seen) == {"leader": forwards // 2, "reference": forwards // 2}
    assert 0 < len(ids) <= LONGEST
    assert loop.step(COMMENTS[0])[0] != pytest.approx(math.log(2), abs=1e-5)
    assert all(torch.equal(old, new) for old, new in zip(kept, loop.reference.parameters()))


@pytest.mark.parametrize("name", list(training.ROWS))
def test_each_row_does_the_same_work(name: str, make: Make) -> None:
    if name in training.OF_TRL and not trl_loops.installed():
        pytest.skip("TRL is not installed: pip install trl")
    task = make()
    turn = training.ROWS[name].loop(task, COMMENTS * 2)
    a_comment = 2 if name in ("sro-2", "sro-2-no-tree", "online-dpo") else 1
    if name.startswith("authors"):
        assert (turn.steps, turn.comments, turn.completions) == (2, 2, 2)
        assert task.screener.sources == COMMENTS[:3]
    else:
        assert (turn.steps, turn.comments, turn.completions) == (1, 4 // a_comment, 4)
        # 8 completions in two steps, of the first comments in their order; behind them what ours is checked on
        assert set(task.screener.sources[:8]) == set((COMMENTS * 2)[: 8 // a_comment])
    assert turn.seconds > 0 and 0 < turn.tokens <= 4 * LONGEST
    assert len(turn.losses) == turn.steps and all(map(math.isfinite, turn.losses))
    if name.startswith("sro"):
        assert turn.seconds == pytest.approx(sum(turn.phases.values())) and min(turn.phases.values()) >= 0
        assert [check.holds for check in turn.checks] == [True, True]


def test_a_loss_that_is_not_the_plain_objective_is_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.training.trainer.losses", lambda *args: 1.1 * losses(*args))
    loss, texts = sro_loop.ours(1)(make(), COMMENTS * 2).checks
    assert not loss.holds and texts.holds


def test_log_probabilities_that_are_not_the_plain_ones_are_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a hundredth of a nat in one token of each text, which the mean loss does not show."""

    def shifted(*arguments: Any) -> TokenLogProbs:
        found = log_probs(*arguments)
        return replace(found, values=found.values + 0.01 * (torch.arange(found.values.shape[1]) == 0))

    monkeypatch.setattr("sro.training.distributed.log_probs", shifted)
    loss, texts = sro_loop.ours(1)(make(), COMMENTS * 2).checks
    assert loss.holds and not texts.holds and texts.found == pytest.approx(0.01, rel=0.1)


def test_in_bfloat16_the_texts_are_compared_in_both_modes(make: Make) -> None:
    found = sro_loop.ours(1)(make(bf16=True), COMMENTS * 2).checks
    assert [check.what.rpartition(" ")[2] for check in found] == ["bfloat16", "bfloat16", "float32"]
    assert all(check.holds for check in found)
    assert 0 < found[2].found < found[1].found  # it was float32 indeed


def test_nothing_is_compared_unless_asked(make: Make) -> None:
    assert sro_loop.ours(1)(make(checked=False), COMMENTS * 2).checks == []


@pytest.mark.usefixtures("unfinished_may_pass")
@pytest.mark.parametrize("name", ["sro-no-tree", "sro-row-each", "sro-score-all-x", "sro-fp32-store"])
def test_a_trick_changes_no_loss(name: str, make: Make) -> None:
    task = make(bf16=name == "sro-fp32-store", checked=False)
    with_it, without = (training.ROWS[row].loop(task, COMMENTS * 2).losses for row in ("sro", name))
    assert without == pytest.approx(with_it, rel=1e-4)


@pytest.mark.usefixtures("unfinished_may_pass")
def test_each_row_lacks_its_trick(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int, torch.dtype]] = []

    def spy(model: Any, prompts: Any, completions: Any, pad: int) -> TokenLogProbs:
        [weight, *_] = [module.base_layer.weight for module in model.modules() if hasattr(module, "base_layer")]
        seen.append((max(map(len, completions)), sum(map(len, completions)), weight.dtype))
        return log_probs(model, prompts, completions, pad)

    monkeypatch.setattr("sro.training.distributed.log_probs", spy)

    def played(name: str) -> list[tuple[int, int, torch.dtype]]:
        seen.clear()
        training.ROWS[name].loop(make(bf16=True, checked=False), COMMENTS * 2)
        return list(seen)

    usual, every, stored = played("sro"), played("sro-score-all-x"), played("sro-fp32-store")
    assert max(branches for branches, _, _ in usual) == 2  # a completion and its comment share a prompt
    assert max(branches for branches, _, _ in played("sro-no-tree")) == 1
    assert sum(texts for _, texts, _ in every) > sum(texts for _, texts, _ in usual)
    guessed: list[int] = []
    monkeypatch.setattr(
        "sro.leader.transformers_generator.speculate",
        lambda *given, **rest: guessed.append(1) or speculate(*given, **rest),
    )
    assert played("sro") and guessed
    guessed.clear()
    assert played("sro-no-guesses") and not guessed
    assert {dtype for *_, dtype in usual} == {torch.bfloat16} and {dtype for *_, dtype in stored} == {torch.float32}


@pytest.mark.parametrize("bf16", [True, False])
def test_peers_draw_in_our_numeric_mode(bf16: bool, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """And from weights that are stored as ours are."""
    seen: list[bool] = []
    generate = LlamaForCausalLM.generate

    def spy(model: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.bfloat16)
        return generate(model, *args, **kwargs)

    monkeypatch.setattr(LlamaForCausalLM, "generate", spy)
    task = make(bf16=bf16)
    model = trl_loops.equipped(task).model
    model.generate(input_ids=torch.tensor([[5, 6]]), max_new_tokens=1)
    if trl_loops.installed():
        trl_loops.online_dpo(task, COMMENTS * 2)
        assert len(seen) > 1
    assert set(seen) == {bf16}
    stored = {module.base_layer.weight.dtype for module in model.modules() if hasattr(module, "base_layer")}
    assert stored == {torch.bfloat16 if bf16 else torch.float32}


def test_useful_operations_of_a_hand_made_game(make: Make) -> None:
    """2 operations a weight: 10 prompt tokens, 6 drawn, 4 of the comment; the update costs twice its forward."""
    model = make().start().model
    head = model.get_output_embeddings().weight.numel()
    linear = 2 * (32 * 32 * 2 + 32 * 16 * 2 + 32 * 64 * 3)  # per layer q, o; k, v; gate, up, down
    found = sro_loop.useful_flops(model, Counter(prompt=10, generated=6, source=4))
    assert found["rollout"] == 2 * (linear * 16 + head * 6)
    assert found["reference"] == 2 * (linear * 20 + head * 10)
    assert found["update"] == 2 * found["reference"]


def test_a_drawn_row_ends_with_its_end_token() -> None:
    assert until_end([5, 3, 9, 3], 3) == [5, 3]
    assert until_end([5, 9], 3) == [5, 9]


def a_turn(rate: float, **changes: Any) -> Turn:
    return Turn(1 / rate, 1, 2, 30, 1, [0.5], **changes)


def test_a_ratio_is_the_median_of_the_ratios_within_a_turn() -> None:
    """Medians apart would be 4 / 2; the machine was half as fast in the third turn."""
    turns = {"sro": [a_turn(4), a_turn(6), a_turn(2)], "authors": [a_turn(2), a_turn(2), a_turn(1)]}
    assert training.ratio(turns, "authors") == 2
    turns["authors"][2] = a_turn(0.1)
    assert training.ratio(turns, "authors") == 3
    table = training.as_table(turns)
    assert "| SROTrainer | 4 |  | 3 | 6 | 15.0 | 0.500 |" in table
    assert "all weights, float32 | 2 | 3.0 × | 3 | 6 | 15.0 | 0.500 |" in table


def test_limits_and_checks_say_what_was_found() -> None:
    holds, fails = Check("texts", 1e-5, 1e-3), Check("texts", 2e-3, 1e-3)
    whole = a_turn(1, phases={"rollout": 0.75, "update": 0.25}, flops={"rollout": 3e9, "update": 1e9}, checks=[holds])
    text = training.limits({"sro": [whole]}, peak=8e9)
    assert "| sro | rollout | 0.75 | 75% | 3 | 50.0% |" in text
    assert "| sro | all | 1.00 | | 4 | 50.0% |" in text
    assert "all finite" in training.quality({"sro": [whole]}) and training.is_sound({"sro": [whole]})
    assert "- sro, equal: texts: largest difference 1e-05, allowed 0.001" in training.quality({"sro": [whole]})
    for wrong in (fails, Check("texts", math.nan, 1e-3)):
        whole.checks = [holds, wrong]
        assert "- sro, NOT EQUAL" in training.quality({"sro": [whole]}) and not training.is_sound({"sro": [whole]})
    whole.losses[0], whole.checks = math.nan, []
    assert "NOT ALL FINITE" in training.quality({"sro": [whole]}) and not training.is_sound({"sro": [whole]})


def test_rows_come_with_what_they_are_compared_with_and_without_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trl_loops, "installed", lambda: True)
    assert training.wanted(["online-dpo"]) == ["sro-2", "online-dpo"]
    monkeypatch.setattr(trl_loops, "installed", lambda: False)
    assert training.wanted(["kto", "authors"]) == ["sro", "authors"]
    assert "pip install trl" in training.quality({})
    monkeypatch.setenv("SRO_BF16", "false")
    assert training.wanted(["sro", "sro-fp32-store"]) == ["sro"]
    with pytest.raises(SROError, match="no row 'grpo'"):
        training.wanted(["grpo"])


def test_too_few_turns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="--repeats 4 must be at least 5"):
        training.prepared(training.Work(repeats=4, output_dir=str(tmp_path)))


@pytest.mark.parametrize(("found", "status"), [(1e-5, 0), (2e-3, 1)])
def test_speed_and_memory_are_written_side_by_side(
    found: float, status: int, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = a_turn(2, checks=[Check("texts", found, 1e-3)])
    monkeypatch.setitem(training.ROWS, "sro", training.Row(lambda task, comments: turn, "SROTrainer"))
    monkeypatch.setattr(training, "keep_memory", lambda: None)  # this process's allocator stays as it is
    monkeypatch.setattr(training, "matmul_peak", lambda bf16: 1e9)
    monkeypatch.setattr(training, "prepared", lambda work: (COMMENTS, make()))
    monkeypatch.setattr(peak_memory, "peaks", lambda *args, **kwargs: [peak_memory.Peak("all", 2, 1.5, 30)])
    assert training.main(["--rows", "sro", "--output_dir", str(tmp_path)]) == status
    assert training.main(["--memory", "true", "--output_dir", str(tmp_path)]) == 0
    speed, memory = (json.loads((tmp_path / name).read_text()) for name in ("figures.json", "memory.json"))
    assert len(speed["rows"]["sro"]) == 5 and memory["peaks"][0]["gigabytes"] == 1.5
    for table in ("table.md", "memory.md"):
        first = (tmp_path / table).read_text().partition("\n")[0]
        assert "cores" in first and f"torch {torch.__version__}" in first and "sro " in first


def test_peak_memory_is_that_of_the_child() -> None:
    floor = peak_memory.in_gigabytes(peak_memory.resource.getrusage(peak_memory.resource.RUSAGE_SELF))
    size = int(floor * 1e9) + 200_000_000
    gigabytes, seconds = peak_memory.child([sys.executable, "-S", "-c", f"block = b'x' * {size}"])
    assert size / 1e9 <= gigabytes < size / 1e9 + 0.1 and seconds > 0
    with pytest.raises(SROError, match=r"status 3(.|\n)*told you"):
        peak_memory.child([sys.executable, "-S", "-c", "import sys; print('told you'); sys.exit(3)"])


def test_the_memory_table_knows_the_goal() -> None:
    peaks = [peak_memory.Peak("toxicity", 2, 1.96, 30.0), peak_memory.Peak("fluency", 4, 2.34, 40.0)]
    table = peak_memory.as_table(peaks)
    assert "| toxicity | 2 | 1.96 | yes | 30 |" in table and "| fluency | 4 | 2.34 | no | 40 |" in table
