"""What is asked of a borrower and of an enterprise, and how it is read."""

from collections.abc import Callable, Mapping
from datetime import date

from aim_loans.borrowers.details import (
    EnterpriseDetails,
    PersonDetails,
    parse_district,
    parse_name,
    tidy,
)
from aim_loans.borrowers.identifiers import parse_cnic
from aim_loans.borrowers.mobile import parse_mobile
from aim_loans.config.settings import Sector
from aim_loans.dates import parse_date
from aim_loans.vocabulary import N_
from aim_loans.web.forms import Form, T, one_of

LABELS: Mapping[str, str] = {
    "name": N_("Name as on the CNIC"),
    "father_or_husband_name": N_("Father's or husband's name"),
    "mother_name": N_("Mother's name"),
    "cnic": N_("CNIC"),
    "cnic_issued_on": N_("CNIC issued on"),
    "cnic_expires_on": N_("CNIC expires on"),
    "gender": N_("Gender"),
    "birth_date": N_("Birth date"),
    "mobile": N_("Mobile"),
    "address": N_("Address"),
    "district": N_("District"),
    "tehsil": N_("Tehsil"),
    "urban_rural": N_("Urban or rural"),
    "disability": N_("Disability"),
    "household": N_("Household"),
    "nominee_name": N_("Nominee's name"),
    "nominee_cnic": N_("Nominee's CNIC"),
    "nominee_relation": N_("Nominee's relation to the borrower"),
}
GENDERS = ("female", "male", "transgender")
PLACES = ("urban", "rural")
# Without these nobody is registered; an imported person may lack them when something is changed.
NEEDED = frozenset({"father_or_husband_name", "cnic", "birth_date", "district"})


def read_person(form: Form, *, genders: tuple[str, ...], needed: frozenset[str]) -> PersonDetails:
    """Read a person, all fields; what is wrong stays with the form."""

    def read(name: str, parse: Callable[[str], T]) -> T | None:
        return form.read(name, parse) if name in needed or form.typed(name) else None

    return PersonDetails(
        name=form.read("name", parse_name) or "",
        gender=form.read("gender", one_of(*genders)) or "",
        father_or_husband_name=read("father_or_husband_name", parse_name),
        mother_name=read("mother_name", parse_name),
        cnic=read("cnic", parse_cnic),
        cnic_issued_on=read("cnic_issued_on", parse_date),
        cnic_expires_on=read("cnic_expires_on", parse_date),
        birth_date=read("birth_date", parse_date),
        mobile=read("mobile", parse_mobile),
        address=read("address", tidy),
        district=read("district", parse_district),
        tehsil=read("tehsil", tidy),
        urban_rural=read("urban_rural", one_of(*PLACES)),
        disability=read("disability", tidy),
        household=read("household", tidy),
        nominee_name=read("nominee_name", parse_name),
        nominee_cnic=read("nominee_cnic", parse_cnic),
        nominee_relation=read("nominee_relation", tidy),
    )


def read_enterprise(form: Form, sectors: tuple[Sector, ...]) -> EnterpriseDetails | None:
    """Read an enterprise; None when something is wrong with it."""
    name = form.read("enterprise_name", parse_name)
    business = form.read("business", one_of(*businesses(sectors)))
    district, started = form.typed("enterprise_district"), form.typed("started_on")
    read = form.read("enterprise_district", parse_district) if district else None
    day = form.read("started_on", parse_date) if started else None
    if name is None or business is None:
        return None
    sector, _, activity = business.partition("/")
    return EnterpriseDetails(
        name=name, sector=sector, activity=activity or None, district=read, started_on=day
    )


def names_an_enterprise(form: Form) -> bool:
    """Tell whether anything of an enterprise was typed."""
    return any(map(form.typed, ("enterprise_name", "business", "enterprise_district")))


def businesses(sectors: tuple[Sector, ...]) -> list[str]:
    """Give what can be chosen: a sector and an activity under it, or the sector alone."""
    return [
        f"{sector.key}/{activity}"
        for sector in sectors
        for activity in (*(each.key for each in sector.activities), "")
    ]


def business_of(sector: str, activity: str | None) -> str:
    """Give what of the list is chosen: the activity under its sector, or the sector alone."""
    return f"{sector}/{activity or ''}"


def filled(values: Mapping[str, object]) -> dict[str, str]:
    """Give the texts of a form from the values that are known."""
    return {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in values.items()
        if value is not None
    }
