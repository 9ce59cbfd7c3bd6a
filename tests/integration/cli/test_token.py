from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api_service.auth.caller import Caller
from api_service.auth.sources import token_verifier
from shared.settings import read_settings
from tests.integration.cli.command import Payday, assert_refused

DEFAULT = frozenset({"schedules:read", "schedules:write"})


Ask = Callable[..., Caller]


@pytest.fixture
def caller(payday_inside: Payday) -> Ask:
    """Who the API takes the bearer of the printed token for."""

    def ask(*words: str, **settings: str) -> Caller:
        finished = payday_inside("token", *words, **settings)
        assert (finished.returncode, finished.stderr) == (0, "")
        [token] = finished.stdout.splitlines()
        return token_verifier(read_settings(settings)).verify(token)

    return ask


def test_a_token_speaks_for_its_payer_with_the_usual_scopes(caller: Ask) -> None:
    assert caller("--sub", "payer-7") == Caller("payer-7", DEFAULT)


@pytest.mark.parametrize("words", [["--scope", "ops import"], ["--scope", "ops", "--scope", "import"]])
def test_scopes_may_be_repeated_or_written_in_one_word(caller: Ask, words: list[str]) -> None:
    assert caller("--sub", "a", *words) == Caller("a", frozenset({"ops", "import"}))


def test_a_token_is_of_the_issuer_and_for_the_audience_that_are_set(caller: Ask) -> None:
    assert caller("--sub", "a", OIDC_ISSUER="https://issuer.test", OIDC_AUDIENCE="payments").sub == "a"


def test_production_gets_none(payday_inside: Payday) -> None:
    assert_refused(payday_inside("token", "--sub", "a", APP_ENV="production"), "APP_ENV=production")


def test_production_gets_none_however_complete_it_is_and_wherever_it_is_said(
    payday_inside: Payday, tmp_path: Path
) -> None:
    said = tmp_path / "environment"
    said.write_text("production\n")
    complete = {
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_JWKS_URL": "https://issuer.test/keys",
    }
    for where in ({"APP_ENV": "production"}, {"APP_ENV": " production "}, {"APP_ENV_FILE": str(said)}):
        finished = payday_inside("token", "--sub", "a", **complete, **where)
        assert_refused(finished, "APP_ENV=production")
        assert finished.stdout == ""


def test_an_id_that_no_payer_has_is_refused(payday_inside: Payday) -> None:
    assert_refused(payday_inside("token", "--sub", "a b"), "--sub: a payer id is 1 to 64 visible ASCII characters")


def test_bad_settings_are_all_named(payday_inside: Payday) -> None:
    finished = payday_inside("token", "--sub", "a", BATCH_SIZE="many", LOG_LEVEL="loud")
    assert_refused(finished, "payday cannot start:", "BATCH_SIZE: ", "LOG_LEVEL: ")
