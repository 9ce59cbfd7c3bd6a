"""What comes back has the terms in force on its nominal date, also where another date would take its day."""

from __future__ import annotations

from datetime import date

from timelines import revised

from shared.domain.recurrence import Rule
from shared.domain.returning import Returning, new_terms

SATURDAY, MONDAY = date(2025, 6, 14), date(2025, 6, 16)


def test_what_holds_the_day_of_a_later_rule_takes_its_own_terms() -> None:
    third = Rule(SATURDAY, "IntrvlDay:03", day_convention="following")
    daily = Rule(MONDAY, "daily", day_convention="following")
    timeline = revised(("2025-06-14", third), ("2025-06-16", daily))
    claimed = Returning(SATURDAY, MONDAY, 1, revision=0, overridden=False)
    occurrence = new_terms(claimed, timeline)
    assert occurrence is not None
    assert (occurrence.nominal_date, occurrence.amount) == (SATURDAY, 100)
