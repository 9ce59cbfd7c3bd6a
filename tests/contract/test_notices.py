"""What receivers of notices get is what the document and the page for them say."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from jsonschema_rs import Draft202012Validator
from sqlalchemy.orm import Session

from shared.db import outbox
from shared.db.engine import make_sessions
from shared.domain.notices import NoticeType
from shared.domain.signing import signed_headers
from shared.settings_values import signing_secrets
from tests.contract.document import served
from tests.contract.test_examples import validator
from tests.integration.api.client import Api
from tests.integration.notices.outbox import NOTIFIED, Told

PAGE: Final = Path(__file__).parents[2] / "deploy" / "docs" / "notices.md"
OF_EVENTS: Final = set(NoticeType) - {NoticeType.SUSPENDED}
OF_SCHEDULES: Final = {NoticeType.CHANGED, NoticeType.PAUSED, NoticeType.SUSPENDED, NoticeType.CANCELLED}


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    api = Api(database_url, **NOTIFIED)
    yield api
    api.close()


def test_the_example_of_the_call_fits_its_schema(shared_api: Api) -> None:
    call = served(shared_api)["webhooks"]["notices"]["post"]
    content = call["requestBody"]["content"]["application/json"]
    validator(served(shared_api), content["schema"]).validate(content["example"])
    assert {parameter["name"] for parameter in call["parameters"]} == {
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip


def test_every_notice_of_the_page_fits_and_every_type_is_named(shared_api: Api) -> None:
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]
    notices = [notice for block in blocks for notice in block["notices"]]
    for block in blocks:
        strict(shared_api).validate(block)
    assert {"event", "schedule"} <= {name for notice in notices for name in notice}
    assert {f"| `{type_}` |" for type_ in NoticeType} <= set(re.findall(r"\| `\w+` \|", PAGE.read_text("utf-8")))


def test_the_pages_receiver_knows_what_is_ours_also_while_its_secret_is_changed() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    kept: dict[str, Any] = {}
    names: dict[str, Any] = {"SECRET": NOTIFIED["NOTIFY_SECRET"], "keep_once": kept.setdefault}
    exec(code, names)
    (ours,), body = signing_secrets(NOTIFIED["NOTIFY_SECRET"]), json.dumps({"notices": [{"id": "a"}]}).encode()
    for secrets in ([ours], [b"a new one" * 3, ours]):
        signed = signed_headers(secrets, "msg_1", int(time.time()), body)
        assert names["receive"](signed, body) == 204
        assert names["receive"](signed, body + b" ") == 401
    assert names["receive"](signed_headers([b"another" * 4], "msg_1", int(time.time()), body), body) == 401
    assert names["receive"](signed_headers([ours], "msg_1", int(time.time()) - 600, body), body) == 401
    assert kept == {"a": {"id": "a"}}


@pytest.mark.parametrize("currency", ["GBP", "JPY", "BHD"])
def test_every_notice_that_is_written_fits(api: Api, currency: str) -> None:
    amount = {"JPY": "900", "BHD": "2.505"}.get(currency, "25.00")
    made = api.schedule(currency=currency, amount=amount, reference='née "O\\\'Hara"', count=1)
    pauses = f"/v1/schedules/{made['id']}/pauses"
    api.call("POST", pauses, json={"from": "2027-03-01"})
    (event,) = made["events"]

    def tell(session: Session) -> None:
        for type_ in sorted(OF_EVENTS):
            outbox.tell_of_events(session, type_, date.fromisoformat(event["date"]), [UUID(event["id"])])
        for type_ in sorted(OF_SCHEDULES):
            outbox.tell_of_schedule(session, type_, UUID(made["id"]), version=9)

    with make_sessions(api.engine, notices=True).begin() as session:
        tell(session)
    notices = Told.by(api).take()
    strict(api).validate({"notices": [filled(notice) for notice in notices]})
    assert {(notice["type"], "event" in notice) for notice in notices} == {
        *((str(type_), True) for type_ in OF_EVENTS),
        *((str(type_), False) for type_ in OF_SCHEDULES),
    }
    assert {notice["recipient"] for notice in notices if notice["role"] == "payee"} == {"landlord-9"}
    for told in (notice.get("event") or notice["schedule"] for notice in notices):
        assert (told["amount"], told["reference"]) == (amount, made["reference"])


def filled(notice: dict[str, Any]) -> dict[str, Any]:
    """With what a payment has that was made, or cancelled: this one is only told as if it were."""
    event = notice.get("event", {})
    for name, value in (("transactionId", "01a20000-0000-7000-8000-000000000001"), ("cancelReason", "skipped")):
        if name in event and event[name] is None:
            event[name] = value
    return notice


def strict(api: Api) -> Draft202012Validator:
    """The schema of a body, which knows no other names than those it says."""
    document = copy.deepcopy(served(api))
    for name, schema in document["components"]["schemas"].items():
        if name.startswith("Notice"):
            schema["additionalProperties"] = False
    return validator(document, {"$ref": "#/components/schemas/Notices"})
