"""Groups of three to six who guarantee each other, and loans that they stand for."""

from datetime import timedelta

import pytest

from aim_loans.borrowers.groups import (
    Group,
    JoinGroup,
    LeaveGroup,
    MakeGroup,
    group_by_id,
    group_of_person,
    groups_of,
    join_group,
    leave_group,
    make_group,
    members_of,
)
from aim_loans.borrowers.models import borrower_group, group_membership
from aim_loans.db.engine import reading
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.origination.appraisals import LetGroupGuarantee, let_group_guarantee
from aim_loans.origination.committee import State
from aim_loans.repayment.collection import Wanted, collection_sheet
from tests.book import TODAY, Book
from tests.branch import AREA, LAHORE, MANAGER, OFFICER, STRANGER, Branch

DAY = timedelta(days=1)


@pytest.fixture
def branch(sqlite_book: Book) -> Branch:
    return Branch(sqlite_book)


def read(branch: Branch, group_id: int) -> Group:
    with reading(branch.book.engine) as connection:
        return group_by_id(connection, group_id)


def join(branch: Branch, group_id: int, person_id: int) -> None:
    branch.do(join_group, JoinGroup(group_id, person_id, TODAY), OFFICER)


def test_a_group_is_complete_from_three_to_six_members(book: Book) -> None:
    branch = Branch(book)
    group_id, _ = branch.group("Bushra", "Amna")
    assert not read(branch, group_id).is_complete
    for count, name in enumerate(("Sana", "Nadia", "Rabia", "Hina"), start=3):
        join(branch, group_id, branch.person(name))
        assert read(branch, group_id)[3:] == ("at Bushra's", count)
        assert read(branch, group_id).is_complete
    with pytest.raises(Refused, match="The group is full"):
        join(branch, group_id, branch.person("Zara"))


def test_nobody_is_in_two_groups_and_who_left_may_join_another(branch: Branch) -> None:
    first, (bushra, _) = branch.group("Bushra", "Amna")
    second, _ = branch.group("Sana")
    with pytest.raises(Refused, match="in two groups"):
        join(branch, second, bushra)
    with reading(branch.book.engine) as connection:
        held = members_of(connection, first)[0]
    early = LeaveGroup(first, held.membership_id, TODAY - DAY)
    with pytest.raises(Refused, match="joined on"):
        branch.do(leave_group, early, OFFICER)
    branch.do(leave_group, LeaveGroup(first, held.membership_id, TODAY), OFFICER)
    with pytest.raises(NotFound, match="has left already"):
        branch.do(leave_group, LeaveGroup(first, held.membership_id, TODAY), OFFICER)
    join(branch, second, bushra)
    with reading(branch.book.engine) as connection:
        now = group_of_person(connection, bushra)
        left = [each.name for each in members_of(connection, first) if each.left_on]
    assert now is not None
    assert (now.id, left) == (second, ["Bushra"])


def test_a_group_is_of_one_branch_and_of_different_households(branch: Branch) -> None:
    group_id, _ = branch.group("Bushra")
    join(branch, group_id, branch.person("Amna", household="H1"))
    with pytest.raises(Refused, match="same household"):
        join(branch, group_id, branch.person("Sana", household="H1"))
    late = JoinGroup(group_id, branch.person("Nadia"), TODAY + DAY)
    with pytest.raises(Refused, match="future"):
        branch.do(join_group, late, OFFICER)
    with pytest.raises(NotFound, match="no such group"):
        join(branch, group_id + 1, branch.person("Rabia"))


def test_another_branch_makes_and_changes_nothing(branch: Branch) -> None:
    group_id, (bushra,) = branch.group("Bushra")
    for act, command in (
        (make_group, MakeGroup("LHR-01", "Theirs", "there")),
        (join_group, JoinGroup(group_id, bushra, TODAY)),
        (leave_group, LeaveGroup(group_id, 1, TODAY)),
    ):
        more = {} if act is make_group else {"today": TODAY}
        with pytest.raises(NotAllowed):
            branch.do_now(act, command, STRANGER, **more)
    with reading(branch.book.engine) as connection:
        for branches, count in ((LAHORE, 1), (frozenset({"KHI-01"}), 0), (None, 1)):
            assert len(groups_of(connection, branches)) == count


def test_the_same_form_counts_once(branch: Branch) -> None:
    command = MakeGroup("LHR-01", "Sisters", "at Bushra's")
    first = branch.do_now(make_group, command, OFFICER, key="k")
    assert branch.do_now(make_group, command, OFFICER, key="k") == first
    joining = JoinGroup(first, branch.person("Bushra"), TODAY)
    for _ in range(2):
        branch.do(join_group, joining, OFFICER, key="j")
    assert branch.book.count(borrower_group) == branch.book.count(group_membership) == 1


def test_a_group_stands_in_for_two_guarantors_and_each_member_has_an_own_loan(book: Book) -> None:
    branch = Branch(book)
    _, people = branch.group("Bushra", "Amna", "Sana", "Nadia")
    loans = []
    for borrower in people[:3]:
        asked = branch.enter(borrower)
        branch.do(let_group_guarantee, LetGroupGuarantee(application_id=asked), OFFICER)
        branch.appraise(asked)
        branch.vote(asked, MANAGER)
        branch.vote(asked, AREA)
        assert branch.state(asked) is State.APPROVED
        branch.answers(asked)
        branch.agree(asked)
        loans.append(branch.pay(asked))
        with pytest.raises(Refused, match="decided"):
            branch.do(let_group_guarantee, LetGroupGuarantee(application_id=asked), OFFICER)
    read_again = branch.read(1)
    assert read_again.group is not None
    assert read_again.group.name == "Sisters"
    assert [each.name for each in read_again.guarantors] == ["Amna", "Sana", "Nadia"]
    assert len(set(loans)) == 3


def test_two_members_are_no_group_and_one_without_a_group_has_none(branch: Branch) -> None:
    _, (bushra, _) = branch.group("Bushra", "Amna")
    with pytest.raises(Refused, match="are needed before"):
        branch.do(
            let_group_guarantee, LetGroupGuarantee(application_id=branch.enter(bushra)), OFFICER
        )
    alone = branch.enter(branch.person("Sana"))
    with pytest.raises(Refused, match="belongs to no group"):
        branch.do(let_group_guarantee, LetGroupGuarantee(application_id=alone), OFFICER)


def test_the_sheet_of_a_group_holds_its_members_alone(branch: Branch) -> None:
    group_id, people = branch.group("Bushra", "Amna", "Sana")
    branch.pay(branch.approved(people[0]))
    branch.pay(branch.approved(branch.person("Zara")))
    by = TODAY + 60 * DAY
    with reading(branch.book.engine) as connection:
        mine = collection_sheet(connection, Wanted(LAHORE, group=group_id), by=by)
        everybody = collection_sheet(connection, Wanted(LAHORE), by=by)
        nobody = collection_sheet(connection, Wanted(LAHORE, group=group_id + 9), by=by)
    assert [row.borrower for row in mine.rows] == ["Bushra"]
    assert (everybody.count, nobody.count) == (2, 0)
