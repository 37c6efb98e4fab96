"""Who may do what, and where: one table of role x deed x scope. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aim_loans.errors import NotAllowed


class Role(StrEnum):
    """What a member of staff (or the shell) acts as."""

    LOAN_OFFICER = "loan_officer"
    CASHIER = "cashier"
    BRANCH_MANAGER = "branch_manager"
    AREA_MANAGER = "area_manager"
    REGIONAL_MANAGER = "regional_manager"
    HEAD_OFFICE = "head_office"
    AUDITOR = "auditor"
    PARTNER = "partner"
    OPERATOR = "operator"


class Deed(StrEnum):
    """What can be done to the book, or asked of it."""

    READ_BOOK = "read_book"
    REGISTER = "register"
    ENTER_APPLICATION = "enter_application"
    APPRAISE = "appraise"
    DECIDE = "decide"
    DISBURSE = "disburse"
    RECORD_VISIT = "record_visit"
    RECEIVE = "receive"
    TAKE_DONATION = "take_donation"
    APPLY = "apply"
    MOVE = "move"
    ASK_REVERSAL = "ask_reversal"
    CONFIRM_REVERSAL = "confirm_reversal"
    ASK_REFUND = "ask_refund"
    CONFIRM_REFUND = "confirm_refund"
    WAIVE = "waive"
    WRITE_OFF = "write_off"
    CHANGE_DIMENSION = "change_dimension"
    IMPORT_BOOK = "import_book"
    RECORD_SUPPORT = "record_support"
    CLOSE_SENT = "close_sent"
    VERIFY_REGISTRATION = "verify_registration"
    PLAN_TRAINING = "plan_training"
    DRAW_SURVEY = "draw_survey"
    SET_TARGET = "set_target"
    CONFIRM_EVENT = "confirm_event"
    SEND_EVENTS = "send_events"
    READ_JOINT = "read_joint"
    SIGN_JOINT = "sign_joint"
    MANAGE_STAFF = "manage_staff"
    MANAGE_SETTINGS = "manage_settings"
    VERIFY = "verify"
    CLOSE_MONTH = "close_month"
    ASK_REOPEN = "ask_reopen"
    CONFIRM_REOPEN = "confirm_reopen"
    ASK_ALLOWANCE = "ask_allowance"
    CONFIRM_ALLOWANCE = "confirm_allowance"
    RECORD_COMPLAINT = "record_complaint"
    ANSWER_COMPLAINT = "answer_complaint"
    MAKE_FILES = "make_files"
    RELEASE_FILES = "release_files"


class Scope(StrEnum):
    """How far a permission reaches."""

    OWN = "own"
    EVERYWHERE = "everywhere"


_COUNTER = (Deed.READ_BOOK, Deed.RECEIVE, Deed.ASK_REVERSAL, Deed.RECORD_COMPLAINT)
# Donations are read by nobody who appraises or decides.
_CASHIER = (*_COUNTER, Deed.TAKE_DONATION, Deed.ASK_REFUND, Deed.DISBURSE)
_FIELD = (
    *_COUNTER,
    Deed.REGISTER,
    Deed.ENTER_APPLICATION,
    Deed.APPRAISE,
    Deed.RECORD_VISIT,
    Deed.RECORD_SUPPORT,
    Deed.CLOSE_SENT,
    Deed.DECIDE,
)
_BRANCH = (
    *_FIELD,
    Deed.DISBURSE,
    Deed.APPLY,
    Deed.MOVE,
    Deed.CONFIRM_REVERSAL,
    Deed.ASK_REFUND,
    Deed.CONFIRM_REFUND,
    Deed.ANSWER_COMPLAINT,
    Deed.VERIFY_REGISTRATION,
    Deed.PLAN_TRAINING,
)
_AREA = (
    Deed.READ_BOOK,
    Deed.DECIDE,
    Deed.CONFIRM_REVERSAL,
    Deed.CONFIRM_REFUND,
    Deed.CHANGE_DIMENSION,
    Deed.RECORD_COMPLAINT,
    Deed.ANSWER_COMPLAINT,
    Deed.PLAN_TRAINING,
)
_HEAD_OFFICE = (
    *_AREA,
    Deed.WAIVE,
    Deed.WRITE_OFF,
    Deed.CLOSE_SENT,
    Deed.VERIFY_REGISTRATION,
    Deed.DRAW_SURVEY,
    Deed.SET_TARGET,
    Deed.READ_JOINT,
    Deed.SIGN_JOINT,
    Deed.MANAGE_STAFF,
    Deed.MANAGE_SETTINGS,
    Deed.VERIFY,
    Deed.CLOSE_MONTH,
    Deed.ASK_REOPEN,
    Deed.CONFIRM_REOPEN,
    Deed.ASK_ALLOWANCE,
    Deed.CONFIRM_ALLOWANCE,
    Deed.MAKE_FILES,
    Deed.RELEASE_FILES,
)
_AUDIT = (Deed.READ_BOOK, Deed.READ_JOINT, Deed.VERIFY)
# SMEDA reads none of the book: its own events by their codes, and what was published.
_PARTNER = (Deed.CONFIRM_EVENT, Deed.SEND_EVENTS, Deed.SET_TARGET, Deed.SIGN_JOINT)
# The shell: one person, so nothing that needs two.
_SHELL = (
    Deed.READ_BOOK,
    Deed.READ_JOINT,
    Deed.IMPORT_BOOK,
    Deed.SEND_EVENTS,
    Deed.MANAGE_STAFF,
    Deed.MANAGE_SETTINGS,
    Deed.VERIFY,
    Deed.CLOSE_MONTH,
    Deed.MAKE_FILES,
)

PERMISSIONS: Mapping[Role, Mapping[Deed, Scope]] = {
    Role.LOAN_OFFICER: dict.fromkeys(_FIELD, Scope.OWN),
    Role.CASHIER: dict.fromkeys(_CASHIER, Scope.OWN),
    Role.BRANCH_MANAGER: dict.fromkeys(_BRANCH, Scope.OWN),
    Role.AREA_MANAGER: dict.fromkeys(_AREA, Scope.OWN),
    Role.REGIONAL_MANAGER: dict.fromkeys(_AREA, Scope.OWN),
    Role.HEAD_OFFICE: dict.fromkeys(_HEAD_OFFICE, Scope.EVERYWHERE),
    Role.AUDITOR: dict.fromkeys(_AUDIT, Scope.EVERYWHERE),
    Role.PARTNER: dict.fromkeys(_PARTNER, Scope.EVERYWHERE),
    Role.OPERATOR: dict.fromkeys(_SHELL, Scope.EVERYWHERE),
}


# Whoever may approve or release something signs in with a second factor.
APPROVING = frozenset(
    {
        Deed.DECIDE,
        Deed.DISBURSE,
        Deed.CONFIRM_REVERSAL,
        Deed.CONFIRM_REFUND,
        Deed.VERIFY_REGISTRATION,
        Deed.CONFIRM_EVENT,
        Deed.SIGN_JOINT,
        Deed.WAIVE,
        Deed.WRITE_OFF,
        Deed.MANAGE_STAFF,
        Deed.MANAGE_SETTINGS,
        Deed.CLOSE_MONTH,
        Deed.CONFIRM_REOPEN,
        Deed.CONFIRM_ALLOWANCE,
        Deed.RELEASE_FILES,
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and the branches that it is held for; None where the role is held everywhere."""

    role: Role
    branches: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a name for the audit and the roles held now."""

    name: str
    grants: tuple[Grant, ...]


def shell_actor(system_user: str) -> Actor:
    """Give the actor of the command line, named after the system's user."""
    return Actor(f"shell:{system_user}", (Grant(Role.OPERATOR),))


