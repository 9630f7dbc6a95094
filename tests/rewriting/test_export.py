"""Exported leaders are the original: in each form, read back by a reader that is not the writer."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.leader.card import is_embedded, read_prompt, write_origin
from sro.leader.engines.ctranslate2 import CTranslate2Generator
from sro.leader.engines.ctranslate2_conversion import cached_conversion
from sro.leader.engines.gguf import write_gguf
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.leader.files import LeaderParts
from sro.leader.generation import Completion, Sampling
from sro.leader.model import Leader, LeaderArguments, save_adapter
from sro.leader.transformers_generator import TransformersGenerator
from sro.rewriting import export as module
from sro.rewriting import rewriter
from sro.rewriting.export import Agreement, ExportArguments, compare, evenly_spaced, export
from sro.screeners.base import Verdict

PROMPT = "Rude : {text} Polite :"
COMMENTS = ["you are a stupid fool", "what a crap page this is", "shut up and leave"]
GREEDY = Sampling(temperature=0.0, max_new_tokens=12, max_length_ratio=10.0)


class Judges:
    """Passes what does not say "you"; similar is what is equal."""

    name = "judges"

    def screen(self, texts: Any, *, sources: Any = None) -> list[Verdict]:
        return [Verdict(*(("fail", 1.0) if "you" in text.split() else ("pass", 0.0)), "judges") for text in texts]

    def similarity(self, texts: Any, sources: Any) -> np.ndarray:
        return np.array([float(a == b) for a, b in zip(texts, sources)])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Judges at no cost, and a cache of one's own."""
    monkeypatch.setattr(module, "load_screener", lambda name: Judges())
    monkeypatch.setattr(module, "SentenceEncoder", Judges)
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def names(tmp_path: Path, tiny_causal: Any, saved: Any) -> dict[str, str]:
    """A leader and an adapter that does something, as folders, and comments in a file."""
    from peft import LoraConfig, get_peft_model

    model, tokenizer = tiny_causal()
    with torch.no_grad():
        model.get_output_embeddings().weight *= 8.0
    leader = saved(tmp_path / "leader", model, tokenizer)
    wrapped = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, weight in wrapped.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.5, generator=torch.Generator().manual_seed(0))
    save_adapter(wrapped, tokenizer, PROMPT, tmp_path / "adapter")
    (tmp_path / "comments.txt").write_text("\n".join(COMMENTS) + "\n")
    return {
        "leader": str(leader),
        "adapter": str(tmp_path / "adapter"),
        "comments": str(tmp_path / "comments.txt"),
        "output_dir": str(tmp_path / "out"),
    }


def completions(generator: Any) -> list[list[Completion]]:
    return generator.generate(COMMENTS, 1, GREEDY, 0)


def original(names: dict[str, str]) -> list[list[Completion]]:
    loaded = Leader.load(LeaderArguments(names["leader"], names["adapter"]))
    return completions(TransformersGenerator(loaded.model, loaded.tokenizer, PROMPT))


def test_an_adapter_changes_what_is_said(names: dict[str, str]) -> None:
    """Else the tests below would say nothing of merging."""
    plain = Leader.load(LeaderArguments(names["leader"]))
    assert completions(TransformersGenerator(plain.model, plain.tokenizer, PROMPT)) != original(names)


@pytest.mark.parametrize("form", ["ctranslate2", "safetensors"])
def test_the_copy_plays_as_the_original_with_its_adapter(names: dict[str, str], form: Any) -> None:
    agreement = export(ExportArguments(to=form, precision="float32", **names), ["sro", "export"])
    folder = Path(names["output_dir"])
    assert agreement == Agreement(3, 1.0, 1.0, agreement.passed, agreement.similarity)  # type: ignore[union-attr]
    assert agreement.passed[0] == agreement.passed[1]
    if form == "ctranslate2":
        assert completions(CTranslate2Generator(folder, threads=1)) == original(names)
    else:
        loaded = Leader.load(LeaderArguments(str(folder)))
        assert loaded.prompt == PROMPT
        assert completions(TransformersGenerator(loaded.model, loaded.tokenizer, PROMPT)) == original(names)
    about = (folder / "README.md").read_text()
    assert "100.0% of the rewrites identical" in about and PROMPT in about
    assert json.loads((folder / "manifest.json").read_text())["config"]["precision"] == "float32"


