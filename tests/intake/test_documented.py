"""docs/import.md says what the import reads: its columns, its limits, a mapping that works."""

import re
from pathlib import Path

import pytest

from aim_loans.intake import mappings
from aim_loans.intake.chunks import MOST_ROWS
from aim_loans.intake.layout import LAYOUTS, Layout
from aim_loans.intake.mapping_reader import read_mapping
from aim_loans.mou.partner_files import LAYOUTS as OF_SMEDA
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"### {title}\n")[1].split("\n#")[0]


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), *OF_SMEDA.values()], ids=lambda it: it.kind)
def test_every_column_is_described_and_the_required_ones_are_bold(layout: Layout) -> None:
    text = section(layout.kind)
    assert [name for name in layout.columns if not re.search(rf"\b{name}\b", text)] == []
    bold = set(re.findall(r"\*\*(\w+)\*\*", text))
    assert bold == layout.required


def test_the_example_of_a_mapping_can_be_read(tmp_path: Path) -> None:
    example = tmp_path / "example.toml"
    example.write_text(PAGE.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    mapping = read_mapping(example)
    assert set(mapping.files) == {"loans"}
    assert mapping.rate is not None
    assert mapping.rate.to_paisa(100_00) == 27_850_00


def test_the_size_of_a_chunk_is_the_documented_one() -> None:
    assert f"chunks of at most {MOST_ROWS:,}" in PAGE


@pytest.mark.parametrize("path", sorted(Path(mappings.__path__[0]).glob("*.toml")))
def test_every_mapping_that_ships_is_sound_and_named_there(path: Path) -> None:
    assert read_mapping(path).name
    assert path.name in PAGE
