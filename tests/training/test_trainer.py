"""The training engine on tiny leaders of both architectures; completions are scripted where the arithmetic is seen."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import BartConfig, BartForConditionalGeneration, GPT2Config, GPT2LMHeadModel, TrainerCallback

import sro.training.distributed
from sro.core.errors import SROError
from sro.leader.generation import Completion, Sampling
from sro.leader.logprobs import log_probs
from sro.leader.token_ids import completion_ids, prompt_ids
from sro.screeners.base import Verdict
from sro.screeners.noisy import FlippingScreener
from sro.screeners.panel import Panel
from sro.training.config import SROConfig
from sro.training.preparation import disable_dropout
from sro.training.trainer import SROTrainer, is_pass

pytestmark = pytest.mark.usefixtures("quick_collections")

PROMPT = "Rude : {text} Polite :"
COMMENTS = [
    f"{who} {be} a {what}"
    for who in ("you", "they", "he")
    for be in ("are", "is")
    for what in ("stupid idiot", "moron", "crap page", "stupid stupid stupid fool")
]
BETA = 0.1
Make = Callable[..., SROTrainer]


class RudeWords:
    """A screener that fails three words and remembers what it was asked."""

    name = "rude words 1"

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        assert sources is not None
        self.seen += zip(texts, sources, strict=True)
        rude = [bool({"idiot", "moron", "fool"} & set(text.split())) for text in texts]
        return [Verdict("fail" if bad else "pass", 0.9 if bad else 0.1, self.name) for bad in rude]


class Script:
    """A rollout whose n-th completion depends on the comment alone, and which remembers what it was asked."""

    def __init__(self, tokenizer: Any, continues: bool, write: Callable[[str, int], str | None]) -> None:
        self.tokenizer, self.continues, self.write = tokenizer, continues, write
        self.asked: list[list[str]] = []
        self.seeds: list[int] = []

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.asked.append(list(comments))
        self.seeds.append(seed)
        return [[self._completion(self.write(comment, k)) for k in range(n)] for comment in comments]

    def _completion(self, text: str | None) -> Completion:
        """None is a completion that was cut off."""
        [ids] = completion_ids(self.tokenizer, [text or ""], PROMPT if self.continues else None)
        return Completion(text, ids, True) if text is not None else Completion("please", ids[:-1] or [9], False)


def mixed(comment: str, k: int) -> str:
    """Fine words for some comments, rude ones for others, of many lengths."""
    rude = (len(comment) + k) % 3 == 0
    return "you moron" if rude else " ".join(["i", "think", "this", "is", "wrong"][: 1 + (len(comment) + k) % 5])


def always(text: str | None) -> Callable[[str, int], str | None]:
    return lambda comment, k: text


@pytest.fixture(params=["causal", "seq2seq"])
def leader(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any) -> Callable[[], tuple[Any, Any]]:
    return tiny_causal if request.param == "causal" else tiny_seq2seq


@pytest.fixture
def make(leader: Callable[[], tuple[Any, Any]], tmp_path: Path) -> Make:
    """A function that makes a trainer of a fresh leader: make(texts or None for its own, comments, peft, **more)."""

    def trainer(
        write: Callable[[str, int], str | None] | None = None,
        comments: Sequence[str] = COMMENTS,
        peft: str = "",
        **options: Any,
    ) -> SROTrainer:
        model, tokenizer = leader()
        encoder_decoder = model.config.is_encoder_decoder
        own = {name: options.pop(name) for name in ("similarity", "callbacks") if name in options}
        screener = options.pop("screener", None) or RudeWords()
        if peft:
            task = "SEQ_2_SEQ_LM" if encoder_decoder else "CAUSAL_LM"
            lora = LoraConfig(
                r=4, target_modules="all-linear", task_type=task, init_lora_weights=peft == "fresh", lora_dropout=0.3
            )
            torch.manual_seed(1)
            if peft == "fresh":
                own["peft_config"] = lora
            else:
                model = get_peft_model(model, lora)
        given: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "prompt": PROMPT,
            "beta": BETA,
            "label_smoothing": 0.0,
            "per_device_train_batch_size": 4,
            "max_completion_length": 12,
            "optim": "sgd",
            "weight_decay": 0.0,
            "learning_rate": 0.1,
            "lr_scheduler_type": "constant",
            "max_grad_norm": 0.0,
            "logging_steps": 1,
            "save_strategy": "no",
            "disable_tqdm": True,
            "use_cpu": True,
        }
        script = Script(tokenizer, not encoder_decoder, write) if write else None
        return SROTrainer(
            model,
            SROConfig(**{**given, **options}),
            screener,
            Dataset.from_dict({"comment": list(comments)}),
            tokenizer,
            generator=script,
            **own,
        )

    return trainer


def weights(trainer: SROTrainer) -> dict[str, torch.Tensor]:
    """Of all that is trained."""
    return {name: p.detach().clone() for name, p in trainer.model.named_parameters() if p.requires_grad}


def history(trainer: SROTrainer, name: str) -> list[float]:
    return [logs[name] for logs in trainer.state.log_history if name in logs]


def score(trainer: SROTrainer, comment: str, text: str) -> torch.Tensor:
    """log π(text|comment) under the leader as it is, in train mode as the loss computes it."""
    trainer.model.train()
    template = None if trainer.model.config.is_encoder_decoder else PROMPT
    prompts = prompt_ids(trainer.processing_class, PROMPT, [comment], 512)
    return log_probs(trainer.model, prompts, [completion_ids(trainer.processing_class, [text], template)], 0).total()[
        0
    ]


# -- the loss, at the reference and one step away from it ------------------------------------------


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
@pytest.mark.parametrize("write", [always("thanks friend"), always("you idiot"), mixed], ids=["pass", "fail", "mixed"])
def test_the_first_loss_is_ln_2(make: Make, write: Any, peft: str) -> None:
    trainer = make(write, peft=peft, num_generations=2, label_smoothing=0.1, max_steps=2)
    trainer.train()
    first, second = history(trainer, "loss")
    assert first == pytest.approx(math.log(2), abs=1e-5)
    assert abs(second - math.log(2)) > 1e-5
    at_start = trainer.state.log_history[0]
    for gauge in ("kl", "rewards/margins", "rewards/failed"):
        assert at_start.get(gauge, 0.0) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
def test_the_first_loss_is_ln_2_for_moves_of_the_leader_itself(make: Make, peft: str) -> None:
    trainer = make(None, peft=peft, max_steps=1, per_device_train_batch_size=16)
    trainer.train()
    assert history(trainer, "loss") == pytest.approx([math.log(2)], abs=1e-5)


@pytest.mark.parametrize("text, passes", [("thanks friend", True), ("leave idiot", False)])
def test_one_step_moves_the_weights_by_the_gradient_of_the_method(make: Make, text: str, passes: bool) -> None:
    """At θ = ref, −∂ℓ/∂h = ½: SGD adds lr · ½β · (∇log π(y|x) − ∇log π(x|x)), or −lr · ½β · ∇log π(y|x) on a fail."""
    comment, rate = "you are stupid", 0.05
    trainer = make(always(text), [comment], max_steps=1, learning_rate=rate)
    before = weights(trainer)
    logp_y, logp_x = score(trainer, comment, text), score(trainer, comment, comment)
    gain = logp_y - logp_x if passes else -logp_y
    names = list(before)
    parameters = [p for p in trainer.model.parameters() if p.requires_grad]
    expected = dict(zip(names, torch.autograd.grad(gain, parameters)))
    trainer.train()
    after = weights(trainer)
    for name in names:
        assert torch.allclose(after[name] - before[name], rate * BETA / 2 * expected[name], atol=5e-7, rtol=1e-3), name


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
def test_a_pass_raises_the_completion_and_lowers_the_comment(make: Make, peft: str) -> None:
    comment, text = "you are stupid", "thanks good friend"
    trainer = make(always(text), [comment], peft=peft, label_smoothing=0.1, max_steps=1, learning_rate=0.05)
    before = score(trainer, comment, text).item(), score(trainer, comment, comment).item()
    trainer.train()
    assert history(trainer, "pass_rate") == [1.0]
    assert score(trainer, comment, text).item() > before[0] + 1e-4
    assert score(trainer, comment, comment).item() < before[1] - 1e-4


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
def test_a_fail_lowers_the_completion(make: Make, peft: str) -> None:
    comment, text = "you are stupid", "leave here idiot"
    trainer = make(always(text), [comment], peft=peft, label_smoothing=0.1, max_steps=1, learning_rate=0.05)
    before = score(trainer, comment, text).item()
    trainer.train()
    assert history(trainer, "pass_rate") == [0.0]
    assert score(trainer, comment, text).item() < before - 1e-4


def test_the_anchor_adds_the_mean_log_prob_of_passes_only(make: Make) -> None:
    comments = ["you are stupid", "you moron"]
    trainer = make(lambda comment, _: "thanks friend" if "stupid" in comment else "you moron", comments, rpo_alpha=0.5)
    [game] = trainer.generate_and_screen([comments])
    loss = trainer.compute_loss(trainer.model.train(), game).item()
    anchor = -score(trainer, comments[0], "thanks friend").item() / 3  # two words and the end
    assert loss == pytest.approx(math.log(2) + 0.5 * anchor / 2, abs=1e-4)


# -- batches, accumulation, rollouts ---------------------------------------------------------------


@pytest.mark.parametrize("comments", [COMMENTS, COMMENTS[:21], COMMENTS[:17]], ids=["24", "21", "17"])
def test_batch_1_accumulated_8_times_equals_batch_8(make: Make, comments: list[str]) -> None:
    """Also where the last step of an epoch has fewer comments (5 and 1), and where K = 2."""
    options: dict[str, Any] = {"num_train_epochs": 2, "num_generations": 2, "learning_rate": 1.0}
    trainers = [
        make(mixed, comments, per_device_train_batch_size=size, gradient_accumulation_steps=8 // size, **options)
        for size in (8, 1, 2)
    ]
    start = weights(trainers[0])
    for trainer in trainers:
        trainer.train()
    whole, *others = map(weights, trainers)
    assert trainers[0].state.global_step == trainers[1].state.global_step == 6
    assert max((whole[name] - start[name]).abs().max() for name in start) > 0.02
    for accumulated, trainer in zip(others, trainers[1:]):
        for name in whole:
            assert torch.allclose(whole[name], accumulated[name], atol=2e-6, rtol=1e-4), name
        assert history(trainer, "loss") == pytest.approx(history(trainers[0], "loss"), abs=1e-5)
        assert history(trainer, "pass_rate") == history(trainers[0], "pass_rate")
        assert [sorted(a) for a in trainer.generator.asked] == [sorted(a) for a in trainers[0].generator.asked]


def test_every_completion_counts_the_same(make: Make) -> None:
    """The loss is the mean over completions of the whole step, not a mean of means over unequal micro-batches."""
    trainer = make(
        mixed,
        COMMENTS[:5],
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        learning_rate=5.0,
        max_steps=2,
    )
    trainer.train()
    games = trainer.generate_and_screen([COMMENTS[:4], COMMENTS[4:5]])
    model = trainer.model.train()
    shares = [trainer.compute_loss(model, game, num_items_in_batch=5).item() for game in games]
    singly = [
        trainer.compute_loss(model, game).item() for c in COMMENTS[:5] for game in trainer.generate_and_screen([[c]])
    ]
    assert sum(shares) == pytest.approx(sum(singly) / 5, abs=1e-5)
    assert np.std(singly) > 1e-3


def test_steps_per_generation_plays_half_as_often(make: Make) -> None:
    options: dict[str, Any] = {"gradient_accumulation_steps": 2, "num_train_epochs": 2, "learning_rate": 1.0}
    often, seldom = make(mixed, **options), make(mixed, steps_per_generation=2, **options)
    for trainer in (often, seldom):
        trainer.train()
    assert often.state.global_step == seldom.state.global_step == 6
    assert [len(comments) for comments in often.generator.asked] == [8] * 6
    # Three steps an epoch: a rollout feeds no step of the next epoch, and none reaches past a multiple of two, where a
    # checkpoint may lie.
    assert [len(comments) for comments in seldom.generator.asked] == [16, 8, 8, 16]
    for one, other in zip(weights(often).values(), weights(seldom).values()):
        assert torch.allclose(one, other, atol=1e-6)  # scripted completions do not age
    for epoch in range(2):
        played = Counter(c for asked in seldom.generator.asked[2 * epoch : 2 * epoch + 2] for c in asked)
        assert played == Counter(COMMENTS)


def test_each_rollout_has_its_own_seed(make: Make) -> None:
    trainer, other = make(mixed, num_train_epochs=2), make(mixed, num_train_epochs=2, seed=7)
    trainer.train()
    other.train()
    assert len(set(trainer.generator.seeds) | set(other.generator.seeds)) == 24


def test_a_second_training_run_starts_with_moves_of_its_own(make: Make) -> None:
    trainer = make(mixed, steps_per_generation=4, max_steps=1)
    trainer.train()
    trainer.train()
    assert len(trainer.generator.asked) == 2


def test_all_completions_of_a_comment_are_screened_beside_their_source(make: Make) -> None:
    trainer = make(mixed, num_generations=3, num_train_epochs=1)
    trainer.train()
    expected = Counter((mixed(comment, k), comment) for comment in COMMENTS for k in range(3))
    assert Counter(trainer.screener.seen) == expected


def test_the_follower_is_asked_once_an_optimizer_step_and_once_a_distinct_completion(make: Make) -> None:
    """However small its micro-batches are; a panel asks no member twice about a completion that was drawn twice."""
    trainer = make(
        lambda comment, k: mixed(comment, k // 2),
        num_generations=4,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=4,
        num_train_epochs=1,
    )
    calls: list[int] = []
    panel = Panel([trainer.screener])

    def ask(texts: Sequence[str], sources: Sequence[str]) -> list[Verdict]:
        calls.append(len(texts))
        return panel.screen(texts, sources=sources)

    trainer._ask = ask
    trainer.train()
    assert trainer.state.global_step == 3 and calls == [8 * 4] * 3
    assert Counter(trainer.screener.seen) == Counter((mixed(c, k), c) for c in COMMENTS for k in range(2))


@pytest.mark.parametrize("k", [1, 3])
def test_the_comment_is_scored_only_where_a_completion_passed(
    make: Make, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    trained, by_reference = [], []

    def recording(model: Any, prompts: Any, completions: Any, pad: int) -> Any:
        (trained if torch.is_grad_enabled() else by_reference).append([len(branches) for branches in completions])
        return log_probs(model, prompts, completions, pad)

    monkeypatch.setattr(sro.training.distributed, "log_probs", recording)
    trainer = make(mixed, num_generations=k, num_train_epochs=1, per_device_train_batch_size=24)
    trainer.train()
    passing = {c for c in COMMENTS if any("moron" not in mixed(c, n) for n in range(k))}
    if k == 1:
        assert 0 < len(passing) < len(COMMENTS)
    [asked] = trainer.generator.asked
    assert trained == [[k + (comment in passing) for comment in asked]]
    assert by_reference == trained  # in the same pass, none of these comments having been scored before


@pytest.mark.parametrize(
    "options, always_scored",
    [({"flip_rate": 0.1}, True), ({"objective": "fail_only"}, False), ({"objective": "imitation"}, False)],
)
def test_what_the_loss_compares_decides_whether_the_comment_is_scored(
    make: Make, options: dict[str, Any], always_scored: bool
) -> None:
    comments = ["you are stupid", "you moron"]
    trainer = make(lambda comment, _: "thanks friend" if "stupid" in comment else "you moron", comments, **options)
    [game] = trainer.generate_and_screen([comments])
    assert [source is not None for source in game.sources] == [always_scored] * 2


def test_a_known_flip_rate_corrects_the_loss(make: Make) -> None:
    comments = ["you are stupid", "you moron"]

    def write(comment: str, _: int) -> str:
        return "thanks friend" if "stupid" in comment else "you moron"

    plain, robust = (make(write, comments, rpo_alpha=0.5, flip_rate=rate) for rate in (0.0, 0.2))
    [game] = robust.generate_and_screen([comments])
    found = robust.compute_loss(robust.model.train(), game).item()
    heard = plain.compute_loss(plain.model.train(), game).item()
    inverted = plain.compute_loss(plain.model, replace(game, passed=~game.passed)).item()
    assert found == pytest.approx((0.8 * heard - 0.2 * inverted) / 0.6, abs=1e-5)


def test_log_pi_ref_of_a_comment_is_computed_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: Counter[tuple[int, ...]] = Counter()

    def recording(model: Any, prompts: Any, completions: Any, pad: int) -> Any:
        if not torch.is_grad_enabled():
            scored.update(tuple(branch) for branches in completions for branch in branches)
        return log_probs(model, prompts, completions, pad)

    monkeypatch.setattr(sro.training.distributed, "log_probs", recording)
    trainer = make(always("thanks friend"), num_train_epochs=3)
    trainer.train()
    template = None if trainer.model.config.is_encoder_decoder else PROMPT
    rows = completion_ids(trainer.processing_class, COMMENTS, template)
    assert [scored[tuple(row)] for row in rows] == [1] * len(COMMENTS)
    [thanks] = completion_ids(trainer.processing_class, ["thanks friend"], template)
    assert scored[tuple(thanks)] == 3 * len(COMMENTS)
    assert set(trainer.reference_x) == set(COMMENTS)


@pytest.mark.parametrize("text, share", [("thanks", 1.0), ("", 0.0), (None, 0.0), ("you idiot", 0.0)])
def test_empty_and_unfinished_completions_never_pass(make: Make, text: str | None, share: float) -> None:
    trainer = make(always(text), COMMENTS[:4], max_steps=1, collapse_window=0)
    trainer.train()
    assert history(trainer, "pass_rate") == [share]
    assert history(trainer, "empty_rate") == [float(text == "")]
    assert history(trainer, "completions/clipped_ratio") == [float(text is None)]
    [file] = Path(trainer.args.output_dir, "completions").iterdir()
    verdicts = {json.loads(line)["verdict"] for line in file.read_text("utf-8").splitlines()}
    assert verdicts == {"pass" if share else "fail"}


def test_is_pass() -> None:
    good, bad = Verdict("pass", 0.1, "s"), Verdict("fail", 0.9, "s")
    assert is_pass(Completion("thanks", [9, 3], True), good)
    assert not is_pass(Completion("thanks", [9, 3], True), bad)
    assert not is_pass(Completion("thanks", [9], False), good)
    assert not is_pass(Completion("", [3], True), good)


# -- what is written down --------------------------------------------------------------------------

METRICS = {
    *("loss", "grad_norm", "learning_rate", "epoch", "step", "pass_rate", "similarity", "copy_rate", "empty_rate"),
    *("repeat_rate", "length_ratio", "kl", "completions/mean_length", "completions/clipped_ratio", "rewards/chosen"),
    *("rewards/rejected", "rewards/margins", "rewards/failed", "logps/paraphrase", "logps/source"),
}


class Constant:
    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return np.full(len(texts), 0.5, np.float32)


def test_log_lines_and_completions(make: Make) -> None:
    trainer = make(mixed, num_train_epochs=1, logging_steps=2, similarity=Constant(), num_generations=2)
    trainer.train()
    lines = [logs for logs in trainer.state.log_history if "loss" in logs]
    assert [line["step"] for line in lines] == [2, 4, 6]
    for line in lines:
        assert set(line) == METRICS
        assert line["similarity"] == 0.5
        assert line["rewards/margins"] == pytest.approx(line["rewards/chosen"] - line["rewards/rejected"], abs=1e-6)
        assert line["logps/paraphrase"] < 0 > line["logps/source"]
    passes = sum("moron" not in mixed(comment, k) for comment in COMMENTS for k in range(2))
    assert np.mean(history(trainer, "pass_rate")) == pytest.approx(passes / 48)

    files = sorted(Path(trainer.args.output_dir, "completions").iterdir())
    assert [file.name for file in files] == [f"step_{step:06d}.jsonl" for step in (2, 4, 6)]
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert [row["step"] for row in rows] == [step for step in range(6) for _ in range(8)]
    assert Counter((row["source"], row["paraphrase"]) for row in rows) == Counter(
        (comment, mixed(comment, k)) for comment in COMMENTS for k in range(2)
    )
    assert all(row["verdict"] == ("fail" if "moron" in row["paraphrase"] else "pass") for row in rows)
    assert {row["screener"] for row in rows} == {"rude words 1"} and {row["similarity"] for row in rows} == {0.5}


def read_completions(trainer: SROTrainer) -> list[dict[str, Any]]:
    files = sorted(Path(trainer.args.output_dir, "completions").iterdir())
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def test_the_last_moves_and_gauges_of_a_run_are_written_between_log_lines_too(make: Make) -> None:
    trainer = make(mixed, max_steps=3, logging_steps=2)
    trainer.train()
    assert [row["step"] for row in read_completions(trainer)] == [step for step in range(3) for _ in range(4)]
    last = trainer.state.log_history[-1]
    assert last["step"] == 3 and METRICS - set(last) == {"loss", "grad_norm", "learning_rate", "similarity"}


def test_a_collapse_between_log_lines_leaves_what_tells_why(make: Make) -> None:
    trainer = make(always(""), num_train_epochs=5, collapse_window=8, logging_steps=5)
    trainer.train()
    assert trainer.guard.reason and {row["step"] for row in read_completions(trainer)} == {0, 1}
    assert trainer.state.log_history[-1]["empty_rate"] == 1.0


class StopAt(TrainerCallback):
    """Ends a run as an interrupt does, behind the checkpoint of a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_training_stop = state.global_step == self.step


