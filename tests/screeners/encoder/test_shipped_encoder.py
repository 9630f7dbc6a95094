"""The shipped encoder screener: what it must tell apart, and that it runs without heavy packages."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sro.screeners.encoder.inference import EncoderScreener
from sro.screeners.loading import load_screener


@pytest.fixture(scope="module")
def screener() -> EncoderScreener:
    loaded = load_screener("embedded")
    assert isinstance(loaded, EncoderScreener)
    return loaded


def test_it_needs_no_heavy_package() -> None:
    code = (
        "import sys; from sro.screeners.loading import load_screener;"
        "load_screener('embedded').screen(['hello']);"
        "print(sorted({'torch', 'transformers', 'sklearn', 'tokenizers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "text",
    [
        "die slowly, all of you",
        "I wish you a long and painful illness",
        "what a shitty thing to say, you prick",
        "These immigrants breed like rats",
        "Gay people should not be near children",
        "I would never hire a woman for a job that needs a brain",
        "Du bist so ein dummes Arschloch",
        "you are an i d i o t",
    ],
)
def test_it_fails_abuse(screener: EncoderScreener, text: str) -> None:
    assert not screener.screen([text])[0].passed


@pytest.mark.parametrize(
    "text",
    [
        "She beat cancer and then she beat me at chess",
        "The shooter was arrested on Tuesday, police said",
        "How do I kill a hanging process on Linux?",
        "Two Muslim women run the bakery on our street",
        "Jews have lived in this town since 1340",
        "Being deaf has not stopped her from dancing",
        'He called me a "filthy foreigner" and the whole bus told him to get off',
        "What a shame, I was looking forward to it",
        "Du bist ein guter Freund, danke",
    ],
)
def test_it_passes_what_only_sounds_like_it(screener: EncoderScreener, text: str) -> None:
    assert screener.screen([text])[0].passed


def test_each_attribute_answers_for_itself(screener: EncoderScreener) -> None:
    texts = ["I wish you a long and painful illness", "These immigrants breed like rats", "Damn, this soup is good"]
    threat, attack, swearing = (verdict.attributes or {} for verdict in screener.screen(texts))
    assert threat["THREAT"] > 0.5 > threat["PROFANITY"]
    assert attack["IDENTITY_ATTACK"] > 0.5 > attack["THREAT"]
    assert swearing["PROFANITY"] > 0.5 > swearing["INSULT"]


def test_its_answers_do_not_depend_on_the_company(screener: EncoderScreener) -> None:
    texts = ["you idiot", "thank you", "Two Muslim women run the bakery on our street. " * 12, "Спасибо за помощь"]
    together = screener.probabilities(texts)
    apart = np.concatenate([screener.probabilities([text]) for text in texts])
    assert np.abs(together - apart).max() < 1e-4