def allows(actor: Actor, deed: Deed, *, branch: str | None) -> bool:
    """Say whether one of the actor's grants covers the deed at the branch.

    `branch` None means the institution as a whole, which only a grant that reaches
    everywhere covers.
    """
    return any(_covers(grant, deed, branch) for grant in actor.grants)


def reach(actor: Actor, deed: Deed) -> frozenset[str] | None:
    """Give the branches at which somebody may do this; None means everywhere."""
    branches: set[str] = set()
    for grant in actor.grants:
        scope = PERMISSIONS[grant.role].get(deed)
        if scope is None:
            continue
        if scope is Scope.EVERYWHERE or grant.branches is None:
            return None
        branches |= grant.branches
    return frozenset(branches)


def needs_second_factor(actor: Actor) -> bool:
    """Say whether one of the actor's roles may approve or release something."""
    return any(APPROVING & PERMISSIONS[grant.role].keys() for grant in actor.grants)


def require(actor: Actor, deed: Deed, *, branch: str | None) -> None:
    """Refuse with NotAllowed what the permission table does not allow."""
    if allows(actor, deed, branch=branch):
        return
    if branch is None:
        raise NotAllowed(
            "{actor} may not do this for the institution. Ask head office.", actor=actor.name
        )
    raise NotAllowed(
        "{actor} may not do this at branch {branch}. Ask the branch manager.",
        actor=actor.name,
        branch=branch,
    )


def require_two(first: Actor, second: Actor) -> None:
    """Refuse when one person both asks for and confirms an act."""
    if first.name == second.name:
        raise NotAllowed(
            "{actor} asked for this and may not confirm it as well. Ask a second person.",
            actor=first.name,
        )


def require_both(
    asked: tuple[Actor, Deed], confirmed: tuple[Actor, Deed], *, branch: str | None
) -> None:
    """Refuse unless one may ask for an act, another may confirm it, and they are two people."""
    require(asked[0], asked[1], branch=branch)
    require(confirmed[0], confirmed[1], branch=branch)
    require_two(asked[0], confirmed[0])


def _covers(grant: Grant, deed: Deed, branch: str | None) -> bool:
    scope = PERMISSIONS[grant.role].get(deed)
    if scope is None:
        return False
    if scope is Scope.EVERYWHERE or grant.branches is None:
        return True
    return branch is not None and branch in grant.branches