def test_a_resumed_run_plays_the_flips_of_an_unbroken_one(make: Make, tmp_path: Path) -> None:
    def trainer(folder: str, **more: Any) -> SROTrainer:
        flips = FlippingScreener(RudeWords(), 0.4, seed=2)
        saves = {"save_strategy": "steps", "save_steps": 2}
        return make(mixed, screener=flips, max_steps=5, output_dir=str(tmp_path / folder), **saves, **more)

    whole, broken, resumed = trainer("whole"), trainer("cut", callbacks=[StopAt(2)]), trainer("cut")
    whole.train()
    broken.train()
    resumed.train(resume_from_checkpoint=str(tmp_path / "cut" / "checkpoint-2"))
    assert broken.state.global_step == 2 and read_completions(resumed) == read_completions(whole)
    of_whole, of_resumed = weights(whole), weights(resumed)
    assert all(torch.equal(of_whole[name], of_resumed[name]) for name in of_whole)


def test_gauges_without_a_value_are_left_out(make: Make) -> None:
    trainer = make(always("you idiot"), max_steps=1, log_completions=False)
    trainer.train()
    missing = {"similarity", "rewards/chosen", "rewards/rejected", "rewards/margins", "logps/source"}
    assert set(trainer.state.log_history[0]) == METRICS - missing
    assert not Path(trainer.args.output_dir, "completions").exists()


