"""The pages of a survey: head office draws, officers ask, nobody reads of another branch."""

from collections.abc import Iterator

import pytest

from aim_loans.db.engine import reading
from aim_loans.mou import survey_progress
from aim_loans.mou.survey_progress import Listed, members, surveys
from aim_loans.web import sign_in as sign_in_pages
from tests.book import TODAY
from tests.branch import Branch
from tests.joint import JointWork
from tests.web.desk import Browser, Screens, fits_once, open_screens

DAY = TODAY.isoformat()
DRAW = {"title": "Outcomes", "period": "2026-H1", "size": "10", "seed": "7"}
ANSWER = {
    "asked_on": DAY,
    "running": "yes",
    "run_by": "woman",
    **dict.fromkeys(("women_before", "men_before", "others_before"), "1"),
    **dict.fromkeys(("women_now", "men_now", "others_now"), "2"),
    "income_before": "20000",
    "income_now": "30000",
}


def shops(branch: Branch, count: int) -> list[int]:
    """Register so many owners, each with an enterprise; gives those."""
    work, sectors = JointWork(branch.book), ("trade", "livestock")
    return [
        work.enterprise(branch.person(f"Owner {number}"), sector=sectors[number % 2])
        for number in range(count)
    ]


def progress(screens: Screens) -> tuple[int, ...]:
    """Tell how the newest survey goes."""
    with reading(screens.book.engine) as connection:
        (_, found), *_ = surveys(connection, branches=None)
    return found


