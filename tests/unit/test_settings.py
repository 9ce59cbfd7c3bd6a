"""Settings are read once, and everything that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import SettingsError, read_settings


def problems(environment: dict[str, str], *needs: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_settings(environment, needs=frozenset(needs))
    return refused.value.problems


def test_nothing_set_is_a_development_machine() -> None:
    settings = read_settings({})
    assert (settings.app_env, settings.batch_size, settings.lease_seconds) == ("development", 1000, 120)
    assert str(settings.business.zone) == "Europe/London"
    assert (settings.horizon.cycles_min, settings.horizon.cycles_max) == (12, 18)
    assert (settings.provider.mode, settings.worker_nice) == ("key", 10)


def test_every_problem_is_named_not_only_the_first() -> None:
    found = problems(
        {"BATCH_SIZE": "many", "LEASE_SECONDS": "-1", "PROVIDER_MODE": "hope", "BUSINESS_TIMEZONE": "Mars"}
    )
    assert [line.split(":")[0] for line in found] == [
        "PROVIDER_MODE",
        "BATCH_SIZE",
        "LEASE_SECONDS",
        "BUSINESS_TIMEZONE",
    ]


def test_a_missing_server_names_the_command_that_starts_one() -> None:
    (line,) = problems({}, "DATABASE_URL")
    assert "DATABASE_URL" in line
    assert "payday services" in line


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_the_three_usual_schemes_of_postgresql_are_accepted(scheme: str) -> None:
    url = read_settings({"DATABASE_URL": f"{scheme}://u:p@h:1/d"}).database_url
    assert url == "postgresql+psycopg2://u:p@h:1/d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("CELERY_BROKER_URL", "http://h"),
        ("CACHE_URL", "memcached://h"),
        ("PROVIDER_URL", "ftp://h"),
        ("PROVIDER_URL", "http://h:99999"),
        ("PROVIDER_URL", "http://h:0"),
        ("PROVIDER_URL", "http://h:port"),
        ("PROVIDER_URL", "http://a b/"),
        ("PROVIDER_URL", "http://h/?q=1"),
        ("PROVIDER_URL", "http://h/#part"),
        ("PROVIDER_URL", "http://user@h"),
        ("PROVIDER_TOKEN", "two\nlines"),
        ("PROVIDER_TOKEN", "pässword"),
        ("MAX_AMOUNT", "NaN"),
        ("MAX_AMOUNT", "-1"),
        ("CUTOFF_AT", "25:00"),
        ("PROVIDER_SPREAD_UNTIL", "yes"),
        ("RUN_OPENS_AT", "8"),
        ("BUSINESS_DATE", "2026-02-30"),
        ("PROVIDER_RESEND_AFTER_NOT_FOUND", "maybe"),
        ("PROVIDER_TIMEOUT_SECONDS", "nan"),
        ("PORT", "70000"),
        ("APP_ENV", "prod"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    assert any(line.startswith(f"{name}:") for line in problems({name: value}))


def test_limits_are_checked_against_each_other() -> None:
    assert any("LEASE_SECONDS" in line for line in problems({"LEASE_SECONDS": "24"}))
    assert any("CUTOFF_AT" in line for line in problems({"RUN_OPENS_AT": "12:00", "CUTOFF_AT": "12:00"}))
    hours = {"RUN_OPENS_AT": "06:00", "CUTOFF_AT": "18:00"}
    for outside in ("06:00", "18:00", "20:00"):
        assert any("PROVIDER_SPREAD_UNTIL" in line for line in problems({**hours, "PROVIDER_SPREAD_UNTIL": outside}))
    assert read_settings({**hours, "PROVIDER_SPREAD_UNTIL": "17:00"}).provider.spread_until == 17 * 60
    assert any("KEY_WINDOW" in line for line in problems({"PROVIDER_KEY_WINDOW_SECONDS": "120"}))
    assert any("HORIZON" in line for line in problems({"HORIZON_CYCLES_MIN": "20"}))


def test_production_refuses_what_is_only_for_development() -> None:
    found = problems({"APP_ENV": "production", "BUSINESS_DATE": "2026-01-01"})
    assert {line.split(":")[0].split(" ")[0] for line in found} == {"BUSINESS_DATE", "SECRET_KEY", "OIDC_ISSUER"}


def in_production(**environment: str) -> list[str]:
    """What is wrong with a production that has all it needs but for this."""
    complete = {
        "APP_ENV": "production",
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_JWKS_URL": "https://issuer.test/keys",
    }
    try:
        read_settings({**complete, **environment})
    except SettingsError as refused:
        return refused.problems
    return []


def test_production_starts_with_a_secret_and_a_real_issuer() -> None:
    assert in_production() == []
    assert in_production(OIDC_JWKS_URL="", OIDC_PUBLIC_KEY_FILE="/etc/payday/key.pem") == []
    for missing in ("SECRET_KEY", "OIDC_ISSUER", "OIDC_JWKS_URL"):
        assert any(missing in line for line in in_production(**{missing: ""}))


def test_the_development_secret_is_refused_in_production_and_not_repeated() -> None:
    secret = read_settings({}).secret_key
    [line] = in_production(SECRET_KEY=secret)
    assert line.startswith("SECRET_KEY: ")
    assert secret not in line


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://issuer.test/keys/", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://localhost/keys", True),
        ("http://[::1]/keys", True),
        ("http://issuer.test/keys", False),
        ("http://127.0.0.1.issuer.test/keys", False),
        ("http://localhost.issuer.test/keys", False),
        ("http://localhost@issuer.test/keys", False),
        ("http://10.0.0.1/keys", False),
    ],
)
def test_the_issuers_keys_must_not_be_changed_on_their_way(url: str, good: bool) -> None:
    assert [
        line.startswith("OIDC_JWKS_URL: must begin with https://") for line in in_production(OIDC_JWKS_URL=url)
    ] == ([] if good else [True])
    assert read_settings({"OIDC_JWKS_URL": url}).oidc.jwks_url == url


def test_keys_come_from_one_place() -> None:
    [line] = problems({"OIDC_JWKS_URL": "https://issuer.test/keys", "OIDC_PUBLIC_KEY_FILE": "/etc/payday/key.pem"})
    assert "OIDC_JWKS_URL and OIDC_PUBLIC_KEY_FILE" in line


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    assert read_settings({"PROVIDER_TOKEN_FILE": str(secret)}).provider.token == "s3cret"
    assert any("PROVIDER_TOKEN" in line for line in problems({"PROVIDER_TOKEN_FILE": str(tmp_path / "none")}))
    assert problems({"PROVIDER_TOKEN_FILE": str(secret), "PROVIDER_TOKEN": "other"})


def test_a_business_date_alone_is_noon_and_with_a_time_that_time() -> None:
    noon = read_settings({"BUSINESS_DATE": "2026-07-01"}).business.frozen
    assert noon is not None
    assert noon.isoformat() == "2026-07-01T12:00:00+01:00"
    evening = read_settings({"BUSINESS_DATE": "2026-07-01T23:59"}).business.frozen
    assert evening is not None
    assert evening.isoformat() == "2026-07-01T23:59:00+01:00"


SECRETS = (
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "PROVIDER_TOKEN",
    "PROVIDER_URL",
    "SECRET_KEY",
)


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    value = {"DATABASE_URL": "postgresql://u:s3cret@h/d", "PROVIDER_URL": "http://h/s3cret"}.get(
        name, "redis://:s3cret@h:1/0"
    )
    path = tmp_path / "secret"
    path.write_text(f"{value}\n")
    assert read_settings({f"{name}_FILE": str(path)}) == read_settings({name: value})
    assert "s3cret" in str(read_settings({f"{name}_FILE": str(path)}))


@pytest.mark.parametrize("name", [name for name in SECRETS if name.endswith("_URL")])
def test_what_is_wrong_with_a_secret_is_said_without_it(name: str) -> None:
    (line,) = problems({name: "gopher://u:s3cret@h"})
    assert line.startswith(f"{name}: must be")
    assert "s3cret" not in line


def test_rates_are_numbers_in_a_unit_of_time_and_zero_is_none() -> None:
    usual = read_settings({}).limits
    assert (usual.payer, usual.trusted, usual.schedules) == ("60000/minute", "600000/minute", 10_000)
    given = read_settings({"RATE_LIMIT_PAYER": "0", "RATE_LIMIT_TRUSTED": "5/hour", "MAX_SCHEDULES_PER_PAYER": "0"})
    assert (given.limits.payer, given.limits.trusted, given.limits.schedules) == ("", "5/hour", 0)
    for wrong in ("many", "600", "-1/minute", "0/minute", "600/fortnight", "6/minute; 1/second"):
        assert [line.split(":")[0] for line in problems({"RATE_LIMIT_PAYER": wrong})] == ["RATE_LIMIT_PAYER"]
