"""The receiver of notices: one signed call for each body, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from shared.clock import utc_now
from shared.domain.notices import RETRY_SECONDS
from shared.domain.signing import message_id, signed_headers
from shared.settings import NotifySettings
from worker_service.calling import addresses
from worker_service.calling.addresses import Resolve, public_only
from worker_service.calling.connection import UNQUOTED, tls_context
from worker_service.calling.reply import Failure, Reply
from worker_service.calling.retry_after import retry_after_seconds
from worker_service.calling.transport import Transport

CAP_BYTES: Final = 64 * 1024
GONE_STATUS: Final = 410
BUSY: Final = frozenset({408, 425, 429})
"""It means anybody's call, and not this one's content, like every 5xx."""


class VerdictKind(StrEnum):
    """REFUSED: this body, others may do better. TROUBLE: nobody is served now. GONE: it wants no more of us, ever."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TROUBLE = "trouble"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a call. `reason`: a few words, for operators; `retry_after_seconds`: as it asked."""

    kind: VerdictKind
    reason: str
    retry_after_seconds: float | None = None


class Receiver:
    """The one address that notices go to, over a connection that is kept; for one thread.

    `refused`: bodies in a row that it did not take, the last of which was the last call.
    """

    def __init__(self, notify: NotifySettings, resolve: Resolve = addresses.resolve) -> None:
        """`resolve`: where the receiver's name leads; inside addresses are passed over unless they are allowed."""
        parts = urlsplit(notify.url)
        query = quote(parts.query, safe=UNQUOTED + "?")
        self._target = ("" if parts.path else "/") + (f"?{query}" if query else "")
        self._secrets = notify.secrets
        tls = tls_context() if parts.scheme == "https" else None
        allowed = resolve if notify.allow_private else public_only(resolve)
        self._transport = Transport(notify.url, notify.timeout_seconds, tls, allowed)
        self.refused = 0

    def tell(self, texts: Sequence[str]) -> Verdict:
        """One call with these notices, each text one or more of them as JSON. It never raises for what comes back."""
        body = f'{{"notices":[{",".join(texts)}]}}'.encode()
        headers = {
            "Accept-Encoding": "identity",
            "Content-Length": str(len(body)),
            "Content-Type": "application/json",
            "User-Agent": "payday",
            **signed_headers(self._secrets, message_id(body), int(utc_now().timestamp()), body),
        }
        verdict = judge(self._transport.exchange("POST", self._target, headers, body, CAP_BYTES))
        self.refused = self.refused + 1 if verdict.kind is VerdictKind.REFUSED else 0
        return verdict

    def close(self) -> None:
        self._transport.close()


def judge(answer: Reply | Failure) -> Verdict:
    """What an answer means. A redirect is not followed: the address that was set is the only one."""
    if isinstance(answer, Failure):
        return Verdict(VerdictKind.TROUBLE, answer.reason if answer.sent else f"not reached: {answer.reason}")
    status = answer.status
    if status == GONE_STATUS:
        return Verdict(VerdictKind.GONE, "410 gone")
    if 200 <= status < 300:
        return Verdict(VerdictKind.ACCEPTED, str(status))
    troubled = status >= 500 or status in BUSY
    asked = retry_after_seconds(answer.headers, most=RETRY_SECONDS[-1])
    return Verdict(VerdictKind.TROUBLE if troubled else VerdictKind.REFUSED, str(status), asked)
