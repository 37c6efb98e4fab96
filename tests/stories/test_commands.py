"""The commands: their exit codes, where data and notes go, and how they refuse."""

import json
from pathlib import Path

import pytest

from aim_loans.checks.run import CHECKS
from tests.stories.shell import Shell, import_worked

SCHEDULE = ("schedule", "--principal", "50000", "--months", "18", "--disbursed-on", "2026-01-11")


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """A shell whose database is not there yet."""
    return Shell(f"sqlite:///{tmp_path / 'book.sqlite'}", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "amounts"),
    [
        (("50000", "18"), ["2800"] * 17 + ["2400"]),
        (("25000", "12"), ["2100"] * 11 + ["1900"]),
        (("10000", "18"), ["600"] * 16 + ["400"]),
        (("1500000", "120", "--instalment-amount", "14000"), ["14000"] * 107 + ["2000"]),
        (("50000", "18", "--round-to", "1", "--rounding", "down"), ["2777"] * 17 + ["2791"]),
        (("40000", "7", "--product", "crop"), ["40000"]),
    ],
)
def test_schedules_are_those_of_the_handbook(
    bare: Shell, arguments: tuple[str, ...], amounts: list[str]
) -> None:
    principal, months, *more = arguments
    said = bare.good(
        *("schedule", "--principal", principal, "--months", months),
        *("--disbursed-on", "2026-01-11", "--format", "csv", *more),
    )
    assert [row["amount"] for row in said.rows] == amounts
    assert said.rows[-1]["balance"] == "0"


def test_anniversaries_of_31_january_stay_anchored_over_a_leap_year(bare: Shell) -> None:
    said = bare.good(
        *("schedule", "--principal", "28000", "--months", "14", "--disbursed-on", "2023-12-31"),
        *("--due-rule", "anniversary", "--round-to", "1", "--format", "csv"),
    )
    days = [row["due_on"] for row in said.rows]
    assert days[:4] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    assert days[-2:] == ["2025-01-31", "2025-02-28"]


