"""What the rows of a book refer to: branches, products, programmes, funds, schedule rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from aim_loans.config.settings import Settings
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, AddBranch, add_branch
from aim_loans.identity.permissions import Actor
from aim_loans.identity.queries import known_branches
from aim_loans.ledger.operations import ensure_fund
from aim_loans.ledger.queries import known_funds
from aim_loans.loans.due_dates import Frequency, Holidays
from aim_loans.loans.schedule import ScheduleRules
from aim_loans.origination.operations import ensure_product, ensure_programme
from aim_loans.origination.queries import programmes, schedule_rules, settings_in_force


@dataclass(slots=True)
class Missing:
    """Codes that accepted rows need and the book does not have yet."""

    branches: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    programmes: set[str] = field(default_factory=set)
    funds: set[str] = field(default_factory=set)

    def named(self) -> dict[str, set[str]]:
        """Give the codes by what they are."""
        return {
            "branch": self.branches,
            "product": self.products,
            "programme": self.programmes,
            "fund": self.funds,
        }


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a loan belongs to, the configuration's defaults filled in."""

    branch: str
    product: str
    programme: str
    fund: str


class Catalogue:
    """The codes that the book knows, read once; one that is missing is refused, or made."""

    def __init__(self, connection: Connection, settings: Settings, *, create_missing: bool) -> None:
        """Read what the book knows."""
        self._create = create_missing
        self._lending = settings.lending
        self._dated = settings_in_force(connection)
        self._products = {rules.code for rules in self._dated.products}
        self._programmes = programmes(connection)
        self._funds = known_funds(connection)
        self._branches: set[str] = set()
        self._rules: dict[tuple[str, date, str], ScheduleRules] = {}
        calendar = settings.calendar
        self.holidays = Holidays(
            frozenset(holiday.day for holiday in calendar.holidays), calendar.weekly_rest_days
        )

    def look_up_branches(self, connection: Connection, codes: Iterable[str]) -> None:
        """Learn which of these codes are branches."""
        unknown = set(codes) - self._branches
        if unknown:
            self._branches |= known_branches(connection, unknown)

    def belongs(self, branch: str, product: str | None, programme: str | None) -> Belongs:
        """Fill in the defaults, and the programme's fund."""
        programme = programme or self._lending.default_programme
        return Belongs(
            branch,
            product or self._lending.default_product,
            programme,
            # A programme made by an import gets a fund of the same code.
            self._programmes.get(programme, programme),
        )

    def faults(self, codes: Belongs) -> list[Refused]:
        """Say which of the codes are missing and may not be made."""
        if self._create:
            return []
        known = (
            ("branch", codes.branch, codes.branch in self._branches),
            ("product", codes.product, codes.product in self._products),
            ("programme", codes.programme, codes.programme in self._programmes),
        )
        return [_not_there(column, code) for column, code, there in known if not there]

    def fund_fault(self, code: str) -> Refused | None:
        """Say so when a fund is missing and may not be made."""
        there = self._create or code in self._funds
        return None if there else _not_there("fund", code)

    def want(self, codes: Belongs, missing: Missing) -> None:
        """Note what must be made for an accepted loan."""
        if codes.branch not in self._branches:
            missing.branches.add(codes.branch)
        if codes.product not in self._products:
            missing.products.add(codes.product)
        if codes.programme not in self._programmes:
            missing.programmes.add(codes.programme)

    def want_fund(self, code: str, missing: Missing) -> None:
        """Note that a fund must be made for an accepted waiver."""
        if code not in self._funds:
            missing.funds.add(code)

    def rules(self, product: str, day: date, frequency: str) -> ScheduleRules:
        """Give a product's schedule rules on a day, with the frequency of the loan.

        A product that is still to be made has the rules of the default one.
        """
        code = product if product in self._products else self._lending.default_product
        key = (code, day, frequency)
        if key not in self._rules:
            rules = schedule_rules(self._dated.product_on(code, day))
            self._rules[key] = replace(rules, frequency=Frequency(frequency))
        return self._rules[key]

    def make(self, tx: Writing, act: Act, missing: Missing, *, actor: Actor) -> None:
        """Make what is missing."""
        for code in sorted(missing.branches):
            add_branch(tx, AddBranch(code, code), actor=actor, within=act)
        for code in sorted(missing.products):
            ensure_product(tx, act, code, default=self._lending.default_product)
        for code in sorted(missing.programmes):
            ensure_programme(tx, act, code)
        for code in sorted(missing.funds):
            ensure_fund(tx, act, code=code, name=code)

    def learn(self, missing: Missing) -> None:
        """Know what was made, once it is committed."""
        self._branches |= missing.branches
        self._products |= missing.products
        self._programmes |= {code: code for code in missing.programmes}
        self._funds |= missing.funds | missing.programmes


def _not_there(column: str, code: str) -> NotFound:
    return NotFound(
        "There is no {column} {code}. Check the code, or import with --create-missing.",
        field=column,
        column=column,
        code=code,
    )
