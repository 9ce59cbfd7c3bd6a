"""Schedules that are due for more events (rule S12): found, held, and given the events of many in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Final, NamedTuple

from sqlalchemy import text

from shared.db.arrays import array_literal
from shared.db.engine import Session
from shared.db.touched import touch
from shared.domain.horizon import Extension
from shared.ids import new_id_texts

FIND = text("""
SELECT id::text FROM schedule WHERE extend_on <= :as_of AND status = 'active' AND id <> ALL(CAST(:without AS uuid[]))
ORDER BY extend_on LIMIT :most
""")

HOLD = """
SELECT id::text, payer_id, rule::text, written_through, next_sequence, version,
  revision = 1 AND final_amount IS NULL AND (first_amount IS NULL OR next_sequence > 1) AS is_plain
FROM schedule WHERE id = ANY(CAST(:ids AS uuid[])) AND extend_on <= :as_of AND status = 'active'
ORDER BY id FOR UPDATE {wait}
"""
WAITING, PASSING_OVER = text(HOLD.format(wait="")), text(HOLD.format(wait="SKIP LOCKED"))

# Asked once the rows are held: what another wrote while it held them is not seen by the statement that waited.
RESTING = text("SELECT schedule_id::text FROM pause WHERE schedule_id = ANY(CAST(:ids AS uuid[])) AND ended_at IS NULL")

# A step is what many schedules have in common: how many events, on what dates. Its values and the ids of all events are
# looked up in arrays by their place: joined, the planner expects one row and compares each schedule with each step.
# Guarded by what was read, although the rows are held. In the order of the dates, so that the pages of one month are
# used together: schedule by schedule, most of the time went into finding places in the indexes of six months in turn.
TOP_UP = text("""
WITH moved AS (
  UPDATE schedule s SET next_sequence = m.before + (CAST(:counts AS int[]))[m.step],
    written_through = (CAST(:throughs AS date[]))[m.step], extend_on = (CAST(:extend_ons AS date[]))[m.step]
  FROM unnest(CAST(:ids AS uuid[]), CAST(:before AS int[]), CAST(:versions AS int[]), CAST(:steps AS int[]),
    CAST(:firsts AS int[])) AS m (id, before, version, step, first)
  WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.id = m.id
    AND s.next_sequence = m.before AND s.version = m.version AND s.status = 'active'
  RETURNING s.id, s.payer_id, s.payee_id, s.amount, s.currency, s.reference, s.revision, m.before, m.first,
    (CAST(:counts AS int[]))[m.step] AS count, (CAST(:ats AS int[]))[m.step] AS at)
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
  revision)
SELECT (CAST(:dates AS date[]))[at + place], (CAST(:event_ids AS uuid[]))[first + place], id, payer_id, payee_id,
  amount, currency, reference, (CAST(:nominal_dates AS date[]))[at + place], before + place, revision
FROM moved CROSS JOIN LATERAL generate_series(0, count - 1) AS place
ORDER BY 1
""")


FIRST_PLACE: Final = 1
"""In PostgreSQL's arrays."""


class Due(NamedTuple):
    """A schedule that is held; `rule` as the text of its JSON.

    `is_plain`: nothing but its rule says what its next events are; whether a pause does is asked by `resting`.
    """

    id: str
    payer_id: str
    rule: str
    written_through: date
    next_sequence: int
    version: int
    is_plain: bool


def find(session: Session, as_of: date, *, most: int, without: Collection[str] = ()) -> list[str]:
    """The ids of schedules that must be extended by `as_of`, those that are due longest first; nothing is held."""
    values = {"as_of": as_of, "most": most, "without": array_literal(without)}
    return list(session.scalars(FIND, values))


def hold(session: Session, ids: Sequence[str], as_of: date, *, wait: bool) -> list[Due]:
    """Those of them that are still due, locked by their ids; what others hold is passed over unless `wait`."""
    rows = session.execute(WAITING if wait else PASSING_OVER, {"ids": array_literal(ids), "as_of": as_of})
    due = [Due(*row) for row in rows]
    touch(session, (item.payer_id for item in due))
    return due


def resting(session: Session, due: Iterable[Due]) -> set[str]:
    """The ids of those that have a pause."""
    return set(session.scalars(RESTING, {"ids": array_literal(item.id for item in due)}))


def top_up(session: Session, members: Sequence[tuple[Due, Extension]]) -> int:
    """Moves plain schedules on and writes the events of each one's step; answers how many.

    The caller holds them, and none of the dates may belong to a run that has a row.
    """
    if not members:
        return 0
    numbers: dict[int, int] = {}
    steps: list[Extension] = []
    placed: list[tuple[Due, int, int]] = []
    total = 0
    for due, step in members:
        number = numbers.get(id(step))
        if number is None:
            steps.append(step)
            number = numbers[id(step)] = len(steps)
        placed.append((due, number, total))
        total += len(step.occurrences)
    values = _of_steps(steps) | _of_members(placed) | {"event_ids": array_literal(new_id_texts(total))}
    return int(session.connection().execute(TOP_UP, values).rowcount)


def _of_steps(steps: Sequence[Extension]) -> dict[str, str]:
    counts = [len(step.occurrences) for step in steps]
    dated = [item for step in steps for item in step.occurrences]
    return {
        "counts": array_literal(counts),
        "ats": array_literal(FIRST_PLACE + before for before in accumulate(counts, initial=0)),
        "throughs": array_literal(step.through for step in steps),
        "extend_ons": array_literal(step.extend_on or "NULL" for step in steps),
        "dates": array_literal(item.date for item in dated),
        "nominal_dates": array_literal(item.nominal_date for item in dated),
    }


def _of_members(placed: Sequence[tuple[Due, int, int]]) -> dict[str, str]:
    return {
        "ids": array_literal(due.id for due, _, _ in placed),
        "before": array_literal(due.next_sequence for due, _, _ in placed),
        "versions": array_literal(due.version for due, _, _ in placed),
        "steps": array_literal(number for _, number, _ in placed),
        "firsts": array_literal(FIRST_PLACE + first for _, _, first in placed),
    }
