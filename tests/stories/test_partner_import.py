"""AIM takes files of SMEDA in on the command line: tried first, then for good, then again."""

import pytest

from tests.joint import REFERRALS_HEADER
from tests.stories.shell import Shell

GOOD, BAD = "S-1,REG-1,Lahore,2026-02-01,A dairy", "S-2,,Nowhere,2026-02-30,"


pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def test_referrals_of_smeda_are_tried_taken_in_and_known_again(shell: Shell) -> None:
    path = shell.folder / "referrals.csv"
    path.write_text(f"{REFERRALS_HEADER}\n{GOOD}\n{BAD}\n", encoding="utf-8")
    command = ("import", "referrals", "--file", path)
    totals = "referrals.csv: 2 = {added} added + {there} already there + 1 refused"
    for more, added in (("--dry-run",), 1), ((), 1):
        said = shell.run(*command, *more)
        assert said.code == 1
        assert totals.format(added=added, there=0) in said.out
        assert "referrals.csv:3 district:" in said.err
        assert "referrals.csv:3 date:" in said.err
    assert len(list(shell.folder.glob("referrals.rejects*.csv"))) == 2
    again = shell.run(*command)
    assert totals.format(added=0, there=1) in again.out


def test_trainings_of_a_branch_that_is_not_there_are_refused(shell: Shell) -> None:
    path = shell.folder / "trainings.csv"
    path.write_text(
        "code,title,subject,branch,place,district,from,to\n"
        "T-1,Accounts,Books,LHR-99,Hall,Lahore,2026-02-01,2026-02-02\n",
        encoding="utf-8",
    )
    said = shell.run("import", "trainings", "--file", path)
    assert said.code == 1
    assert "trainings.csv:2 branch: There is no branch LHR-99." in said.err
