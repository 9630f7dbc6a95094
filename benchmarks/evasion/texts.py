"""Write the texts of the evasion benchmark: `python -m benchmarks.evasion.texts` (the same files every time).

Content warning: insults and slurs, as people write them to get past a filter.

`tests/data/evasion/obfuscated.jsonl` holds {"text", "plain", "frame", "kind", "part"}: the sentences of PLAIN with
their rude words disguised in every way, by the tables of this file (not those of `sro.comments.disguises`), and the
HANDWRITTEN ones. `frame` is the sentence with "person" in place of the rude words, or empty if there is no sentence
around them. `innocent.jsonl` holds {"text", "kind", "part"}: harmless texts that look like disguises. The rules were
tuned on the part "tune".

The author of these sentences also wrote the word list, and it has nearly all their words. So the texts test the rules,
not the coverage of the list. For the coverage, see `--marked` of `run.py`.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "evasion"
Row = dict[str, str]

PLAIN = """
You are such an {idiot}, read the article again.
What a {stupid} thing to say.
{Fuck} you and your whole family.
Shut your mouth, you {moron}.
Go back to your cave, {asshole}.
This is complete {bullshit} and you know it.
Nobody cares what some {bitch} on the internet thinks.
He is a lying {bastard} and always was.
I hope you rot, you worthless piece of {shit}.
The mayor is a {crook} and a {pathetic} one.
Only a {retard} would vote for that.
Another {dumb} comment from another {dumb} troll.
You {fucking} {morons} ruined the whole page.
Kiss my {ass}.
What a bunch of {losers}.
Stop being such a {dick} about it.
She is a {whore}, everybody knows.
Those {scumbags} should be ashamed.
You {ignorant} {clown}, learn to spell.
Suck my {cock}.
The author is an {imbecile}.
Get lost, {cunt}.
I have never seen such a {coward}.
Typical {faggot} behaviour.
{Damn} you, you lying {hypocrite}.
That old {slut} again.
You are full of {crap}, as usual.
Who let this {dumbass} edit anything?
What a {disgusting} excuse for a man.
My neighbour is a {motherfucker}.
This {jerk} reverted me three times.
Your brain is {garbage}.
They are all {liars} and thieves.
{Dickhead} of the year award goes to you.
You sound like a {nazi}.
Listen here, you little {prick}.
{Bollocks} to that, you {wanker}.
Your writing is {shitty} and so is your attitude.
Go {fuck} yourself, {loser}.
Lazy {fools}, the lot of you.
Why are you so {stupid}?
He can kiss my {arse}.
The judge is a {pervert}.
I am tired of these {idiotic} rants.
You {pussy}, say it to my face.
Hey {fatass}, leave some for the others.
You are a {nitwit} and a {buffoon}.
Nothing but {filth} comes out of your mouth.
You {suck}, and your band sucks too.
That {douchebag} blocked me.
What a {twat}.
{Trash} like you should not be allowed to write.
You are an {ugly} little {freak}.
Some {psycho} keeps deleting my work.
They are {parasites}, every last one of them.
Bunch of {bigots} and {racists}.
{Kill} yourself, nobody will miss you.
I {hate} you, you {bloody} {cretin}.
Your mother is a {hooker}.
So the {dimwit} in charge cut the budget.
Piss off, you {sissy}.
You {dolt}, that is not what it says.
He is nothing but a {crybaby}.
What a {lunatic}, lock him up.
""".strip().splitlines()

HANDWRITTEN = """
ur such an 1d10t lol | ur such an idiot lol
wtf is wrong w u, f*cking moron | wtf is wrong w u, fucking moron
go f yourself you a$$hole | go f yourself you asshole
stfu b!tch | stfu bitch
eat sh!t and die | eat shit and die
F.U.C.K. Y.O.U. | fuck you
you are an i-d-i-o-t | you are an idiot
bunch of m0r0ns | bunch of morons
such a d!ck move, d1ckhead | such a dick move, dickhead
l0s3r | loser
what a stuuuuupid b1tch | what a stupid bitch
u r a s t u p i d c u n t | u r a stupid cunt
a**hole!!! | asshole!!!
you little sh*thead | you little shithead
piece of $h!t | piece of shit
f@ggot | faggot
fa660t | faggot
youre a fuuuuucking clown | youre a fucking clown
n1gger | nigger
kys you r3tard | kys you retard
dumb@$$ | dumbass
thats bull$h1t | thats bullshit
f_u_c_k this guy | fuck this guy
holy fu.ck you are dumb | holy fuck you are dumb
mother f***er | mother fucker
this is cr@p, you are cr@p | this is crap, you are crap
ᶠᵘᶜᵏ you | fuck you
𝖎𝖉𝖎𝖔𝖙 | idiot
🅵🆄🅲🅺 off | fuck off
ⓕⓤⓒⓚ you idiot | fuck you idiot
mоrоn, go away | moron, go away
ｓｔｕｐｉｄ man | stupid man
you f̶u̶c̶k̶i̶n̶g̶ i̶d̶i̶o̶t̶ | you fucking idiot
fück dich, ässhole | fuck dich, asshole
P A T H E T I C loser | PATHETIC loser
w.h.o.r.e | whore
he is a ret@rded clown | he is a retarded clown
phucking !diot | fucking idiot
fvck you | fuck you
fu ck off | fuck off
b i a t c h, you suck d*ck | biatch, you suck dick
c*nts, all of them | cunts, all of them
d-u-m-b as a rock | dumb as a rock
LO$ER | LOSER
sc*m of the earth | scum of the earth
""".strip().splitlines()

LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7+", "b": "8", "g": "9", "l": "1|"}
LOOK_ALIKES = {
    **{
        "a": "аɑα",
        "b": "Ьｂ",
        "c": "сϲ𝐜",
        "d": "ԁ𝒅",
        "e": "еｅé",
        "f": "ｆ𝓯",
        "g": "ɡｇ",
        "h": "һ𝗵",
        "i": "іıíｉ",
        "j": "ј",
    },
    **{
        "k": "κк𝐤",
        "l": "ⅼｌ",
        "m": "ｍ𝐦",
        "n": "ｎñ𝗻",
        "o": "оοöｏ",
        "p": "рρ",
        "r": "ｒ𝐫",
        "s": "ѕｓş",
        "t": "ｔ𝘁",
        "u": "υսüｕ",
    },
    **{"v": "ν", "w": "ԝ", "x": "х", "y": "уý", "z": "ᴢ"},
}
ZERO_WIDTH = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f"]
Disguise = Callable[[str, random.Random], str]


def leet(word: str, rng: random.Random) -> str:
    """Replace one to three letters by numbers and signs, but leave enough letters."""
    places = [i for i, letter in enumerate(word) if letter.lower() in LEET]
    chosen = rng.sample(places, min(len(places), rng.randint(1, 3), max(1, len(word) // 2)))
    return "".join(rng.choice(LEET[c.lower()]) if i in chosen else c for i, c in enumerate(word))


def spaced(word: str, rng: random.Random) -> str:
    return rng.choice([" ", " ", ".", "-", "_", "  ", " . ", "*"]).join(word)


def starred(word: str, rng: random.Random) -> str:
    """Replace the inner letters, the vowels or one letter by asterisks, hashes or one dash."""
    inner = range(1, len(word) - 1)
    vowels = [i for i in inner if word[i].lower() in "aeiou"] or list(inner)
    ways: list[list[int]] = [[rng.choice(vowels)], vowels, [rng.choice(list(inner))]]
    if len(word) < 6:
        ways.append(list(inner))
    sign, places = rng.choice("***#"), rng.choice(ways)
    return "".join(sign if i in places else letter for i, letter in enumerate(word))


def drawn_out(word: str, rng: random.Random) -> str:
    places = rng.sample(range(len(word)), rng.randint(1, 2))
    return "".join(letter * rng.randint(3, 8) if i in places else letter for i, letter in enumerate(word))


def look_alikes(word: str, rng: random.Random) -> str:
    places = [i for i, letter in enumerate(word) if letter.lower() in LOOK_ALIKES]
    chosen = rng.sample(places, rng.randint(1, len(places)))
    return "".join(rng.choice(LOOK_ALIKES[c.lower()]) if i in chosen else c for i, c in enumerate(word))


def zero_width(word: str, rng: random.Random) -> str:
    sign = rng.choice(ZERO_WIDTH)
    places = rng.sample(range(1, len(word)), rng.randint(1, len(word) - 1))
    return "".join(sign + letter if i in places else letter for i, letter in enumerate(word))


DISGUISES: dict[str, Disguise] = {
    "leetspeak": leet,
    "spaced": spaced,
    "starred": starred,
    "drawn out": drawn_out,
    "look-alikes": look_alikes,
    "zero-width": zero_width,
}

# Items, and the frames that they are put into in turn. {} is the item.
INNOCENT: dict[str, tuple[str, list[str]]] = {
    "substrings": (
        "Scunthorpe|Penistone|Cockburn|Dickens|Dickinson|assess|assassin|classic|bass|cocktail|peacock"
        "|cockpit|Hitchcock"
        "|Middlesex|Essex|Sussex|Lightwater|Clitheroe|Shitake mushrooms|Matsushita|Arsenal|parsec|Titan"
        "|constitution|title"
        "|analysis|canal|cumin|document|circumstance|accumulate|scrape|grape|therapist|drape|shuttlecock|Hancock"
        "|Babcock|cockatoo|cockle|Dick Tracy|Moby-Dick|pass-through|mass-produced|class-action|grass-fed"
        "|compass|embassy"
        "|passport|harass-free|spick and span|raccoon|cocoon|tycoon|Niger|Nigeria|snigger|denigrate"
        "|Wankel engine|swank"
        "|butter|buttress|button|rebuttal|Cumbria|Cummings|Fukuoka|Fucking, now Fugging|Dyke Road|Van Dyke|Pakistan",
        "The report mentions {} twice.|We looked up {} yesterday.|Is {} spelled right?",
    ),
    "names": (
        "Ke$ha|P!nk|A$AP Rocky|Ty Dolla $ign|M*A*S*H|will.i.am|deadmau5|blink-182|Sunn O)))|t.A.T.u.|AC/DC"
        "|N*E*R*D|3OH!3"
        "|k.d. lang|e.e. cummings|J.R.R. Tolkien|C.S. Lewis|T.S. Eliot|Sh'Kia|Zoë|Björk|Señor Peña|Jürgen Fück-Weiß"
        "|Dvořák|Łukasz Fiszek|Ángel Morón|José Pérez|Çelik|Håkan Åslund|Søren|Nuñez|D'Angelo|Xi'an|Jean-Luc Picard"
        "|Ann-Sofie|Mary-Kate|O'Dicks|Rose-Marie|Se7en|WALL-E|X-Æ A-12|S1mone|Numb3rs|Tr3s|L'Oréal|Yahoo!"
        "|Jeopardy!|Chips Ahoy!",
        "{} was on the radio.|I like {} very much.|Tickets for {} are sold out.",
    ),
    "code": (
        "x = a[i] * b[j]|for (i = 0; i < n; i++)|if (!cond) return|rm -f *.o|ls sh*|git commit -am 'fix'"
        "|a*s + b*t|int *ptr = &val"
        '|def f(u, c, k): pass|printf("%s\\n", s)|s/f.*k/x/g|#define MAX 100|std::vector<int>|foo_bar_baz'
        "|self.assertEqual(a, b)"
        "|array[$i]|$class->method()|@param text|@staticmethod|as*|cl*ss|d*c|c1ass|a1b2c3|0xdeadbeef"
        "|x**2 + y**2|p->next"
        "|!important|i = i | 1|fn(a, s, s)|b!=c|chmod 755|$HOME/bin|%s|&nbsp;|font-size:12px|var_1|k8s|i18n"
        "|l10n|a11y|utf-8|md5sum"
        '|e.g. a.b.c|s[1:]|t[0]|f"{x}"|import os.path|np.sum(a)|<b>bold</b>|c++|c#|f#|-lfu -ck|select * from t',
        "The line says {} here.|Try {} and see.|Error near {}, please help.",
    ),
    "numbers": (
        "A55|A5 paper|455|5h|4ss|the 4s|3rd|1990s|50/50|24/7|9-11|C3PO|R2D2|B52|F16|F4G 2B7|H2O|CO2|COVID-19"
        "|5G|4K|MP3|Y2K|T1|B8"
        "|7-11|1st|2nd|10k|100%|#1|#5|No. 5|3.14|1,000,000|1e5|4x4|2x|12:30|5'11\"|60°|5-0|P155|T1T 4NS"
        "|SW1A 1AA|D1 5AS|B1 7CH"
        "|a55e5f4g|f00d|c0ffee|dead10cc|8ad1f00d|d41d8cd98f00b204|5hdf81|7e57|ab12cd34|W1T 1AA|S1T|M1A1"
        "|AK-47|KC-135|DC10|L1|10-4",
        "It was {} at the time.|The number is {} I think.|See {} for more.",
    ),
    "prices": (
        "$5|$10 a$ well|a $$ sign|US$ 20|A$$ETS LTD|as$ets|5$|€20|£3.50|¥500|$1,000|$$$|$hop|CA$H|cash$"
        "|$AAPL|$TSLA|$A 30|HK$40"
        "|R$ 15|20¢|10%|50% off|+5%|-3%|2+2|£££|€€|$ign|bu$iness|Micro$oft|M$|$cience",
        "They want {} for it.|It costs {} now.|I saw {} on the bill.",
    ),
    "acronyms": (
        "U.S.A.|U.K.|I.D.|F.A.Q.|A.S.A.P.|N.A.S.A.|F.B.I.|C.I.A.|D.C.|e.g.|i.e.|a.m.|p.m.|Ph.D.|B.A.S.S."
        "|F.A.G. Bearings|A.S.S. Ltd."
        "|C.L.A.S.S.|N.A.T.O.|U N I C E F|G.I. Joe|R.I.P.|T.I.A.|D.I.Y.|P.S.|R.S.V.P.|V.I.P.|T.I.T. Tokyo"
        "|H.I.V.|S.O.S.|C.O.D.|O.K.",
        "{} is what they call it.|He wrote {} on the form.|What does {} stand for?",
    ),
    "spelled": (
        "a b c|x y z|A B C D E F G|t h e r a p i s t|c l a s s|g l a s s|b a s s|a s s e s s|p a s s|m a s s"
        "|h e l l o|t h a n k s"
        "|w-o-w|n-o|y.e.s|W O W|l o l|S A L E|F R E E|p e a c o c k|c o c k t a i l|a r s e n a l|t i t l e"
        "|S c u n t h o r p e"
        "|d i c k e n s|a n a l y s i s|u n i t|i t i s|I a m|c-a-t|d o g|r-e-a-d|s-h-i-p|s h o t|f u n"
        "|d u c k|f l u c k|b e a c h"
        "|q w e r t y|v i t a m i n c|o f f|p l a n b|e-mail|x-ray|t-shirt|b-side",
        "She spelled it {} slowly.|It said {} on the sign.|Type {} to go on.",
    ),
    "emoticons": (
        ":-)|;)|:P|:*|<3|:'(|XD|o_O|>:(|¯\\_(ツ)_/¯|^_^|-_-|*sigh*|*hugs*|*cough*|_really_|~nice~|!!!|?!?|..."
        "|***|---|#yolo|@anna"
        "|😀😀😀|❤️|👍🏽|🇺🇸|👨‍👩‍👧|(◕‿◕)|*as if*|*ahem*|😂 lol|🎉🎉|\\o/|=)|:3|8-)|B)|(y)",
        "Nice work {}|Well {} that was fun.|{} see you tomorrow",
    ),
    "masks": (
        "as*|J*** S****|Mr. D***n|M***n Street|p*ssword|****|pass****|xxx-xx-1234|4*5=20|a*b*c|3*s|2**8|sk*l"
        "|c*t|w*nd|l*ve|r*d|g*d"
        "|footnote*|price*|terms**|the 5* hotel|4* rating|h*t|b*g|G-d|L-rd|w/o|n/a|and/or|y'all|rock-n-roll"
        "|t*n|*not*|no.1|##|#hash|r-value",
        "It reads {} in the text.|They put {} there.|Note: {} applies.",
    ),
    "addresses": (
        "https://example.org/a/b|www.example.com/sh1ft|bob@example.org|ass1stant@example.com"
        "|http://t.co/f4gT1t|@asset_mgmt"
        "|/usr/bin/passwd|C:\\\\dir\\\\file|example.co.uk|user_5h1|#class2024|mailto:a@b.c|ftp://x.y/z"
        "|goo.gl/5h1Tx|10.0.0.1|fe80::1",
        "Go to {} now.|The link {} is broken.|Write to {} please.",
    ),
    "scripts": (
        "привет, мир|спасибо большое|сора и ссора|тот суп|косметика|как дела|хорошо|суп|сок|рот|нос|кит|тик"
        "|Москва|Київ|Αθήνα|καλημέρα"
        "|ευχαριστώ|τι κάνεις|το τυπικό|νους|μικρός|日本語|你好|안녕하세요|こんにちは|مرحبا|שלום"
        "|नमस्ते|สวัสดี|Հայաստան|ᏣᎳᎩ"
        "|café|naïve|façade|über"
        "|Straße|piñata|jalapeño|crème brûlée|smörgåsbord|Ålesund|señor|coöperate|résumé|fête|bête|Đà Nẵng"
        "|tiếng Việt|ﬁne|½|№ 5"
        "|5 µm|Δt|π/2|H₂O|x²|™|©|½ cup|α-helix|β-carotene|μm|Ωm|slut på programmet|Fähre|Fuchs|Kuh|dickes Buch",
        "We say {} at home.|The book has {} in it.|What does {} mean?",
    ),
    "drawn out": (
        "sooo|yesss|nooo|hmmm|aaah|wooow|coool|pleaseee|loooong|haaappy|zzz|www|goood|reeeally|yaaay|oooh"
        "|mmmm|brrr|shhh|pssst"
        "|helloooo|thaaanks|byeee|suuuper|awww|ewww|grrr|niiice|heyyy|whaaat|classsic|asssess|passs|glasss"
        "|baaass|III|XXXIII|iii.",
        "{} that was good.|I said {} and left.|And then, {} it rained.",
    ),
}


def part(text: str) -> str:
    """ "tune" or "report", by a hash of the text, so that a text keeps its part if others are added."""
    return ("tune", "report")[hashlib.sha256(text.encode()).digest()[0] % 2]


def obfuscated() -> list[Row]:
    """Two disguises of each kind per plain sentence, and the handwritten ones; the plain text decides the part."""
    rows = []
    for sentence in PLAIN:
        plain, frame = re.sub(r"[{}]", "", sentence), re.sub(r"\{\w+\}", "person", sentence)
        for kind, disguise in DISGUISES.items():
            for version in "ab":
                rng = random.Random(f"{kind} {version} {sentence}")
                text = re.sub(r"\{(\w+)\}", lambda m, hide=disguise, r=rng: hide(m.group(1), r), sentence)
                rows.append({"text": text, "plain": plain, "frame": frame, "kind": kind, "part": part(plain)})
    for line in HANDWRITTEN:
        text, plain = line.split(" | ")
        rows.append({"text": text, "plain": plain, "frame": "", "kind": "handwritten", "part": part(plain)})
    return list({row["text"]: row for row in rows if row["text"] != row["plain"]}.values())


def innocent() -> list[Row]:
    """Each item in two frames. The item decides the part."""
    rows = []
    for kind, (items, frames) in INNOCENT.items():
        templates = frames.split("|")
        for place, item in enumerate(re.split(r"(?<! )\|(?! )", items)):
            for step in (0, 1):
                text = templates[(place + step) % len(templates)].replace("{}", item)
                rows.append({"text": text, "kind": kind, "part": part(item)})
    return list({row["text"]: row for row in rows}.values())


def lines(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, rows in (("obfuscated", obfuscated()), ("innocent", innocent())):
        (FOLDER / f"{name}.jsonl").write_text(lines(rows), encoding="utf-8")
        print(f"{FOLDER.name}/{name}.jsonl: {len(rows)} texts")


if __name__ == "__main__":
    main()
