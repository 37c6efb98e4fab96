"""The permission table: who may do what, and where."""

import pytest

from aim_loans.errors import NotAllowed
from aim_loans.identity.permissions import (
    PERMISSIONS,
    Actor,
    Deed,
    Grant,
    Role,
    Scope,
    allows,
    require,
    require_both,
    require_two,
    shell_actor,
)

LAHORE = frozenset({"LHR-01"})

# The whole table again, in the words of the trade; o = own branches, e = everywhere.
TABLE = """
deed               officer cashier manager area region head auditor partner shell
read_book          o       o       o       o    o      e    e       -       e
register           o       -       o       -    -      -    -       -       -
enter_application  o       -       o       -    -      -    -       -       -
appraise           o       -       o       -    -      -    -       -       -
decide             o       -       o       o    o      e    -       -       -
disburse           -       o       o       -    -      -    -       -       -
record_visit       o       -       o       -    -      -    -       -       -
receive            o       o       o       -    -      -    -       -       -
take_donation      -       o       -       -    -      -    -       -       -
apply              -       -       o       -    -      -    -       -       -
move               -       -       o       -    -      -    -       -       -
ask_reversal       o       o       o       -    -      -    -       -       -
confirm_reversal   -       -       o       o    o      e    -       -       -
ask_refund         -       o       o       -    -      -    -       -       -
confirm_refund     -       -       o       o    o      e    -       -       -
waive              -       -       -       -    -      e    -       -       -
write_off          -       -       -       -    -      e    -       -       -
change_dimension   -       -       -       o    o      e    -       -       -
import_book        -       -       -       -    -      -    -       -       e
record_support     o       -       o       -    -      -    -       -       -
close_sent         o       -       o       -    -      e    -       -       -
verify_registration -      -       o       -    -      e    -       -       -
plan_training      -       -       o       o    o      e    -       -       -
draw_survey        -       -       -       -    -      e    -       -       -
set_target         -       -       -       -    -      e    -       e       -
confirm_event      -       -       -       -    -      -    -       e       -
send_events        -       -       -       -    -      -    -       e       e
read_joint         -       -       -       -    -      e    e       -       e
sign_joint         -       -       -       -    -      e    -       e       -
manage_staff       -       -       -       -    -      e    -       -       e
manage_settings    -       -       -       -    -      e    -       -       e
verify             -       -       -       -    -      e    e       -       e
close_month        -       -       -       -    -      e    -       -       e
ask_reopen         -       -       -       -    -      e    -       -       -
confirm_reopen     -       -       -       -    -      e    -       -       -
ask_allowance      -       -       -       -    -      e    -       -       -
confirm_allowance  -       -       -       -    -      e    -       -       -
record_complaint   o       o       o       o    o      e    -       -       -
answer_complaint   -       -       o       o    o      e    -       -       -
make_files         -       -       -       -    -      e    -       -       e
release_files      -       -       -       -    -      e    -       -       -
"""
ROLES = dict(
    zip(
        TABLE.split("\n")[1].split()[1:],
        (
            Role.LOAN_OFFICER,
            Role.CASHIER,
            Role.BRANCH_MANAGER,
            Role.AREA_MANAGER,
            Role.REGIONAL_MANAGER,
            Role.HEAD_OFFICE,
            Role.AUDITOR,
            Role.PARTNER,
            Role.OPERATOR,
        ),
        strict=True,
    )
)
CELLS = [
    (Deed(row.split()[0]), role, cell)
    for row in TABLE.strip().split("\n")[1:]
    for role, cell in zip(ROLES.values(), row.split()[1:], strict=True)
]


def test_the_table_names_every_deed_and_role() -> None:
    assert {deed for deed, _, _ in CELLS} == set(Deed)
    assert {role for _, role, _ in CELLS} == set(Role) == set(PERMISSIONS)


@pytest.mark.parametrize(("deed", "role", "cell"), CELLS)
def test_each_cell_of_the_table_is_what_the_code_allows(deed: Deed, role: Role, cell: str) -> None:
    scope = {"o": Scope.OWN, "e": Scope.EVERYWHERE, "-": None}[cell]
    actor = Actor("somebody", (Grant(role, LAHORE),))
    assert PERMISSIONS[role].get(deed) == scope
    assert allows(actor, deed, branch="LHR-01") == (cell != "-")
    assert allows(actor, deed, branch="MUL-01") == (cell == "e")
    assert allows(actor, deed, branch=None) == (cell == "e")


def test_a_refusal_names_the_branch_and_the_way_out() -> None:
    clerk = Actor("aslam", (Grant(Role.CASHIER, LAHORE),))
    with pytest.raises(NotAllowed, match=r"aslam may not do this at branch MUL-01"):
        require(clerk, Deed.RECEIVE, branch="MUL-01")
    with pytest.raises(NotAllowed, match="for the institution"):
        require(clerk, Deed.VERIFY, branch=None)


def test_two_people_are_two_names() -> None:
    clerk = Actor("aslam", (Grant(Role.BRANCH_MANAGER, LAHORE),))
    other = Actor("zainab", (Grant(Role.BRANCH_MANAGER, LAHORE),))
    with pytest.raises(NotAllowed, match="second person"):
        require_two(clerk, clerk)
    pair = (Deed.ASK_REVERSAL, Deed.CONFIRM_REVERSAL)
    require_both((clerk, pair[0]), (other, pair[1]), branch="LHR-01")
    with pytest.raises(NotAllowed):
        require_both((clerk, pair[0]), (clerk, pair[1]), branch="LHR-01")


def test_the_shell_may_do_nothing_that_needs_two_people() -> None:
    shell = shell_actor("root")
    assert shell.name == "shell:root"
    for deed in (Deed.CONFIRM_REVERSAL, Deed.CONFIRM_REFUND, Deed.WAIVE, Deed.DISBURSE):
        assert not allows(shell, deed, branch="LHR-01")
