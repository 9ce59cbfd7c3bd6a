"""How often a payer, and a front end that acts for payers, may ask."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded

from api_service.auth.caller import ANY_PAYER, OPS, Caller
from api_service.counters import SCHEME
from api_service.json_body import read_body
from api_service.problems import Problem
from shared.clock import utc_now
from shared.domain.identifiers import is_party_id
from shared.settings import LimitSettings

NAME: Final = "payday.limits"


def register_limits(app: Flask, limits: LimitSettings, counting_url: str | None) -> None:
    """Counts the app's requests at the Redis of this address, without one in the memory of this process.

    The window is fixed: one INCR a limit, and a `Retry-After` that is exact.
    """
    limiter = Limiter(
        _payer,
        storage_uri=f"{SCHEME}://",
        storage_options={"server_url": counting_url} if counting_url else {},
        strategy="fixed-window",
        key_prefix="payday",
    )
    limiter.logger.setLevel("WARNING")  # below that it names each key
    limiter.init_app(app)
    app.extensions[NAME] = _counting(limiter, limits)


def count_request(caller: Caller) -> None:
    """Counts this request of an authenticated caller. Raises Problem 429, and 400, 413 or 415 for its body."""
    g.counted = caller, _payer_acted_for(caller)
    current_app.extensions[NAME]()


def _counting(limiter: Limiter, limits: LimitSettings) -> Callable[[], None]:
    def count() -> None:
        """Only what is counted of it matters."""

    counted = count
    if limits.payer:
        counted = limiter.shared_limit(limits.payer, "payer", exempt_when=lambda: g.counted[1] is None)(counted)
    if limits.trusted:
        counted = limiter.shared_limit(
            limits.trusted, "trusted", key_func=_trusted, exempt_when=lambda: not _is_trusted(g.counted[0])
        )(counted)

    def count_or_refuse() -> None:
        try:
            counted()
        except RateLimitExceeded:
            raise _too_many(limiter) from None

    return count_or_refuse


def _too_many(limiter: Limiter) -> Problem:
    """Says when the window ends: a whole second later than the server says, which rounds."""
    limit = limiter.current_limit
    if limit is None:
        raise AssertionError("a limit was exceeded, so there is one")
    seconds = max(int(limit.window[0] - utc_now().timestamp()), 0) + 1
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
    if named is None and request.method == "POST" and request.mimetype == "application/json":
        body = read_body()
        named = body.get("payerId") if isinstance(body, dict) else None
    return named if is_party_id(named) else None


def _is_trusted(caller: Caller) -> bool:
    return not caller.scopes.isdisjoint((ANY_PAYER, OPS))


def _payer() -> str:
    return _digest(g.counted[1])


def _trusted() -> str:
    return _digest(g.counted[0].sub)


def _digest(name: str) -> str:
    """Of one length and without separators; and the counting server learns no names."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
