"""A sample: its shares by stratum, and that anybody draws the same one again."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from aim_loans.mou.sampling import draw, shares

POPULATIONS = st.dictionaries(
    st.integers(1, 500),
    st.sampled_from(("trade/female", "trade/male", "health/female")),
    min_size=1,
)


@given(POPULATIONS, st.integers(1, 600), st.integers(0, 2**31 - 1))
def test_what_is_looked_at_first_is_what_is_drawn(
    population: dict[int, str], size: int, seed: int
) -> None:
    sizes = Counter(population.values())
    parts = shares(sizes, size)
    drawn = draw(population, size=size, seed=seed)
    assert Counter(each.stratum for each in drawn) == parts
    assert all(population[each.enterprise_id] == each.stratum for each in drawn)
    assert len({each.enterprise_id for each in drawn}) == len(drawn)
    assert drawn == draw(dict(reversed(population.items())), size=size, seed=seed)
    whole = len(population)
    assert 0 <= sum(parts.values()) - min(size, whole) < len(sizes)
    for name, count in sizes.items():
        exact = count * min(size, whole) / whole
        assert max(1, exact - 1) <= parts[name] <= max(1, exact + 1)