def test_halves_are_stored_as_halves(names: dict[str, str]) -> None:
    assert export(ExportArguments(to="safetensors", precision="bfloat16", compare=0, **names)) is None
    model = AutoModelForCausalLM.from_pretrained(names["output_dir"])
    assert model.dtype == torch.bfloat16
    assert "Not compared." in (Path(names["output_dir"]) / "README.md").read_text()


def test_comments_are_taken_from_the_whole_length_of_the_source() -> None:
    assert evenly_spaced(list(map(str, range(7))), 4) == ["0", "1", "3", "5"]
    assert evenly_spaced(["a", "b"], 5) == ["a", "b"]
    assert evenly_spaced(["a"], 0) == evenly_spaced([], 3) == []
    with pytest.raises(SROError, match="compare=-1 must be ≥ 0"):
        ExportArguments(to="gguf", output_dir="out", compare=-1)


def test_what_differs_is_counted() -> None:
    class Says:
        def __init__(self, *texts: str) -> None:
            self.texts = texts

        def generate(self, *_: Any) -> list[list[Completion]]:
            return [[Completion(text, [1], True)] for text in self.texts]

    found = compare(Says("a", "you b"), Says("a", "b"), ["a", "b"], Judges(), Judges())
    assert found == Agreement(2, 0.5, 0.5, (0.5, 1.0), (0.5, 1.0))
    assert not found.same


def test_a_folder_that_holds_something_stays(names: dict[str, str]) -> None:
    Path(names["output_dir"]).mkdir()
    (Path(names["output_dir"]) / "mine.txt").write_text("mine")
    with pytest.raises(SROError, match="not empty"):
        export(ExportArguments(to="safetensors", **names))


def test_an_unknown_precision_is_an_error_that_lists_the_known(names: dict[str, str]) -> None:
    with pytest.raises(SROError, match="float32, float16, bfloat16"):
        export(ExportArguments(to="safetensors", precision="int8", **names))


def test_the_command_says_how_far_the_copy_is_the_original(
    names: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word for name, value in names.items() for word in (f"--{name}", value)]
    assert main(["export", "--to", "ctranslate2", "--precision", "float32", *words]) == 0
    assert "3 comments: " in capsys.readouterr().out
    monkeypatch.setattr(module, "compare", lambda *_: Agreement(3, 0.0, 0.1, (1.0, 0.0), (1.0, 0.0)))
    assert main(["export", "--to", "safetensors", *words, "--output_dir", names["output_dir"] + "2"]) == 1


# --- the cache -------------------------------------------------------------------------------------------------------


