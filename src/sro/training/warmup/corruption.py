"""Make clean comments toxic, so that the leader can learn to reverse it.

There are three corruptions, all with words learnt from the unpaired corpus: a toxic word is *inserted* between its
usual neighbours, a mild word is *substituted* by a toxic one with a similar meaning, or a short insult (a whole toxic
comment of a few words) is *attached* at the beginning or the end. Texts that the screener still passes are left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sro.comments.words import bare_word, words
from sro.screeners.base import Screener
from sro.training.warmup.lexicon import EDGE, ToxicLexicon
from sro.training.warmup.rude_spans import END


@dataclass(frozen=True)
class Corruption:
    """A clean comment and its corrupted version; the leader learns corrupted → clean."""

    corrupted: str
    clean: str


def corrupt(
    clean: Sequence[str], insults: Sequence[str], lexicon: ToxicLexicon, screener: Screener, seed: int = 0
) -> list[Corruption]:
    """One corruption of each clean comment, if the corrupted version fails the screener.

    Args:
        clean: comments that the screener passes.
        insults: short toxic comments to attach, at most about six words each.
    """
    draw = random.Random(seed)
    toxic_for = _toxic_words_by_mild_phrase(lexicon)
    made = [Corruption(_corrupt_one(text, insults, lexicon, toxic_for, draw), text) for text in clean]
    verdicts = screener.screen([one.corrupted for one in made])
    return [one for one, verdict in zip(made, verdicts) if not verdict.passed]


def _corrupt_one(
    text: str, insults: Sequence[str], lexicon: ToxicLexicon, toxic_for: dict[str, list[str]], draw: random.Random
) -> str:
    changed, hits = _substitute(text, toxic_for, draw)
    rounds = draw.choice((0, 1, 1, 2)) if hits else draw.choice((1, 1, 2))
    for _ in range(rounds):
        if insults and draw.random() < 0.2:
            changed = _attach(changed, draw.choice(insults), draw)
        else:
            changed = _insert(changed, lexicon, draw)
    return changed


def _toxic_words_by_mild_phrase(lexicon: ToxicLexicon, nearest: int = 3) -> dict[str, list[str]]:
    """The inverse of the lexicon's neighbours: for each mild phrase its toxic words, most toxic first."""
    inverse: dict[str, list[str]] = defaultdict(list)
    for toxic in sorted(lexicon.toxic, key=lambda word: -lexicon.toxic[word]):
        for phrase in lexicon.neighbours.get(toxic, [])[:nearest]:
            inverse[phrase].append(toxic)
    return dict(inverse)


def _substitute(text: str, toxic_for: dict[str, list[str]], draw: random.Random) -> tuple[str, int]:
    """Replace up to two mild phrases of the text by toxic words."""
    present = [phrase for phrase in toxic_for if re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)]
    draw.shuffle(present)
    for phrase in present[:2]:
        toxic = draw.choice(toxic_for[phrase][:8])
        text = re.sub(rf"\b{re.escape(phrase)}\b", toxic, text, count=1, flags=re.IGNORECASE)
    return text, len(present[:2])


def _insert(text: str, lexicon: ToxicLexicon, draw: random.Random) -> str:
    """Insert a toxic word at a gap between words; gap and word are drawn by how often the word occurs beside these
    neighbours."""
    tokens = words(text)
    cores = [EDGE, *[bare_word(token) or EDGE for token in tokens], EDGE]
    last = len(tokens) - bool(tokens and END.search(tokens[-1]))  # never after the final punctuation
    gaps: list[tuple[float, int, str]] = []
    for word in draw.sample(sorted(lexicon.toxic), min(60, len(lexicon.toxic))):
        before: Mapping[str, int] = lexicon.before.get(word, {})
        after: Mapping[str, int] = lexicon.after.get(word, {})
        for gap in range(1, last + 1):  # not at the start of the text, where every word seems to fit
            fit = before.get(cores[gap], 0) * after.get(cores[gap + 1], 0)
            if fit:
                gaps.append((float(fit), gap, word))
    if not gaps:
        return text
    _, gap, word = draw.choices(gaps, weights=[weight**0.5 for weight, _, _ in gaps])[0]
    return " ".join([*tokens[:gap], word, *tokens[gap:]])


def _attach(text: str, insult: str, draw: random.Random) -> str:
    """Put a short insult before or after the comment, as a sentence or separated by a comma."""
    insult = insult.rstrip(" .!?,")
    if draw.random() < 0.3:
        return f"{insult} , {text}" if draw.random() < 0.5 else f"{insult} . {text}"
    stem, end = (text[:-1].rstrip(), text[-1]) if text[-1:] in ".!?" else (text, "")
    return f"{stem} , {insult} {end}".strip() if draw.random() < 0.6 else f"{text} {insult} {end or '.'}"
