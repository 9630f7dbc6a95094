"""The warm-up's training on tiny leaders of both architectures: the loss against a plain pass, and that it falls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PrinterCallback

from sro.core.errors import SROError
from sro.leader.model import default_lora
from sro.training.preparation import disable_dropout
from sro.training.warmup.examples import Example
from sro.training.warmup.trainer import WarmupConfig, WarmupTrainer

pytestmark = pytest.mark.usefixtures("quick_collections")

PROMPT = "Rude : {text} Polite :"
EXAMPLES = [
    Example("you stupid idiot", "you are wrong", "edit"),
    Example("this crap page is bad", "this page is bad", "edit"),
    Example("i think this is a good idea .", "i think this is a good idea .", "unchanged"),
    Example("moron", "please", "edit"),
]
Make = Callable[..., WarmupTrainer]


@pytest.fixture(params=["causal", "seq2seq"])
def make(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any, tmp_path: Path) -> Make:
    """make(examples, lora, **options): a trainer of a fresh leader."""

    def trainer(examples: list[Example] = EXAMPLES, lora: bool = False, **options: Any) -> WarmupTrainer:
        model, tokenizer = tiny_causal() if request.param == "causal" else tiny_seq2seq()
        if lora:
            from peft import get_peft_model

            model = get_peft_model(model, default_lora(4, 8, request.param == "seq2seq"))
        given: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "prompt": PROMPT,
            "per_device_train_batch_size": 4,
            "logging_steps": 1,
            "disable_tqdm": True,
            "use_cpu": True,
            "max_steps": 1,
        }
        made = WarmupTrainer(model, WarmupConfig(**{**given, **options}), examples, tokenizer)
        made.remove_callback(PrinterCallback)
        return made

    return trainer


def plain(trainer: WarmupTrainer, example: Example) -> tuple[float, int]:
    """−log π(target|source) and the number of its tokens, one example by itself, by softmax."""
    model, tokenizer = trainer.model.eval(), trainer.processing_class
    prompt = tokenizer(PROMPT.replace("{text}", example.source))["input_ids"]
    target = [*tokenizer(example.target, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    with torch.no_grad():
        if model.config.is_encoder_decoder:
            before = [model.config.decoder_start_token_id, *target[:-1]]
            logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([before])).logits[0]
        else:
            logits = model(input_ids=torch.tensor([prompt + target])).logits[0, len(prompt) - 1 : -1]
    chosen = torch.softmax(logits.double(), -1)[torch.arange(len(target)), target]
    return -float(chosen.log().sum()), len(target)


def losses(trainer: WarmupTrainer) -> list[float]:
    return [logs["loss"] for logs in trainer.state.log_history if "loss" in logs]


@pytest.mark.parametrize("lora", [False, True])
def test_the_loss_is_the_mean_over_all_target_tokens(make: Make, lora: bool) -> None:
    trainer = make(lora=lora, max_steps=1)
    disable_dropout(trainer.model)  # T5 trains with it
    values, lengths = zip(*(plain(trainer, example) for example in EXAMPLES))
    trainer.train()
    assert losses(trainer) == pytest.approx([sum(values) / sum(lengths)], abs=2e-4)


def test_the_loss_can_be_had_with_what_it_is_made_of(make: Make) -> None:
    trainer = make()
    batch = trainer.data_collator([trainer.train_dataset[i] for i in (1, 3)])
    loss, found = trainer.compute_loss(trainer.model.eval(), batch, return_outputs=True)
    expected = [plain(trainer, EXAMPLES[i]) for i in (1, 3)]
    assert (-found.total()).tolist() == pytest.approx([value for value, _ in expected], abs=1e-3)
    assert found.lengths().tolist() == [length for _, length in expected]
    assert loss.item() == pytest.approx(trainer.compute_loss(trainer.model, batch).item())


def test_batch_1_accumulated_4_times_equals_batch_4(make: Make) -> None:
    """Targets of unequal lengths: every token counts the same."""
    options: dict[str, Any] = {"optim": "sgd", "learning_rate": 1.0, "warmup_steps": 0, "max_grad_norm": 0.0}
    whole, accumulated = (
        make(per_device_train_batch_size=size, gradient_accumulation_steps=4 // size, **options) for size in (4, 1)
    )
    for trainer in (whole, accumulated):
        disable_dropout(trainer.model)  # T5 trains with it
        trainer.train()
    assert losses(accumulated) == pytest.approx(losses(whole), abs=1e-5)
    for one, other in zip(whole.model.parameters(), accumulated.model.parameters()):
        assert torch.allclose(one, other, atol=2e-6, rtol=1e-4)


def test_a_wrapped_model_has_the_loss_of_the_model(make: Make) -> None:
    """As in a run on several GPUs."""
    trainer = make()
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
    model = trainer.model.eval()
    wrapped = trainer.compute_loss(torch.nn.DataParallel(model), batch)
    assert torch.equal(wrapped, trainer.compute_loss(model, batch))


def test_without_a_launcher_a_warm_up_takes_one_of_several_devices(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_two(config: Any) -> None:
        post_init(config)
        config._n_gpu = 2

    post_init = WarmupConfig.__post_init__
    monkeypatch.setattr(WarmupConfig, "__post_init__", on_two)
    trainer = make()
    assert (trainer.args.n_gpu, trainer.args.train_batch_size) == (1, 4)


@pytest.mark.parametrize("lora", [False, True])
def test_the_loss_falls_and_the_examples_are_learnt(make: Make, lora: bool) -> None:
    torch.manual_seed(0)  # of the fresh adapter
    trainer = make(lora=lora, max_steps=30, learning_rate=3e-2, lr_scheduler_type="constant", warmup_steps=0)
    before = [plain(trainer, example)[0] for example in EXAMPLES]
    trainer.train()
    found = losses(trainer)
    assert found[-1] < found[0] - 0.1  # an adapter on random weights has little to hold on to
    assert all(plain(trainer, example)[0] < value for example, value in zip(EXAMPLES, before))


def test_with_an_adapter_the_leader_itself_stays(make: Make) -> None:
    trainer = make(lora=True, max_steps=2, learning_rate=1e-2, warmup_steps=0)
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    trainer.train()
    changed = {name for name, value in trainer.model.named_parameters() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name for name in changed)


def test_the_seed_decides(make: Make) -> None:
    def run(seed: int) -> list[float]:
        trainer = make(max_steps=3, per_device_train_batch_size=1, seed=seed)
        trainer.train()
        return losses(trainer)

    assert run(1) == run(1) != run(2)


def test_every_example_is_seen_once_an_epoch(make: Make) -> None:
    trainer = make(EXAMPLES * 2 + EXAMPLES[:1], num_train_epochs=1, max_steps=-1)
    trainer.train()
    assert trainer.state.global_step == 3


@pytest.mark.parametrize("prompt", ["", "Polite :", "{text} {text}"])
def test_a_prompt_needs_one_place_for_the_comment(make: Make, prompt: str) -> None:
    with pytest.raises(SROError, match="exactly once"):
        make(prompt=prompt)


def test_a_prompt_that_is_too_long_is_an_error_with_the_mend(make: Make) -> None:
    with pytest.raises(SROError, match="--max_prompt_length"):
        make(max_prompt_length=6)


def test_lora_learns_under_gradient_checkpointing(make: Make) -> None:
    trainer = make(lora=True, gradient_checkpointing=True)
    trainer.train()
    norms = [row["grad_norm"] for row in trainer.state.log_history if "grad_norm" in row]
    assert norms and all(norm > 0 for norm in norms)


@pytest.mark.parametrize(
    "asked", [{"eval_strategy": "steps"}, {"eval_on_start": True}, {"load_best_model_at_end": True}, {"do_eval": True}]
)
def test_an_evaluation_loop_is_refused_before_any_search(asked: dict[str, Any]) -> None:
    with pytest.raises(SROError, match=rf"--{next(iter(asked))}(.|\n)*no evaluation loop(.|\n)*fix: leave it out"):
        WarmupConfig(prompt=PROMPT, use_cpu=True, **asked)
