"""Properties: whatever a caller sends, it is answered with what it did wrong, never with what we did wrong."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.api.client import RENT, Api

FIELDS = [
    *RENT, "endDate", "count", "interval", "reference", "payLate", "monthEnd", "retry", "payerId", "calendar", "dates",
    "dayConvention", "firstAmount", "finalAmount",
]  # fmt: skip
CODES = ["yearly", "dates", "EvryWorkgDay", "IntrvlMnthDay:24:31", "WkInMnthDay:05:01", "QtrDay:SCOTTISH", "following"]
SHAPED = st.sampled_from(["25.00", "2026-12-31", "9999-12-31", "0001-01-01", "GBP", "JPY", "\0", "\ud800", *CODES])
ANY_TEXT = st.text(alphabet=st.characters(codec=None))
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | SHAPED
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=6)
NAMES = st.sampled_from(["limit", "cursor", "from", "to", "status", "payerId", "scheduleId", "x"])
LISTS = st.sampled_from(["/v1/events", "/v1/schedules", "/v1/transactions", "/v1/runs", "/v1/holds"])

several = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@several
@given(changes=st.dictionaries(st.sampled_from(FIELDS), VALUE, min_size=1, max_size=3))
def test_any_value_in_any_field_is_taken_or_refused(api: Api, changes: dict[str, object]) -> None:
    body = json.dumps({**RENT, **changes})
    response = api.call("POST", "/v1/schedules", data=body, content_type="application/json")
    assert response.status_code in (201, 400, 403, 422), response.get_data(as_text=True)


@several
@given(
    changes=st.dictionaries(st.sampled_from([*FIELDS, "limit"]), VALUE | st.lists(SHAPED), max_size=4),
    left_out=st.sets(st.sampled_from(sorted(RENT))),
)
def test_any_preview_is_answered_or_refused(api: Api, changes: dict[str, object], left_out: set[str]) -> None:
    body = json.dumps({name: value for name, value in RENT.items() if name not in left_out} | changes)
    response = api.call("POST", "/v1/schedules/preview", key=None, data=body, content_type="application/json")
    assert response.status_code in (200, 400, 403, 422), response.get_data(as_text=True)


@several
@given(content=st.binary(max_size=80) | VALUE.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_a_body_are_refused(api: Api, content: bytes) -> None:
    response = api.call("POST", "/v1/schedules", data=content, content_type="application/json")
    assert response.status_code in (400, 422), response.get_data(as_text=True)
    assert api.count("schedule") == 0


@several
@given(path=LISTS, query=st.dictionaries(NAMES, st.text(), max_size=3))
def test_any_query_is_answered_or_refused(api: Api, path: str, query: dict[str, str]) -> None:
    response = api.call("GET", path, query_string=query, scopes=("ops",))
    assert response.status_code in (200, 400, 422), response.get_data(as_text=True)
