"""Labelled texts by language, for `sro experiment languages`. The shipped encoder was trained on none of them.

If the encoder was trained on other rows of a set, the test split of that set is used. If the set has no test split,
the texts that training holds out for calibration are used (`sro.screeners.encoder.splits.in_development`): the
calibration has seen these texts, the weights have not.
The sets of CLEF and RUSSE are pairs: a toxic sentence, and a person's rewrite of it without the toxicity.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sro.comments.clean import letters_and_digits
from sro.screeners.encoder.label_maps import Record, toldbr
from sro.screeners.encoder.sources import read_records
from sro.screeners.encoder.splits import in_development, in_test_half


@dataclass(frozen=True)
class Labelled:
    """A text, and whether people call it toxic."""

    text: str
    toxic: bool


Texts = Callable[[Record], Iterator[Labelled]]


@dataclass(frozen=True)
class LanguageSet:
    """Texts of one language out of one file."""

    language: str
    name: str
    file: str
    texts: Texts
    learnt: bool
    """Whether the encoder learnt from other rows of the same set."""


def _labelled(toxic: Callable[[Record], bool | None], keep: Callable[[Record], bool] = lambda row: True) -> Texts:
    def texts(row: Record) -> Iterator[Labelled]:
        label = toxic(row) if keep(row) else None
        if label is not None:
            yield Labelled(row["text"], label)

    return texts


def _pairs(language: str = "", neutral: str = "reference") -> Texts:
    def texts(row: Record) -> Iterator[Labelled]:
        if language in ("", row.get("lang")):
            found = row[neutral]
            yield Labelled(row["toxic"], True)
            yield Labelled(found if isinstance(found, str) else found[0], False)

    return texts


def _is_toxic(row: Record) -> bool:
    return bool(row["toxic"])


def _is_test(row: Record) -> bool:
    return bool(row["split"] == "test")


def _is_kept_out(row: Record) -> bool:
    return in_development(row["text"])


def _brazilian(row: Record) -> bool | None:
    targets = toldbr(row)
    return None if targets is None else targets["TOXICITY"] > 0


MORE = "multilingual/multilingual_toxicity"
CLEF = "multilingual/clef24_tune.jsonl.gz"
LANGUAGE_SETS = (
    LanguageSet(
        "en",
        "Jigsaw, held-out half",
        "toxicity/jigsaw6_small/jigsaw6_small.jsonl.gz",
        _labelled(_is_toxic, lambda row: in_test_half(row["text"])),
        True,
    ),
    LanguageSet(
        "de",
        "GermEval 2018 test",
        f"{MORE}/germeval2018_de.jsonl.gz",
        _labelled(lambda row: bool(row["coarse"] == "OFFENSE"), _is_test),
        True,
    ),
    LanguageSet("de", "GermEval 2021", f"{MORE}/germeval2021_de.jsonl.gz", _labelled(_is_toxic), False),
    LanguageSet("de", "CLEF 2024 pairs", CLEF, _pairs("de"), False),
    LanguageSet("es", "HatEval", "multilingual/hateval_es.jsonl.gz", _labelled(_is_toxic), False),
    LanguageSet("es", "CLEF 2024 pairs", CLEF, _pairs("es"), False),
    LanguageSet("pt", "ToLD-Br, kept out", f"{MORE}/toldbr_pt.jsonl.gz", _labelled(_brazilian, _is_kept_out), True),
    LanguageSet("fr", "MLMA, kept out", "multilingual/mlma_fr.jsonl.gz", _labelled(_is_toxic, _is_kept_out), True),
    LanguageSet(
        "ru", "RUSSE 2022 pairs", "multilingual/rudetox_pairs/rudetox_pairs.jsonl.gz", _pairs("", "neutral"), False
    ),
    LanguageSet("ru", "CLEF 2024 pairs", CLEF, _pairs("ru"), False),
    LanguageSet("uk", "CLEF 2024 pairs", CLEF, _pairs("uk"), False),
    LanguageSet("ar", "MLMA, kept out", "multilingual/mlma_ar.jsonl.gz", _labelled(_is_toxic, _is_kept_out), True),
    LanguageSet("ar", "CLEF 2024 pairs", CLEF, _pairs("ar"), False),
    LanguageSet("hi", "HASOC 2019", "multilingual/hasoc2019_hi.jsonl.gz", _labelled(_is_toxic), False),
    LanguageSet("hi", "CLEF 2024 pairs", CLEF, _pairs("hi"), False),
    LanguageSet("am", "CLEF 2024 pairs", CLEF, _pairs("am"), False),
    LanguageSet("zh", "COLD test", "multilingual/cold_zh.jsonl.gz", _labelled(_is_toxic, _is_test), True),
    LanguageSet("zh", "CLEF 2024 pairs", CLEF, _pairs("zh"), False),
    LanguageSet(
        "ko",
        "Korean hate speech, kept out",
        f"{MORE}/kor_ko.jsonl.gz",
        _labelled(lambda row: bool(row["hate"] != "none"), _is_kept_out),
        True,
    ),
)

GROUPS = {
    "de": r"muslim|islam|jude|jüd|schwul|lesb|homosexu|türk|flüchtling|ausländer|migrant|schwarze|frauen|behindert",
    "es": r"musulm|jud[íi]|gays?\b|lesbian|homosexual|inmigrant|refugiad|gitan|negr[oa]s?\b|mujer|moros?\b|árabe",
    "pt": r"muçulman|jude[ui]|gays?\b|l[ée]sbic|homossexu|imigrant|negr[oa]s?\b|mulher|nordestin|trans\b",
    "fr": r"musulman|juif|juive|gays?\b|lesbien|homosexu|immigr|réfugi|noirs?\b|arabe|femme|handicap",
    "ru": r"мусульман|евре|гей|геи|лесби|мигрант|беженц|негр|женщин|баб[аыу]\b|кавказ|цыган|хохл|украин",
    "uk": r"мусульман|євре|геї|лесбі|мігрант|біжен|негр|жінк|жінок|циган|росіян",
    "ar": r"مسلم|يهود|نساء|المرأة|امرأة|لاجئ|مسيحي|شيعة|سنة|مثلي|سود",
    "hi": r"मुस्लिम|मुसलमान|हिंदू|हिन्दू|दलित|औरत|महिला|ईसाई|सिख|कश्मीरी",
    "zh": r"黑人|穆斯林|回民|女人|女性|女权|同性恋|东北人|河南人|农村人|白人|犹太",
    "ko": r"여자|여성|남자|중국인|일본인|조선족|동성애|무슬림|흑인|장애인|게이",
}
"""Stems of names of groups of people, by language. Clean texts that hold one measure false alarms about groups."""


def names_a_group(text: str, language: str) -> bool:
    """Whether a text names a group of people, by the stems of its language; False if the language has no stems."""
    return language in GROUPS and re.search(GROUPS[language], text.lower()) is not None


def read_set(one: LanguageSet, data: Path) -> list[Labelled]:
    """All texts of a set, each once, in the order of the file. Raises SROError if the file is missing."""
    found: dict[str, Labelled] = {}
    for record in read_records(data / one.file):
        for labelled in one.texts(record):
            found.setdefault(letters_and_digits(labelled.text), labelled)
    return [labelled for letters, labelled in found.items() if letters]


def draw(texts: list[Labelled], most: int, seed: int) -> list[Labelled]:
    """At most `most` of the texts in random order; half of them are toxic if there are enough toxic ones."""
    shuffled = random.Random(seed).sample(texts, len(texts))
    sides = [[one for one in shuffled if one.toxic is toxic] for toxic in (True, False)]
    fewer = min(most // 2, *(len(side) for side in sides))
    taken = [one for side in sides for one in side[: max(fewer, most // 2)]]
    return random.Random(seed).sample(taken, len(taken))


def draw_harmless_groups(texts: list[Labelled], language: str, most: int, seed: int) -> list[Labelled]:
    """At most `most` of the clean texts that name a group of people."""
    found = [one for one in texts if not one.toxic and names_a_group(one.text, language)]
    return random.Random(seed).sample(found, min(most, len(found)))
