"""`auto` takes the fast engine where it can, and the one that plays anything where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sro.core.errors import SROError
from sro.leader.engines import auto, ctranslate2_conversion
from sro.leader.engines.auto import choose
from sro.leader.engines.ctranslate2_conversion import convert, import_ctranslate2
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.leader.generation import Completion, Sampling
from sro.leader.model import Leader, LeaderArguments

PLAIN: dict[str, Any] = {"adapter": None, "prompt": None, "load_in_4bit": False, "bf16": None}
pytest.importorskip("ctranslate2")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where conversions go; and no GPU, whatever the machine has."""
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(import_ctranslate2(), "get_cuda_device_count", lambda: 0)
    return tmp_path / "cache/ctranslate2"


@pytest.fixture(params=["tiny_causal", "tiny_seq2seq"])
def leader(request: pytest.FixtureRequest, tmp_path: Path, saved: Any) -> str:
    return str(saved(tmp_path / "leader", *request.getfixturevalue(request.param)()))


@pytest.fixture
def adapter(tmp_path: Path, tiny_causal: Any) -> str:
    from peft import LoraConfig, get_peft_model

    from sro.leader.model import save_adapter

    model, tokenizer = tiny_causal()
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    save_adapter(adapted, tokenizer, "idiot {text} :", tmp_path / "adapter")
    return str(tmp_path / "adapter")


def completions(arguments: EngineArguments | None, leader: str, **parts: Any) -> list[list[Completion]]:
    greedy = Sampling(temperature=0.0, max_new_tokens=12, max_length_ratio=10.0)
    return load_generator(arguments, leader, **parts).generate(["you are a fool", "shut up"], 1, greedy, 0)


def test_the_fast_engine_plays_and_converts_once(leader: str, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert completions(None, leader) == completions(EngineArguments("ctranslate2"), leader)
    assert caplog.text.count("converting the leader") == 1
    assert [folder.name.rpartition("-")[2] for folder in cache.iterdir()] == ["int8"]


def test_an_adapter_is_merged_by_it(
    tiny_causal: Any, saved: Any, tmp_path: Path, adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    leader = str(saved(tmp_path / "leader", *tiny_causal()))
    assert choose(leader, **{**PLAIN, "adapter": adapter}) == "ctranslate2"
    assert load_generator(EngineArguments("auto"), leader, adapter=adapter).prompt == "idiot {text} :"
    assert completions(EngineArguments("auto"), leader, adapter=adapter) != completions(
        EngineArguments("auto"), leader
    )


def test_what_is_not_installed_is_not_missed(
    leader: str, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)  # what an import of something missing leaves
    assert completions(None, leader) == completions(EngineArguments("transformers"), leader)
    assert not caplog.messages and not cache.exists()


@pytest.mark.parametrize("setting", [{"load_in_4bit": True}, {"bf16": True}, {"bf16": False}])
def test_what_only_transformers_has_decides(leader: str, cache: Path, setting: dict[str, bool]) -> None:
    assert choose(leader, **{**PLAIN, **setting}) == "transformers"
    assert not cache.exists()


def test_on_a_gpu_transformers_plays(leader: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("torch.cuda.is_available", lambda: True)
        assert choose(leader, **PLAIN) == "transformers"
    with monkeypatch.context() as patch:
        patch.setattr(import_ctranslate2(), "get_cuda_device_count", lambda: 1)  # and a torch that sees none
        assert choose(leader, **PLAIN) == "transformers"
    assert not cache.exists()


def test_a_large_leader_is_left_to_its_owner(leader: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "LARGEST", 1000)
    assert choose(leader, **PLAIN) == "transformers" and not cache.exists()


def test_a_converted_folder_is_for_ctranslate2_even_on_a_gpu(
    tiny_causal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(Leader(*tiny_causal(), "{text} ."), tmp_path / "fast", "float32")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose(str(tmp_path / "fast"), **PLAIN) == "ctranslate2"


def test_an_unknown_architecture_goes_to_transformers_before_a_weight_is_read(
    saved: Any, tiny_causal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from transformers import OlmoConfig, OlmoForCausalLM

    _, tokenizer = tiny_causal()
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = OlmoForCausalLM(OlmoConfig(vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, **size))
    leader = str(saved(tmp_path / "olmo", model, tokenizer))
    with monkeypatch.context() as patch:
        patch.setattr("sro.leader.model.Leader.load", lambda *_, **__: pytest.fail("weights were read"))
        assert choose(leader, **PLAIN) == "transformers"
        with pytest.raises(SROError, match=r"cannot convert this leader \(olmo\)(.|\n)*--engine transformers"):
            load_generator(EngineArguments("ctranslate2"), leader)
    assert not caplog.messages
    assert len(completions(None, leader)) == 2


def test_a_copy_that_is_another_model_is_not_used_and_that_is_said(
    leader: str, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        ctranslate2_conversion, "log_probs", lambda *_: type("Far", (), {"total": lambda self: -1e6})()
    )
    assert choose(leader, **PLAIN) == "transformers"
    said = caplog.text
    assert "transformers plays instead (--engine transformers spares the attempt): CTranslate2" in said
    assert "computes another model" in said and list(cache.iterdir()) == []


def test_a_converter_that_breaks_is_no_reason_not_to_rewrite(
    leader: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no such layer")

    monkeypatch.setattr(ctranslate2_conversion, "_check", broken)
    assert len(completions(None, leader)) == 2
    assert "cannot convert this leader" in (said := caplog.text) and "no such layer" in said


def test_a_cache_that_cannot_be_written_costs_nothing_but_speed(
    leader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "file"))
    with monkeypatch.context() as patch:
        patch.setattr("sro.leader.model.Leader.load", lambda *_, **__: pytest.fail("loaded in vain"))
        assert choose(leader, **PLAIN) == "transformers"
    said = caplog.text
    assert "converting" not in said and "transformers plays instead" in said and "file" in said


def test_a_leader_that_is_not_there_is_told_as_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SROError, match="no leader could be loaded from") as told:
        load_generator(None, str(tmp_path / "empty"))
    with pytest.raises(SROError) as usual:
        Leader.load(LeaderArguments(str(tmp_path / "empty")))
    assert str(told.value) == str(usual.value)


def test_precision_is_for_an_engine_that_is_named() -> None:
    with pytest.raises(SROError, match="--engine_precision is for --engine ctranslate2, not for auto"):
        EngineArguments(engine_precision="int8")