def test_a_leader_is_converted_once_for_each_adapter(
    names: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    arguments = EngineArguments("ctranslate2", engine_precision="float32")
    with_adapter = {"leader": names["leader"], "adapter": names["adapter"]}
    assert completions(load_generator(arguments, **with_adapter)) == original(names)
    assert caplog.text.count("converting") == 1 and not capsys.readouterr().out  # where rewrites are written
    assert completions(load_generator(arguments, **with_adapter)) == original(names)
    assert caplog.text.count("converting") == 1
    assert completions(load_generator(arguments, names["leader"], prompt=PROMPT)) != original(names)
    assert len(list((tmp_path / "cache/ctranslate2").iterdir())) == 2


def test_of_two_processes_that_convert_at_once_the_first_wins(
    names: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sro.leader.engines import ctranslate2_conversion

    parts, convert = LeaderParts.find(names["leader"], names["adapter"]), ctranslate2_conversion.convert
    finished = []

    def slowly(*arguments: Any) -> None:
        if not finished:
            finished.append(True)
            other = cached_conversion(parts, "float32")
            (other / "first").touch()
        convert(*arguments)

    monkeypatch.setattr(ctranslate2_conversion, "convert", slowly)
    folder = cached_conversion(parts, "float32")
    assert (folder / "first").exists()
    assert list(folder.parent.iterdir()) == [folder]


def test_an_exported_folder_says_which_leader_it_was(
    tmp_path: Path, tiny_causal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.LeaderParts, "find", lambda *names: LeaderParts(tmp_path, None, PROMPT))
    monkeypatch.setattr(module.LeaderParts, "load", lambda parts: Leader(*tiny_causal(), PROMPT))
    folders = [str(tmp_path / name) for name in ("first", "again", "other")]
    for leader, folder in zip(("embedded", folders[0], "some/leader"), folders):
        export(ExportArguments(to="safetensors", leader=leader, output_dir=folder, compare=0))
    assert [is_embedded(name) for name in ("embedded", "some/leader", *folders)] == [True, False, True, True, False]
    assert read_prompt(Path(folders[0])) == PROMPT


def test_the_embedded_leader_its_export_and_leaders_with_english_rules_have_the_same_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Encoder(rewriter.EncoderScreener):
        languages = ("en", "de")

        def __init__(self) -> None:
            object.__setattr__(self, "policy", SimpleNamespace(fail_on=("TOXICITY",)))

    monkeypatch.setattr(rewriter, "load_generator", lambda *_, **__: SimpleNamespace(fits=len))
    monkeypatch.setattr(rewriter.FaithfulnessCritic, "load", lambda name: name)
    write_origin(tmp_path, "embedded")
    screener, server = Encoder(), EngineArguments("openai", engine_url="http://gpu:8000/v1")

    def parts(leader: str, english_rules: bool | None = None) -> dict[str, Any]:
        load, others = rewriter.Rewriter.load, {"screener": screener, "similarity": Judges()}
        made = vars(load(leader, engine=server, english_rules=english_rules, **others))
        compared = {
            name: value for name, value in made.items() if name not in ("generator", "fits_leader", "similarity")
        }
        built = ("acceptance", "fluency", "phrases", "foreign_rules")  # anew each time
        return compared | {name: type(compared[name]) for name in built}

    other = str(tmp_path / "other")
    assert parts(str(tmp_path)) == parts("embedded") == parts(other, english_rules=True) != parts(other)
    assert parts("embedded", english_rules=False) == parts(other)


def test_an_exported_folder_is_played_as_it_is(names: dict[str, str], tmp_path: Path) -> None:
    export(ExportArguments(to="ctranslate2", precision="float32", compare=0, **names))
    assert completions(load_generator(EngineArguments("ctranslate2"), names["output_dir"])) == original(names)
    assert not (tmp_path / "cache").exists()


def test_conversion_leaves_the_leader_as_it_was(tiny_causal: Any, tmp_path: Path) -> None:
    from sro.leader.engines.ctranslate2_conversion import convert

    model, tokenizer = tiny_causal()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    convert(Leader(model, tokenizer, PROMPT), tmp_path / "out", "int8")
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_a_conversion_that_computes_something_else_is_refused(tiny_causal: Any, tmp_path: Path) -> None:
    """The converter takes every Llama's activation for SiLU."""
    from sro.leader.engines.ctranslate2_conversion import convert

    model, tokenizer = tiny_causal()
    config = LlamaConfig(**{**model.config.to_dict(), "hidden_act": "relu"})
    other = LlamaForCausalLM(config).eval()
    other.load_state_dict({name: weight * 4 for name, weight in model.state_dict().items()})
    with pytest.raises(SROError, match="computes another model from this leader"):
        convert(Leader(other, tokenizer, PROMPT), tmp_path / "out", "float32")


def test_an_architecture_that_ctranslate2_does_not_know_is_refused(tiny_causal: Any, tmp_path: Path) -> None:
    from transformers import CTRLConfig, CTRLLMHeadModel

    from sro.leader.engines.ctranslate2_conversion import convert

    model = CTRLLMHeadModel(CTRLConfig(vocab_size=63, n_embd=8, dff=8, n_layer=1, n_head=2)).eval()
    with pytest.raises(SROError, match=r"cannot convert this leader \(ctrl\)[\s\S]*fix: --engine transformers"):
        convert(Leader(model, tiny_causal()[1], PROMPT), tmp_path / "out", "float32")


@pytest.mark.parametrize("settings", [{"engine": "openai"}, {"engine_url": "http://x"}, {"engine_precision": "int8"}])
def test_settings_that_the_engine_does_not_have_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SROError, match="--engine"):
        EngineArguments(**settings)


# --- gguf ------------------------------------------------------------------------------------------------------------


def byte_level_tokenizer(digits: bool = False) -> Any:
    """A byte-level BPE tokenizer as GPT-2's, learnt on the spot."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    cut = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    inner.pre_tokenizer = cut if digits else byte_level
    inner.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    inner.train_from_iterator(
        COMMENTS * 3,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token=special[0], pad_token=special[0], bos_token=special[1], eos_token=special[2]
    )


def byte_level_leader(tied: bool = True, **settings: Any) -> Leader:
    tokenizer = byte_level_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer) + 5,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
        tie_word_embeddings=tied,
        eos_token_id=tokenizer.eos_token_id,
        **settings,
    )
    return Leader(LlamaForCausalLM(config).eval(), tokenizer, "Rude: {text}\nPolite:")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("precision", "apart"), [("float32", 1e-4), ("float16", 0.02), ("q8_0", 0.1)])
def test_transformers_reads_the_file_back(tmp_path: Path, precision: Any, apart: float, tied: bool) -> None:
    from transformers import GgufConfig

    leader = byte_level_leader(tied)
    write_gguf(leader, tmp_path / "model.gguf", precision)
    found: Any = AutoModelForCausalLM.from_pretrained(
        tmp_path,
        gguf_file="model.gguf",
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    text = "Rude: you are a stupid fool, 42 times!\nPolite:"
    ids = leader.tokenizer(text)["input_ids"]
    assert tokenizer(text)["input_ids"] == ids
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (2, 0)
    with torch.no_grad():
        expected, logits = (model(input_ids=torch.tensor([ids])).logits for model in (leader.model, found.eval()))
    assert expected.abs().max() > 0.3
    assert (logits - expected).abs().max() < apart


def test_the_file_says_how_the_tokenizer_cuts(tmp_path: Path) -> None:
    import gguf

    for digits, name in ((False, "gpt-2"), (True, "smollm")):
        leader = byte_level_leader()
        leader.tokenizer = byte_level_tokenizer(digits)
        write_gguf(leader, tmp_path / f"{name}.gguf")
        assert gguf.GGUFReader(tmp_path / f"{name}.gguf").fields["tokenizer.ggml.pre"].contents() == name


def test_what_gguf_cannot_hold_is_refused(tmp_path: Path, tiny_causal: Any, tiny_seq2seq: Any) -> None:
    biased = byte_level_leader(attention_bias=True)
    for leader in (Leader(*tiny_causal(), PROMPT), Leader(*tiny_seq2seq(), PROMPT), biased):
        with pytest.raises(SROError, match="fix: --to safetensors"):
            write_gguf(leader, tmp_path / "model.gguf")
    assert not list(tmp_path.iterdir())


def test_the_exported_file_plays_as_the_original(tmp_path: Path, saved: Any) -> None:
    leader = byte_level_leader()
    folder = saved(tmp_path / "leader", leader.model, leader.tokenizer)
    (tmp_path / "comments.txt").write_text("\n".join(COMMENTS) + "\n")
    agreement = export(
        ExportArguments(
            to="gguf",
            precision="float32",
            leader=str(folder),
            comments=str(tmp_path / "comments.txt"),
            output_dir=str(tmp_path / "out"),
        )
    )
    assert agreement and agreement.identical == 1.0
