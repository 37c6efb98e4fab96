"""Opens the branches, hires the staff, and gives each a password and a second factor."""

import random
from dataclasses import dataclass
from datetime import date

from pyotp import TOTP

from aim_loans.demo.names import MEN, MEN_LAST, WOMEN, WOMEN_LAST, joined
from aim_loans.demo.office import BUILDER, Office
from aim_loans.demo.towns import TOWNS, Post, posts
from aim_loans.identity.one_time_codes import nonce_of_session, provisioning_uri, totp_secret
from aim_loans.identity.operations import AddBranch, AddStaff, add_staff
from aim_loans.identity.passwords import temporary_password
from aim_loans.identity.permissions import Actor, Role, needs_second_factor
from aim_loans.identity.second_factor import enrol
from aim_loans.identity.sign_in import (
    SetPassword,
    StartSession,
    end_session,
    set_password,
    start_session,
)
from aim_loans.identity.staff import open_branch


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor: what an authenticator reads, and the codes that count once each."""

    uri: str
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody of the demonstration signs in; `place` is empty for the whole institution."""

    username: str
    full_name: str
    role: Role
    place: str
    password: str
    factor: Factor | None


def staff_the_branches(office: Office, seed: int, *, first_day: date) -> list[SignIn]:
    """Open every branch and fill every post from a day on; gives how to sign in."""
    for town in TOWNS:
        with office.writing() as tx:
            branch = AddBranch(town.code, town.name, area=town.area, district=town.district)
            open_branch(tx, branch, actor=BUILDER)
    return [_fill(office, post, _name(seed, post), first_day) for post in posts()]


def _name(seed: int, post: Post) -> str:
    chance = random.Random(f"{seed}/staff/{post.username}")
    first, last = chance.choice(((WOMEN, WOMEN_LAST), (MEN, MEN_LAST)))
    return joined(chance.choice(first), chance.choice(last)).latin


def _fill(office: Office, post: Post, full_name: str, first_day: date) -> SignIn:
    command = AddStaff(
        post.username,
        full_name,
        post.role,
        first_day,
        branch_code=post.branch,
        area=post.area,
    )
    password, themselves = temporary_password(), Actor(post.username, ())
    with office.writing() as tx:
        add_staff(tx, command, actor=BUILDER)
        choice = SetPassword(post.username, temporary=False)
        set_password(tx, choice, password, actor=themselves)
    place = post.branch or post.area or ""
    approves = needs_second_factor(office.somebody(post.username))
    factor = _enrol(office, themselves) if approves else None
    return SignIn(post.username, full_name, post.role, place, password, factor)


def _enrol(office: Office, actor: Actor) -> Factor:
    """Set a second factor up as its owner would, with the first code of an authenticator."""
    key = office.factor_key
    with office.writing() as tx:
        token = start_session(tx, StartSession(actor.name))
        secret = totp_secret(key, actor.name, nonce_of_session(key, token))
        codes = enrol(tx, TOTP(secret).at(tx.now), token=token, actor=actor, factor_key=key)
        end_session(tx, token)
    issuer = f"{office.settings.institution.name} (synthetic)"
    return Factor(provisioning_uri(secret, username=actor.name, issuer=issuer), codes)
