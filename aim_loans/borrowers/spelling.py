"""Search keys of names: spellings of one name, Latin or Urdu, meet in one key. Pure.

A key holds the first letter and the consonants of a word, each by its class: Muhammad, Mohammed
and محمد are MHMD, Khadija and خدیجہ KDJ. Vowels inside a word are left out, and w, v and y with
them, for Urdu writes them with the same letters. Keys are for finding: two names may share one.
"""

import re
import unicodedata
from functools import lru_cache

from aim_loans.texts import normalise_urdu

MOST_WORDS = 12
LONGEST_KEY = 24

_VOWEL = "."
_JOINTS = re.compile(r"[\s.,;:/_()\[\]\-\u2010-\u2015\u06d4\u060c]+")
# The blessing written after the Prophet's name, as one letter or as a mark.
_BLESSINGS = re.compile("[\ufdfa\ufdfb\u0610-\u0614]")
# Names of two words that are as often written in one.
_TOGETHER = (
    (re.compile(r"\bbi bi\b"), "bibi"),
    (re.compile(r"\bبی بی\b"), "بیبی"),
    (re.compile(r"\babd[aeiou]+[lrsz] "), "abd "),
    (re.compile(r"\babd[ue][lr](?=\w{3})(?!l?ah?\b)"), "abd "),
    (re.compile(r"\bعبدال(?=\w{3})"), "عبد "),
    (re.compile(r"(?<=\w{3})(ul?lah?)\b"), r" \1"),
    (re.compile(r"(?<=\w{2})(اللہ)\b"), r" \1"),
    (re.compile(r"(?<=\w{3})ud+(?=(?:i|ee|ei)n\b)"), " d"),
)
# Words that are no part of the name: titles, and the article between its parts.
_TITLES = "mr mrs ms miss mst musammat مسماۃ مسماہ"
_ARTICLES = "ul ur us ud un uz al el e ال"
_LEFT_OUT = frozenset(f"{_TITLES} {_ARTICLES}".split())
# Of these words the article is no part: نور العین is Noor ul Ain, but الطاف is Altaf.
_ARTICLE_BEFORE = "الدین العین الرحمن الرحمان الحق النسا النساء الحسن الاسلام الزمان الہدی الامین"
_WITH_ARTICLE = frozenset(_ARTICLE_BEFORE.split())
# Short forms, and names that the letters alone would take for another.
_SPELLINGS = {
    "MHMD": "m md mhd mohd muhd mohmd mohammd",
    "MHMUD": "mahmood mehmood mahmud mehmud mahmoud mehmoud mahmooda mehmooda محمود محمودہ",
    "RMZN": "ramadan ramadhan",
    "CDR": "چوہدری چوہدرانی",
}
_GIVEN = {word: key for key, words in _SPELLINGS.items() for word in words.split()}

_LATIN_TOGETHER = (
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"ch"), "C"),
    (re.compile(r"x"), "ks"),
    # The h of an aspirate, and of sh and kh, adds nothing; that of Subhan and Azhar does.
    (re.compile(r"(?<=[cdgjkpqst])h|(?<=^b)h|h$"), ""),
)
_LATIN = {
    **dict.fromkeys("aeiouwvy", _VOWEL),
    **dict(zip("bpdjzsfglmnrht", "BPDJZSFGLMNRHT", strict=True)),
    **dict.fromkeys("ckq", "K"),
    "C": "C",
}
_URDU_TOGETHER = (
    ("\u0644\u0644\u06c1", "\u0644\u06c1"),
    ("\u0633\u062d", "\u0633"),
    ("\u06af\u06c1", "\u06af"),
)
_URDU = {
    **dict.fromkeys("اعءویےئؤ\u0674ھۃ", _VOWEL),
    **dict(zip("بپجچفلمرڑ", "BPJCFLMRR", strict=True)),
    **dict.fromkeys("تطٹ", "T"),
    **dict.fromkeys("دڈ", "D"),
    **dict.fromkeys("ذزضظژ", "Z"),
    **dict.fromkeys("ثسشص", "S"),
    **dict.fromkeys("حہ", "H"),
    **dict.fromkeys("خقک", "K"),
    **dict.fromkeys("غگ", "G"),
    **dict.fromkeys("نں", "N"),
}
_FIRST = {**dict.fromkeys("wvو", "W"), **dict.fromkeys("yی", "Y")}
_SILENT_LAST = "حہ"


# Names are as common as their words: an import meets the same ones again and again.
@lru_cache(maxsize=50_000)
def name_keys(name: str) -> tuple[str, ...]:
    """Give the keys of the words of a name, each once, in their order; at most 12."""
    words = _words(name)
    told = [word for word in words if word not in _LEFT_OUT] or words
    return tuple(dict.fromkeys(key for word in told if (key := _word_key(word))))[:MOST_WORDS]


def same_name(first: str, second: str) -> bool:
    """Tell whether two names are the same but for their spelling."""
    return name_keys(first) == name_keys(second)


def _words(name: str) -> list[str]:
    text = _folded(name)
    for pattern, written in _TOGETHER:
        text = pattern.sub(written, text)
    return text.split()


def _folded(name: str) -> str:
    """Give the letters and digits of a name in one case and script form, its words apart."""
    text = unicodedata.normalize("NFKD", _BLESSINGS.sub("", name).casefold())
    return " ".join(_JOINTS.sub(" ", normalise_urdu("".join(map(_kept, text)))).split())


@lru_cache(maxsize=10_000)
def _kept(letter: str) -> str:
    """Give a letter or a joint as it is, a digit as one of 0-9, and nothing for any other sign."""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    return letter if letter.isalnum() or _JOINTS.fullmatch(letter) else ""


@lru_cache(maxsize=100_000)
def _word_key(word: str) -> str:
    if word in _GIVEN:
        return _GIVEN[word]
    word = word.removeprefix("ال") if word in _WITH_ARTICLE else word
    first = _FIRST.get(word[0], "")
    sounds = _latin(word) if word.isascii() else _urdu(word)
    head = first or sounds[:1].replace(_VOWEL, "A")
    return (head + sounds[1:].replace(_VOWEL, ""))[:LONGEST_KEY]


def _latin(word: str) -> str:
    for pattern, written in _LATIN_TOGETHER:
        word = pattern.sub(written, word)
    sounds = "".join(_LATIN.get(letter, letter.upper()) for letter in word)
    return re.sub(r"([A-Z])\1+", r"\1", sounds)


def _urdu(word: str) -> str:
    for pair, written in _URDU_TOGETHER:
        word = word.replace(pair, written)
    if len(word) > 1:
        word = word.rstrip(_SILENT_LAST) or word
    return "".join(_URDU.get(letter, letter.upper()) for letter in word)
