"""Attachments in the browser: taken by their contents, given only to who opens them."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from aim_loans.borrowers.models import attachment_opening
from aim_loans.db.engine import reading
from aim_loans.identity.models import act
from aim_loans.web.attachments import OPEN_FOR
from tests.branch import Branch
from tests.papers import PDF, picture, vast_picture
from tests.web.desk import Browser, Screens

MEGABYTE = 1_000_000


@pytest.fixture
def path(screens: Screens) -> str:
    return f"/borrowers/{Branch(screens.book).person('Bushra Perveen')}"


def at_the_page(screens: Screens, path: str, username: str = "officer") -> Browser:
    browser = screens.browser(username)
    browser.get(path)
    return browser


def upload(browser: Browser, path: str, content: bytes, **texts: str) -> TestResponse:
    """Send the form with a file whose name says that it is a photograph."""
    fields = browser.filled({"kind": "cnic_front", **texts})
    file = FileStorage(io.BytesIO(content), "Bushra.jpg")
    boundary, body = encode_multipart({**fields, "file": file})
    sent = f'multipart/form-data; boundary="{boundary}"'
    return browser.client.post(f"{path}/attachments", data=body, content_type=sent)


def count(screens: Screens, kind: str) -> int:
    return screens.book.count(act, act.c.kind == kind)


def test_a_photograph_is_attached_and_given_back_to_whoever_opens_it(
    screens: Screens, path: str
) -> None:
    officer = at_the_page(screens, path)
    first, again = upload(officer, path, picture()), upload(officer, path, picture())
    assert (first.status_code, again.status_code) == (303, 303)
    assert count(screens, "attach_file") == 1
    officer.get(path)
    assert "CNIC, front" in officer.page
    assert "Bushra.jpg" not in officer.page
    lead = officer.send_only("/attachments/1/open")
    assert lead.status_code == 303
    given = officer.client.get(lead.headers["Location"])
    assert (given.data, given.mimetype) == (picture(), "image/png")
    assert given.headers["Content-Disposition"] == "attachment; filename=cnic-front-1.png"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Cache-Control"] == "no-store"
    with reading(screens.book.engine) as connection:
        assert connection.execute(select(attachment_opening.c.opened_by)).scalar() == "officer"


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (b"", "other", "The file is empty"),
        (b"MZ\x90\x00" * 100, "other", "no photograph"),
        (picture()[:30], "other", "damaged or not whole"),
        (vast_picture(30_000, 30_000), "other", "too many dots"),
        (PDF + b" " * 5 * MEGABYTE, "other", "at most 5 megabytes"),
        (PDF, "selfie", "Choose one of the list"),
        (PDF, "", "Fill this in"),
    ],
    ids=["empty", "program", "half", "bomb", "large", "kind", "no kind"],
)
def test_what_is_wrong_is_said_at_the_form(
    screens: Screens, path: str, content: bytes, kind: str, sentence: str
) -> None:
    officer = at_the_page(screens, path)
    answer = upload(officer, path, content, kind=kind)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert count(screens, "attach_file") == 0


def test_only_this_form_may_be_large(screens: Screens, path: str) -> None:
    officer = at_the_page(screens, path)
    assert upload(officer, path, PDF + b" " * 6 * MEGABYTE).status_code == 413
    assert officer.send_only(f"{path}/details", note="x" * MEGABYTE).status_code == 413
    assert officer.send_only(f"{path}/attachments", kind="x" * MEGABYTE).status_code == 413


def test_another_branch_sees_nothing_and_nobody_uses_anothers_opening(
    screens: Screens, path: str
) -> None:
    officer = at_the_page(screens, path)
    upload(officer, path, picture())
    opened = officer.send_only("/attachments/1/open").headers["Location"]
    stranger = screens.browser("stranger")
    assert upload(stranger, path, PDF).status_code == 403
    for page in ("/attachments/1/open", "/attachments/1/remove"):
        assert stranger.send_only(page, reason="mine").status_code == 403
    cashier = at_the_page(screens, path, "cashier")
    assert "Attach the file" not in cashier.page
    assert upload(cashier, path, PDF).status_code == 403
    assert [each.client.get(opened).status_code for each in (stranger, cashier)] == [403, 403]
    assert cashier.client.get("/attachments/opened/99").status_code == 404
    screens.book.clock.at += OPEN_FOR + timedelta(seconds=1)
    late = officer.client.get(opened)
    assert (late.status_code, "too long ago" in late.get_data(as_text=True)) == (422, True)


def test_an_attachment_is_taken_off_with_a_reason(screens: Screens, path: str) -> None:
    officer = at_the_page(screens, path)
    upload(officer, path, picture())
    officer.get(path)
    assert officer.send("/attachments/1/remove", reason=" ").status_code == 422
    assert "Give the reason" in officer.page
    officer.send("/attachments/1/remove", reason="Of another person.")
    assert "Nothing is attached yet" in officer.page
    assert officer.send_only("/attachments/1/open").status_code == 404


def test_a_damaged_file_is_said_to_be_so(screens: Screens, path: str) -> None:
    officer = at_the_page(screens, path)
    upload(officer, path, picture())
    (kept,) = (file for file in screens.folder.rglob("*") if file.is_file())
    kept.write_bytes(kept.read_bytes()[:-1])
    answer = officer.send("/attachments/1/open")
    assert answer.status_code == 422
    assert "is damaged, or AIM_SECRET_KEY is not the one" in officer.page
