"""Checks that fees and applications belong together."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, or_, select

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.series import FEE_SERIES
from aim_loans.origination.models import application, application_fee


def fees_belong_to_applications(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each receipt of the fee's series names an application of its branch, and no other does."""
    is_fee = number_series.c.series == FEE_SERIES
    at_home = application.c.branch_code == money_in.c.branch_code
    found = (
        select(money_in.c.id)
        .join(number_series, number_series.c.id == money_in.c.series_id)
        .outerjoin(application_fee, application_fee.c.money_in_id == money_in.c.id)
        .outerjoin(application, application.c.id == application_fee.c.application_id)
        .where(
            or_(
                and_(is_fee, at_home.is_not(True)),
                and_(~is_fee, application_fee.c.money_in_id.is_not(None)),
            )
        )
    )
    for (row_id,) in connection.execute(found):
        yield f"money in {row_id}: a fee and an application of its branch do not go together"


def fees_are_taken_once(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """No application has two fees that stand."""
    opposite = money_in.alias("opposite")
    found = (
        select(application_fee.c.application_id)
        .outerjoin(opposite, opposite.c.reverses_id == application_fee.c.money_in_id)
        .where(opposite.c.id.is_(None))
        .group_by(application_fee.c.application_id)
        .having(func.count() > 1)
    )
    for (row_id,) in connection.execute(found):
        yield f"application {row_id}: its fee was taken more than once"
