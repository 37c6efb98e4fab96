"""Borrowers at their branch: search keys of names, changes of a person."""

import re
import unicodedata
from functools import lru_cache

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BATCH = 10_000

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("person_change",)


def upgrade() -> None:
    """Make the tables, columns and triggers, and write the keys of who is there."""
    create_tables()
    for table in APPEND_ONLY:
        refuse_changes(table)
    write_keys(op.get_bind())


def refuse_changes(table: str) -> None:
    """Let a trigger refuse UPDATE and DELETE (and TRUNCATE) on the table."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )


def create_tables() -> None:
    """Make the tables, the column and the indexes."""
    # One text for both databases: SQLite adds a column only with its constraint in place.
    op.execute(
        "ALTER TABLE person ADD COLUMN branch_code TEXT "
        "CONSTRAINT fk_person_branch_code REFERENCES branch (code)"
    )
    for column in ("branch_code", "mobile"):
        op.create_index(
            f"ix_person_{column}",
            "person",
            [column],
            unique=False,
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index(
        "ix_loan_position_branch_code_borrower_id",
        "loan_position",
        ["branch_code", "borrower_id"],
        unique=False,
    )
    op.create_table(
        "person_change",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old_value", sa.Text()),
        sa.Column("new_value", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_person_change_act_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_change_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person_change"),
        comment="What was changed on a person: a column, with its value before and after.",
    )
    op.create_index("ix_person_change_act_id", "person_change", ["act_id"], unique=False)
    op.create_index("ix_person_change_person_id", "person_change", ["person_id"], unique=False)
    op.create_table(
        "person_name_key",
        sa.Column("key", KEY, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "person_id", name="pk_person_name_key"),
        sqlite_with_rowid=False,
        comment="Search keys of the words of a name (borrowers/spelling.py); derived from person.",
    )
    op.create_index(
        "ix_person_name_key_person_id_key", "person_name_key", ["person_id", "key"], unique=False
    )


def write_keys(connection: sa.Connection) -> None:
    """Write the keys of the persons that are there, in batches."""
    person = sa.table("person", sa.column("id"), sa.column("name"))
    keys = sa.table("person_name_key", sa.column("key"), sa.column("person_id"))
    after = 0
    while True:
        batch = sa.select(person.c.id, person.c.name).where(person.c.id > after)
        rows = connection.execute(batch.order_by(person.c.id).limit(BATCH)).all()
        if not rows:
            return
        after = rows[-1].id
        found = [{"key": key, "person_id": row.id} for row in rows for key in name_keys(row.name)]
        if found:
            connection.execute(sa.insert(keys), found)


def downgrade() -> None:
    """Drop the tables with their triggers, the column and the indexes."""
    op.drop_table("person_name_key")
    op.drop_table("person_change")
    op.drop_index("ix_loan_position_branch_code_borrower_id", "loan_position")
    for column in ("mobile", "branch_code"):
        op.drop_index(f"ix_person_{column}", "person")
    op.execute("ALTER TABLE person DROP COLUMN branch_code")


# The keys as they were made when this migration was written.

# Arabic, Persian and Kurdish letters that look like these Urdu letters.
_URDU_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0643": "\u06a9",  # kaf
        "\u0647": "\u06c1",  # heh
        "\u06d5": "\u06c1",  # ae
        "\u06c0": "\u06c2",  # heh with hamza above
        "\u0629": "\u06c3",  # teh marbuta
    }
)
# The Urdu yeh does not compose with hamza by itself.
_YEH_WITH_HAMZA = ("\u06cc\u0654", "\u0626")

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


def name_keys(name: str) -> tuple[str, ...]:
    """Give the keys of the words of a name, each once, in their order; at most 12."""
    words = _words(name)
    told = [word for word in words if word not in _LEFT_OUT] or words
    return tuple(dict.fromkeys(key for word in told if (key := _word_key(word))))[:MOST_WORDS]


def _words(name: str) -> list[str]:
    text = _folded(name)
    for pattern, written in _TOGETHER:
        text = pattern.sub(written, text)
    return text.split()


def _folded(name: str) -> str:
    """Give the letters and digits of a name in one case and script form, its words apart."""
    text = unicodedata.normalize("NFKD", _BLESSINGS.sub("", name).casefold())
    text = _JOINTS.sub(" ", normalise_urdu("".join(filter(_counts, text))))
    return " ".join("".join(map(_plain, text)).split())


def _counts(letter: str) -> bool:
    return letter.isalnum() or _JOINTS.fullmatch(letter) is not None


def _plain(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


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


def normalise_urdu(text: str) -> str:
    """Bring a text to one spelling."""
    composed = unicodedata.normalize("NFC", text).translate(_URDU_LETTERS)
    return unicodedata.normalize("NFC", composed).replace(*_YEH_WITH_HAMZA)
