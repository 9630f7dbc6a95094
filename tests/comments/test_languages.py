"""English, surely not English, or unknown; and the language's name where it is told from others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sro.comments.languages import HINDI, MAX_DETECTED_CHARACTERS, NAMES, SMALL_HINDI, detect, speaks

ENGLISH = [
    "you are an idiot",
    "u r an idiot",
    "stfu noob",
    "ur mom gay",
    "aint nobody got time fo dat shit nigga",
    "smh tbh idgaf",
    "yóu áre án ídíot",
    "уоu аrе аn idiоt",  # look-alike letters
    "𝓎𝑜𝓊 are such an idiot",
    "ｙｏｕ ａｒｅ ａ ｆｏｏｌ",
    "you идиот are wrong about it",
    "the people in Los Angeles and in El Paso",
    'What the hell is "que sera sera"?',
    "I love the word Schmetterling",
    "@ann https://example.de/der-die-das you are wrong",
    "SELECT name FROM users WHERE id = 1; is wrong",
]
UNKNOWN = [
    *("", "   ", "lol", "LMAO", "kys", "gg ez", "no", "oui", "schadenfreude", "Arschloch"),
    *("😂😂😂 🖕", "123 456", "@bob @alice", "https://example.com/a?b=c", "😂 lol 😂"),
    *("haha hahaha hahahahahaha", "jajajaja", "la la la", "motherfuuuuuuucker", "Fuuuuuck yoooouuuuu"),
    *("y0u 4r3 4 f4gg0t", "1 h4t3 y0u 4ll st00p1d m0th3rfuck3rs", "f u c k y o u", "sh!t f*ck a$$hole"),
    *("deez nuts", "wot u on abt m8", "oi cunt, rack off ya dag", "Boris Johnson, Angela Merkel and Emmanuel Macron"),
    *("x = foo(y) + bar[z]", "npm install --save-dev eslint", "<span class='a' data-b='[240]'></span>"),
    "eres un pendejo bro, shut your mouth",  # half and half
]
NAMED = {
    "de": ["Halt die Fresse, du Idiot", "Dortmund hat kein Geld für so einen Scheiß"],
    "fr": ["ferme ta gueule connard", "t'as raison l'autre c'est un con"],
    "es": ["eres una puta mierda y no vales nada", "quiero que te calles de una vez"],
    "pt": ["você é um idiota", "vai te catar, você não sabe de nada"],
    "it": ["sei uno stronzo", "porca puttana non riesco a dormire"],
    "nl": ["jij bent een idioot"],
    "sv": ["du är en idiot"],
    "pl": ["jesteś idiotą"],
    "tr": ["sen bir aptalsın"],
    "ru": ["а судью бог накажет, такие же твари"],
    "uk": ["Тримай навігатор, бо такі реалії"],
    "ar": ["أنت غبي"],
    "he": ["יא מטומטם"],
    "hi": ["भाग हलाला के पैदाइश हरामी"],
    "zh": ["你是个白痴", "你是個白痴"],
    "ja": ["お前はバカか"],
    "ko": ["넌 바보야"],
    "th": ["คุณมันโง่"],
    "el": ["είσαι ηλίθιος"],
    "am": ["አንተ ደደብ ነህ"],
    "hi-Latn": [
        "Tu ekdum bewakoof aur gadha hai, chup kar",
        "tum log pagal ho kya",
        "abe saale chutiye",
        "teri maa ki",
        "bhai kya bol raha hai",
    ],
}
NOT_ENGLISH = [  # of these it is enough
    *("du bist so ein Idiot", "tu es un idiot", "eres un idiota", "sei un idiota", "hijo de puta", "du er en idiot"),
    *("Ты идиот", "сука", "تو احمقی", "kutte kamine main tera khoon pee jaunga", "dasar anjing lu", "ty durak i suka"),
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_english(text: str) -> None:
    found = detect(text)
    assert (found.code, found.english) == ("en", True) and 0.5 <= found.confidence <= 1
    assert speaks(text) is True and speaks(text, ["de"]) is False


@pytest.mark.parametrize("text", UNKNOWN)
def test_too_little_to_tell(text: str) -> None:
    assert detect(text) == ("und", 0.0, None)
    assert speaks(text) is None


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in NAMED.items() for text in texts])
def test_a_language_is_named(code: str, text: str) -> None:
    found = detect(text)
    assert (found.code, found.english) == (code, False) and 0.3 <= found.confidence <= 1
    assert speaks(text) is False and speaks(text, [code, "en"]) is True


@pytest.mark.parametrize("text", NOT_ENGLISH)
def test_what_is_not_english_need_not_have_a_name(text: str) -> None:
    assert detect(text).english is False and speaks(text) is False


def test_whether_a_nameless_language_is_among_several_is_unknown() -> None:
    assert detect("Ты идиот").code == "und"
    assert speaks("Ты идиот", ["en", "ru"]) is None


def test_a_text_of_any_length_is_told_by_its_beginning() -> None:
    german = "Dortmund hat kein Geld für so einen Unsinn. "
    english = "This is wrong and you know it. "
    assert detect(german * 20 + english * 500) == detect((german * 20)[:MAX_DETECTED_CHARACTERS])


@pytest.mark.parametrize("text", ["\ud800", "a\ud800b c", "\x00\u202e", "\u200d" * 9, "ﷺ", "a" * 9999, "'" * 9999])
def test_any_characters_will_do(text: str) -> None:
    assert detect(text).confidence >= 0


def test_the_lists_do_not_contradict_each_other() -> None:
    assert HINDI.isdisjoint(SMALL_HINDI)
    assert HINDI.isdisjoint({"the", "you", "are", "is", "man", "mere", "sale", "hum", "beta", "main", "mein", "die"})
    assert {"de", "fr", "es", "pt", "zh", "ko", "ar", "hi", "ru", "uk", "am"} <= NAMES and "en" not in NAMES


def test_plain_english_needs_no_model_and_the_model_no_network() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "from sro.comments.languages import detect\n"
        "assert detect('you are such an idiot').code == 'en'\n"
        "assert 'py3langid' not in sys.modules\n"
        "assert detect('du bist so ein Idiot').code == 'de'\n"
    )
    source = Path(__file__).parents[2] / "src"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(source)})
