"""What an officer of another branch learns from every address: nothing of this branch."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from aim_loans.borrowers.models import person
from aim_loans.db.engine import reading
from aim_loans.identity.models import act
from aim_loans.loans.models import loan, loan_dimension
from tests.browser.town import Town
from tests.web.desk import Browser

HERE, STRANGER = "LHR-01", "stranger"


def known_here(town: Town) -> set[str]:
    """Give the names, the CNICs and the loans that this branch alone has."""
    at_branch = (
        select(loan.c.ref, person.c.id, loan_dimension.c.branch_code)
        .join(person, person.c.id == loan.c.borrower_id)
        .join(loan_dimension, loan_dimension.c.loan_id == loan.c.id)
    )
    with reading(town.screens.book.engine) as connection:
        lent = connection.execute(at_branch).all()
        people = connection.execute(select(person.c.id, person.c.name, person.c.cnic)).all()
        of_branch = select(person.c.id).where(person.c.branch_code == HERE)
        registered = set(connection.execute(of_branch).scalars())
    elsewhere = {row.id for row in lent if row.branch_code != HERE}
    mine = registered | {row.id for row in lent if row.branch_code == HERE} - elsewhere
    said = {text for row in people if row.id in mine for text in (row.name, row.cnic) if text}
    cards = {f"{text[:5]}-{text[5:12]}-{text[12:]}" for text in said if text.isdigit()}
    return said | cards | {row.ref for row in lent if row.branch_code == HERE}


def answers(town: Town, browser: Browser) -> Iterator[tuple[str, TestResponse]]:
    """Open every address, and send an empty form to each that takes one."""
    where = town.screens.app.url_map.bind("localhost")
    for rule in town.screens.app.url_map.iter_rules():
        named = rule.arguments <= town.examples.keys()
        if not named or rule.endpoint in {"static", "sign_in.leave"}:
            continue
        path = where.build(rule.endpoint, {name: town.examples[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            send = browser.client.get if method == "GET" else browser.send_only
            yield f"{method} {rule.rule}", send(path)


def done_by_the_stranger(town: Town) -> int:
    """Count what the stranger did, but for what was refused."""
    return town.screens.book.count(act, act.c.actor == STRANGER, act.c.kind != "refused")


@pytest.mark.parametrize("town", ["full"], indirect=True)
def test_an_officer_of_another_branch_reads_and_changes_nothing_here(town: Town) -> None:
    secrets, told, walked = known_here(town), [], 0
    assert len(secrets) > 20
    stranger = town.screens.browser(STRANGER)
    before = done_by_the_stranger(town)
    for name, answer in answers(town, stranger):
        text = answer.get_data(as_text=True)
        told += [f"{name} tells {secret}" for secret in secrets if secret in text]
        walked += 1
    assert told == []
    assert walked > 150
    assert done_by_the_stranger(town) == before
