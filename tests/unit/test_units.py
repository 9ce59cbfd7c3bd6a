"""The units for systemd: unprivileged, with secrets from files, and started and stopped as the documentation says."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import read_settings
from shared.settings_values import SECRETS
from tests.integration.api.served import environment
from worker_service import check

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
WORST_EXPOSURE = 20
"""Tenths; systemd calls a service under 2 well protected, and one with nothing set 9.6."""
SHUT = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictSUIDSGID": "yes",
    "LimitCORE": "0",
    "UMask": "0077",
}


def settings_of(unit: Path) -> dict[str, list[str]]:
    """Each name with its values; a systemd unit may repeat a name."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture(params=UNITS, ids=lambda unit: unit.stem)
def unit(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_is_a_unit_for_each_service() -> None:
    assert [path.stem for path in UNITS] == ["payday-api", "payday-beat", "payday-worker"]


def test_a_service_has_a_user_of_its_own_and_can_gain_nothing(unit: Path) -> None:
    settings = settings_of(unit)
    assert settings["User"] == settings["Group"] == ["payday"]
    assert {name: settings.get(name) for name in SHUT} == {name: [value] for name, value in SHUT.items()}


def test_a_service_is_started_by_the_command_of_the_documentation(unit: Path) -> None:
    (command,) = settings_of(unit)["ExecStart"]
    program, _, arguments = command.partition(" ")
    folder, _, name = program.rpartition("/")
    assert folder == "/opt/payday/.venv/bin"
    assert (ROOT / ".venv/bin" / name).exists() or shutil.which(name)
    assert f"`{name} {arguments}`" in (ROOT / "deploy/docs/operations.md").read_text()


def test_secrets_come_from_files_alone(unit: Path) -> None:
    settings = settings_of(unit)
    given = dict(word.split("=", 1) for line in settings["Environment"] for word in line.split())
    assert not SECRETS & given.keys()
    files = {name: value for name, value in given.items() if name.endswith("_FILE")}
    assert {name.removesuffix("_FILE") for name in files} <= SECRETS
    kept = {f"%d/{line.partition(':')[0]}" for line in settings["LoadCredential"]}
    assert set(files.values()) == kept
    assert given["APP_ENV"] == "production"


def test_a_service_is_started_again_unless_what_is_wrong_stays_wrong(unit: Path) -> None:
    settings = settings_of(unit)
    assert settings["Restart"] == ["on-failure"]
    assert settings["StartLimitIntervalSec"] == ["0"]
    assert settings["RestartPreventExitStatus"] == [str(check.WRONG)]
    assert check.NOT_THERE not in (0, check.WRONG)


def test_a_stop_leaves_time_to_drain() -> None:
    (seconds,) = settings_of(ROOT / "deploy/systemd/payday-api.service")["TimeoutStopSec"]
    assert int(seconds) > 30 + math.ceil(read_settings({}).drain_seconds)
    (seconds,) = settings_of(ROOT / "deploy/systemd/payday-worker.service")["TimeoutStopSec"]
    assert int(seconds) > 2 * (read_settings({}).provider.timeout_seconds + 10)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
def test_systemd_understands_a_unit_and_finds_little_to_shut(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    text = unit.read_text().replace("User=payday", "User=daemon").replace("Group=payday", "Group=daemon")
    here.write_text(text.replace("/opt/payday/.venv/bin/", "/bin/").replace("/bin/gunicorn", "/bin/true"))
    here.write_text(here.read_text().replace("/bin/celery", "/bin/true").replace("/opt/payday", "/"))
    for command in (["verify"], ["security", "--offline=true", f"--threshold={WORST_EXPOSURE}", "--no-pager"]):
        done = subprocess.run(
            ["systemd-analyze", *command, str(here)], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert unit.name not in done.stderr


@pytest.mark.parametrize(
    ("env", "user", "said"), [("production", 0, 1), ("production", 1000, 0), ("development", 0, 0)]
)
def test_a_service_that_is_exposed_in_production_says_so(env: str, user: int, said: int) -> None:
    """In a process of its own, because reading gunicorn's settings sets up the log."""
    variables = {
        "APP_ENV": env,
        "DATABASE_URL": "postgresql://h/d",
        "SECRET_KEY": "0123456789abcdef",
        "OIDC_ISSUER": "https://issuer.example",
        "OIDC_JWKS_URL": "https://issuer.example/keys",
    }
    start = f"import os, runpy; os.geteuid = lambda: {user}; runpy.run_path('deploy/gunicorn.conf.py')"
    done = subprocess.run(
        [sys.executable, "-c", start],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr.count("runs as root") == said
    assert done.stderr.count("SECRET_KEY is short") == (env == "production")
