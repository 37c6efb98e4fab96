"""The application: its settings, its pages, its guard, and what it says when it refuses."""

import hmac
from datetime import timedelta

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from aim_loans import clauses
from aim_loans.errors import AimError, Conflict, NotAllowed, NotFound
from aim_loans.identity.permissions import Deed, reach
from aim_loans.identity.sign_in import ABSOLUTE, record_refusal
from aim_loans.money import points
from aim_loans.mou.definitions import code_of
from aim_loans.portfolio.lateness import late_level
from aim_loans.vocabulary import N_
from aim_loans.web import (
    allowances,
    applications,
    appraisals,
    attachments,
    backdating,
    book,
    borrowers,
    branches,
    complaints,
    confirmations,
    donations,
    endings,
    enterprises,
    fees,
    files,
    find,
    groups,
    guard,
    health,
    help_desks,
    home,
    joint_behind,
    joint_reports,
    loans,
    months,
    papers,
    password,
    people,
    portfolio_papers,
    prints,
    programme,
    receipts,
    referrals,
    reports,
    second_factor,
    settings,
    sharing,
    sheet,
    sign_in,
    smeda,
    smeda_files,
    smeda_referrals,
    staff,
    survey_answers,
    surveys,
    targets,
    trainings,
    visits,
)
from aim_loans.web import words as language
from aim_loans.web.kept import Kept, typed_again
from aim_loans.web.sealed import Seal, sealed_by
from aim_loans.web.static_files import static_file
from aim_loans.web.surroundings import Surroundings, around, keep, no_longer_only_look
from aim_loans.web.untyped import CSRFError, CSRFProtect
from aim_loans.web.uploads import RequestInMemory, make_room

LARGEST_FORM = 256 * 1024


class RowId(IntegerConverter):
    """The number of a row in an address; no row has one that the database cannot hold."""

    def __init__(self, url_map: Map) -> None:
        """Bound the number by the largest of a BIGINT column."""
        super().__init__(url_map, min=1, max=2**63 - 1)


_PAGES = (
    allowances.pages,
    applications.pages,
    appraisals.pages,
    attachments.pages,
    backdating.pages,
    book.pages,
    borrowers.pages,
    branches.pages,
    complaints.pages,
    confirmations.pages,
    donations.pages,
    endings.pages,
    enterprises.pages,
    fees.pages,
    files.pages,
    find.pages,
    groups.pages,
    health.pages,
    help_desks.pages,
    home.pages,
    joint_behind.pages,
    joint_reports.pages,
    language.pages,
    loans.pages,
    months.pages,
    papers.pages,
    password.pages,
    portfolio_papers.pages,
    prints.pages,
    programme.pages,
    receipts.pages,
    referrals.pages,
    reports.pages,
    second_factor.pages,
    settings.pages,
    sharing.pages,
    sheet.pages,
    sign_in.pages,
    smeda.pages,
    smeda_files.pages,
    smeda_referrals.pages,
    staff.pages,
    survey_answers.pages,
    surveys.pages,
    targets.pages,
    trainings.pages,
    visits.pages,
)


