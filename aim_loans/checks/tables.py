"""All tables of the software in one place: a check must never overlook one."""

from sqlalchemy import MetaData, Table

from aim_loans.borrowers import models as borrowers
from aim_loans.cash import models as cash
from aim_loans.db.tables import metadata
from aim_loans.identity import models as identity
from aim_loans.intake import models as intake
from aim_loans.jobs import models as jobs
from aim_loans.ledger import models as ledger
from aim_loans.loans import models as loans
from aim_loans.mou import models as mou
from aim_loans.mou import partner_models as partner
from aim_loans.mou import report_models as joint_report
from aim_loans.origination import models as origination
from aim_loans.portfolio import models as portfolio
from aim_loans.portfolio.feeder import models as feeder
from aim_loans.portfolio.papers import models as papers
from aim_loans.repayment import models as repayment

# Importing a module of models is what adds its tables to the metadata.
ROOMS = (
    *(borrowers, cash, feeder, identity, intake, jobs, joint_report, ledger, loans, mou),
    *(origination, papers, partner, portfolio, repayment),
)


def all_tables() -> MetaData:
    """Give the metadata that holds every table."""
    return metadata


def fact_tables() -> list[Table]:
    """Give the tables of facts, by name."""
    return [table for _, table in sorted(metadata.tables.items()) if "fact" in table.info]


def sealed_tables() -> list[Table]:
    """Give the tables whose every column the audit entries cover: facts, and what may change."""
    others = (table for _, table in sorted(metadata.tables.items()) if "sealed" in table.info)
    return [*fact_tables(), *others]
