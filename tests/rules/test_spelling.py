"""Spellings of one name, in either script, meet in the same search keys."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.borrowers.spelling import LONGEST_KEY, MOST_WORDS, name_keys, same_name

SPELLINGS = [
    "Muhammad | Mohammad | MOHAMMED | Mohd | Md. | M. | محمد | محمد ﷺ | محمّد",
    "Bushra | Bushrah | بشریٰ | بشری | بشرى",
    "Parveen | Perveen | پروین | پروين",
    "Shaikh | Sheikh | شیخ",
    "Fatima | Fatma | Fatimah | فاطمہ | فاطمه | فاطمة",
    "Khadija | Khadijah | خدیجہ",
    "Zainab | Zaynab | زینب",
    "Aslam | اسلم",
    "Hussain | Husain | Hussein | حسین",
    "Bibi | Bi Bi | بی بی",
    "Abdul Rehman | Abdur-Rahman | Abdurrehman | عبدالرحمن | عبد الرحمٰن",
    "Abdullah | Abdulla | عبداللہ",
    "Habibullah | Habib Ullah | حبیب اللہ",
    "Nizamuddin | Nizam ud Din | Nizam-ud-Deen | نظام الدین",
    "Noor ul Ain | نور العین",
    "Zeb-un-Nisa | زیب النساء",
    "Altaf | الطاف",
    "Yousaf | Yusuf | یوسف",
    "Nawaz | نواز",
    "Mahmood | Mehmud | محمود",
    "Ahmad | Ahmed | احمد",
    "Ishaq | اسحاق",
    "Subhan | سبحان",
    "Azhar | اظہر",
    "Shahbaz | شہباز",
    "Chaudhry | Choudhary | چودھری | چوہدری",
    "Ayesha | Aisha | عائشہ",
    "Khan | خان | خاں",
    "Siddiqui | Sidiqi | صدیقی",
    "Mumtaz | ممتاز",
    "Mustafa | مصطفیٰ | مصطفی",
    "Umar | Omer | عمر",
    "Akhtar | اختر",
    "Shah | شاہ",
    "Arain | آرائیں",
    "Mst. Kaneez | Kaneez | کنیز | مسماۃ کنیز",
    "Zoë | Zoe",
]


@pytest.mark.parametrize("line", SPELLINGS)
def test_spellings_of_one_name_meet(line: str) -> None:
    first, *others = line.split(" | ")
    assert name_keys(first)
    assert {other: name_keys(other) for other in others} == dict.fromkeys(others, name_keys(first))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Muhammad", "Mahmood"),
        ("محمد", "محمود"),
        ("Aslam", "Akram"),
        ("Bushra", "Basit"),
        ("Parveen", "Nasreen"),
        ("Fatima", "Farida"),
        ("Ali", "Wali"),
        ("Zainab", "Zohra"),
    ],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_the_keys_are_those_of_the_words_each_once() -> None:
    assert name_keys("Muhammad Aslam Khan") == ("MHMD", "ASLM", "KN")
    assert name_keys("Muhammad Mohammad") == ("MHMD",)
    assert name_keys("بشریٰ پروین") == ("BSR", "PRN")


@pytest.mark.parametrize("text", ["", " ", "---", "\u202e", ".", "ﷺ"])
def test_a_text_without_letters_has_no_key(text: str) -> None:
    assert name_keys(text) == ()


def test_what_hides_between_letters_changes_nothing() -> None:
    assert name_keys("Bu\u202eshra\u200b") == name_keys("Bushra")
    assert name_keys("<script>Bushra</script>")[-1] == "SKRPT"


def test_digits_of_every_script_are_the_same() -> None:
    assert name_keys("Group 12") == name_keys("Group ۱۲")


@given(st.text(max_size=60))
def test_any_text_has_few_short_keys_that_need_no_case(text: str) -> None:
    keys = name_keys(text)
    assert len(keys) <= MOST_WORDS
    assert all(0 < len(key) <= LONGEST_KEY and not key.isspace() for key in keys)
    assert name_keys(unicodedata.normalize("NFD", text)) == keys


def test_a_very_long_name_has_bounded_keys() -> None:
    assert len(name_keys("Ab" * 5_000)[0]) == LONGEST_KEY
    assert len(name_keys(" ".join(f"{chr(97 + n)}t" for n in range(26)))) == MOST_WORDS
