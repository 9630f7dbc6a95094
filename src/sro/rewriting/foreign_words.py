"""Words that can be deleted from sentences in other languages: swear words, adjectives of contempt, names for people.

Used by `sro.rewriting.foreign_deletions`. `*` at the end of a word stands for any ending. The lists are short on
purpose: each word was chosen so that the rest is still a sentence. Words that accuse a person of something (liar,
corrupt) are not in the lists. Content warning: they are abuse.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """The word lists of one language. All entries are in lower case."""

    swear_words: str
    """Deleted anywhere, except after a `function` word that is not in `questions`, or before "de"."""
    swear_words_apart: str
    """Deleted only if punctuation or an end stands on both sides."""
    phrases: tuple[str, ...]
    """Several words that are deleted together, after a content word or at the beginning."""
    behind_nouns: tuple[str, ...]
    """The same, but only after a noun with a determiner from `definite` ("tes idées de merde", but not "une ville de
    merde", where they are the statement)."""
    adjectives: str
    """Deleted between `determiners` (or another adjective) and a noun."""
    called: str
    """Names for a person, deleted as a segment of their own: ", du Idiot!"."""
    address: str
    """Words that may stand beside them in such a segment."""
    determiners: str
    function: str
    """Words that end neither a sentence nor a part of one before punctuation; swear words after them stay."""
    rude: str = ""
    """Words and word beginnings (`*`) that a candidate may not hold, because not every screener knows them."""
    feminine_swear_words: str = ""
    feminine_nouns: str = ""
    """Nouns before which these words are adjectives; elsewhere they are nouns: "la puta vida", "la puta"."""
    definite: str = ""
    """Determiners that make a noun known, for `behind_nouns`."""
    not_heads: str = ""
    """Nouns after which `behind_nouns` stay, because they belong to the noun: "un tas de merde"."""
    questions: str = ""
    """Function words after which a swear word is deleted all the same: "por qué coño ponen"."""


ENDINGS = "ый ий ой ая яя ое ее ые ие ого его ому ему ым им ую юю ых их ыми ими"


def _declined(stems: str) -> str:
    """Russian adjectives in all cases."""
    return " ".join(stem + ending for stem in stems.split() for ending in ENDINGS.split())


GERMAN = Lexicon(
    swear_words="verdammt verdammtnochmal fucking fuckin",
    swear_words_apart="scheiße scheisse verdammt mist fuck wtf kacke verflucht herrgott",
    phrases=("verdammt noch mal", "verdammt nochmal", "zum teufel", "zum teufel noch mal"),
    behind_nouns=(),
    adjectives=(
        "scheiß scheiss scheißverdammte* verdammte* verfluchte* verfickte* gottverdammte* beschissene* "
        "bescheuerte* dämliche* blöde* dumme* saudumme* strohdumme* hirnlose* verkackte* abgefuckte* versiffte* "
        "dreckige* fucking"
    ),
    called=(
        "arsch arschloch arschlöcher idiot idioten vollidiot vollidioten depp deppen volldepp trottel dummkopf "
        "spast spasti wichser hurensohn hurensöhne missgeburt penner schlampe fotze nutte drecksau drecksack "
        "miststück pisser hirni spinner opfer schwachkopf hohlkopf clown clowns arschgeige pfeife vollpfosten"
    ),
    address="du ihr sie alter mann ey dumme* blöde* verdammte* kleine* fette* elende* dreckige* dämliche* scheiß",
    determiners=(
        "der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem mein meine "
        "meinen meiner meinem dein deine deinen deiner deinem sein seine seinen seiner seinem ihr ihre ihren "
        "ihrer ihrem unser unsere unseren unserer euer eure euren eurer kein keine keinen keiner jeder jede jeden "
        "alle allen solche solchen"
    ),
    function=(
        "der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem mein meine "
        "dein deine sein seine ihr ihre unser unsere euer eure kein keine und oder aber in im an am auf aus bei "
        "beim mit nach von vom zu zum zur für durch gegen ohne um über unter vor wegen ist sind war waren bin "
        "bist wie als so sehr zu nur auch"
    ),
    rude=(
        "scheiß* scheiss* arsch* fick* gefick* fotze* hure* nutte* wichs* kack* piss* abschaum* gesindel* drecks* "
        "versifft* abgefuckt* idiot* vollidiot* depp* trottel* spast* missgeburt* schlampe* bastard* schmarotzer* "
        "kanake* neger*"
    ),
)
SPANISH = Lexicon(
    swear_words="coño carajo cojones nojoda",
    swear_words_apart="mierda joder coño hostia hostias carajo cojones nojoda verga mamadas cabrón",
    phrases=(
        "la puta madre",
        "puta madre",
        "me cago en la puta",
        "de una mierda",
        "la concha de su madre",
        "la concha de tu madre",
        "a la verga",
    ),
    behind_nouns=("de mierda", "de los cojones", "de la gran puta"),
    feminine_swear_words="puta putas",
    feminine_nouns="vida boca calle casa cara verdad realidad hora gana ganas cabeza noche mañana clase idea cosa",
    adjectives=(
        "puto putos jodido jodida jodidos jodidas maldito maldita malditos malditas pinche pinches puñetero "
        "puñetera puñeteros puñeteras"
    ),
    called=(
        "cabrón cabron cabrones gilipollas idiota idiotas imbécil imbecil imbéciles pendejo pendeja pendejos "
        "hijueputa hijoputa capullo capullos subnormal subnormales estúpido estúpida estúpidos boludo boluda "
        "boludos pelotudo pelotuda pelotudos zorra perra puta mamón maricón huevón weón retrasado payaso payasos "
        "hdp"
    ),
    address="tú vos ustedes so pedazo de hijo hija hijos puta la gran señor puto pinche grandísimo maldito",
    determiners=(
        "el la los las lo un una unos unas este esta estos estas ese esa esos esas mi mis tu tus su sus nuestro "
        "nuestra ningún ninguna cada todo toda todos todas qué que más muy bien del al"
    ),
    definite=(
        "el la los las este esta estos estas ese esa esos esas mi mis tu tus su sus nuestro nuestra vuestro "
        "vuestra del al"
    ),
    not_heads=(
        "hijo hija hijos hijas montón monton saco pedazo trozo cantidad lleno llena llenos poco tanta puta bola cara"
    ),
    function=(
        "gran pal hacia desde ante bajo según el la los las lo un una unos unas este esta estos estas ese esa "
        "esos esas mi mis tu tus su sus y e o u pero de del al a en con por para sin sobre entre que qué es son "
        "era soy eres está están muy más tan ni como ser una hasta"
    ),
    questions="qué que quién quien cómo como dónde donde cuándo por",
    rude=(
        "puto puta putos putas putad* putit* putísim* puteh* putero* mierd* cabron* "
        "cabrón* joder* jodid* coño* verga* perra* zorra* sudaca* negrata* pendej* ching* "
        "culo* foll* maric* imbécil* imbecil* idiota* estúpid* estupid* hijueput* cojon* gilipoll* mamad* "
        "subnormal*"
    ),
)
FRENCH = Lexicon(
    swear_words="putain bordel",
    swear_words_apart="putain bordel merde fait chier wtf ptn",
    phrases=("bordel de merde", "putain de merde", "putain de bordel"),
    behind_nouns=("de merde", "à la con", "de mes couilles"),
    adjectives="foutu foutue foutus foutues maudit maudite maudits maudites",
    called=(
        "connard connards connarde connasse connasses con abruti abrutis abrutie enculé enculés salope salopes "
        "salaud salauds pute crétin crétins débile débiles imbécile imbéciles idiot idiots idiote bouffon "
        "bouffons bâtard batard bâtards pd fdp tocard clown guignol mongol trouduc andouille raclure ordure"
    ),
    address="espèce de sale sales gros grosse pauvre petit vieux vieille toi vous bande fils putain ma mon va d",
    determiners=(
        "le la les un une des ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs "
        "aucun aucune chaque quel quelle quels quelles"
    ),
    definite="le la les l ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs du au aux",
    not_heads="quantité tas fouteur fouteurs sac sacs bout plein plus trop peu tant assez mélange foutage bande",
    function=(
        "le la les un une des du de d l ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos "
        "leur leurs et ou mais à au aux en dans par pour sans sur avec que qu qui est es suis sont était c se me "
        "te ne si très plus"
    ),
    questions="que qui où comment pourquoi quand",
    rude=(
        "attardé* mongol mongols mongole mongolien* mongolo débile* debile* con cons conne "
        "connes connerie* connard* connass* encul* putain* pute putes salop* salaud* merd* "
        "bâtard* batard* pd pédé* pede* chier chiant* couille* bite* fdp branl* niqu* cul gueule* idiot* abruti* "
        "crétin* imbécile* youpin*"
    ),
)
RUSSIAN = Lexicon(
    swear_words="блять бля блэт ёпта епта епт ёпт нах блеать",
    swear_words_apart=(
        "сука блядь блять бля пиздец пипец ебать ёбаный ебаный хуй нахуй нах епта ёпта твою мать ёб еб капец охуеть"
    ),
    phrases=("ёб твою мать", "еб твою мать", "ебать копать", "бля буду", "мать твою", "твою мать"),
    behind_nouns=(),
    adjectives=_declined(
        "ебан ёбан ебуч ёбуч сран блядск хуев гребан грёбан долбан долбанн чертовск вонюч поган ебанут ёбнут ебнут"
    ),
    called=(
        "идиот идиотка идиоты дебил дебилы придурок придурки урод уроды сука суки тварь твари мразь мрази мудак "
        "мудаки козел козёл козлы гандон гондон пидор пидоры пидорас пидорасы чмо ублюдок ублюдки долбоеб долбоёб "
        "долбоебы еблан ебланы дура дурак дураки даун лох скотина гнида падла сволочь сволочи уебок уёбок уебан "
        "уебище уёбище шлюха клоун клоуны дегенерат дегенераты кретин кретины баран бараны тупица тупой тупые"
    ),
    address="эй тупой тупая тупые старый старая конченый конченая ебаный ебаная вонючий сраный лысая лысый",
    determiners=(
        "этот эта это эти этого этой этому этом этим эту этих мой моя моё мои моего моей мою моих твой твоя твоё "
        "твои твоего твоей твою твоих свой своя своё свои своего своей свою своих наш наша наши ваш ваша ваши его "
        "её их один одна одно одни одну каждый какой какая такой такая весь вся всю все всех в на с за из от к по "
        "у о про для без через под над перед при"
    ),
    function=(
        "хуя и или а но в во на с со к ко по за из от до для без под над при про о об у не ни же бы ли что как "
        "чтобы это эта этот эти этого этой тот та те такой такая такие мой твой его её их наш ваш очень самый "
        "самая"
    ),
    rude=(
        "хуй* хуе* хуё* хуя* хую* хуи* пизд* пезд* пидор* пидар* бля* сука суки суке суку "
        "сукой сук сучк* сучар* ебан* ебат* ебал* еба* ебу* ёб* еб* заеб* заёб* наеб* отъеб* "
        "съеб* уеб* прихуе* ссан* ватник* долбо* долба* проеб* муда* гандон* говн* дерьм* жоп* мраз* "
        "твар* урод* дебил* придур* сран* гнид* охуе* ахуе* похуй* "
        "похер* нахуй* шлюх* ублюд* чмо чмош* чмыр* козёл* козел* "
        "хохл* жид жида жиду жидом жиды жидов жидам жидами жидах жидовск* жидяр*"
    ),
)
LEXICONS = {"de": GERMAN, "es": SPANISH, "fr": FRENCH, "ru": RUSSIAN}