@pytest.mark.parametrize("text, word", [("no no no no", "repeating"), ("", "empty"), (None, "unfinished")])
def test_the_guard_stops_a_collapsed_leader_and_says_why(make: Make, text: str | None, word: str) -> None:
    steady = [comment for comment in COMMENTS if "stupid stupid" not in comment]
    trainer = make(always(text), steady, num_train_epochs=5, collapse_window=8)
    trainer.train()
    assert trainer.state.global_step == 2  # of 25: the window was full
    assert trainer.guard.reason is not None
    assert "collapsed at step 2: 8 of its last 8" in trainer.guard.reason and word in trainer.guard.reason


def test_the_guard_lets_a_sound_leader_go_on(make: Make) -> None:
    trainer = make(mixed, num_train_epochs=1, collapse_window=8)
    trainer.train()
    assert trainer.state.global_step == 6 and trainer.guard.reason is None


def test_a_mended_leader_is_judged_by_what_it_generates_now(make: Make) -> None:
    trainer = make(always(""), num_train_epochs=1, collapse_window=8)
    trainer.train()
    assert trainer.guard.reason is not None
    trainer.generator.write = always("thanks friend")
    trainer.train()
    assert trainer.state.global_step == 6 and trainer.guard.reason is None


def test_a_resumed_run_keeps_the_completions_before_its_checkpoint(make: Make) -> None:
    """The checkpoint lies between two log steps, and the run is killed after the second of them."""
    options: dict[str, Any] = {"max_steps": 6, "logging_steps": 4, "save_strategy": "steps", "save_steps": 3}
    make(mixed, **options, callbacks=[StopAt(4)]).train()
    resumed = make(mixed, **options)
    resumed.train(resume_from_checkpoint=True)
    assert [row["step"] for row in read_completions(resumed)] == [step for step in range(6) for _ in range(4)]