def create_app(surroundings: Surroundings, *, secret: bytes, plain_http: bool = False) -> Flask:
    """Make the application; `secret` signs the cookies.

    Cookies travel over TLS only, unless `plain_http` says that this is a demonstration.
    """
    app = Flask("aim_loans.web")
    app.request_class = RequestInMemory
    app.config.update(
        SECRET_KEY=hmac.digest(secret, b"cookies", "sha256"),
        SESSION_COOKIE_NAME="aim",
        SESSION_COOKIE_SECURE=not plain_http,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=int(ABSOLUTE.total_seconds()),
        WTF_CSRF_SSL_STRICT=False,
    )
    seal = Seal(surroundings.audit_key)
    app.url_map.converters |= {"row": RowId, "sealed": sealed_by(seal)}
    keep(app, surroundings)
    people.login_manager().init_app(app)
    # Before the token of the form is looked for, which reads the form.
    app.before_request(make_room)
    CSRFProtect(app)
    for pages in _PAGES:
        app.register_blueprint(pages)
    guard.install(app)
    app.register_error_handler(AimError, refused)
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(HTTPException, http_fault)
    app.context_processor(_said)
    app.add_template_filter(language.rupees, "rupees")
    app.add_template_filter(language.figure, "figure")
    app.add_template_filter(language.count, "count_")
    app.add_template_filter(language.day, "day")
    app.add_template_filter(language.moment, "moment")
    app.add_template_filter(language.cnic, "cnic")
    app.add_template_filter(code_of, "line_code")
    app.add_template_filter(language.masked_cnic, "masked_cnic")
    app.add_template_filter(language.ltr, "ltr")
    app.add_template_filter(language.tenths, "tenths")
    app.add_template_global(language.named, "named")
    app.add_template_global(language.per_cent, "per_cent")
    app.add_template_global(language.share, "share")
    app.add_template_global(late_level, "late_level")
    app.add_template_global(points, "points")
    app.add_template_global(seal.hide, "sealed")
    app.add_template_global(static_file, "static_file")
    return app


_STATUS: dict[type[AimError], int] = {NotAllowed: 403, NotFound: 404, Conflict: 409}


def refused(error: AimError) -> tuple[str, int]:
    """Say a refusal as a page of its own; one for want of a right is written down."""
    if isinstance(error, NotAllowed):
        _write_down()
    return _told(error, _STATUS.get(type(error), 422))


def form_too_old(_error: CSRFError) -> tuple[str, int] | Response:
    """Say that a form lay open for too long, and keep what was typed."""
    kept = guard.kept_form()
    if kept and people.who() is None:
        return guard.ask_again(kept)
    fault = (
        AimError(
            "This form lay open for too long, or you signed in again meanwhile. Nothing was "
            "written, and what you typed is kept: go back to the form and send it once more."
        )
        if kept
        else AimError(
            "This form lay open for too long, or cookies are off. Go back, load the page again "
            "and send it once more; nothing was written."
        )
    )
    return _told(fault, 400, kept)


_FAULTS = {
    404: N_("There is no such page. Check the address, or start from the first page."),
    405: N_("This page cannot be asked for in this way. Start from the first page."),
    413: N_("What was sent is too large. Send less; nothing was written."),
}


def http_fault(error: HTTPException) -> tuple[str, int]:
    """Say what went wrong with a request, in words."""
    code = error.code or 500
    sentence = _FAULTS.get(
        code, N_("The application could not answer. Nothing was written; try again.")
    )
    kept = guard.kept_form() if code >= 500 else None
    return _told(AimError(sentence), code, kept)


def _told(error: AimError, code: int, kept: Kept | None = None) -> tuple[str, int]:
    heading = N_("Nothing is here") if code == 404 else N_("Not done")
    return render_template("refused.html", heading=heading, error=error, kept=kept), code


def _write_down() -> None:
    found = people.who()
    if found is None:
        return
    no_longer_only_look()
    with around().writing() as tx:
        record_refusal(tx, actor=found.actor, page=f"{request.method} {request.endpoint}")


def _may(deed: str) -> bool:
    """Say whether whoever is signed in may do this anywhere."""
    found = people.who()
    if found is None or not found.through_the_door:
        return False
    return reach(found.actor, Deed(deed)) != frozenset()


def _said() -> dict[str, object]:
    """Give what every page uses: the language, who is signed in, the day."""
    spoken = language.words()
    return {
        "say": spoken.text,
        "words": spoken,
        "direction": "rtl" if spoken.language == "ur" else "ltr",
        "signed_in": people.who(),
        "may": _may,
        "typed_again": typed_again,
        "institution": around().settings.institution.name,
        "clauses": clauses,
        "synthetic": around().settings.institution.synthetic,
    }