def test_a_schedule_needs_neither_a_database_nor_a_key(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIM_SECRET_KEY")
    assert bare.good(*SCHEDULE).out.count("\n") == 20
    assert list(bare.folder.iterdir()) == []


def test_the_officer_is_told_when_the_tenor_comes_out_shorter(bare: Shell) -> None:
    said = bare.good(
        "schedule", "--principal", "10000", "--months", "18", "--disbursed-on", "2026-01-11"
    )
    assert "17 instalments instead of 18" in said.err


def test_json_holds_exact_decimals(bare: Shell) -> None:
    said = bare.good(*SCHEDULE, "--round-to", "0.01", "--format", "json")
    rows = json.loads(said.out, parse_float=str)
    assert rows[0] == {
        "number": 1,
        "due_on": "2026-03-10",
        "amount": "2777.78",
        "balance": "47222.22",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--principal", "0"), 1, "more than 0"),
        (("--principal", "1e5"), 2, "--principal"),
        (("--principal", "50,000"), 2, "without commas"),
        (("--principal", "-5"), 2, "--principal"),
        (("--disbursed-on", "2026-02-31"), 2, "not a real date"),
        (("--disbursed-on", "۲۰۲۶-۰۱-۱۱"), 2, "--disbursed-on"),
        (("--round-to", "2000"), 1, "between 0.01 and 1000"),
        (("--frequency", "daily"), 2, "daily"),
        (("--product", "gold"), 1, "no product gold"),
        (("--first-due-on", "2026-01-01"), 1, "after the disbursement"),
        (("--months", "0"), 2, "--months"),
    ],
)
def test_a_schedule_is_refused_at_the_option_concerned(
    bare: Shell, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    said = bare.run(*SCHEDULE, *arguments)
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err


def test_an_empty_database_and_a_missing_key_are_refused_with_the_way_out(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = bare.run("portfolio", "--as-of", "2025-12-31")
    assert (said.code, said.out) == (1, "")
    assert "aim-loans init" in said.err
    monkeypatch.setenv("AIM_SECRET_KEY", "short")
    assert "32 or more" in bare.run("init").err


def test_a_configuration_with_three_faults_lists_all_three(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path("config.toml").read_text(encoding="utf-8")
    text = text.replace('grouping = "thousands"', 'grouping = "dozens"')
    text = text.replace("backdating_days = 2 ", "backdating_days = -2 ")
    text = text.replace('time_zone = "Asia/Karachi"', 'time_zone = "Asia/Lahore"')
    config = bare.folder / "config.toml"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("AIM_CONFIG", str(config))
    said = bare.run("init")
    assert said.code == 1
    for key in ("currency.grouping", "lending.backdating_days", "institution.time_zone"):
        assert key in said.err
    assert not (bare.folder / "book.sqlite").exists()


def test_init_and_upgrade_can_be_run_again(shell: Shell) -> None:
    assert "nothing was changed" in shell.good("init").err
    assert "nothing was changed" in shell.good("upgrade").err
    assert shell.good("verify").out.count("ok ") == len(CHECKS) + 1
    assert shell.good("files", "verify").out == "ok      files\n"


def test_staff_are_added_by_the_shell_and_audited(worked: Shell) -> None:
    add = ("staff", "add", "--username", "zainab", "--name", "Zainab Bibi")
    worked.good(*add, "--role", "loan_officer", "--branch", "LHR-01")
    again = worked.run(*add, "--role", "loan_officer", "--branch", "LHR-01")
    assert (again.code, "taken" in again.err) == (1, True)
    assert worked.run(*add, "--role", "king").code == 2
    said = worked.good("staff", "reset-factor", "zainab")
    assert "zainab sets up a second factor at the next sign-in." in said.err
    nobody = worked.run("staff", "reset-factor", "nobody")
    assert (nobody.code, "nobody with the user name" in nobody.err) == (1, True)
    worked.good("audit", "verify")


def test_data_goes_to_standard_output_and_notes_to_standard_error(worked: Shell) -> None:
    said = worked.good("portfolio", "--as-of", "2025-12-31", "--by", "sector", "--format", "csv")
    assert said.out.startswith("sector,active_loans,active_borrowers,glp,arrears,par0,")
    assert "source of the ladder is not verified" in said.err
    assert "ladder" not in said.out


def test_a_table_has_a_total_that_counts_each_person_once(worked: Shell) -> None:
    table = worked.good("portfolio", "--as-of", "2025-12-31", "--by", "sector").out
    totals = [line.split() for line in table.splitlines() if line.startswith("Total")]
    assert totals[0][:4] == ["Total", "11", "10", "206,900"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_trial_balance_balances(worked: Shell) -> None:
    asked = ("trial-balance", "--as-of", "2025-12-31")
    before = worked.good(*asked, "--by", "branch", "--format", "csv").rows
    lent = sum(int(row["booked"]) for row in before if row["account"] == "loans")
    assert (lent, sum(int(row["restated"]) for row in before)) == (206_900, 0)
    assert {row["booked_later"] for row in before} == {"0"}
    table = worked.good(*asked)
    assert table.out.splitlines()[-1].split() == ["Total", "0", "0", "0"]
    assert "a credit balance is negative" in table.err
    assert worked.run("trial-balance").code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--as-of", "2025-12-31", "--by", "colour"), 1, "cannot be shown by colour"),
        (("--as-of", "2025-12-31", "--by", "loan,sector"), 1, "loans alone"),
        (("--as-of", "31-12-2025"), 2, "--as-of"),
        (("--as-of", "2025-12-31", "--known-at", "2025-12-31T10:00:00"), 2, "--known-at"),
        ((), 2, "--as-of"),
    ],
)
def test_a_question_to_the_book_is_refused_at_its_option(
    shell: Shell, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    said = shell.run("portfolio", *arguments)
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err


def test_the_shell_speaks_urdu(shell: Shell) -> None:
    said = shell.run("--language", "ur", "portfolio", "--as-of", "2025-12-31", "--by", "colour")
    assert said.code == 1
    assert "colour" in said.err
    assert "cannot be shown" not in said.err


def test_a_month_is_checked_and_closed_in_the_shell(bare: Shell) -> None:
    bare.good("init")
    import_worked(bare)
    assert bare.run("close", "--month", "2026-1").code == 2
    bare.good("close", "--month", "2026-01", "--check")
    closed = bare.good("close", "--month", "2026-01")
    assert "edition 1, cut 2, 11 active loans" in closed.err
    assert len(closed.out.strip()) == 64
    again = bare.run("close", "--month", "2026-01")
    assert (again.code, again.out) == (1, "")
    assert "closed already" in again.err
    assert bare.good("verify").out.count("ok ") == len(CHECKS) + 1
