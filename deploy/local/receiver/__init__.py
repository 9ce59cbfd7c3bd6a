"""The sandbox's receiver: takes notices as a payer's or payee's system would, and shows what came.

`payday sandbox-receiver`, `python -m deploy.local.receiver`, or `run_receiver(ReceiverOptions(…), ready)`. When
callers are let in it prints `sandbox receiver ready on http://127.0.0.1:PORT/notices`, which is what NOTIFY_URL is
to be, and the secret if it was given none; SIGTERM and SIGINT end it with status 0, and options, a journal or a port
it cannot use with 2.

# Calls

`POST /notices`, signed as the Standard Webhooks specification has it (`webhook-id`, `webhook-timestamp`,
`webhook-signature`): 204 when the body is in the journal; 401 `{"code": "signature_wrong"}` when none of the
signatures is by one of the secrets, or the call is more than five minutes old or early; 413 for a body over 16 MiB.
What the body says is looked at only when somebody asks.

# What came

Kept in the journal with one write before each answer: it survives SIGKILL. Nothing is thrown away: a notice that
comes again is there again.

`GET /notices?cursor=`: `{"notices": [… as they came, in order], "nextCursor": "…" | null}`.

`GET /summary`: `{"calls", "notices", "distinct", "byType": {TYPE: {ROLE: n}}, "contradicted", "refused",
"badSignatures", "unreadable", "firstAt", "lastAt"}`. `notices` counts arrivals, `distinct` and `byType` ids;
`contradicted` are ids that came with different contents, of which at most 100 are shown; `refused` are calls that a
fault turned away; `unreadable` are signed bodies without notices; the times are those of kept calls, in seconds since
1970. About 150 bytes of memory for each id, from when it is first asked for.

# Faults

`PUT /fault`, an object; it holds until another one, `DELETE /fault`, `times` calls, or the end of the process.

| field | does |
|---|---|
| `status` | answers this, 400 to 599; nothing is kept |
| `retryAfter` | with that, `Retry-After`: seconds or any text |
| `delaySeconds` | keeps back every answer; what came is kept at once |
| `drop` | closes without an answer: `before` the notices are kept, or `after` |
| `times` | for so many calls; then it is healthy |

Calls with bad signatures are 401 whatever the fault, and are not counted for `times`.
"""

from deploy.local.receiver.command import main
from deploy.local.receiver.options import ReceiverOptions
from deploy.local.receiver.server import run_receiver

__all__ = ["ReceiverOptions", "main", "run_receiver"]
