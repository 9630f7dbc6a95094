"""CTranslate2 plays what transformers plays, by the same rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from sro.core.errors import SROError
from sro.leader.engines.ctranslate2 import CTranslate2Generator
from sro.leader.engines.ctranslate2_conversion import convert
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.leader.generation import Cancelled, Completion, Sampling
from sro.leader.model import Leader
from sro.leader.no_repeat import NoLoops
from sro.leader.transformers_generator import TransformersGenerator, length_bounds

PROMPT = "Rude : {text} Polite :"
COMMENTS = [
    "you are a stupid fool",
    "idiot",
    "what do they think of this crap page and who edit it here",
    "shut up and leave",
    "this is trash",
]
GREEDY = Sampling(temperature=0.0, max_new_tokens=24, max_length_ratio=10.0)
DRAWN = Sampling(max_new_tokens=16, max_length_ratio=10.0)
ONE_TOKEN = Sampling(max_new_tokens=1)


@pytest.fixture(scope="module", params=["causal", "seq2seq"])
def leader(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any) -> Leader:
    """Of both architectures, with logits as in test_rollout: the Llama's spread, T5's drawn together."""
    model, tokenizer = tiny_causal() if request.param == "causal" else tiny_seq2seq()
    with torch.no_grad():
        model.get_output_embeddings().weight *= 8.0 if request.param == "causal" else 0.5
    return Leader(model, tokenizer, PROMPT)


@pytest.fixture(scope="module")
def folder(leader: Leader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The leader converted to float32."""
    place = tmp_path_factory.mktemp("converted") / leader.model.config.model_type
    convert(leader, place, "float32")
    return place


@pytest.fixture(scope="module")
def fast(folder: Path) -> CTranslate2Generator:
    return CTranslate2Generator(folder, threads=1)


def original(leader: Leader, **options: Any) -> TransformersGenerator:
    return TransformersGenerator(leader.model, leader.tokenizer, PROMPT, **options)


def test_the_prompt_comes_along(fast: CTranslate2Generator) -> None:
    assert fast.prompt == PROMPT


def test_greedy_moves_are_those_of_transformers(leader: Leader, fast: CTranslate2Generator) -> None:
    assert fast.generate(COMMENTS, 1, GREEDY, 0) == original(leader).generate(COMMENTS, 1, GREEDY, 0)


def test_each_move_is_bounded_by_its_own_comment(leader: Leader, fast: CTranslate2Generator) -> None:
    short = Sampling(temperature=0.0, max_new_tokens=15, max_length_ratio=1.0)
    found = fast.generate(COMMENTS, 1, short, 0)
    assert found == original(leader).generate(COMMENTS, 1, short, 0)
    prompts = [leader.tokenizer(PROMPT.replace("{text}", comment))["input_ids"] for comment in COMMENTS]
    bounds = length_bounds(leader.tokenizer, PROMPT, prompts, short)
    assert bounds == [13, 9, 15, 12, 11]
    lengths = [len(one.ids) for completions in found for one in completions]
    assert any(n == bound for n, bound in zip(lengths, bounds))


def test_loops_are_forbidden_as_transformers_forbids_them(leader: Leader, fast: CTranslate2Generator) -> None:
    """Random models loop all the time: the rule changes what is said, and both engines make the same of it."""
    ruled = Sampling(temperature=0.0, max_new_tokens=24, max_length_ratio=10.0, avoid_loops=True)
    found = fast.generate(COMMENTS, 1, ruled, 0)
    assert found == original(leader).generate(COMMENTS, 1, ruled, 0)
    assert found != fast.generate(COMMENTS, 1, GREEDY, 0)


