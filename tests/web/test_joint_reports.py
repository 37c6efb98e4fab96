"""The pages of the joint report; and all that the partner can open holds nobody and no few."""

import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader
from werkzeug.routing import Rule

from aim_loans.files.store import Store
from aim_loans.identity import sign_in
from aim_loans.identity.permissions import Role
from aim_loans.web import sign_in as sign_in_pages
from tests.book import TODAY, open_book
from tests.branch import Branch
from tests.joint import JointWork
from tests.joint_report import ReportOnItsWay
from tests.web.desk import FILES_KEY, Browser, Screens, closed_ways, fits_once, hash_once

NAME, MOBILE, CNIC = "Zarqa Malik", "03001234567", "3520112345671"
PERIOD, MONTH = "2025-H2", "2025-12"
REPORT = r"/joint-reports/[\w-]{32}"


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    """An application over a book with events of SMEDA and a closed half-year, on SQLite alone."""
    folder = tmp_path_factory.mktemp("joint")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_in, "hash_password", hash_once)
        patch.setattr(sign_in_pages, "password_fits", fits_once)
        book = open_book(f"sqlite:///{folder / 'book.sqlite'}")
        person_id = Branch(book).person(NAME, mobile=MOBILE, cnic=CNIC, district="Lahore")
        work = JointWork(book)
        shop = work.enterprise(person_id)
        work.consent(person_id)
        work.help("advice", shop, smeda_code="SMEDA-26-0007", satisfaction=5)
        work.help("follow_up", shop, on=TODAY.replace(year=2025, month=12))
        work.refer(person_id, smeda_code="SMEDA-26-0008")
        work.send_referrals(
            "SMEDA-26-0008,REG-1,Lahore,2026-01-10,A dairy",
            "SMEDA-26-0009,,Lahore,2026-01-10,call 0300-7654321",
            store=Store(folder / "files", FILES_KEY),
        )
        work.send_trainings(
            "SMEDA-26-0010,Books,Books,LHR-01,Hall,Lahore,2026-01-10,2026-01-11,,SMEDA-26-0008"
        )
        book.close(TODAY.replace(year=2025, month=12))
        made = Screens(book, folder / "files")
        made.hire("second", Role.HEAD_OFFICE, None)
        ReportOnItsWay(book, folder / "files", PERIOD).walk()
        yield made
        book.engine.dispose()


@pytest.fixture(scope="module")
def opened(screens: Screens) -> dict[str, str]:
    """Every page of the address map, every link on them and every file, as the partner."""
    return dict(_walk(screens.browser("partner"), screens))


def test_a_report_goes_from_hand_to_hand_in_the_browser(screens: Screens) -> None:
    head, partner, second = (screens.browser(name) for name in ("head", "partner", "second"))
    for each in (head, partner):
        each.get(f"/joint-reports?period={MONTH}")
        each.send("/joint-reports/parts", period=MONTH)
    head.get(f"/joint-reports?period={MONTH}")
    head.send("/joint-reports", period=MONTH)
    assert "waits for a second person" in head.page
    page = _links(head.page, REPORT)[0]
    assert partner.get(page).status_code == 404
    head.get(page)
    assert "another person releases it" in head.page
    assert head.send(page, answer="release").status_code == 403
    second.get(page)
    second.send(page, answer="release")
    partner.get("/")
    assert page in partner.page
    for each in (head, partner):
        each.get(page)
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', each.page)
        assert digest
        assert each.send(page, answer="sign", digest="0" * 64).status_code == 422
        each.send(page, answer="sign", digest=digest[1])
    assert "Signed by both parties" in partner.page
    assert len(_links(partner.page, r"/joint-reports/files/[\w-]{32}")) == 3


def test_a_signed_report_is_named_before_anybody_is_asked_to_correct_it(screens: Screens) -> None:
    partner = screens.browser("partner")
    partner.get(f"/joint-reports?period={PERIOD}")
    assert "Edition 1: Signed by both parties." in partner.page
    assert partner.page.index("Open it") < partner.page.index("A correction is a new edition")
    partner.get(_path_of(screens, "joint_reports.one"))
    assert "Target" in partner.page


def test_a_figure_opens_the_enterprises_behind_it_for_head_office_alone(screens: Screens) -> None:
    head = screens.browser("head")
    head.get(_path_of(screens, "joint_reports.one"))
    page = _links(head.page, REPORT + "/H9")[0]
    head.get(page)
    assert "1 enterprise stands behind this figure." in head.page
    assert NAME in head.page
    assert _links(head.page, r"/enterprises/\d+")
    assert head.get(page.replace("H9", "H3")).status_code == 404
    for other in ("partner", "officer"):
        browser = screens.browser(other)
        browser.get(_path_of(screens, "joint_reports.one"))
        assert page not in browser.page
        assert browser.get(page).status_code == 403


