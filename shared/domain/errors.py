"""What can be refused, and why. Each error knows its code; the API turns it into problem+json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong in a request: a JSON pointer (RFC 6901) and a sentence."""

    pointer: str
    detail: str


class DomainError(Exception):
    """A request that the rules refuse. `code` is stable, `detail` is for people."""

    code = "refused"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class Invalid(DomainError):
    """The values do not make sense; names each field."""

    code = "validation_failed"

    def __init__(self, *problems: FieldProblem, code: str | None = None) -> None:
        super().__init__("; ".join(f"{p.pointer}: {p.detail}" for p in problems), code=code)
        self.problems = problems


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else; the two look the same."""

    code = "not_found"


class Conflict(DomainError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class NotAllowed(DomainError):
    """The caller may not do this."""

    code = "not_allowed"