@pytest.mark.parametrize(
    "given, message",
    [
        (lambda played: played[:-1], "answered 3 of 4 comments"),
        (lambda played: [played[0][:1], *played[1:]], "gave 1 completions, want 2 with token ids"),
        (lambda played: [played[0] * 2, *played[1:]], "gave 4 completions, want 2 with token ids"),
        (
            lambda played: [[replace(one, ids=[]) for one in some] for some in played],
            "gave 2 completions, want 2",
        ),
    ],
    ids=["comments", "too few", "too many", "no ids"],
)
def test_a_generator_that_gives_something_else_than_asked_is_refused(make: Make, given: Any, message: str) -> None:
    trainer = make(mixed, num_generations=2)
    script = trainer.generator
    trainer.generator = SimpleNamespace(generate=lambda *asked, **more: given(script.generate(*asked, **more)))
    with pytest.raises(SROError, match=rf"the generator SimpleNamespace {message}(.|\n)*fix: generate\("):
        trainer.generate_and_screen([COMMENTS[:4]])


# -- ways to train, and what they are held to ------------------------------------------------------


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
def test_the_reference_stays_while_the_leader_learns(make: Make, peft: str) -> None:
    trainer = make(mixed, peft=peft, num_train_epochs=1, learning_rate=2.0)
    batch = COMMENTS[:4]
    [start] = trainer.generate_and_screen([batch])
    played = [one for completions in start.completions for one in completions]
    trainer.train()
    [end] = trainer.generate_and_screen([batch])
    assert [one for completions in end.completions for one in completions] == played
    assert torch.allclose(start.reference_y, end.reference_y, atol=1e-5)
    assert torch.equal(start.reference_x, end.reference_x)
    with torch.no_grad():
        moved = log_probs(trainer.model, end.prompts, end.completions, 0).total()
    assert (moved - end.reference_y).abs().max() > 0.05


