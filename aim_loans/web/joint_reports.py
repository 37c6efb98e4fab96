"""Joint reports: parts confirmed, editions prepared, released, signed; the partner reads them."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, allows
from aim_loans.identity.queries import key_used
from aim_loans.mou.definitions import DEFINITIONS, Unit
from aim_loans.mou.editions import (
    confirmed_parts,
    edition_by_id,
    editions,
    is_closed,
    last_half,
    pack_file,
    pack_files,
    report_of,
)
from aim_loans.mou.periods import parse_period
from aim_loans.mou.published import PublishedLine, Shown
from aim_loans.mou.signing import (
    ConfirmPart,
    ReleaseEdition,
    SignEdition,
    confirm_part,
    release_edition,
    sign_edition,
)
from aim_loans.mou.targets import SMEDA, party_of
from aim_loans.web.forms import Form, checked_length
from aim_loans.web.guard import needs
from aim_loans.web.joint_packs import JointPacks
from aim_loans.web.people import me
from aim_loans.web.sending import to_keep
from aim_loans.web.surroundings import around, refuse_while_looking
from aim_loans.web.words import words
from reports.loan_values import Letterhead
from reports.mou_figures import HELD_NOTE, figure, target
from reports.text import Hand
from reports.voice import Voice

pages = Blueprint("joint_reports", __name__)

_MEDIA = {"pdf": "application/pdf", "json": "application/json", "csv": "text/csv; charset=utf-8"}


@pages.get("/joint-reports")
@needs(Deed.READ_JOINT, Deed.SIGN_JOINT)
def show() -> str:
    """List the reports; what is not released is for the own house alone."""
    return _shown(Form(request.args))


@pages.post("/joint-reports/parts")
@needs(Deed.SIGN_JOINT)
def confirm() -> tuple[str, int] | Response:
    """Confirm the own part of a closed period."""
    form, here = Form(request.form), around()
    with form.attempt(), here.writing() as tx:
        command = ConfirmPart(form.typed("period"))
        confirm_part(tx, command, actor=me().actor, today=here.today, key=form.key)
    return _done(form)


@pages.post("/joint-reports")
@needs(Deed.MAKE_FILES)
def prepare() -> tuple[str, int] | Response:
    """Prepare the report of a period, or its correction, once however often this is sent."""
    form, here = Form(request.form), around()
    refuse_while_looking()
    with form.attempt():
        period = parse_period(form.typed("period"))
        reason = checked_length(form.typed("reason"))
        with here.reading() as connection:
            repeated = key_used(connection, form.key)
        if not repeated:
            packs = JointPacks(here.engine, here.settings, here.audit_key, me().actor, here.clock)
            packs.prepare(period, here.files, reason=reason, key=form.key)
    return _done(form)


@pages.get("/joint-reports/<sealed('edition'):edition_id>")
@needs(Deed.READ_JOINT, Deed.SIGN_JOINT)
def one(edition_id: int) -> str:
    """Show what an edition publishes, its files and who signed it."""
    return _edition(Form({}), edition_id)


@pages.post("/joint-reports/<sealed('edition'):edition_id>")
@needs(Deed.SIGN_JOINT)
def answer(edition_id: int) -> tuple[str, int] | Response:
    """Release an edition to the partner, or sign it."""
    form, here = Form(request.form), around()
    with form.attempt(), here.writing() as tx:
        if form.typed("answer") == "release":
            release_edition(tx, ReleaseEdition(edition_id), actor=me().actor, key=form.key)
        else:
            command = SignEdition(edition_id, form.typed("digest"))
            sign_edition(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _edition(form, edition_id), 422
    return redirect(url_for("joint_reports.one", edition_id=edition_id), code=303)


@pages.get("/joint-reports/files/<sealed('file'):file_id>")
@needs(Deed.READ_JOINT, Deed.SIGN_JOINT)
def file(file_id: int) -> Response:
    """Send a file of an edition, byte by byte as it was prepared."""
    here = around()
    with here.reading() as connection:
        found = pack_file(connection, file_id)
        # Whoever may not read the edition is told that there is none.
        edition_by_id(connection, found.edition_id, released=_is_partner())
    media = _MEDIA[found.name.rsplit(".", 1)[-1]]
    return to_keep(here.files.get(found.stored), found.name, media)


def _is_partner() -> bool:
    return party_of(me().actor) == SMEDA


def _done(form: Form) -> tuple[str, int] | Response:
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("joint_reports.show", period=form.typed("period")), code=303)


def _shown(form: Form) -> str:
    try:
        period = parse_period(form.typed("period") or last_half(around().today).name)
    except Refused as fault:
        form.refuse(fault)
        period = last_half(around().today)
    with around().reading() as connection:
        found = editions(connection, released=_is_partner())
        parts = confirmed_parts(connection, period)
        closed = is_closed(connection, period)
    return render_template(
        "joint_reports.html",
        form=form,
        period=period,
        closed=closed,
        parts=parts,
        holding=[each for each, part in parts.items() if part.holds],
        party=party_of(me().actor),
        editions=found,
        own=me().actor.name,
        may_prepare=allows(me().actor, Deed.MAKE_FILES, branch=None),
    )


def _edition(form: Form, edition_id: int) -> str:
    with around().reading() as connection:
        found = edition_by_id(connection, edition_id, released=_is_partner())
        report = report_of(connection, edition_id)
        files = pack_files(connection, edition_id)
    return render_template(
        "joint_report.html",
        form=form,
        edition=found,
        report=report,
        files=files,
        party=party_of(me().actor),
        own=me().actor.name,
        may_release=allows(me().actor, Deed.RELEASE_FILES, branch=None),
        written=_Written(),
        definitions=DEFINITIONS,
        note=HELD_NOTE,
    )


class _Written:
    """Writes figures of a report on a page as they stand on its paper."""

    def __init__(self) -> None:
        here = around().settings
        head = Letterhead(here.institution.name, here.currency.grouping)
        self._voice = Voice(Hand(words().language), words(), head, "")

    def __call__(self, unit: Unit, shown: Shown | None) -> str:
        """Write a figure in its unit."""
        return figure(self._voice, unit, shown)

    def target(self, line: PublishedLine) -> str:
        """Write a line's target, or that nobody has set it."""
        return target(self._voice, line, figure)

    def number(self, number: int | None) -> str:
        """Write a number of a table."""
        return self(Unit.COUNT, Shown(number))

    def cell(self, line: str, number: int | None) -> str:
        """Write a cell of a table in the unit of its line."""
        return self(Unit.PAISA if line == "A2" else Unit.COUNT, Shown(number))
