"""A joint report: both confirm, one prepares, another releases, both sign; then it stands."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from aim_loans.db.engine import reading, writing
from aim_loans.errors import AimError, Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Role
from aim_loans.mou.editions import (
    confirmed_parts,
    edition_by_id,
    editions,
    pack_files,
    parts_that_hold,
    report_of,
    told_by,
    waits_for,
)
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.periods import parse_period
from aim_loans.mou.published import Shown
from aim_loans.mou.publishing import to_publish, withhold
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.reopening import (
    AskToReopen,
    ConfirmReopening,
    ask_to_reopen,
    confirm_reopening,
    open_reopenings,
)
from aim_loans.web.joint_packs import JointPacks
from reports.feeder.manifest import ENDING
from tests.book import AUDIT_KEY, HEAD_OFFICE, MANAGER, SHELL, TODAY, Book
from tests.branch import Branch
from tests.joint import PARTNER, JointWork
from tests.joint_report import SECOND, SETTINGS, ReportOnItsWay


def close(book: Book, period: str = "2026-02") -> None:
    book.close(parse_period(period).last)


def reopen(book: Book, period: str = "2026-02") -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        asker = AddStaff(HEAD_OFFICE.name, "Head Office", Role.HEAD_OFFICE, TODAY)
        add_staff(tx, asker, actor=SHELL)
        asked = AskToReopen(parse_period(period).last, "a receipt was forgotten")
        ask_to_reopen(tx, asked, actor=HEAD_OFFICE)
        (waiting,) = open_reopenings(tx.connection)
        confirm_reopening(tx, ConfirmReopening(waiting.id), actor=SECOND, today=TODAY)


def refused(act: Callable[[], object], kind: type[AimError], says: str) -> None:
    with pytest.raises(kind, match=says):
        act()


def test_a_report_goes_from_hand_to_hand_and_keeps_its_bytes(book: Book, tmp_path: Path) -> None:
    way = ReportOnItsWay(book, tmp_path)
    refused(lambda: way.confirm(HEAD_OFFICE), Refused, "not closed yet")
    close(book)
    way.confirm(HEAD_OFFICE)
    refused(lambda: way.confirm(HEAD_OFFICE), Refused, "confirmed already")
    refused(way.prepare, Refused, "Missing: SMEDA")
    way.confirm(PARTNER)
    edition_id = way.prepare()
    refused(lambda: way.sign(edition_id, PARTNER), NotFound, "no such joint report")
    refused(lambda: way.release(edition_id, HEAD_OFFICE), NotAllowed, "second person")
    refused(lambda: way.release(edition_id, MANAGER), NotAllowed, "may not do this")
    way.release(edition_id)
    refused(lambda: way.release(edition_id), Refused, "released already")
    with reading(book.engine) as connection:
        assert [each.id for each in waits_for(connection, "smeda", today=TODAY).to_sign] == [
            edition_id
        ]
    refused(lambda: way.sign(edition_id, PARTNER, "0" * 64), Conflict, "not the figures")
    for actor in (HEAD_OFFICE, PARTNER):
        way.sign(edition_id, actor)
        with pytest.raises(Refused, match="signed this report"):
            way.sign(edition_id, actor)
    with reading(book.engine) as connection:
        assert edition_by_id(connection, edition_id).state == "signed"
        for file in pack_files(connection, edition_id):
            content = way.store.get(file.stored)
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)


def test_a_signed_report_recomputes_equal_at_its_cut_whatever_comes_later(
    book: Book, tmp_path: Path
) -> None:
    close(book)
    way = ReportOnItsWay(book, tmp_path)
    edition_id = way.walk()
    JointWork(book).enterprise(Branch(book).person("Zarqa"))
    with reading(book.engine) as connection:
        found = edition_by_id(connection, edition_id)
        again = joint_statement(
            connection,
            period=parse_period(way.period),
            known_at=found.known_at,
            mou=SETTINGS.mou,
            dated=settings_in_force(connection),
        )
        assert withhold(to_publish(again)).blocks == told_by(connection, edition_id).blocks
        assert report_of(connection, edition_id).head.seal == found.seal


def test_a_correction_is_a_new_edition_with_its_reason(book: Book, tmp_path: Path) -> None:
    close(book)
    way = ReportOnItsWay(book, tmp_path)
    for actor in (HEAD_OFFICE, PARTNER):
        way.confirm(actor)
    first = way.prepare()
    way.release(first)
    reopen(book)
    refused(lambda: way.sign(first, PARTNER), Refused, "reopened after this report was prepared")
    close(book)
    refused(lambda: way.sign(first, PARTNER), Refused, "reopened after this report was prepared")
    with reading(book.engine) as connection:
        assert parts_that_hold(connection, parse_period(way.period)) == set()
    for actor in (HEAD_OFFICE, PARTNER):
        way.confirm(actor)
    refused(way.prepare, Refused, "reason of the correction")
    second = way.prepare("an advisory case was forgotten")
    refused(lambda: way.sign(first, PARTNER), Refused, "newer edition")
    with reading(book.engine) as connection:
        assert waits_for(connection, "smeda", today=TODAY).to_sign == []
    way.release(second)
    with reading(book.engine) as connection:
        assert [each.edition for each in editions(connection, period=way.period)] == [2, 1]
        assert report_of(connection, second).reason == "an advisory case was forgotten"
        assert edition_by_id(connection, first).state == "released"
        waiting = waits_for(connection, "smeda", today=TODAY).to_sign
    assert [each.id for each in waiting] == [second]


def test_a_part_is_confirmed_again_after_a_month_was_reopened(book: Book, tmp_path: Path) -> None:
    """What a party confirmed are the events as they stood when the period was closed."""
    close(book)
    way, period = ReportOnItsWay(book, tmp_path), parse_period("2026-02")
    for actor in (HEAD_OFFICE, PARTNER):
        way.confirm(actor)
    reopen(book)
    close(book)
    refused(way.prepare, Refused, "reopened after its parts were confirmed.*Missing: AIM, SMEDA")
    way.confirm(HEAD_OFFICE)
    refused(lambda: way.confirm(HEAD_OFFICE), Refused, "confirmed already")
    refused(way.prepare, Refused, "Missing: SMEDA")
    with reading(book.engine) as connection:
        parts = confirmed_parts(connection, period)
        assert {party: part.holds for party, part in parts.items()} == {"aim": True, "smeda": False}
    way.confirm(PARTNER)
    assert way.edition(way.prepare()).edition == 1


def test_a_part_waits_again_where_the_half_year_was_closed_anew(
    sqlite_book: Book, tmp_path: Path
) -> None:
    book, way = sqlite_book, ReportOnItsWay(sqlite_book, tmp_path, "2025-H2")

    def parts() -> Sequence[str]:
        with reading(book.engine) as connection:
            return waits_for(connection, "smeda", today=TODAY).parts

    close(book, "2025-12")
    assert parts() == ["2025-H2"]
    way.walk()
    assert parts() == []
    reopen(book, "2025-12")
    assert parts() == []
    close(book, "2025-12")
    assert parts() == ["2025-H2"]


def test_reports_prepared_side_by_side_are_proved_once_more_when_they_are_released(
    sqlite_book: Book, tmp_path: Path
) -> None:
    """Each alone says nothing of the three who came in the month that has no brief yet."""
    book, early = sqlite_book, (*["2025-12"] * 20, *["2025-07"] * 3)
    for number, month in enumerate(early):
        book.open_loan(f"L{number}", on=parse_period(month).first)
    close(book, "2025-12")
    ways = [ReportOnItsWay(book, tmp_path, period) for period in ("2025-12", "2025-H2")]
    for way in ways:
        for actor in (HEAD_OFFICE, PARTNER):
            way.confirm(actor)
    brief, half = (way.prepare() for way in ways)
    ways[1].release(half)
    refused(lambda: ways[0].release(brief), Refused, "Prepare it once more")
    for actor in (HEAD_OFFICE, PARTNER):
        ways[0].confirm(actor)
    again = ways[0].prepare("beside the half-year")
    ways[0].release(again)
    with reading(book.engine) as connection:
        assert report_of(connection, half).line("A1").actual == Shown(23)
        assert report_of(connection, again).line("A1").actual == Shown(None)


def test_the_files_name_the_ladder_that_the_book_holds(sqlite_book: Book) -> None:
    """The configuration of a later version may say otherwise."""
    other = tuple(replace(each, source="another") for each in SETTINGS.dated.ladder)
    settings = replace(SETTINGS, dated=replace(SETTINGS.dated, ladder=other))
    packs = JointPacks(sqlite_book.engine, settings, AUDIT_KEY, HEAD_OFFICE, sqlite_book.clock)
    drawn = packs.provisional(parse_period("2025-H2"), language="en")
    manifests = [json.loads(text) for name, text in drawn.files.items() if name.endswith(ENDING)]
    assert {each["ladder"] for each in manifests} == {SETTINGS.dated.ladder[0].source}


def test_smeda_answers_its_events_before_it_confirms_its_part(
    sqlite_book: Book, tmp_path: Path
) -> None:
    book, work = sqlite_book, JointWork(sqlite_book)
    person_id = Branch(book).person("Zarqa")
    shop = work.enterprise(person_id)
    day = parse_period("2026-02").last
    work.consent(person_id, on=day)
    given = work.help("advice", shop, on=day, smeda_code="S-1")
    close(book)
    way = ReportOnItsWay(book, tmp_path)
    refused(lambda: way.confirm(PARTNER), Refused, "1 of your events in 2026-02")
    work.answer("support", given)
    way.confirm(PARTNER)
    with reading(book.engine) as connection:
        assert waits_for(connection, "smeda", today=TODAY).events == 0
    refused(lambda: way.confirm(MANAGER), NotAllowed, "may not do this")