@pytest.mark.parametrize("peft", ["fresh", "continued"])
def test_only_the_adapter_is_trained_and_it_loads_alone(
    make: Make, peft: str, leader: Callable[[], tuple[Any, Any]], tmp_path: Path
) -> None:
    trainer = make(mixed, peft=peft, num_train_epochs=1, learning_rate=2.0)
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train()
    for name, parameter in trainer.model.named_parameters():
        adapter = "lora_" in name and ".default." in name
        assert parameter.requires_grad == adapter, name
        assert adapter or torch.equal(parameter, before[name]), name
    assert any(not torch.equal(p, before[name]) for name, p in trainer.model.named_parameters())
    trainer.save_model(str(tmp_path / "saved"))
    alone = PeftModel.from_pretrained(leader()[0], tmp_path / "saved").eval()
    trainer.model.eval()
    rows = [[5, 6, 7]], [[[20, 21, 3]]]
    with torch.no_grad():
        found, trained, base = (log_probs(model, *rows, 0).total() for model in (alone, trainer.model, leader()[0]))
    assert torch.allclose(found, trained, atol=1e-6)
    assert not torch.allclose(found, base, atol=0.01)


@pytest.mark.parametrize("peft", ["", "fresh", "continued"])
@pytest.mark.parametrize("write", [None, mixed], ids=["own completions", "scripted"])
def test_bf16_is_one_mode_for_moves_reference_and_loss(make: Make, peft: str, write: Any) -> None:
    """Generation, an encoder called by itself and a copy do not pass through the forward that accelerate wraps."""
    trainer = make(write, peft=peft, bf16=True, max_steps=2)
    mode: dict[str, set[bool]] = {"generate": set(), "reference": set(), "loss": set()}
    stage = ["generate"]

    def note(*_: Any) -> None:
        mode[stage[0]].add(torch.is_autocast_enabled("cpu"))

    for model in {trainer.model, getattr(trainer.reference, "copy", trainer.model)}:
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.register_forward_pre_hook(note)
    generate, loss, score_ref = trainer.generator.generate, trainer.compute_loss, trainer._score_by_reference

    def at(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: (stage.__setitem__(0, name), call(*args, **kwargs))[1]

    trainer.generator.generate = at("generate", generate)
    trainer._score_by_reference = at("reference", score_ref)
    trainer.compute_loss = at("loss", loss)
    trainer.train()
    assert mode == {"generate": {True} if write is None else set(), "reference": {True}, "loss": {True}}
    assert history(trainer, "loss")[0] == pytest.approx(math.log(2), abs=5e-3)


def test_bf16_stores_the_frozen_linears_in_bf16_and_nothing_else(make: Make) -> None:
    trainer = make(mixed, peft="continued", bf16=True)
    frozen_linears = {
        id(module.base_layer.weight) for module in trainer.model.modules() if hasattr(module, "base_layer")
    }
    tied = {id(module.weight) for module in trainer.model.modules() if isinstance(module, torch.nn.Embedding)}
    assert len(frozen_linears - tied) > 10
    for name, parameter in trainer.model.named_parameters():
        if id(parameter) in frozen_linears - tied:
            assert parameter.dtype == torch.bfloat16, name
        elif ".reference." not in name and not name.endswith("lm_head.weight"):
            assert parameter.dtype == torch.float32, name


def gpt2(**dropout: float) -> Any:
    return GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=32, n_embd=16, n_layer=2, n_head=2, **dropout))


