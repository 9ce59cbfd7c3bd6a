"""What the audit says of each change."""

from tests.integration.api.client import Api


def test_each_change_says_who_for_whom_what_before_after_and_in_which_request(api: Api) -> None:
    made = api.schedule(count=2)
    event = made["events"][0]
    api.call("DELETE", f"/v1/events/{event['id']}", headers={"X-Request-Id": "req-1"})
    api.call("DELETE", f"/v1/schedules/{made['id']}", headers={"X-Request-Id": "req-2"})
    created, skipped, cancelled = api.rows("SELECT * FROM audit ORDER BY id")
    assert (created.actor, created.payer_id, created.subject, created.subject_id) == (
        "alice", "alice", "schedule", made["id"],
    )  # fmt: skip
    assert created.before is None
    assert created.after["amount"] == 2500
    assert (skipped.subject_id, skipped.request_id) == (event["id"], "req-1")
    assert (skipped.before["status"], skipped.after["status"]) == ("scheduled", "cancelled")
    assert (skipped.after["cancelReason"], skipped.after["version"]) == ("skipped", 2)
    assert (cancelled.before["status"], cancelled.after["status"]) == ("active", "cancelled")
    assert cancelled.request_id == "req-2"


def test_a_request_id_is_taken_over_only_where_it_is_sane(api: Api) -> None:
    def answered(given: str) -> str:
        return str(api.call("GET", "/healthz", sub=None, headers={"X-Request-Id": given}).headers["X-Request-Id"])

    assert answered("abc-123_X.9") == "abc-123_X.9"
    for given in ("", "a b", "x" * 65, "é", "a;b", "<script>"):
        assert answered(given) != given
        assert len(answered(given)) == 32
