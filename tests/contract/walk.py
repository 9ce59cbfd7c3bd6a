"""A run of schemathesis over the whole document, in this process and with every check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from uuid import UUID
from zlib import crc32

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.transport.wsgi import WSGITransport

from api_service.auth.development import make_token
from api_service.refusals import REFUSALS
from tests.contract.document import served
from tests.contract.near import near
from tests.contract.relations import is_relation
from tests.contract.town import Town

SCOPES: Final = ("schedules:read", "schedules:write", "ops", "payers:any")
SOCKET_SETTINGS: Final = ("max_redirects", "verify", "cert", "proxies")
"""schemathesis 4.32 passes them on to a WSGI app, which knows none, where it checks that a token is needed."""

STAYS: Final = ("getSchedule", "getEvent", "getHold", "updateEvent")
SETTINGS: Final[Mapping[str, Any]] = {
    "continue-on-failure": True,
    "checks": {
        # 401, 403, 429 and 5xx are left out: this caller may do everything. What is added is judged by
        # `a_refusal_of_what_fits_is_of_a_relation`, case by case.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "400", "404", "409", "412", "422"]},
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "404", "405", "409", "412", "415", "422", "428"]
        },
        "missing_required_header": {"expected-statuses": ["400", "401", "422", "428"]},
    },
    "operations": [
        # Cancelling and ending remove nothing (rule S13): what was deleted is still read, as cancelled or ended, and a
        # skipped event that was restored is edited again. `updateSchedule` after a cancellation stays judged.
        {"include-operation-id": name, "checks": {"use_after_free": {"enabled": False}}}
        for name in STAYS
    ],
}


@dataclass
class Walk:
    """What was called, and what was found wrong."""

    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return sum(sum(statuses.values()) for statuses in self.answers.values())

    def reached(self) -> set[str]:
        """The operations that did at least once what they are for."""
        return {name for name, statuses in self.answers.items() if any(200 <= status < 300 for status in statuses)}

    def add(self, other: Walk) -> None:
        """Takes in another walk's."""
        for name, statuses in other.answers.items():
            self.answers[name].update(statuses)
        self.faults.update(other.faults)

    def table(self) -> str:
        """Counts of answers, an operation a line."""
        return "\n".join(f"{name:20} {dict(sorted(found.items()))}" for name, found in sorted(self.answers.items()))


@schemathesis.check
def a_refusal_of_what_fits_is_of_a_relation(_context: Any, response: Response, case: Case) -> None:
    """A schema that allows what a field's own form forbids is not true."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 412, 422):
        return
    assert is_relation(response.json()), f"{case.operation.label}: {response.text}"


@schemathesis.check
def a_problem_has_a_documented_code(_context: Any, response: Response, _case: Case) -> None:
    """Codes are for programs: one that is not written down can be compared with nothing."""
    known = {int(status): refusal.codes for status, refusal in REFUSALS.items()}
    if response.status_code in known:
        assert response.json()["code"] in known[response.status_code], response.text


def walk(
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    *phases: str,
    examples: int,
    seed: int = 1,
    document: dict[str, Any] | None = None,
) -> Walk:
    """Calls every operation with `examples` cases in each of the phases, and follows the links in `stateful`.

    A `document` is believed instead of the one that is served.
    """
    monkeypatch.setattr(WSGITransport, "send", _sending(WSGITransport.send))
    # Each walk begins in the same town: what is drawn depends on what was answered.
    monkeypatch.setattr(APIStateMachine, "teardown", lambda _: town.restore())
    schema = schemathesis.openapi.from_dict(document or served(town.api), config=_config(phases, examples, seed))
    schema.app, schema.location = town.api.app, "/openapi.json"
    result = Walk()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _take_in(result, event.recorder)
        elif isinstance(event, events.NonFatalError):
            result.faults[f"{event.label}: {event.value}"] += 1
        elif isinstance(event, events.FatalError):
            raise event.exception
    return result


def _config(phases: tuple[str, ...], examples: int, seed: int) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            **SETTINGS,
            "seed": seed,
            "headers": {"Authorization": f"Bearer {make_token('alice', SCOPES)}"},
            "generation": {"deterministic": True, "max-examples": examples, "database": "none", "no-shrink": True},
            "phases": {name: _phase(name, phases) for name in ("examples", "coverage", "fuzzing", "stateful")},
        }
    )


def _phase(name: str, phases: tuple[str, ...]) -> dict[str, Any]:
    # What earlier answers taught would decide what is drawn next, so that a run could not be repeated.
    unlearned: dict[str, dict[str, Any]] = {
        "fuzzing": {"error-feedback": {"enabled": False}},
        "stateful": {"link-calibration": False, "max-steps": 12},
    }
    return {"enabled": name in phases, **unlearned.get(name, {})}


def _sending(send: Any) -> Any:
    """Sends what may be taken, more often than not."""
    numbers = count(1)

    def sending(self: Any, case: Case, **kwargs: Any) -> Response:
        _prepare(case, key=str(UUID(int=next(numbers))))
        settings = {name: value for name, value in kwargs.items() if name not in SOCKET_SETTINGS}
        response: Response = send(self, case, **settings)
        return response

    return sending


def _prepare(case: Case, key: str) -> None:
    if case.meta is None or case.meta.is_negative_at(ParameterLocation.HEADER):
        return
    if "Idempotency-Key" in case.headers:  # a key that was used says nothing about another body
        case.headers["Idempotency-Key"] = key
    drawn = crc32(repr((case.body, case.query)).encode())
    if not case.meta.generation.mode.is_positive or drawn % 4 == 0:
        return
    if isinstance(case.body, dict):
        case.body = near(case.body)
    if case.path_parameters:  # a thing is seldom that of a payer who is drawn
        case.query.pop("payerId", None)
    elif "status" in case.query and drawn % 4 == 1:
        case.query = {"status": ["failed"]}


def _take_in(result: Walk, recorder: Any) -> None:
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            result.answers[_name(recorder, case_id)][interaction.response.status_code] += 1
    for case_id, fault in _failures(recorder):
        result.faults[f"{_name(recorder, case_id)}: {fault}"] += 1


def _failures(recorder: Any) -> Iterator[tuple[str, str]]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                request = recorder.cases[case_id].value.as_curl_command()
                yield case_id, f"{check.name}: {check.failure_info.failure.message}\n{request}"


def _name(recorder: Any, case_id: str) -> str:
    return str(recorder.cases[case_id].value.operation.definition.raw["operationId"])