def bart(**dropout: float) -> Any:
    sizes = {
        f"{half}_{part}": size
        for half in ("encoder", "decoder")
        for part, size in (("layers", 3), ("attention_heads", 2), ("ffn_dim", 32))
    }
    return BartForConditionalGeneration(
        BartConfig(vocab_size=40, d_model=16, max_position_embeddings=32, **sizes, **dropout)
    )


DROPPING: dict[str, Callable[[Any], Any]] = {
    "gpt2": lambda t5: gpt2(attn_pdrop=0.5, resid_pdrop=0.5, embd_pdrop=0.5),
    "bart": lambda t5: bart(dropout=0.5, attention_dropout=0.5, activation_dropout=0.5),
    "bart that skips layers": lambda t5: bart(dropout=0.0, encoder_layerdrop=0.9, decoder_layerdrop=0.9),
    "t5": lambda t5: t5,
    "t5 with adapter": lambda t5: get_peft_model(
        t5, LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.5, init_lora_weights=False)
    ),
}


@pytest.mark.parametrize("kind", DROPPING)
def test_dropout_is_off_in_every_form(kind: str, tiny_seq2seq: Any) -> None:
    """Modules, rates that a layer hands to `functional.dropout` itself (T5's and BART's attention), skipped layers."""
    torch.manual_seed(0)
    model = DROPPING[kind](tiny_seq2seq()[0])
    rows = [[5, 6, 7], [8]], [[[20, 21, 3], [22, 3]], [[23, 3]]]
    with torch.no_grad():
        expected = log_probs(model.eval(), *rows, 0).total()
        assert not torch.allclose(log_probs(model.train(), *rows, 0).total(), expected, atol=1e-5)
        disable_dropout(model)
        for _ in range(3):
            assert torch.equal(log_probs(model.train(), *rows, 0).total(), expected)


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, message",
    [
        ({"beta": 0.0}, "beta=0.0 must be > 0"),
        ({"beta": -0.1}, "beta=-0.1 must be > 0"),
        ({"label_smoothing": 0.5}, r"label_smoothing=0.5 must be in \[0, 0.5\)"),
        ({"label_smoothing": -0.1}, "label_smoothing=-0.1"),
        ({"num_generations": 0}, "num_generations=0 must be ≥ 1"),
        ({"steps_per_generation": 0}, "steps_per_generation=0 must be ≥ 1"),
        ({"rpo_alpha": -1.0}, "rpo_alpha=-1.0 must be ≥ 0"),
        ({"flip_rate": 0.5}, r"flip_rate=0.5 must be in \[0, 0.5\)"),
        ({"temperature": -1.0}, "temperature=-1.0 must be ≥ 0"),
        ({"max_length_ratio": 0.0}, "max_length_ratio=0.0 must be > 0"),
        ({"save_total_limit": 1}, "save_total_limit=1 must be ≥ 2"),
        ({"save_steps": 50, "steps_per_generation": 4}, "save_steps=50 is no multiple of steps_per_generation=4"),
    ],
)
def test_a_setting_out_of_its_range_is_named_with_the_range(tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(SROError, match=message):
        SROConfig(output_dir=str(tmp_path), prompt=PROMPT, **options)


def test_settings_at_the_edge_are_taken(tmp_path: Path) -> None:
    config = SROConfig(
        output_dir=str(tmp_path),
        save_total_limit=None,
        label_smoothing=0.0,
        temperature=0.0,
        save_steps=48,
        steps_per_generation=4,
        top_k=5,
        top_p=0.5,
        max_completion_length=7,
        max_length_ratio=2.0,
        use_cpu=True,
    )
    assert config.sampling == Sampling(0.0, 0.5, 5, 7, 2.0)
    assert not config.remove_unused_columns


@pytest.mark.parametrize("prompt", ["", "no place", "{text} and {text}"])
def test_a_prompt_without_one_place_for_the_comment_is_refused(make: Make, prompt: str) -> None:
    with pytest.raises(SROError, match=r"\{text\} exactly once"):
        make(mixed, prompt=prompt)


@pytest.mark.parametrize("rows", [{"comment": []}, {"text": ["you fool"]}])
def test_a_data_set_without_comments_is_refused(tiny_causal: Any, tmp_path: Path, rows: Any) -> None:
    config = SROConfig(output_dir=str(tmp_path), prompt=PROMPT, use_cpu=True)
    model, tokenizer = tiny_causal()
    with pytest.raises(SROError, match="`comment`"):
        SROTrainer(model, config, RudeWords(), Dataset.from_dict(rows), tokenizer)


def test_comments_that_are_all_too_long_are_an_error_before_the_first_step(make: Make) -> None:
    with pytest.raises(SROError, match=r"no comment of train_dataset fits into max_prompt_length=6 tokens"):
        make(None, ["you are a stupid fool"], max_prompt_length=6)


@pytest.mark.parametrize("leader", ["chat:http://h/v1", "https://api.example.org/v1"])
def test_a_chat_server_is_no_policy(leader: str, tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"log-probabilities.*\n  fix: sro warmup --teachers chat:URL"):
        SROTrainer(leader, SROConfig(output_dir=str(tmp_path), prompt="a {text}"), None, [{"comment": "a"}])
