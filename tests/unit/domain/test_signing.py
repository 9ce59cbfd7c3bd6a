"""Signatures as the Standard Webhooks specification has them, judged by its own library."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.domain.signing import SIGNATURE, message_id, signed_headers, verify

BODY = '{"notices":[{"reference":"Miete März \U0001f600"}]}'.encode()
OLD, NEW = b"o" * 24, b"n" * 32
AT = 1_790_000_000


def library(secret: bytes) -> Webhook:
    return Webhook("whsec_" + base64.b64encode(secret).decode())


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_secrets_change_a_receiver_may_know_either(secret: bytes) -> None:
    headers = signed_headers((OLD, NEW), message_id(BODY), int(time.time()), BODY)
    assert library(secret).verify(BODY, headers)["notices"]
    assert len(headers[SIGNATURE].split(" ")) == 2


def test_another_body_another_id_and_another_secret_are_refused() -> None:
    now = int(time.time())
    headers = signed_headers((OLD,), message_id(BODY), now, BODY)
    for body, found, secret in (
        (BODY + b" ", headers, OLD),
        (BODY, {**headers, "webhook-id": "msg_other"}, OLD),
        (BODY, {**headers, "webhook-timestamp": str(now + 1)}, OLD),
        (BODY, headers, NEW),
    ):
        with pytest.raises(WebhookVerificationError):
            library(secret).verify(body, found)
        assert not _is_ours(found, body, secret, now)


def test_what_the_library_signs_is_ours() -> None:
    webhook = library(NEW)
    at = webhook.sign(msg_id="msg_1", timestamp=_instant(AT), data=BODY.decode())
    assert verify((OLD, NEW), "msg_1", str(AT), at, BODY, now=AT)


def test_a_call_of_long_ago_is_somebodys_copy() -> None:
    headers = signed_headers((OLD,), "msg_1", AT, BODY)
    assert _is_ours(headers, BODY, OLD, AT + 300)
    assert not _is_ours(headers, BODY, OLD, AT + 301)
    assert not _is_ours(headers, BODY, OLD, AT - 301)


@pytest.mark.parametrize("text", ["", "v1", "v1,", "v2,x", "é,é", ",", "v1,\udcff"])
def test_rubbish_is_no_signature(text: str) -> None:
    assert not verify((OLD,), "msg_1", str(AT), text, BODY, now=AT)


def test_the_same_body_has_the_same_id() -> None:
    assert message_id(BODY) == message_id(bytes(BODY)) != message_id(BODY + b" ")
    assert len(message_id(BODY)) == 36


def _is_ours(headers: dict[str, str], body: bytes, secret: bytes, now: int) -> bool:
    found = (headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"])
    return verify((secret,), *found, body, now=now)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
