"""Where the made-up branches stand, and who works there. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from aim_loans.identity.permissions import Role


@dataclass(frozen=True, slots=True)
class Town:
    """A branch: its code and name, its area, the district around it and a tehsil of it.

    `cnic_digit` is the first digit of CNICs issued in its province, `share` its part of a
    hundred loans; `flooded` says that the flood of the made-up history came there.
    """

    code: str
    name: str
    area: str
    district: str
    tehsil: str
    cnic_digit: int
    share: int
    flooded: bool = False


TOWNS = (
    Town("LHR-01", "Lahore Township", "Central Punjab", "Lahore", "Model Town", 3, 20),
    Town("FSD-01", "Faisalabad Jaranwala", "Central Punjab", "Faisalabad", "Jaranwala", 3, 15),
    Town("MUL-01", "Multan Shujabad", "South", "Multan", "Shujabad", 3, 14),
    Town("RJN-01", "Rajanpur Rojhan", "South", "Rajanpur", "Rojhan", 3, 9, flooded=True),
    Town("KHI-01", "Karachi Korangi", "Sindh", "Korangi Karachi", "Landhi", 4, 14),
    Town("DAD-01", "Dadu Mehar", "Sindh", "Dadu", "Mehar", 4, 9, flooded=True),
    Town("PEW-01", "Peshawar City", "North and West", "Peshawar", "Peshawar City", 1, 12),
    Town("UET-01", "Quetta Sariab", "North and West", "Quetta", "Sariab", 5, 7),
)


@dataclass(frozen=True, slots=True)
class Post:
    """A post to be filled: the user name says what somebody is, so that it is found quickly."""

    username: str
    role: Role
    branch: str | None = None
    area: str | None = None


def officers_of(town: Town) -> tuple[str, str]:
    """Give the user names of a branch's loan officers."""
    prefix = town.code[:3].lower()
    return f"{prefix}-officer1", f"{prefix}-officer2"


def cashier_of(town: Town) -> str:
    """Give the user name of a branch's cashier."""
    return f"{town.code[:3].lower()}-cashier"


def manager_of(town: Town) -> str:
    """Give the user name of a branch's manager."""
    return f"{town.code[:3].lower()}-manager"


def area_manager_of(town: Town) -> str:
    """Give the user name of the manager of a branch's area."""
    return f"area-{town.area.split()[0].lower()}"


HEAD_OFFICE = ("head-credit", "head-finance")


def posts() -> Iterator[Post]:
    """Give every post: the whole institution's first, then area by area and branch by branch."""
    yield Post(HEAD_OFFICE[0], Role.HEAD_OFFICE)
    yield Post(HEAD_OFFICE[1], Role.HEAD_OFFICE)
    yield Post("auditor", Role.AUDITOR)
    yield Post("partner", Role.PARTNER)
    yield Post("regional", Role.REGIONAL_MANAGER)
    managers = {area_manager_of(town): town.area for town in TOWNS}
    for username, area in managers.items():
        yield Post(username, Role.AREA_MANAGER, area=area)
    for town in TOWNS:
        yield Post(manager_of(town), Role.BRANCH_MANAGER, town.code)
        yield Post(cashier_of(town), Role.CASHIER, town.code)
        for username in officers_of(town):
            yield Post(username, Role.LOAN_OFFICER, town.code)
