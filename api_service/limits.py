"""How often a payer, and a front end that acts for payers, may ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from api_service.auth.caller import ANY_PAYER, OPS, Caller
from api_service.counters import Counters
from api_service.json_body import has_body, read_body
from api_service.portions import Portions
from api_service.problems import Problem
from shared.clock import utc_now
from shared.domain.identifiers import is_party_id
from shared.settings import LimitSettings

NAME: Final = "payday.limits"
PREFIX: Final = "payday"


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts an app's requests; a limit that is None counts nothing."""

    strategy: FixedWindowRateLimiter
    payer: RateLimitItem | None
    trusted: RateLimitItem | None
    portions: Portions

    def count(self, limit: RateLimitItem | None, kind: str, name: str | None) -> None:
        """Counts a request of the one that has this name; None: of nobody. Raises Problem 429."""
        if limit is None or name is None:
            return
        key = (PREFIX, _digest(name), kind)
        item = limit.key_for(*key)
        told = self.portions.due(item, limit)
        if told and not self.strategy.hit(limit, *key, cost=told):
            seconds = self.strategy.get_window_stats(limit, *key).reset_time - utc_now().timestamp()
            self.portions.refuse(item, seconds)
            raise _too_many(seconds)


def register_limits(app: Flask, limits: LimitSettings, counting_url: str | None) -> None:
    """Counts the app's requests at the Redis of this address, without one in the memory of this process.

    The window is fixed: one INCR a portion, and a `Retry-After` that is exact.
    """
    strategy = FixedWindowRateLimiter(Counters(counting_url))
    app.extensions[NAME] = Counting(strategy, _item(limits.payer), _item(limits.trusted), Portions())


def count_request(caller: Caller) -> None:
    """Counts this request of an authenticated caller. Raises Problem 429, and 400, 413 or 415 for its body."""
    counting: Counting = current_app.extensions[NAME]
    # Before the body is looked at: what cannot be read is a request too.
    counting.count(counting.trusted, "trusted", caller.sub if _is_trusted(caller) else None)
    counting.count(counting.payer, "payer", _payer_acted_for(caller))


def _item(rate: str) -> RateLimitItem | None:
    return parse(rate) if rate else None


def _too_many(left_seconds: float) -> Problem:
    """Says when the window ends: a whole second later than the server says, which rounds."""
    seconds = max(int(left_seconds), 0) + 1
    return Problem(
        429,
        "rate_limited",
        f"Too many requests; the next is answered in {seconds} s.",
        headers={"Retry-After": str(seconds)},
    )


def _payer_acted_for(caller: Caller) -> str | None:
    """Whose money this request is about; None where a trusted caller names nobody.

    An operator who looks at a payer neither uses up that payer's requests nor is kept out by them.
    """
    if OPS in caller.scopes:
        return None
    if ANY_PAYER not in caller.scopes:
        return caller.sub
    named = request.args.get("payerId")
    if named is None and request.method == "POST" and request.mimetype == "application/json" and has_body():
        body = read_body()
        named = body.get("payerId") if isinstance(body, dict) else None
    return named if is_party_id(named) else None


def _is_trusted(caller: Caller) -> bool:
    return not caller.scopes.isdisjoint((ANY_PAYER, OPS))


def _digest(name: str) -> str:
    """Of one length and without separators; and the counting server learns no names."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
