"""The sandbox bank: a payment provider in one process that pays nobody, forgets nothing and fails as told.

`payday sandbox-bank`, `python -m deploy.local.bank`, or `run_bank(BankOptions(…), ready)`. When clients are
let in it prints `sandbox bank ready on http://127.0.0.1:PORT`; SIGTERM and SIGINT end it with status 0, and
options, a journal or a port it cannot use with 2. About 200 bytes of memory for each key.

# The bank

Calls under `/payments` want `Authorization: Bearer <token>` when there is a `--token`: 401 without one, 403
with another. Other paths are 404, other methods 405 with `Allow`, POST without `application/json` 415, a body
over 16 MiB or a batch over `--max-batch` 413. None of these show a key, and nothing was paid.

`POST /payments`, header `Idempotency-Key` (1–255 visible ASCII), body exactly `payerId`, `payeeId`, `amount`,
`currency`, `reference`, all strings:

| answer | when |
|---|---|
| 201 `{"paymentId", "status": "succeeded", "idempotencyKey", "amount"}` | paid |
| 200 the same | the key was paid before, mode `key` |
| 402 `{"status": "declined", "code", "idempotencyKey"}` | declined by a fault, also when it comes again |
| 422 `{"code", "idempotencyKey"}` | no bank would make this payment, or `key_reused`: the key came with other content |
| 409 `{"code": "in_progress", "idempotencyKey"}` | the key is under way, mode `key` |
| 400 `{"code": "malformed", "idempotencyKey", "detail"}` | no JSON object |
| 400 `{"code": "key_missing"}` | no key, or none that can be one |

The codes of 422: `field_missing`, `field_invalid` (no string), `field_unknown`, `payer_invalid`, `payee_invalid`,
`currency_invalid`, `amount_invalid` (exactly the currency's decimals), `reference_invalid` (over 35 characters).

`POST /payments/batch`, body exactly `{"payments": [{"idempotencyKey", …the five}, …]}`: 200
`{"results": [{"idempotencyKey", "status": "succeeded", "paymentId", "amount"} |
{"idempotencyKey", "status": "declined" | "error", "code"}, …]}`, in another order than asked; `error` with
`in_progress` or `key_reused`. A batch that cannot be read is 400 as a whole, and nothing of it is paid.

`GET /payments/{key}`: 200 as above (`succeeded`, `declined`), 200 `{"status": "processing"}`, or 404
`{"code": "payment_not_found", "idempotencyKey"}`.

`GET /payments?from=DATE&to=DATE&cursor=&limit=`: `{"payments": [{"idempotencyKey", "paymentId", "payerId",
"payeeId", "amount", "currency", "reference", "status", "executedAt"}, …], "nextCursor"}`, both dates inclusive
and UTC. A declined one has `paymentId` null and a `code`.

Modes: `key` honours a key for `--key-window-seconds` after it was paid or declined, then pays it again;
`enquiry` pays every send and can be asked (for `--record-seconds`, then it is not found); `none` pays every
send, takes those without a key too, and answers questions with 404 `{"code": "not_supported"}`.
`--processing-seconds` lie between a send and its payment, which happens also when the client has gone or the
bank was killed meanwhile.

# The journal

Written with one write before each answer; every byte that was answered for survives SIGKILL, with `--fsync`
also a loss of power. `records.py` has its lines.

`GET /journal?cursor=&limit=&kind=` (limit 1–10,000, default 1,000; no token): `{"payments": [{"idempotencyKey",
"paymentId", "payerId", "payeeId", "amount", "currency", "reference", "executedAt"}, …], "nextCursor": "…" |
null}`; `kind=declines`: `{"declines": [{the same, "paymentId": null, "code"}]}`; `kind=sends`: `{"sends":
[{"idempotencyKey", "bodyHash", "receivedAt", "effect"}]}`, where `effect` is `paid`, `declined`, `under way`,
`replayed`, `in_progress`, `key_reused`, `not executed` or `rejected <code>`. The hash is the same whether a
payment came alone or in a batch.

`GET /journal/summary`: `{"mode", "sends", "distinctKeys", "effectivePayments", "declined", "underWay", "sums":
{"GBP": "…"}, "doubles": {"count", "keys"}, "notIdentical": {"count", "keys"}}`. A double is a key paid more
than once (without a key: the same content); not identical is a key that came in different bytes. At most 100
keys are shown.

# Faults

A list of objects, from `--faults FILE` or by `POST /admin/faults` (adds; 422 names what is wrong, and then none
was added). `GET` shows them with `suited` (requests it was for) and `met` (requests it happened to), `DELETE`
clears them. `--decline PAYER=CODE` is short for `{"fault": "decline", "payerId": PAYER, "code": CODE}`.

Of the faults of the whole call the first that meets it counts; of those of one payment likewise, payers that
are named before others. One of each may happen to the same request.

Whom it meets; all that is given must hold:

| field | meets |
|---|---|
| `payerId`, `idempotencyKey` | one, or a list; a batch, when a payment in it is one of these |
| `on` | `single`, `batch` (these two by default), `ask`, `list`, `any`, or a list |
| `send` | the n-th send of a key |
| `share`, `shareBy` | this share, drawn with `--seed` for each `send` (default), `key` or `payer` |
| `nth`; `after`, `times` | of the requests that suit: only the n-th; all after so many; no more than so many |
| `forSeconds` | for so long from now |

What becomes of the payment: `commit` (made or not; the default is in the table), `commitAfterSeconds` (made so
much later, whoever has gone), `hidden` (until then, a question finds nothing). `delaySeconds` keeps back any
answer.

| `fault`, of the whole call | commit | does |
|---|---|---|
| `latency` `seconds`, `when` `after` \\| `before` the payment | true | slow |
| `status` `status`, and fields of answers | false | this answer; without a body when none is given |
| `throttled`, fields of answers | false | 429, or with `status` 503 `{"code": "overloaded"}` |
| `server_error`, fields of answers | false | 500 |
| `redirect` `location`, `status` | false | 302 |
| `drop` `how` `fin` \\| `rst`, `afterBytes` | false | closes after so many bytes of the answer (0) |
| `hang` `seconds` | true | says nothing until the client leaves |
| `drip` `part` `headers` \\| `body`, `intervalSeconds` | true | one byte at a time |
| `truncated` `keep` | true | this share of the body (0.5), then closes |
| `wrong_json` `text` | true | the status is right, the body is this |
| `oversized` `bytes`, `chunked` | true | the right answer and as many bytes of padding |
| `raw` `text` | true | these bytes instead of HTTP, by default a status line that is none |
| `half_batch` `keep` | true | answers this share of a batch (0.5); `commit` is for the rest |

Fields of answers: `status`; one of `code` (with the key), `body` (JSON in which `"$key"` becomes the key) and
`text` (sent as it is); `headers`; `retryAfter` (a number or any text) or `retryAfterDateSeconds` (a date so many
seconds from now), or neither.

| `fault`, of one payment | commit | does |
|---|---|---|
| `decline` `code`, `status` 402 \\| 400 \\| 404 \\| 422 | | declines, and remembers it |
| `error` `code` | false | result `error` |
| `result` `body`, `status` | true | this JSON in place of the result |
| `wrong_amount` `amount`, `wrong_key` `echoKey` | true | echoes another one |
| `missing` | true | not among the results |
| `duplicate_result` `contradict` | true | twice in the results; the second time declined |
| `unknown_result` `echoKey` | true | a result nobody asked for, too |
| `ignore_key`, `forget_key` | true | pays again; forgotten, it is not found either (also `on` `ask`) |
| `refuse_key` | false | `key_reused` |

`{"fault": "down", "seconds": N, "how": "refuse" | "overloaded", "recoverSeconds": M, "recoverShare": 0.1}`
begins at once: connections are cut and refused (or everything is 503), then for M seconds only the share is
served and the rest is 503.
"""

from deploy.local.bank.command import main
from deploy.local.bank.options import BankOptions, Mode
from deploy.local.bank.server import run_bank

__all__ = ["BankOptions", "Mode", "main", "run_bank"]