def test_drawn_moves_keep_out_of_loops_too(leader: Leader, fast: CTranslate2Generator) -> None:
    ruled = Sampling(temperature=0.3, max_new_tokens=24, max_length_ratio=10.0, avoid_loops=True)
    prompts = [leader.tokenizer(PROMPT.replace("{text}", comment))["input_ids"] for comment in COMMENTS]
    rule = NoLoops(leader.tokenizer, prompts, 0)
    for i, completions in enumerate(fast.generate(COMMENTS, 4, ruled, 0)):
        for one in completions:
            assert not any(token in rule.forbidden_tokens(i, one.ids[:at]) for at, token in enumerate(one.ids))


def test_same_seed_same_completions(fast: CTranslate2Generator, folder: Path) -> None:
    first = fast.generate(COMMENTS, 3, DRAWN, seed=7)
    assert fast.generate(COMMENTS, 3, DRAWN, seed=8) != first
    assert fast.generate(COMMENTS, 3, DRAWN, seed=7) == first
    fast.generate(COMMENTS, 1, GREEDY, seed=1)
    assert fast.generate(COMMENTS, 3, DRAWN, seed=7) == first
    assert CTranslate2Generator(folder, threads=1).generate(COMMENTS, 3, DRAWN, seed=7) == first


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_share_moves_out(leader: Leader, folder: Path, workers: int) -> None:
    """Greedy completions are the same whoever makes them; draws depend on the seed and the number of workers."""
    shared = CTranslate2Generator(folder, workers=workers, batch_size=4)
    assert shared.generate(COMMENTS, 1, GREEDY, 0) == original(leader).generate(COMMENTS, 1, GREEDY, 0)
    first = shared.generate(COMMENTS, 3, DRAWN, seed=7)
    assert shared.generate(COMMENTS, 3, DRAWN, seed=7) == first
    assert CTranslate2Generator(folder, workers=workers, batch_size=4).generate(COMMENTS, 3, DRAWN, seed=7) == first


def test_workers_do_not_draw_the_same(folder: Path) -> None:
    """Each of two workers gets half of these draws; of a policy that is spread wide hardly any two agree by chance."""
    shared = CTranslate2Generator(folder, workers=2)
    for seed in (3, None):
        [completions] = shared.generate(COMMENTS[:1], 8, DRAWN, seed)
        halves = [{tuple(one.ids) for one in completions[k::2]} for k in (0, 1)]
        assert halves[0] != halves[1]


def test_without_a_seed_moves_differ_every_time(fast: CTranslate2Generator) -> None:
    assert fast.generate(COMMENTS, 3, DRAWN, seed=None) != fast.generate(COMMENTS, 3, DRAWN, seed=None)


def test_a_pending_generation_is_taken_or_cancelled(folder: Path) -> None:
    shared = CTranslate2Generator(folder, workers=2)
    expected = shared.generate(COMMENTS, 2, DRAWN, seed=5)
    pending = shared.generate_async(COMMENTS, 2, DRAWN, seed=5)
    shared.generate(COMMENTS[:1], 1, GREEDY, 0)
    assert pending.result() == expected
    pending.cancel()  # too late: nothing happens
    endless = Sampling(max_new_tokens=60, max_length_ratio=1000.0, avoid_loops=True)
    cancelled = shared.generate_async(COMMENTS * 40, 4, endless, seed=None)
    cancelled.cancel()
    with pytest.raises(Cancelled):
        cancelled.result()


def test_n_different_moves_a_comment(fast: CTranslate2Generator) -> None:
    completions = fast.generate(COMMENTS, 4, DRAWN, seed=0)
    assert [len(played) for played in completions] == [4] * len(COMMENTS)
    assert all(len({tuple(one.ids) for one in played}) > 1 for played in completions)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_comment_gets_the_same_greedy_move_in_any_company(
    fast: CTranslate2Generator, folder: Path, batch_size: int
) -> None:
    other = CTranslate2Generator(folder, threads=1, batch_size=batch_size)
    assert other.generate(COMMENTS, 1, GREEDY, 0) == fast.generate(COMMENTS, 1, GREEDY, 0)


