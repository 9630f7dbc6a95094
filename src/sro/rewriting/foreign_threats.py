"""Threats and wishes of harm in languages other than English, which the screener often misses without an insult.

    >>> names_threat("Ich bring dich um, du Idiot."), names_threat("Ich bring dich um acht zum Bahnhof, du Idiot.")
    (True, False)

Rules delete the insult, and the result would be the threat in civil words. So these patterns are searched in the
author's text before it is rewritten. They are phrases that no other language has, so the language need not be known.
The lists hold the most common threats and are not complete. Content warning: they are violent.
"""

from __future__ import annotations

import re
import unicodedata

_BEGINS = r"(?:(?<=^)|(?<=[.!?,;:—–] )|(?<=[¡¿«“„\"'—–]))"
_ENDS = r"(?=\s*(?:[^\w\s]|$))"
_I_KILL_YOU = r"te mato(?! (?:el hambre|la sed|a fome|a sede)\b)"  # Spanish and Portuguese; hunger may be killed
_GERMAN_DEATHS = (
    "erschossen|vergast|erhängt|gehängt|aufgeknüpft|abgeknallt|abgestochen|erschlagen|totgeschlagen|"
    "hingerichtet|umgebracht|gesteinigt|erschießen|vergasen|aufknüpfen|erschlagen|steinigen|"
    "an die wand gestellt"
)
_THREATS = {
    "de": (
        r"verrecke?|verreckt (?:doch|endlich|alle)",
        r"(?:soll|sollst|sollt|sollen)(?: \w+){0,3} (?:verrecken|krepieren|sterben)",
        r"krepiere?|krepiert (?:doch|endlich|alle)|stirb|geht? (?:doch |endlich |bitte )?sterben",
        r"erhäng dich|häng dich auf",
        rf"bring(?:e|en)? (?:ich |wir )?(?:dich|euch)(?: \w+){{0,2}} um(?:{_ENDS}| (?=und|du|ihr|alter|ey|"
        rf"wenn|dann))",
        r"(?:dich|euch)(?: \w+){0,2} (?:umbringen|umlegen|töten|erschießen|erschlagen|abstechen|"
        r"abknallen|aufschlitzen)",
        r"abzu(?:stechen|knallen|schlachten)|abstechen|abknallen",
        r"(?:stech|knall|schlacht|murks)en? (?:ich |wir )?(?:dich|euch)(?: \w+)? ab",
        r"(?:stech|knall)e? (?:ich )?(?:dich|euch)(?: \w+)? ab",
        r"mach(?:e|en)? (?:ich |wir )?(?:dich|euch)(?: \w+)? (?:kalt|platt)",
        r"ich mache? (?:dich|euch) fertig|(?:du bist|ihr seid) (?:tot|so gut wie tot|ein toter mann)",
        r"schlag(?:e|en)? (?:ich |wir )?(?:dich|euch)(?!(?: \w+){0,6} vor\b)",
        r"(?<!zeit )totschlag(?:e|en|t|st)|(?:dich|euch)(?: \w+){0,2} totschlag",  # the noun is a term of law
        r"tot(?:tret|prügel|mach)(?:e|en|t|st)?|gehör\w*(?: \w+){0,4} (?:aufgehängt|verbrannt)",
        r"(?:schlag|hau|tret|brech)(?:e|en)? (?:ich |wir )?(?:dir|euch)(?: \w+){0,4} (?:ein|kaputt|"
        r"blutig|aufs maul|in die fresse)",
        r"brech(?:e|en)? (?:ich |wir )?(?:dir|euch) (?:alle|das|die|den|jeden|"
        r"sämtliche) (?:\w+ )?(?:knochen|genick|nase|kiefer|arme|beine|finger)",
        rf"(?:kriegen|finden|holen) (?:wir )?(?:dich|euch)(?: schon| noch| alle)*{_ENDS}",
        rf"(?:finde|kriege?) (?:ich )?(?:dich|euch)(?: schon| noch)*{_ENDS}",
        r"(?:weiß|weiss|wissen) ?,? ?wo (?:du|ihr) (?:wohnst|wohnt|lebst|arbeitest|schläfst)",
        rf"(?:gehör|soll|müss|muss)\w*(?: \w+){{0,5}} (?:{_GERMAN_DEATHS})|an die wand (?:stellen|mit)",
        r"an den galgen|ins gas",
    ),
    "es": (
        r"(?:te|os|los|las) (?:voy|vamos|van) a (?:matar|pegar|partir|romper|reventar|encontrar|degollar|"
        r"quemar|rajar|cortar)",
        r"voy a (?:matar|reventar|encontrar|degollar|rajar)(?:te|os|los)",
        rf"{_I_KILL_YOU}|te (?:mataré|matare|reviento|rajo|degüello|parto la)",
        r"mu[eé]rete|mu[eé]ranse",
        r"ojal[aá] (?:te|os|se|lo|la|los) (?:mueras?|mur[aá]is|mueran|maten|mate|violen|atropellen)",
        r"(?:hay|habr[ií]a|hab[ií]a) que (?:matar|fusilar|quemar|colgar|ahorcar)\w*|s[eé] d[oó]nde vives",
        r"est[aá]s muerto",
    ),
    "fr": (
        r"(?:vais|va|vas|allons|vont) (?:te|vous|les?) (?:tuer|crever|buter|défoncer|massacrer|égorger|"
        r"frapper|casser|retrouver|brûler|planter)",
        r"je (?:te|vous) (?:tue|bute|crève|défonce|retrouve|retrouverai|tuerai|buterai|égorge|égorgerai)",
        rf"{_BEGINS}(?:crève|creve|crevez)(?! (?:de|d)\b)",
        r"va (?:crever|te pendre|te suicider)|pends-toi|suicide-toi",
        r"(?:sais|sait) où (?:tu|vous) (?:habites?|habitez|vis|vivez)|t ?['’] ?es mort|tu es mort",
        r"faut (?:tous |toutes )?(?:te|vous|les) (?:tous |toutes )?(?:tuer|buter|fusiller|pendre|brûler|"
        r"égorger|crever)",
    ),
    "pt": (
        r"(?:vou|vamos|vão) (?:te|lhe|vos) (?:matar|pegar|quebrar|bater|arrebentar|"
        r"encher de porrada)",
        r"(?:vou|vamos|vão) matar (?:você|vocês|vc|vcs|voce|voces|todos)",
        r"vou acabar com (?:você|vc|voce|a tua raça|a sua raça)",
        # "Morra" is also a name, and in Mexico a girl who is addressed: only a command or a wish counts.
        rf"{_BEGINS}morra(?=\s*(?:[!.]|$))|(?:e|só) morra{_ENDS}",
        r"morra (?:logo|seus?|suas?|você|vc|voce|desgraçad[oa]s?|filh[oa]s?|maldit[oa]s?|vagabund[oa]s?|infeliz|"
        r"lentamente|de (?:uma vez|câncer|cancer))",
        r"morre (?:logo|desgraçad[oa]|praga)|que (?:(?:você|vc|voce)s? )?morram?",
        r"(?:tomara|espero|quero|queria|desejo|por mim) que(?: \w+){0,4} morr(?:a|am|as)",
        r"sei onde (?:você|vc|voce|tu) (?:mora|moras|vive|vives)",
        r"(?:tem|tinha) que (?:matar|fuzilar|enforcar)",
    ),
    "ru": (
        r"убью|прибью|зарежу|придушу|задушу|пристрелю|урою|закопаю|сожгу|убь[её]м|зареж[еу]м|пристрелим",
        r"закопаем",
        r"(?:сдохни|подохни|умри|повесься|застрелись)(?:те)?",
        r"чтоб(?:ы)? (?:ты|вы|он|она|они|тебя|вас)(?: вс[её]| все)? (?:сдох\w*|подох\w*|умер\w*|убил\w*)",
        r"(?:найду|найд[её]м|достану|достанем) (?:тебя|вас)",
        r"(?:тебя|вас) (?:найду|найд[её]м|достану|достанем|убить)",
        r"зна(?:ю|ем) ?,? ?где (?:ты|вы) жив[её]\w+",
        r"(?:расстрелять|повесить|вешать|убивать|сжечь) (?:тебя|вас|их|таких)",
        r"(?:тебя|вас|их|таких) (?:надо|нужно|бы) (?:расстрел\w*|повес\w*|убит?\w*|сжечь|вешать)",
    ),
    "ar": (
        r"(?:س|سوف |ه|ح|راح |ب|ل)?[أا]?(?:قتلك|ذبحك|قتلكم|ذبحكم)|(?:الله )?(?:ياخذك|يأخذك|يحرقك|يحرقكم)",
        r"(?:س|راح |ه|ح)[أا]?(?:جدك|لقاك|كسرك|دمرك)|[أا]عرف (?:وين|اين|أين) (?:ساكن|تسكن|بيتك)",
        r"(?:ان شاء الله|إن شاء الله) تموت\w*|موتوا",
    ),
    "hi": (
        r"जान से मार\S*|मार डाल\S*|मार द(?:ूँ|ूं|ू)गा|मार देंगे|काट डाल\S*|काट द(?:ूँ|ूं|ू)गा|गोली मार\S*",
        r"ज़?िंदा जला\S*|मर जा(?:ओ|ए)?|फांसी दे दो",
        r"(?:तुझे|तुमको|तुम्हें) (?:मार|काट|जला)\S*|(?:तेरा|तुम्हारा) घर (?:जानता|जानते)",
    ),
    "zh": (
        r"(?:杀|弄死|打死|砍死|捅死|掐死|干掉|杀死|揍死|弄残)了?[你妳您]|宰了[你妳您]|揍你|去死(?![海亡])|(?:死|杀)(?:你)?全家|全家(?:都)?死",
        r"不得好死",
        r"你死定了|知道你(?:家)?住|你(?:们)?(?:都)?(?:快)?该死|(?:找到|弄)你(?:的)?(?:家|全家)",
    ),
}


def _pattern() -> re.Pattern[str]:
    """Match whole words of all lists; Chinese has no spaces, so its phrases match anywhere."""
    spaced = [phrase for language, phrases in _THREATS.items() if language != "zh" for phrase in phrases]
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)|{'|'.join(_THREATS['zh'])}")


_THREAT = _pattern()


def names_threat(sentence: str) -> bool:
    """Whether a sentence says in one of these languages that its author will harm a person, or wishes them harm."""
    return _THREAT.search(" ".join(unicodedata.normalize("NFC", sentence).lower().split())) is not None
