"""A complaint is written down by whoever hears it, and closed by whoever may."""

from tests.book import TODAY
from tests.web.desk import Browser, Screens

SAID = {
    "branch": "LHR-01",
    "received_on": TODAY.isoformat(),
    "channel": "phone",
    "category": "delay",
    "gender": "female",
    "words": "No answer for two months, she says; =ask again",
}


def record(browser: Browser, **other: str) -> str:
    """Record a complaint; gives its page."""
    browser.get("/complaints/new")
    return browser.send("/complaints/new", **{**SAID, **other}).request.path


def test_a_complaint_is_recorded_answered_closed_and_opened_again(screens: Screens) -> None:
    officer, manager = screens.browser("officer"), screens.browser("manager")
    path = record(officer)
    assert "Go on with it" not in officer.page
    step = {"done_on": TODAY.isoformat(), "note": "Called her."}
    manager.get(path)
    assert manager.send(path, kind="closed", **step).status_code == 422
    assert "Say what came of the complaint" in manager.page
    assert "Called her." in manager.page
    manager.send(path, kind="answered", **step)
    assert "In progress" in manager.page
    manager.send(path, kind="closed", outcome="upheld", **step)
    assert "Upheld" in manager.page
    assert manager.send(path, kind="answered", **step).status_code == 422
    manager.get("/complaints")
    assert path not in manager.page
    manager.get("/complaints?status=closed")
    assert path in manager.page
    manager.get(path)
    manager.send(path, kind="reopened", **step)
    officer.get("/complaints")
    assert path in officer.page


def test_a_form_sent_twice_counts_once_and_bad_input_is_kept(screens: Screens) -> None:
    officer = screens.browser("officer")
    officer.get("/complaints/new")
    first = officer.send_only("/complaints/new", **SAID)
    again = officer.send_only("/complaints/new", **SAID)
    assert first.location == again.location
    officer.get("/complaints/new")
    wrong = {"received_on": "2027-01-01", "gender": "", "channel": "pigeon", "words": "x" * 501}
    assert officer.send("/complaints/new", **{**SAID, **wrong}).status_code == 422
    assert officer.page.count('class="fault"') == 3
    assert (
        officer.send("/complaints/new", **{**SAID, "received_on": "2027-01-01"}).status_code == 422
    )
    assert "lies in the future" in officer.page


def test_another_branch_reads_nothing(screens: Screens) -> None:
    path = record(screens.browser("officer"))
    stranger = screens.browser("stranger")
    stranger.get("/complaints")
    assert path not in stranger.page
    assert stranger.get(path).status_code == 403
    stranger.get("/complaints/new")
    assert stranger.send("/complaints/new", **SAID).status_code == 403
