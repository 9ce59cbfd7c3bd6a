"""Where an answer leads: the document's links, by which a client (and a test) walks from one call to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_ID: Final = "$response.body#/id"
_ETAG: Final = {"header.If-Match": "$response.header.ETag"}
_CURSOR: Final = {"query.cursor": "$response.body#/nextCursor"}


@dataclass(frozen=True, slots=True)
class Link:
    """An operation that can follow, and where its parameters come from (OpenAPI's runtime expressions)."""

    operation: str
    parameters: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """As the document writes it."""
        return {"operationId": self.operation, "parameters": dict(self.parameters)}


def _of_schedule(schedule_id: str) -> tuple[Link, ...]:
    there = {"path.schedule_id": schedule_id}
    return (
        Link("getSchedule", there),
        Link("cancelSchedule", there),
        Link("pauseSchedule", there),
        Link("listEvents", {"query.scheduleId": schedule_id}),
        Link("listTransactions", {"query.scheduleId": schedule_id}),
    )


def _of_event(event_id: str, *names: str) -> tuple[Link, ...]:
    return tuple(Link(name, {"path.event_id": event_id}) for name in names)


def _edit_event(event_id: str, version: Mapping[str, str] = _ETAG) -> Link:
    return Link("updateEvent", {"path.event_id": event_id, **version})


def _of_run(day: str) -> tuple[Link, ...]:
    return tuple(Link(name, {"path.run_date": day}) for name in ("getRun", "pauseRun", "resumeRun", "closeRun"))


def _of_hold(hold_id: str) -> tuple[Link, ...]:
    return tuple(Link(name, {"path.hold_id": hold_id}) for name in ("getHold", "endHold"))


def _version_at(pointer: str) -> dict[str, str]:
    return {"header.If-Match": f'"v{{$response.body#{pointer}}}"'}


_EDIT_SCHEDULE: Final = Link("updateSchedule", {"path.schedule_id": _ID, **_ETAG})
_THIS_SCHEDULE: Final = "$request.path.schedule_id"
_FIRST: Final = "$response.body#/data/0"
_COMMANDS: Final = ("getEvent", "cancelEvent", "retryEvent", "resolveEvent")

LINKS: Final[Mapping[str, tuple[Link, ...]]] = {
    "createSchedule": (
        *_of_schedule(_ID),
        _EDIT_SCHEDULE,
        *_of_event("$response.body#/events/0/id", "getEvent", "cancelEvent"),
        _edit_event("$response.body#/events/0/id", _version_at("/events/0/version")),
    ),
    "listSchedules": (Link("listSchedules", _CURSOR), *_of_schedule(f"{_FIRST}/id")),
    "getSchedule": (*_of_schedule(_ID), _EDIT_SCHEDULE),
    "updateSchedule": (
        *_of_schedule("$response.body#/schedule/id"),
        Link("updateSchedule", {"path.schedule_id": "$response.body#/schedule/id", **_ETAG}),
    ),
    "cancelSchedule": _of_schedule(_ID),
    "pauseSchedule": (
        Link("resumeSchedule", {"path.schedule_id": _THIS_SCHEDULE, "path.pause_id": _ID}),
        Link("getSchedule", {"path.schedule_id": _THIS_SCHEDULE}),
    ),
    "resumeSchedule": (*_of_schedule(_ID), _EDIT_SCHEDULE),
    "listEvents": (
        Link("listEvents", _CURSOR),
        *_of_event(f"{_FIRST}/id", *_COMMANDS),
        _edit_event(f"{_FIRST}/id", _version_at("/data/0/version")),
    ),
    "getEvent": (
        *_of_event(_ID, *_COMMANDS),
        _edit_event(_ID),
        Link("getSchedule", {"path.schedule_id": "$response.body#/scheduleId"}),
    ),
    "updateEvent": (*_of_event(_ID, "getEvent", "cancelEvent"), _edit_event(_ID)),
    "cancelEvent": _of_event(_ID, "getEvent", "restoreEvent"),
    "restoreEvent": (*_of_event(_ID, "getEvent", "cancelEvent"), _edit_event(_ID)),
    "retryEvent": _of_event(_ID, "getEvent", "cancelEvent"),
    "resolveEvent": _of_event(_ID, "getEvent", "retryEvent"),
    "listTransactions": (Link("listTransactions", _CURSOR), *_of_event(f"{_FIRST}/eventId", "getEvent")),
    "listRuns": (Link("listRuns", _CURSOR), *_of_run(f"{_FIRST}/date")),
    "getRun": _of_run("$response.body#/date"),
    "pauseRun": _of_run("$response.body#/date"),
    "resumeRun": _of_run("$response.body#/date"),
    "closeRun": _of_run("$response.body#/date"),
    "placeHold": _of_hold(_ID),
    "listHolds": (Link("listHolds", _CURSOR), *_of_hold(f"{_FIRST}/id")),
    "getHold": _of_hold(_ID),
    "endHold": _of_hold(_ID),
    "listReconcileItems": (
        Link("listReconcileItems", _CURSOR),
        *_of_event(f"{_FIRST}/eventId", "getEvent", "resolveEvent"),
    ),
}
"""From each operation's success; what an answer has not (no row, no next page) leads nowhere."""


def add_links(spec: dict[str, Any]) -> None:
    """Writes them into a document. Raises KeyError for an operation that it does not have."""
    operations = dict(_operations(spec))
    for name, links in LINKS.items():
        responses = operations[name]["responses"]
        success = responses[next(status for status in responses if status.startswith("2"))]
        success["links"] = {link.operation: link.document() for link in links}


def _operations(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in spec["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                yield operation["operationId"], operation
