"""What the database refuses, as errors of the domain: by code and by constraint name, never by message text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.engine import Session, Sessions
from shared.db.retrying import Again, is_conflict, is_passing, transact
from shared.domain.errors import DomainError, FieldProblem, Invalid

T = TypeVar("T")

CONSTRAINTS: Final = {
    "schedule_amount_is_positive": FieldProblem("/amount", "must be above 0"),
    "schedule_currency_is_a_code": FieldProblem("/currency", "is not an ISO 4217 currency with a minor unit"),
    "schedule_pay_late_in_range": FieldProblem("/payLate", "must be 0 to 31"),
    "schedule_payer_is_not_payee": FieldProblem("/payeeId", "must not be the payer"),
}
"""What a caller's values can violate; a violation of any other constraint is our mistake."""

# A server that only reads (a failover), a schema that is not there yet.
PASSING: Final = frozenset({"25006", "42P01", "42703"})


class Unavailable(DomainError):
    """The database cannot serve this now; asking again later may be answered."""

    code = "unavailable"


def perform(sessions: Sessions, work: Callable[[Session], T]) -> T:
    """Runs `work` in one transaction, again after a conflict, and commits.

    Raises what `work` raises, Invalid for values that a constraint refuses, Unavailable for a server that does
    not serve. Unavailable from a commit leaves open whether it happened.
    """
    with translated():
        return transact(sessions, work)


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into domain errors; those that are our mistake stay as they are."""
    try:
        yield
    except PoolTimeout:
        raise Unavailable("Too many requests wait for the database.") from None
    except Again:
        raise Unavailable("It is being changed by others again and again.") from None
    except DBAPIError as error:
        problem = CONSTRAINTS.get(_constraint(error))
        if problem is not None:
            raise Invalid(problem) from None
        if _may_be_over_soon(error):
            raise Unavailable("The database cannot serve this now.") from error
        raise


def _constraint(error: DBAPIError) -> str:
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""


def _may_be_over_soon(error: DBAPIError) -> bool:
    if getattr(error.orig, "pgcode", None) in PASSING or is_conflict(error):
        return True
    return isinstance(error, OperationalError | InterfaceError) and is_passing(error)
