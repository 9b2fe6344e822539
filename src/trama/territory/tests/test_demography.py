from __future__ import annotations

import pytest

from trama.territory import demography
from trama.territory.demography import per_hundred, pyramid, ratios


def ages(**counts: int) -> list[int]:
    """A list of 101 counts, nought but at the ages named: `ages(a0=2, a70=1)`."""
    found = [0] * 101
    for name, count in counts.items():
        found[int(name[1:])] = count
    return found


# Counted by hand: 4 women of 70, 1 girl of 10, 5 women of 40; 2 men of 65, 1 boy of 14, 1 of 15, 6 of 64, 1 of 100.
WOMEN = ages(a70=4, a10=1, a40=5)
MEN = ages(a65=2, a14=1, a15=1, a64=6, a100=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("residents", 21),
        ("females", 10),
        ("males", 11),
        ("aged_0_14", 2),
        ("aged_15_64", 12),
        ("aged_65_over", 7),
        ("aged_75_over", 1),
        ("under_6", 0),
        ("old_age_index", 350.0),  # 7 / 2
        ("dependency", 75.0),  # (2 + 7) / 12
        ("dependency_old", 7 / 12 * 100),
        ("dependency_young", 2 / 12 * 100),
        ("turnover", 600.0),  # 6 of 64 over 1 of 15
        ("sex_ratio", 110.0),
        # 4 of 70, 1 of 10, 5 of 40, 2 of 65, 1 of 14, 1 of 15, 6 of 64, 1 of 100, each with half a year more
        ("mean_age", (282 + 10.5 + 202.5 + 131 + 14.5 + 15.5 + 387 + 100.5) / 21),
    ],
)
def test_each_ratio_against_a_count_by_hand(name: str, expected: float) -> None:
    assert getattr(ratios(WOMEN, MEN), name) == pytest.approx(expected)


@pytest.mark.parametrize("missing", ["old_age_index", "dependency", "turnover", "sex_ratio", "mean_age"])
def test_without_a_denominator_there_is_no_ratio(missing: str) -> None:
    assert getattr(ratios(ages(), ages()), missing) is None
    only_old = ratios(ages(), ages(a80=3))
    assert only_old.old_age_index is None
    assert only_old.mean_age == 80.5
    assert per_hundred(1, 0) is None


# Published table of the 2011 census: territory, 75+ %, < 6 %, dependency old, young, old-age index, sex ratio.
TABLE_E = [
    ("Italia", 10.4, 5.6, 32.0, 21.5, 148.7, 93.7),
    ("Emilia-Romagna", 12.0, 5.6, 36.1, 21.1, 171.2, 93.2),
    ("Toscana", 12.3, 5.2, 37.9, 20.2, 187.3, 92.2),
    ("Sestola", 16.1, 4.3, 48.9, 15.3, 318.9, 95.8),
    ("Palazzuolo sul Senio", 17.2, 3.5, 50.3, 15.8, 318.6, 100.7),
]


@pytest.mark.parametrize("row", TABLE_E, ids=[row[0] for row in TABLE_E])
def test_a_population_with_the_published_shares_gives_the_published_ratios(row: tuple[str, float, ...]) -> None:
    """From the two published dependencies and the sex ratio a population is made; our formulas give the rest back."""
    _name, over_75, under_6, old, young, index, sex = row
    active = 1_000_000
    total = active * (1 + old / 100 + young / 100)
    elders, children = active * old / 100, active * young / 100
    both = ages(a30=active, a80=round(total * over_75 / 100), a3=round(total * under_6 / 100))
    both[66] = round(elders) - both[80]
    both[10] = round(children) - both[3]
    share = sex / (100 + sex)
    males = [round(count * share) for count in both]
    found = ratios([count - m for count, m in zip(both, males, strict=True)], males)
    assert found.dependency_old == pytest.approx(old, abs=0.01)
    assert found.dependency_young == pytest.approx(young, abs=0.01)
    assert found.dependency == pytest.approx(old + young, abs=0.01)
    assert found.sex_ratio == pytest.approx(sex, abs=0.01)
    assert found.aged_75_over / found.residents * 100 == pytest.approx(over_75, abs=0.01)
    assert found.under_6 / found.residents * 100 == pytest.approx(under_6, abs=0.01)
    # The index was published from unrounded counts: equal within what rounding the dependencies may do.
    slack = index * (0.05 / old + 0.05 / young) + 0.05
    assert found.old_age_index == pytest.approx(index, abs=slack)
    assert found.old_age_index == pytest.approx(found.dependency_old / found.dependency_young * 100)


def test_the_pyramid_loses_nobody_and_ends_with_an_open_class() -> None:
    steps = pyramid(WOMEN, MEN)
    assert len(steps) == 21
    assert [step.label for step in (steps[0], steps[13], steps[19], steps[20])] == ["0–4", "65–69", "95–99", "100+"]
    assert sum(step.females for step in steps) == 10
    assert sum(step.males for step in steps) == 11
    assert (steps[13].males, steps[20].males, steps[2].females) == (2, 1, 1)


def test_only_a_hundred_and_one_ages_are_taken() -> None:
    with pytest.raises(ValueError, match="101"):
        ratios([1] * 100, [1] * 101)
    assert demography.added([(WOMEN, MEN), (WOMEN, MEN)])[1][64] == 12


def test_imola_against_the_national_statistics() -> None:
    from trama.territory import italy

    found = next(one for one in italy.residents([italy.find("Imola").code]) if one.year == 2023)
    imola = ratios(found.females, found.males)
    assert (imola.residents, imola.aged_65_over) == (69_121, 17_611)
    assert imola.mean_age == pytest.approx(46.9, abs=0.5)


@pytest.mark.slow
def test_the_mean_age_of_italy_is_the_one_that_istat_publishes() -> None:
    from trama.territory import italy

    codes = [code for code, one in italy.municipalities().items() if one.year == 2023]
    known = [code for code in codes if code not in {"099030", "099031", "081025"}]  # without residents in the package
    found = next(one for one in italy.residents(known) if one.year == 2023)
    assert ratios(found.females, found.males).mean_age == pytest.approx(46.4, abs=0.05)
