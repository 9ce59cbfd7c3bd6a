"""Whether payers and payees are told, for `payday doctor`."""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.db import outbox_list, receivers
from shared.db.engine import Session
from shared.settings import Settings
from worker_service.check import Check


def notices(session: Session, settings: Settings) -> Check:
    """What keeps notices from their receiver; dead letters are for a person to look at."""
    if settings.notify is None:
        return Check("notices", True, "NOTIFY_URL is not set: nobody is told")
    state, url = outbox_list.state(session), settings.notify.url
    if receivers.gone_since(session, url) is not None:
        mend = "see to it, then run `payday notices replay --all`, or set another one"
        return Check("notices", False, f"NOTIFY_URL: the receiver wants no more (410); {mend}")
    failures = receivers.standing(session, url).failures
    if state.overdue_seconds > outbox_list.OVERDUE_SECONDS and failures == 0:
        late = f"{state.waiting:,} rows wait, one is due for {state.overdue_seconds:,.0f} s"
        mend = "start one more with the same NOTIFY_URL"
        return Check("notices", False, f"{late}: no worker sends, or not as fast as it is paid; {mend}")
    troubles = []
    if failures:
        waits = f"{state.waiting:,} rows wait, the oldest for {state.oldest_seconds:,.0f} s"
        troubles.append(f"the receiver failed {failures:,} time{'s' * (failures != 1)} in a row, {waits}: see to it")
    if state.dead:
        troubles.append(f"{state.dead:,} dead letter{'s' * (state.dead != 1)}, see `payday notices list`")
    if troubles:
        return Check("notices", True, "; ".join(troubles), warning=True)
    return Check("notices", True, f"to {urlsplit(url).hostname}, {state.waiting:,} rows wait")
