"""How a peer is compared: at its best setting, in turns with Payday's two sides, or not at all with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks import payday, vs_bullmq, vs_celery
from tests.benchmarks.options import Options
from tests.benchmarks.payday import Rate
from tests.benchmarks.peers import arena
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import PEER_SECONDS, compare

RATES = {"prefork:1": 300.0, "threads:2": 500.0, "threads:4": 400.0, "threads:8": 100.0}


@pytest.fixture
def options() -> Options:
    return Options(rounds=2, scale=1.0, workers=2, console=Console(quiet=True))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was measured, in order; Payday settles 40,000 events a second in batches and 4,000 one by one."""
    made: list[str] = []

    def pay(events: int, *, workers: int, provider_batch: int) -> Rate:
        made.append("batch" if provider_batch > 1 else "single")
        return Rate(events, events / (40_000 if provider_batch > 1 else 4_000))

    def rate(peer: Peer, setting: str, payments: int, *, processes: int) -> float:
        made.append(f"{setting} {payments} in {processes}")
        return RATES[setting]

    monkeypatch.setattr(payday, "measure", pay)
    monkeypatch.setattr(arena, "rate", rate)
    return made


def test_a_peer_is_measured_at_its_best_setting_and_in_turns_with_payday(options: Options, calls: list[str]) -> None:
    figure = vs_celery.measure(options)
    tried, warmed, measured = calls[:4], calls[4:6], calls[6:]
    assert [call.split()[0] for call in tried] == list(RATES)
    assert warmed == ["batch", "single"]
    assert measured == ["batch", "single", f"threads:2 {500 * PEER_SECONDS} in 2"] * options.rounds
    assert {name: ratio.value for name, ratio in figure.ratios.items()} == {"batch": 80, "single": 8}
    assert {name: ratio.target for name, ratio in figure.ratios.items()} == {"batch": 70, "single": 7}


def test_the_notes_tell_every_setting_that_was_tried(options: Options, calls: list[str]) -> None:
    (notes, _) = vs_celery.measure(options).notes
    assert "2 processes; tried prefork:1: 300/s, threads:2: 500/s, threads:4: 400/s, threads:8: 100/s" in notes


def test_without_node_the_figure_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: Options) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    figure = vs_bullmq.measure(options)
    assert (figure.ratios, figure.notes) == ({}, ["node is absent"])


def test_without_nodes_packages_the_figure_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: Options
) -> None:
    node = tmp_path / "node"
    node.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(arena, "NODE_PACKAGES", tmp_path / "node_modules")
    figure = compare("vs_bullmq", vs_bullmq.BULLMQ, options, batch=1, single=1)
    assert not figure.ratios
    assert "packages are absent" in figure.notes[0]
