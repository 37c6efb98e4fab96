"""The pages of a survey: head office draws, officers ask, nobody reads of another branch."""

from aim_loans.db.engine import reading
from aim_loans.mou.survey_progress import surveys
from tests.book import TODAY
from tests.branch import Branch
from tests.joint import JointWork
from tests.web.desk import Screens

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


def shops(screens: Screens, count: int) -> list[int]:
    branch, work = Branch(screens.book), JointWork(screens.book)
    return [
        work.enterprise(branch.person(f"Owner {number}"), sector=("trade", "livestock")[number % 2])
        for number in range(count)
    ]


def progress(screens: Screens) -> tuple[int, ...]:
    with reading(screens.book.engine) as connection:
        ((_, found),) = surveys(connection, branches=None)
    return found


def test_a_sample_is_looked_at_drawn_and_asked(screens: Screens) -> None:
    first, second, third = shops(screens, 3)
    head = screens.browser("head")
    head.get("/surveys/new?title=Outcomes&period=2026-H1&size=2&seed=7")
    assert head.page.count('<th scope="row"><span class="mark') == 2
    for _ in range(2):
        head.send("/surveys/new", **DRAW, key="once")
    assert progress(screens) == (3, 0, 0, 0)
    officer = screens.browser("officer")
    officer.get("/surveys/1?state=to_ask")
    page = f"/surveys/1/enterprises/{first}"
    assert page in officer.page
    officer.get(page)
    wrong = {**ANSWER, "women_now": "-1", "income_now": "much"}
    assert officer.send(page, **wrong).status_code == 422
    assert 'id="women_now-fault"' in officer.page
    assert 'value="much"' in officer.page
    for _ in range(2):
        officer.send(page, **ANSWER, key="answers")
    closed = dict.fromkeys(("women_now", "men_now", "others_now", "income_now"), "")
    officer.send(f"/surveys/1/enterprises/{second}", **{**ANSWER, **closed, "running": "no"})
    officer.send(f"/surveys/1/enterprises/{third}/no-answer", outcome="not_found", tried_on=DAY)
    assert progress(screens) == (3, 2, 0, 1)
    assert "66.7 %" in officer.page
    again = officer.send(f"{page}/no-answer", outcome="refused", tried_on=DAY)
    assert again.status_code == 422
    assert "has answered already" in officer.page
    officer.send(f"/surveys/1/enterprises/{third}", **ANSWER)
    assert progress(screens) == (3, 3, 0, 0)