def test_an_officer_reads_no_joint_report(screens: Screens) -> None:
    officer = screens.browser("officer")
    assert officer.get("/joint-reports").status_code == 403
    assert officer.get(_path_of(screens, "joint_reports.one")).status_code == 403


def test_an_auditor_reads_every_joint_report_and_the_targets_and_signs_nothing(
    screens: Screens,
) -> None:
    auditor = screens.browser("auditor")
    report = _path_of(screens, "joint_reports.one")
    for path in (f"/joint-reports?period={MONTH}", report, f"/targets?period={PERIOD}"):
        assert auditor.get(path).status_code == 200
        assert closed_ways(screens, auditor, Role.AUDITOR) == set()
    auditor.get(report)
    for path in _links(auditor.page, r"/joint-reports/files/[\w-]+"):
        assert auditor.client.get(path).status_code == 200
    for path in ("/joint-reports", "/joint-reports/parts", report, "/targets"):
        answer = auditor.send_only(path, period=MONTH, answer="sign")
        assert answer.status_code == 403, path


def test_nothing_that_the_partner_opens_tells_of_a_person(
    screens: Screens, opened: dict[str, str]
) -> None:
    assert any("/joint-reports/files/" in path for path in opened)
    assert "SMEDA-26-0007" in opened["/smeda/events"]
    assert "SMEDA-26-0008" in opened["/smeda/referrals"]
    assert "telephone number" in opened[_path_of(screens, "smeda_files.show_one")]
    hidden = (NAME, NAME.split(maxsplit=1)[0], MOBILE, MOBILE[1:], CNIC, CNIC[5:12])
    for path, text in opened.items():
        for secret in hidden:
            assert secret not in text, path
            assert secret not in path


def test_no_address_or_field_of_the_partner_tells_the_number_of_a_row(
    opened: dict[str, str],
) -> None:
    """Two of them would tell how many events of others lie between."""
    pages = [text for text in opened.values() if "<form" in text]
    addresses = [each for text in pages for each in re.findall(r'(?:href|action)="([^"]*)"', text)]
    assert any("/smeda/files/" in each for each in addresses)
    assert not [each for each in addresses if re.search(r"/\d+(?:[/?]|$)", each)]
    fields = [each for text in pages for each in re.findall(r"<input[^>]*>", text)]
    fields = [each for each in fields if 'name="page"' not in each]
    assert any('name="event"' in each for each in fields)
    assert not [each for each in fields if re.search(r'(?:id="[\w-]*-|value=")\d+"', each)]


def test_the_files_of_the_partner_hold_no_count_from_1_to_9(opened: dict[str, str]) -> None:
    files = [text for path, text in opened.items() if "/joint-reports/files/" in path]
    rows = [line.split(",") for text in files for line in text.splitlines()]
    counted = [row for row in rows if row[0] == PERIOD and row[-1] in ("yes", "no")]
    assert len(counted) > 50
    few = set(map(str, range(1, 10)))
    assert not [row for row in counted if few & set(row[-4:-1])]


def _walk(partner: Browser, screens: Screens) -> Iterator[tuple[str, str]]:
    known = [rule for rule in screens.app.url_map.iter_rules() if _is_read(rule)]
    waiting = [_path(screens, rule) for rule in known]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/static"):
            continue
        seen.add(path)
        answer = partner.client.get(path, follow_redirects=True)
        text = _text(answer.get_data(), answer.mimetype)
        yield path, text
        if answer.mimetype == "text/html":
            waiting += [each.replace("&amp;", "&") for each in re.findall(r'href="(/[^"]*)"', text)]


def _is_read(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and rule.endpoint != "static"


def _path(screens: Screens, rule: Rule) -> str:
    """Give the address of a page with 1 for whatever it is about."""
    numbers = dict.fromkeys(rule.arguments, 1)
    return screens.app.url_map.bind("localhost").build(rule.endpoint, numbers)


def _path_of(screens: Screens, endpoint: str) -> str:
    """Give the address of the first thing of a kind."""
    (rule,) = (each for each in screens.app.url_map.iter_rules(endpoint) if _is_read(each))
    return _path(screens, rule)


def _text(content: bytes, media: str | None) -> str:
    if media == "application/pdf":
        pages = PdfReader(io.BytesIO(content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return content.decode("utf-8", "replace")


def _links(page: str, pattern: str) -> list[str]:
    return re.findall(f'href="({pattern})"', page)
