"""What a user may hand to `SROTrainer`, and what is one clear error before the first step."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, DatasetDict
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AddedToken, TrainingArguments

from sro.core.errors import SROError
from sro.leader.card import read_prompt
from sro.leader.model import save_adapter
from sro.leader.token_ids import as_plain_text, completion_ids, decode, prompt_ids
from sro.screeners.base import Verdict
from sro.training.checkpoints import SEAL
from sro.training.config import SROConfig
from sro.training.trainer import SROTrainer

pytestmark = pytest.mark.usefixtures("quick_collections")

PROMPT = "Rude : {text} Polite :"
COMMENTS = ["you are a moron", "they are stupid", "he is a fool", "shut up you idiot"]
LORA = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")


class Bare:
    """Passes every second text; knows nothing of sources, has no name."""

    def screen(self, texts: Sequence[str]) -> list[Verdict]:
        return [Verdict("pass" if n % 2 else "fail", 0.5, "bare") for n, _ in enumerate(texts)]


def config(folder: Path, **options: Any) -> SROConfig:
    given: dict[str, Any] = {
        **{"output_dir": str(folder), "prompt": PROMPT, "per_device_train_batch_size": 2, "max_steps": 2},
        **{"logging_steps": 1, "save_strategy": "no", "disable_tqdm": True, "use_cpu": True, "learning_rate": 1e-2},
        **{"max_completion_length": 6, "collapse_window": 0, "label_smoothing": 0.0},
    }
    return SROConfig(**{**given, **options})


def trainer_of(
    leader: tuple[Any, Any], args: SROConfig, comments: Sequence[Any] = COMMENTS, **more: Any
) -> SROTrainer:
    model, tokenizer = leader
    rows = Dataset.from_dict({"comment": list(comments)})
    return SROTrainer(model, args, Bare(), rows, tokenizer, **more)  # type: ignore[arg-type]


def test_a_bare_screener_and_a_tokenizer_without_pad_token_train(tiny_causal: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    tokenizer.pad_token = None
    args = config(tmp_path)
    before = copy.copy(vars(args))
    trainer = trainer_of((model, tokenizer), args)
    trainer.train()
    assert trainer.state.global_step == 2
    assert trainer.processing_class.pad_token_id == tokenizer.eos_token_id and tokenizer.pad_token is None
    assert vars(args) == before  # the caller's own


def test_save_model_keeps_the_prompt_and_the_card_names_method_and_base(tiny_causal: Any, tmp_path: Path) -> None:
    trainer = trainer_of(tiny_causal(), config(tmp_path / "run"), peft_config=LORA)
    trainer.model.peft_config["default"].base_model_name_or_path = "owner/base"
    trainer.save_model(str(tmp_path / "saved"))
    assert read_prompt(tmp_path / "saved") == PROMPT
    trainer.create_model_card(model_name="mine", tags="polite")
    card = (tmp_path / "run" / "README.md").read_text("utf-8")
    assert "base_model: owner/base\n" in card and "SRO" in card and "# mine\n" in card and "- polite\n" in card


def test_a_fresh_adapter_is_refused_where_it_would_replace_another(tiny_causal: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    warm = get_peft_model(model, LORA)
    with pytest.raises(SROError, match=r"has an adapter already(.|\n)*fix: leave out peft_config"):
        trainer_of((warm, tokenizer), config(tmp_path / "second"), peft_config=LORA)
    merged = trainer_of((warm.merge_and_unload(), tokenizer), config(tmp_path / "merged"), peft_config=LORA)
    assert isinstance(merged.model, PeftModel)


def test_an_adapter_of_any_name_is_saved_with_its_prompt(tiny_causal: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    trainer = trainer_of((get_peft_model(model, LORA, adapter_name="policy"), tokenizer), config(tmp_path / "run"))
    trainer.save_model(str(tmp_path / "saved"))
    assert read_prompt(tmp_path / "saved" / "policy") == PROMPT
    for half in (False, True):
        folder = tmp_path / f"adapter {half}"
        save_adapter(trainer.model, tokenizer, PROMPT, folder, half=half)
        assert read_prompt(folder) == PROMPT and not [place for place in folder.iterdir() if place.is_dir()]
        assert isinstance(PeftModel.from_pretrained(tiny_causal()[0], folder), PeftModel)


def test_callbacks_may_be_none_and_there_is_no_evaluation(tiny_causal: Any, tmp_path: Path) -> None:
    trainer = trainer_of(tiny_causal(), config(tmp_path), callbacks=None)
    for method in (trainer.evaluate, trainer.predict):
        with pytest.raises(SROError, match="no evaluation loop"):
            method(trainer.train_dataset)


def test_a_share_of_the_initial_weights_is_kept(tiny_causal: Any, tmp_path: Path) -> None:
    found = []
    for share in (0.0, 0.5):
        trainer = trainer_of(tiny_causal(), config(tmp_path / str(share), interpolate_to_init=share))
        trainer.train()
        found.append(trainer.model.lm_head.weight.detach())
    before = tiny_causal()[0].lm_head.weight.detach()
    assert not torch.equal(found[0], before)
    torch.testing.assert_close(found[1], before.lerp(found[0], 0.5))


def test_a_checkpoint_of_another_folder_is_gone_on_from(tiny_causal: Any, tmp_path: Path) -> None:
    """With what it knew of the reference, and not with what lies under its number in the new folder."""
    for name, value in (("ours", -1.5), ("theirs", -2.5)):
        trainer_of(tiny_causal(), config(tmp_path / name, save_strategy="steps", save_steps=2)).train()
        seal = tmp_path / name / "checkpoint-2" / SEAL
        content = json.loads(seal.read_text("utf-8"))
        seal.write_text(json.dumps({**content, "reference_x": dict.fromkeys(COMMENTS, value)}), "utf-8")
    trainer = trainer_of(tiny_causal(), config(tmp_path / "theirs", max_steps=3))
    trainer.train(resume_from_checkpoint=tmp_path / "ours" / "checkpoint-2")
    assert trainer.state.global_step == 3 and trainer.reference_x == dict.fromkeys(COMMENTS, -1.5)
    with pytest.raises(SROError, match="no complete checkpoint in"):
        trainer_of(tiny_causal(), config(tmp_path / "new")).train(resume_from_checkpoint=True)


def test_batches_that_are_sought_by_trial_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"auto_find_batch_size(.|\n)*fix: a smaller"):
        config(tmp_path, auto_find_batch_size=True)


def test_lora_learns_under_gradient_checkpointing(tiny_causal: Any, tmp_path: Path) -> None:
    trainer = trainer_of(tiny_causal(), config(tmp_path, gradient_checkpointing=True), peft_config=LORA)
    trainer.train()
    norms = [row["grad_norm"] for row in trainer.state.log_history if "grad_norm" in row]
    assert len(norms) == 2 and all(norm > 0 for norm in norms)
    assert isinstance(trainer.model, PeftModel)


def test_a_leader_may_be_named(tiny_causal: Any, tiny_seq2seq: Any, saved: Any, tmp_path: Path) -> None:
    rows = Dataset.from_dict({"comment": COMMENTS})
    for kind, leader in (("causal", tiny_causal), ("seq2seq", tiny_seq2seq)):
        folder = saved(tmp_path / kind, *leader())
        trainer = SROTrainer(str(folder), config(tmp_path / f"{kind}-run"), Bare(), rows)  # type: ignore[arg-type]
        assert type(trainer.model) is type(leader()[0])
        assert trainer.processing_class.eos_token == leader()[1].eos_token
        torch.testing.assert_close(*(next(model.parameters()) for model in (trainer.model, leader()[0])))


def test_an_over_long_comment_is_set_aside_before_the_first_step(
    tiny_causal: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long = " ".join(["idiot"] * 50)
    trainer = trainer_of(tiny_causal(), config(tmp_path, max_prompt_length=20), [*COMMENTS, long])
    assert [row["comment"] for row in trainer.train_dataset] == COMMENTS
    [row] = [json.loads(line) for line in (tmp_path / "quarantine_too_long.jsonl").read_text("utf-8").splitlines()]
    assert (row["row"], row["reason"], row["text"]) == (5, "too_long", long) and row["tokens"] > 50
    assert "1 of 5 comments set aside" in caplog.text


def test_a_comment_that_the_leader_has_no_positions_for_is_set_aside(
    tiny_causal: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """256 positions: 128 for the prompt, as many for the comment behind it."""
    fits, long = (" ".join(["idiot"] * words) for words in (120, 130))
    trainer = trainer_of(tiny_causal(), config(tmp_path), [fits, long])
    assert [row["comment"] for row in trainer.train_dataset] == [fits]
    assert "the 128 tokens that this leader's positions leave" in caplog.text


@pytest.mark.parametrize(
    ("options", "comments", "more", "said"),
    [
        ({}, ["you idiot", None], {}, r"row 2 .*: the comment is None, not a text\n  fix: "),
        ({}, [], {}, "train_dataset is empty"),
        ({"max_prompt_length": 3}, COMMENTS, {}, r"no comment .* fits into max_prompt_length=3 tokens\n  fix: "),
        ({}, COMMENTS, {"eval_dataset": ["x"]}, r"no evaluation loop(.|\n)*fix: leave out eval_dataset"),
        ({"prompt": ""}, COMMENTS, {}, "exactly once"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_error(
    tiny_causal: Any, tmp_path: Path, options: Any, comments: list[Any], more: Any, said: str
) -> None:
    with pytest.raises(SROError, match=said):
        trainer_of(tiny_causal(), config(tmp_path, **options), comments, **more)


@pytest.mark.parametrize(
    "rows",
    [
        COMMENTS,
        ["a comment"],
        [{"text": "you idiot"}],
        DatasetDict({"train": Dataset.from_dict({"comment": COMMENTS})}),
        Dataset.from_dict({"comment": COMMENTS}).to_iterable_dataset(),
    ],
)
def test_a_dataset_without_rows_of_comments_is_one_clear_error(tiny_causal: Any, tmp_path: Path, rows: Any) -> None:
    model, tokenizer = tiny_causal()
    with pytest.raises(SROError, match=r"train_dataset .* `comment`(.|\n)*fix: Dataset.from_dict"):
        SROTrainer(model, config(tmp_path), Bare(), rows, tokenizer)  # type: ignore[arg-type]


def test_arguments_of_another_kind_are_one_clear_error(tiny_causal: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    plain: Any = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    for given in (plain, None):
        with pytest.raises(SROError, match=rf"args is of type {type(given).__name__}\n  fix: SROConfig"):
            trainer_of((model, tokenizer), given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"objective": "kot"}, r"objective='kot' is unknown; did you mean 'kto'\?\n  fix: one of sro, "),
        (
            {"eval_strategy": "steps"},
            r"--eval_strategy steps: .* no evaluation loop\n  fix: leave it out; .*--held_out",
        ),
        ({"objective": "sro_contrast"}, r"sro_contrast compares completions of one (.|\n)*num_generations of 2"),
        (
            {"objective": "sro_contrast", "num_generations": 2, "flip_rate": 0.1},
            r"sro_contrast .* does not correct for wrong verdicts\n  fix: .* flip_rate=0",
        ),
        ({"eval_on_start": True}, r"--eval_on_start: .* no evaluation loop\n  fix: "),
        ({"load_best_model_at_end": True}, r"--load_best_model_at_end: .* no evaluation loop\n  fix: "),
        ({"do_eval": True}, r"--do_eval: .* no evaluation loop\n  fix: "),
        ({"top_p": 0.0}, r"top_p=0.0 must be in \(0, 1\]"),
        ({"top_k": -1}, "top_k=-1 must be ≥ 0"),
        ({"max_completion_length": 0}, "max_completion_length=0 must be ≥ 1"),
        ({"per_device_train_batch_size": 0}, "per_device_train_batch_size=0 must be ≥ 1"),
        ({"gradient_accumulation_steps": 0}, "gradient_accumulation_steps=0 must be ≥ 1"),
        ({"report_to": "nowhere"}, r"--report_to nowhere: not installed(.|\n)*fix: "),
    ],
)
def test_settings_that_do_not_exist_are_named(tmp_path: Path, options: Any, said: str) -> None:
    with pytest.raises(SROError, match=said):
        config(tmp_path, **options)


def test_a_run_of_nothing_but_cut_off_completions_says_so(
    tiny_causal: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, tokenizer = tiny_causal()
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0.0  # never the likeliest
    args = config(tmp_path, max_completion_length=2, temperature=0.0)
    trainer = trainer_of((model, tokenizer), args)
    trainer.train()
    [said] = [message for message in caplog.messages if "cut off at their length limit" in message]
    assert said.startswith("4 of this run's 4 completions") and "fix: a higher --max_completion_length" in said


def test_a_window_of_cut_off_completions_stops_the_run_and_names_the_limit(tiny_causal: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0.0
    args = config(tmp_path, max_completion_length=2, temperature=0.0, collapse_window=2)
    trainer = trainer_of((model, tokenizer), args)
    trainer.train()
    assert trainer.state.global_step == 1
    assert trainer.guard.reason and "mostly unfinished" in trainer.guard.reason
    assert "--max_completion_length" in trainer.guard.reason


def test_special_tokens_in_a_comment_are_text(tiny_causal: Any) -> None:
    _, tokenizer = tiny_causal()
    comment, end = "you </s> idiot <pad>", tokenizer.eos_token_id
    [prompt] = prompt_ids(tokenizer, PROMPT, [comment], 100)
    [completion] = completion_ids(tokenizer, [comment], PROMPT)
    assert end not in prompt and tokenizer.pad_token_id not in prompt
    assert completion.count(end) == 1 and completion[-1] == end
    assert as_plain_text(tokenizer, ["a < b </ s>"]) == ["a < b </ s>"]


def test_special_tokens_that_a_leader_repeats_come_out_as_they_were(tiny_causal: Any) -> None:
    """Also those that are no part of a prompt, such as `<repo_name>`, which the tokenizer would leave out."""
    _, tokenizer = tiny_causal()
    tokenizer.add_tokens([AddedToken("<repo_name>", special=True)])
    tokenizer.add_tokens(["< repo_name>", "< /s>"])
    comment = "you </s> idiot <repo_name>"
    assert as_plain_text(tokenizer, [comment]) == ["you < /s> idiot < repo_name>"]
    [completion] = completion_ids(tokenizer, [comment], PROMPT)
    assert decode(tokenizer, [completion]) == [comment]
