"""Who is told, and with which secrets it is signed: settings that would tell strangers are refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from shared.settings import NotifySettings, SettingsError, read_settings

KEY, OTHER = bytes(range(24)), bytes(range(32))
SECRET, OTHER_SECRET = (f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, OTHER))
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "OIDC_ISSUER": "https://issuer.test",
    "OIDC_JWKS_URL": "https://issuer.test/keys",
}


def notify(**environment: str) -> NotifySettings:
    settings = read_settings({"NOTIFY_URL": "http://127.0.0.1:9/notices", "NOTIFY_SECRET": SECRET, **environment})
    assert settings.notify is not None
    return settings.notify


def problems(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        notify(**environment)
    return refused.value.problems


@pytest.mark.parametrize("more", [{}, {"NOTIFY_URL": ""}, {"NOTIFY_SECRET": SECRET}, {"NOTIFY_DAYS_BEFORE": "3"}])
def test_without_an_address_nobody_is_told(more: dict[str, str]) -> None:
    assert read_settings(more).notify is None


def test_an_address_and_a_secret_are_enough() -> None:
    assert notify() == NotifySettings(
        url="http://127.0.0.1:9/notices", secrets=(KEY,), days_before=2, allow_private=True, timeout_seconds=15.0
    )


def test_an_address_without_a_secret_is_refused_once() -> None:
    (line,) = problems(NOTIFY_SECRET="")
    assert line.startswith("NOTIFY_SECRET: must be set with NOTIFY_URL")


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\n"])
def test_while_receivers_learn_a_new_secret_both_sign(separator: str) -> None:
    assert notify(NOTIFY_SECRET=f"{SECRET}{separator}{OTHER_SECRET}").secrets == (KEY, OTHER)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n{OTHER_SECRET}\n")
    assert notify(NOTIFY_SECRET="", NOTIFY_SECRET_FILE=str(tmp_path / "secret")).secrets == (KEY, OTHER)


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_c2hvcnQ", "whsec_pass! word", f"{SECRET}!", f"{SECRET} whsec_bad*", ","]
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str) -> None:
    found = problems(NOTIFY_SECRET=secret)
    assert [line.split(":")[0] for line in found] == ["NOTIFY_SECRET"]
    assert SECRET not in found[0]
    assert "pass" not in found[0]


def test_a_secret_that_could_be_guessed_is_for_trying_out() -> None:
    assert notify(NOTIFY_SECRET="whsec_c2hvcnQ=").secrets == (b"short",)
    (line,) = problems(NOTIFY_SECRET="whsec_c2hvcnQ=", NOTIFY_URL="https://bank.test/", **PRODUCTION)
    assert line == "NOTIFY_SECRET: must be of 24 to 64 bytes when APP_ENV=production"


@pytest.mark.parametrize("url", ["ftp://h/", "h", "http://", "http://h:0/", "http://h/a b", "http://h:99999/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert [line.split(":")[0] for line in problems(NOTIFY_URL=url)] == ["NOTIFY_URL"]


@pytest.mark.parametrize("url", ["https://user:hunter2@bank.test/", "https://bank.test/hunter2#top"])
def test_an_address_with_what_no_call_would_have_is_refused_without_its_words(url: str) -> None:
    (line,) = problems(NOTIFY_URL=url)
    assert line.startswith("NOTIFY_URL: must have no user and no fragment")
    assert "hunter2" not in line


def test_in_production_notices_go_over_tls_and_not_into_the_private_network() -> None:
    (line,) = problems(**PRODUCTION)
    assert line.startswith("NOTIFY_URL: must begin with https://")
    assert notify(**PRODUCTION, NOTIFY_URL="https://bank.test/notices").allow_private is False
    inside = notify(**PRODUCTION, NOTIFY_URL="https://bank.test/notices", NOTIFY_ALLOW_PRIVATE="true")
    assert inside.allow_private is True


def test_elsewhere_private_addresses_are_allowed_unless_said_otherwise() -> None:
    assert notify(NOTIFY_ALLOW_PRIVATE="false").allow_private is False
    assert notify(APP_ENV="test").allow_private is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFY_DAYS_BEFORE", "-1"),
        ("NOTIFY_DAYS_BEFORE", "32"),
        ("NOTIFY_ALLOW_PRIVATE", "perhaps"),
        ("NOTIFY_TIMEOUT_SECONDS", "0"),
        ("NOTIFY_TIMEOUT_SECONDS", "61"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: str) -> None:
    assert [line.split(":")[0] for line in problems(**{name: value})] == [name]


def test_none_is_told_ahead_where_no_days_are_set() -> None:
    assert notify(NOTIFY_DAYS_BEFORE="0").days_before == 0