@pytest.fixture(scope="module")
def quiet_branch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    """A survey of one enterprise out of two, on SQLite alone: nothing here is ever written."""
    folder = tmp_path_factory.mktemp("surveys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_in_pages, "password_fits", fits_once)
        opened = open_screens(f"sqlite:///{folder / 'book.sqlite'}", folder / "files")
        branch = Branch(opened.book)
        shops(branch, 1)
        JointWork(opened.book).survey("2026-H1", 10)
        shops(branch, 1)
        yield opened
        opened.book.engine.dispose()


@pytest.fixture(scope="module")
def asked(quiet_branch: Screens) -> Browser:
    return quiet_branch.browser("officer")


@pytest.fixture(scope="module")
def draft(quiet_branch: Screens) -> Browser:
    return quiet_branch.browser("head")


def expect_pages_without_gap(screens: Screens, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has one row here, and a second one that tells of the next page."""
    with reading(screens.book.engine) as connection, monkeypatch.context() as patch:
        whole = members(connection, 2, Listed(None))
        patch.setattr(survey_progress, "PAGE_ROWS", 1)
        pages = [members(connection, 2, Listed(None, page=page)) for page in (1, 2, 3)]
    assert pages == [whole[:2], whole[1:], whole[2:]]


def test_a_sample_is_looked_at_drawn_and_asked(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = shops(Branch(screens.book), 3)
    head = screens.browser("head")
    head.get("/surveys/new")
    head.send("/surveys/new", **{**DRAW, "size": "2"}, look="1", key="once")
    assert head.page.count('<th scope="row"><span class="mark') == 2
    head.send("/surveys/new", **{**DRAW, "size": "1"}, key="too few")
    for _ in range(2):
        head.send("/surveys/new", **DRAW, key="once")
    assert progress(screens) == (3, 0, 0, 0)
    expect_pages_without_gap(screens, monkeypatch)
    officer = screens.browser("officer")
    officer.get("/surveys/2?state=to_ask")
    page = f"/surveys/2/enterprises/{first}"
    assert page in officer.page
    drawn, *_ = JointWork(screens.book).members(1)
    assert officer.send(f"/surveys/1/enterprises/{drawn}", **ANSWER).status_code == 422
    assert "Another sample of 2026-H1 was drawn since" in officer.page
    officer.get(page)
    wrong = {**ANSWER, "women_now": "-1", "income_now": "much"}
    assert officer.send(page, **wrong).status_code == 422
    assert 'id="women_now-fault"' in officer.page
    assert 'value="much"' in officer.page
    for _ in range(2):
        officer.send(page, **ANSWER, key="answers")
    closed = dict.fromkeys(("women_now", "men_now", "others_now", "income_now"), "")
    officer.send(f"/surveys/2/enterprises/{second}", **{**ANSWER, **closed, "running": "no"})
    officer.send(f"/surveys/2/enterprises/{third}/no-answer", outcome="not_found", tried_on=DAY)
    assert progress(screens) == (3, 2, 0, 1)
    assert "66.7 %" in officer.page
    again = officer.send(f"{page}/no-answer", outcome="refused", tried_on=DAY)
    assert again.status_code == 422
    assert "has answered already" in officer.page
    officer.get(f"/surveys/2/enterprises/{third}")
    officer.send(f"/surveys/2/enterprises/{third}/no-answer", outcome="refused", tried_on=DAY)
    assert progress(screens) == (3, 2, 1, 0)
    officer.send(f"/surveys/2/enterprises/{third}", **ANSWER)
    assert progress(screens) == (3, 3, 0, 0)
    assert head.send("/surveys/new", **DRAW, key="again").status_code == 422
    assert 'id="period-fault"' in head.page
    assert progress(screens) == (3, 3, 0, 0)


def test_another_branch_reads_nobody_of_a_sample_and_answers_for_none(screens: Screens) -> None:
    (shop,) = shops(Branch(screens.book), 1)
    survey = JointWork(screens.book).survey("2026-H1", 10)
    stranger = screens.browser("stranger")
    for path in ("/surveys", f"/surveys/{survey}", f"/surveys/{survey}/paper"):
        assert stranger.get(path).status_code == 200
        assert "Owner 0" not in stranger.page
    page = f"/surveys/{survey}/enterprises/{shop}"
    assert stranger.get(page).status_code == 403
    assert stranger.send(page, **ANSWER).status_code == 403
    assert progress(screens) == (1, 0, 0, 0)
    assert screens.browser("officer").get("/surveys/new").status_code == 403
    assert screens.browser("partner").get("/surveys").status_code == 403
    assert screens.browser("auditor").get(f"/surveys/{survey}").status_code == 200


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"title": " "}, "title"),
        ({"period": "2026"}, "period"),
        ({"size": "0"}, "size"),
        ({"size": "5001"}, "size"),
        ({"seed": "2147483648"}, "seed"),
        ({"seed": "-1"}, "seed"),
    ],
)
def test_a_sample_that_cannot_be_is_not_drawn(
    draft: Browser, texts: dict[str, str], field: str
) -> None:
    draft.get("/surveys/new")
    assert draft.send("/surveys/new", **{**DRAW, **texts}).status_code == 422
    assert f'id="{field}-fault"' in draft.page
    assert draft.get("/surveys").text.count("2026-H1") == 1


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"asked_on": "2026-04-01"}, "asked_on"),
        ({"asked_on": "2026-03-30"}, "asked_on"),
        ({"run_by": "nobody"}, "run_by"),
        ({"running": ""}, "running"),
        ({"men_before": "1.5"}, "men_before"),
        ({"women_now": ""}, "women_now"),
        ({"income_now": "1e9"}, "income_now"),
        ({"running": "no"}, "running"),
    ],
)
def test_an_answer_that_cannot_be_is_not_written(
    asked: Browser, texts: dict[str, str], field: str
) -> None:
    asked.get("/surveys/1/enterprises/1")
    answer = asked.send("/surveys/1/enterprises/1", **{**ANSWER, **texts})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in asked.page


def test_who_was_not_drawn_is_not_asked(asked: Browser) -> None:
    assert asked.get("/surveys/1/enterprises/2").status_code == 404
    assert asked.get("/surveys/9").status_code == 404
    sent = {"outcome": "gone", "tried_on": "2026-04-01"}
    asked.get("/surveys/1/enterprises/1")
    assert asked.send("/surveys/1/enterprises/1/no-answer", **sent).status_code == 422
    assert 'id="outcome-fault"' in asked.page
    assert 'value="2026-04-01"' in asked.page
