"""Rude words for making the training pairs of the faithfulness critic. Content warning: abuse."""

from __future__ import annotations

import re

NAMES = [
    "idiot",
    "moron",
    "fool",
    "clown",
    "loser",
    "dumbass",
    "asshole",
    "bastard",
    "bitch",
    "prick",
    "dickhead",
    "retard",
    "jerk",
    "imbecile",
    "scumbag",
    "douchebag",
    "twat",
    "cunt",
    "pig",
    "piece of shit",
    "dipshit",
    "wanker",
    "dimwit",
    "coward",
    "jackass",
    "fuckwit",
    "motherfucker",
    "shithead",
    "troll",
    "freak",
]
"""Insulting names for one person."""

ADJECTIVES = [
    "stupid",
    "fucking",
    "dumb",
    "pathetic",
    "lazy",
    "ugly",
    "worthless",
    "ignorant",
    "brainless",
    "disgusting",
    "miserable",
    "goddamn",
]
"""Words that angry people put before a name or a thing."""

INTENSIFIERS = [
    "fucking",
    "goddamn",
    "damn",
    "bloody",
    "stupid",
    "shitty",
    "motherfucking",
    "freaking",
    "dumb",
    "stupid ass",
]
"""Words before a noun that express only anger and can be left out."""

OUTBURSTS = [
    "Fuck you.",
    "Go to hell.",
    "What an idiot.",
    "Screw you!",
    "Fuck off.",
    "Kiss my ass.",
    "Jesus fucking Christ.",
    "You piece of shit.",
    "What a moron.",
    "Eat shit.",
    "Fuck this.",
    "Bunch of idiots.",
    "Are you retarded?",
    "You suck.",
    "Shame on you, asshole.",
    "Holy shit!",
]
"""Sentences that express only anger."""

RUDE_FOR = {
    "nonsense": "bullshit|horseshit|crap",
    "very": "fucking",
    "really": "fucking",
    "bad": "shitty|crappy|fucked up",
    "terrible": "shitty|fucking awful",
    "stuff": "shit|crap",
    "things": "shit",
    "angry": "pissed off|pissed",
    "upset": "pissed off",
    "ruined": "fucked up",
    "ruin": "fuck up",
    "broke": "fucked up",
    "mess": "shitshow|clusterfuck",
    "complain": "bitch|bitch and moan",
    "complaining": "bitching",
    "nothing": "jack shit|fuck all|shit",
    "unwise": "stupid|retarded|dumb",
    "foolish": "retarded|stupid|dumb",
    "silly": "retarded|stupid|dumb",
    "people": "assholes|fuckers|idiots|bastards|morons",
    "person": "asshole|bastard|moron|idiot",
    "guy": "asshole|bastard|prick",
    "man": "bastard|asshole|prick",
    "woman": "bitch",
    "women": "bitches|whores",
    "wrong": "full of shit|fucking wrong",
    "lying": "full of shit",
    "leave": "fuck off|get the fuck out",
    "quiet": "the fuck up",
    "lot": "shitload|fuckton",
    "much": "goddamn much",
    "joke": "fucking joke",
    "problem": "fucking problem",
    "bother": "give a shit",
    "care": "give a shit|give a fuck",
    "cheated": "screwed|fucked over",
    "cheat": "screw|fuck over",
    "job": "fucking job",
    "boring": "boring as fuck|boring as hell",
    "funny": "funny as fuck|funny as hell",
    "tired": "tired as fuck",
}
"""Civil word → rude words with the same meaning."""

STOPGAPS = [
    "person",
    "people",
    "thing",
    "things",
    "stuff",
    "unkind",
    "unpleasant",
    "unreasonable",
    "bad",
    "individual",
    "man",
    "someone",
    "something",
]
"""Words that a leader puts in place of a rude word if nothing fits."""

PRAISE = [
    "great",
    "brilliant",
    "nice",
    "wonderful",
    "smart",
    "kind",
    "lovely",
    "compelling",
    "honest",
    "wise",
    "beautiful",
    "good",
]

RUDE_NOUN = re.compile(
    r"\b(?:idiots?|morons?|fools?|clowns?|losers?|dumbass(?:es)?|assholes?|bastards?|bitch(?:es)?|pricks?|dickheads?"
    r"|retards?|jerks?|scumbags?|scum|douchebags?|twats?|cunts?|shit|bullshit|crap|fuckers?|motherfuckers?|fuck|ass"
    r"|whores?|sluts?|pussy|dick|cock|shithole|trash|garbage|turds?|faggots?|niggers?|trolls?|liars?|hell)\b",
    re.IGNORECASE,
)
BLAME = frozenset(
    [
        *("bad", "wrong", "terrible", "awful", "horrible", "silly", "poor", "unfair", "untrue"),
        *("false", "mistaken", "annoying", "boring", "rude", "mean", "dishonest", "careless", "unhelpful"),
        *("ridiculous", "weak", "nonsense", "useless", "broken", "ugly", "misleading"),
        *("disappointing", "unacceptable"),
    ]
)
"""Civil words of blame; replacing them by praise reverses the meaning."""

RUDE_ADJECTIVE = re.compile(
    r"\b(?:stupid|dumb|pathetic|ugly|worthless|ignorant|brainless|disgusting|retarded|idiotic|moronic|shitty|crappy"
    r"|lame|crazy|insane|sick|filthy|fat|lazy|useless|racist|gay)\b",
    re.IGNORECASE,
)
INTENSIFIER = re.compile(
    r"\b(?:f+u+c+k+i+n+g?|goddamn(?:ed)?|damn(?:ed)?|bloody|motherfucking|freaking|frigging) ", re.I
)
VOCATIVE = re.compile(
    r",? (?:you|u|ya) (?:(?:stupid|fucking|dumb|ignorant|pathetic|worthless|little|big|fat|ugly|lazy) )*"
    r"(?:idiots?|morons?|fools?|clowns?|losers?|dumbass|assholes?|bastards?|bitch(?:es)?|pricks?|dickheads?|retards?"
    r"|jerks?|scumbags?|douchebags?|twats?|cunts?|fucks?|trolls?|fuckers?)(?= ?[.!?,]|$)",
    re.IGNORECASE,
)
"""An insult at the end of a clause that addresses the reader; the clause is complete without it."""
