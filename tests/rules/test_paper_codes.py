"""Short codes of papers: read as people type them, and worth nothing when anything is changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aim_loans.identity.paper_codes import KINDS, fits, paper_code, read_code

KEY = b"a key of the tests"
ROWS = st.integers(1, 2**63 - 1)
STATES = st.integers(0, 2**40)
SAID = st.lists(st.text(max_size=9), max_size=3)
kinds = st.sampled_from(sorted(KINDS))


@settings(max_examples=40)
@given(kind=kinds, row=ROWS, state=STATES, said=SAID)
def test_a_code_reads_back_however_it_is_typed(
    kind: str, row: int, state: int, said: list[str]
) -> None:
    code = paper_code(KEY, kind, row, state, said)
    printed = str(code)
    loose = f" {printed.lower().replace('-', ' - ')} "
    misread = printed[0] + printed[1:].replace("0", "O").replace("1", "l")
    for typed in (printed, loose, misread):
        assert read_code(typed) == code
    assert fits(code, KEY, said)


@settings(max_examples=40)
@given(kind=kinds, row=ROWS, state=STATES, said=SAID, other=SAID)
def test_another_key_or_another_paper_has_another_code(
    kind: str, row: int, state: int, said: list[str], other: list[str]
) -> None:
    code = paper_code(KEY, kind, row, state, said)
    assert not fits(code, b"another key", said)
    assert fits(code, KEY, other) is (other == said)
    next_row = read_code(str(paper_code(KEY, kind, row, state + 1, said)))
    assert next_row is not None
    assert next_row.signature != code.signature


@pytest.mark.parametrize(
    "typed",
    ["", "Bushra Perveen", "LHR-01-000123", "35201-1234567-1", "R", "R2-SHORT", "X2-ABCDEFGH",
     "R2-ABCDEFGH-", "R2-ABCDEFGHJ", "R2-ABCDEFGH-ABCDEFGH-ABCDEFGH", "RZZZZZZZZZZZZZ-ABCDEFGH",
     "R\u0662-ABCDEFGH", "R2-ABCDEFG\u0131"],
)  # fmt: skip
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_a_code_is_short_enough_to_type() -> None:
    assert str(paper_code(KEY, "R", 12_345, 0, ["said"])).startswith("RC1S-")
    assert len(str(paper_code(KEY, "R", 12_345, 0, ["said"]))) == 13
