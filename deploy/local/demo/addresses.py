"""Where to look at the demo while it is up."""

from __future__ import annotations

import shlex

from rich.console import Console

from deploy.local.demo.client import bearer
from deploy.local.demo.processes import FLOWER_USER, Processes


def addresses(processes: Processes, token: str) -> dict[str, str]:
    """Addresses, Flower's user and password, and a command to begin with."""
    call = ["curl", "-s", "-H", f"Authorization: {bearer(token)}", f"{processes.api_url}/v1/transactions?limit=5"]
    return {
        "api": processes.api_url,
        "docs": f"{processes.api_url}/docs",
        "flower": processes.flower_url,
        "flowerUser": FLOWER_USER,
        "flowerPassword": processes.flower_password,
        "bank": processes.bank_url,
        "receiver": processes.receiver_url,
        "logs": str(processes.folder),
        "token": token,
        "curl": shlex.join(call),
    }


def print_addresses(console: Console, where: dict[str, str]) -> None:
    """For people; long lines are not broken, so that they can be copied."""
    lines = [
        "",
        f"API docs  {where['docs']}",
        f"Flower    {where['flower']}  user {where['flowerUser']}, password {where['flowerPassword']}",
        f"Bank      {where['bank']}/journal/summary",
        f"Receiver  {where['receiver']}/summary, {where['receiver']}/notices",
        f"Logs      {where['logs']}",
        f"Try       {where['curl']}",
        "",
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
