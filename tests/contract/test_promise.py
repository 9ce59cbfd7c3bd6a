"""The committed copies of the document: it is what the code serves, and breaks no promise unknowingly."""

from deploy.cli.openapi import document_text
from deploy.openapi.breaking import breaking_changes
from deploy.openapi.copies import CURRENT, PROMISED, declared, read


def test_the_committed_document_is_the_one_that_is_served() -> None:
    assert CURRENT.read_text("utf-8") == document_text(), "it is written anew by `make openapi`"


def test_what_breaks_a_promise_is_declared_with_a_reason() -> None:
    found = breaking_changes(read(PROMISED), read(CURRENT))
    known = {change["what"]: change["why"] for change in declared()}
    undeclared = [change for change in found if change not in known]
    assert undeclared == [], "it breaks clients: take it back, or declare it in deploy/openapi/declared.toml"
    assert set(known) == set(found), "declared.toml names what is no change"
    assert all(known.values()), "every change has a reason"
