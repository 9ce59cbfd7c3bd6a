"""Whose rows a caller reads and changes, by its scopes."""

import itertools

import pytest

from api_service.auth.caller import ANY_PAYER, OPS, READ, WRITE, Caller
from shared.domain.errors import NotAllowed

SETS = [
    frozenset(chosen) for size in range(5) for chosen in itertools.combinations((READ, WRITE, OPS, ANY_PAYER), size)
]


@pytest.mark.parametrize("scopes", SETS, ids=lambda scopes: "+".join(sorted(scopes)) or "none")
def test_only_operators_and_trusted_readers_read_anothers(scopes: frozenset[str]) -> None:
    caller = Caller("alice", scopes)
    assert caller.payer_to_read("alice") == "alice"
    if OPS in scopes or {READ, ANY_PAYER} <= scopes:
        assert caller.payer_to_read(None) is None
        assert caller.payer_to_read("bob") == "bob"
    else:
        assert caller.payer_to_read(None) == "alice"
        with pytest.raises(NotAllowed) as refused:
            caller.payer_to_read("bob")
        assert refused.value.code == "payer_not_allowed"


@pytest.mark.parametrize("scopes", SETS, ids=lambda scopes: "+".join(sorted(scopes)) or "none")
def test_only_a_trusted_front_end_changes_and_pays_for_another(scopes: frozenset[str]) -> None:
    caller = Caller("alice", scopes)
    assert caller.payer_to_pay(None) == caller.payer_to_pay("alice") == "alice"
    if ANY_PAYER in scopes:
        assert (caller.payer_to_change(None), caller.payer_to_change("bob")) == (None, "bob")
        assert caller.payer_to_pay("bob") == "bob"
    else:
        assert caller.payer_to_change(None) == "alice"
        for attempt in (caller.payer_to_change, caller.payer_to_pay):
            with pytest.raises(NotAllowed):
                attempt("bob")
