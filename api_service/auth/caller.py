"""The caller of a request: the payer that its token names, and its scopes."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors import NotAllowed

READ = "schedules:read"
WRITE = "schedules:write"
OPS = "ops"
ANY_PAYER = "payers:any"


@dataclass(frozen=True, slots=True)
class Caller:
    """`sub` is a payer's id. `ops` reads everything; `payers:any` acts for any payer with `schedules:*`."""

    sub: str
    scopes: frozenset[str]

    def payer_to_read(self, asked: str | None) -> str | None:
        """Whose rows this caller is shown; None: everybody's. Raises NotAllowed for another's."""
        reads_all = OPS in self.scopes or {ANY_PAYER, READ} <= self.scopes
        return asked if reads_all else self._own(asked)

    def payer_to_change(self, asked: str | None) -> str | None:
        """Whose rows this caller may change; None: everybody's. Raises NotAllowed for another's."""
        return asked if ANY_PAYER in self.scopes else self._own(asked)

    def payer_to_pay(self, asked: str | None) -> str:
        """Who will pay what this caller asks for: itself unless it names another. Raises NotAllowed."""
        return self.payer_to_change(asked) or self.sub

    def _own(self, asked: str | None) -> str:
        if asked not in (None, self.sub):
            raise NotAllowed("This token may not act for another payer.", code="payer_not_allowed")
        return self.sub