@pytest.mark.parametrize(
    "sampling",
    [
        ONE_TOKEN,
        Sampling(temperature=0.5, max_new_tokens=1),
        Sampling(top_p=0.6, temperature=2.0, max_new_tokens=1),
        Sampling(top_k=3, max_new_tokens=1),
    ],
)
def test_drawing_follows_the_same_policy(leader: Leader, fast: CTranslate2Generator, sampling: Sampling) -> None:
    """The share of each first token among many completions, here and in transformers, differs by sampling error."""
    n = 4000

    def shares(completions: list[Completion]) -> torch.Tensor:
        return torch.bincount(torch.tensor([one.ids[0] for one in completions]), minlength=len(leader.tokenizer)) / n

    [here] = fast.generate(COMMENTS[:1], n, sampling, 0)
    [there] = original(leader, batch_size=n).generate(COMMENTS[:1], n, sampling, 0)
    expected = shares(there)
    spread = (2 * expected * (1 - expected) / n).sqrt()
    assert ((shares(here) - expected).abs() < 4.5 * spread + 3e-3).all()
    assert expected.max() > 2 * expected.mean()


def test_finished_moves_and_only_they_end_with_the_end_token(leader: Leader, fast: CTranslate2Generator) -> None:
    end = leader.tokenizer.eos_token_id
    completions = [one for played in fast.generate(COMMENTS, 24, DRAWN, seed=3) for one in played]
    assert {one.finished for one in completions} == {True, False}
    for completion in completions:
        assert (completion.ids[-1] == end) == completion.finished
        assert end not in completion.ids[:-1]
        assert completion.text == " ".join(leader.tokenizer.decode(completion.ids, skip_special_tokens=True).split())


def test_a_rollout_may_go_at_any_time(folder: Path) -> None:
    """CTranslate2's threads outlive a call by a little: did what they hold lead to the model, Python would abort."""
    script = (
        "import sys\n"
        "from sro.leader.engines.ctranslate2 import CTranslate2Generator\n"
        "from sro.leader.transformers_generator import Sampling\n"
        "for _ in range(60):\n"
        "    fast = CTranslate2Generator(sys.argv[1], threads=1)\n"
        "    fast.generate(['idiot'] * 60, 1, Sampling(0.0, max_new_tokens=4), 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_comments_no_completions(fast: CTranslate2Generator) -> None:
    assert fast.generate([], 2, GREEDY, 0) == []


def test_a_comment_that_does_not_fit_is_an_error(folder: Path) -> None:
    with pytest.raises(SROError, match="max_prompt_length=8"):
        CTranslate2Generator(folder, max_prompt_length=8, threads=1).generate(COMMENTS, 1, GREEDY, 0)


def test_no_adapter_is_put_on_a_converted_leader_in_silence(folder: Path) -> None:
    for engine in ("ctranslate2", "auto"):
        with pytest.raises(SROError, match=r"no adapter can be put: next/adapter\n  fix: .* --adapter next/adapter"):
            load_generator(EngineArguments(engine), str(folder), adapter="next/adapter")
    assert load_generator(EngineArguments("ctranslate2"), str(folder), adapter="none").fits("idiot")


def test_an_empty_folder_is_an_error_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="sro export --to ctranslate2"):
        CTranslate2Generator(tmp_path)


@pytest.mark.parametrize("prompt", ["", "Rude:"])
def test_a_prompt_without_a_place_for_the_comment_is_refused(folder: Path, prompt: str) -> None:
    with pytest.raises(SROError, match="exactly once"):
        CTranslate2Generator(folder, prompt=prompt)


def test_a_precision_that_the_machine_lacks_is_an_error_that_names_those_it_has(folder: Path) -> None:
    with pytest.raises(SROError, match=r"computes in .*float32"):
        CTranslate2Generator(folder, precision="float99")  # type: ignore[arg-type]
