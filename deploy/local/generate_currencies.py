"""Writes shared/domain/currencies.py from the `iso4217` package.

Run as `python -m deploy.local.generate_currencies`. Look at the difference before
committing it: a currency that ISO withdrew may still stand in stored schedules, and then has to stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import iso4217

TABLE_FILE: Final = Path(__file__).parents[2] / "shared" / "domain" / "currencies.py"


def exponents() -> dict[str, int]:
    """Code → decimals of every currency that has a minor unit; gold, test codes and the like have none."""
    known = {currency.code: currency.exponent for currency in iso4217.Currency}
    return {code: decimals for code, decimals in sorted(known.items()) if decimals is not None}


def source_text() -> str:
    """The text of currencies.py."""
    rows = "".join(f'    "{code}": {decimals},\n' for code, decimals in exponents().items())
    return (
        '"""How many decimals each currency has: ISO 4217, list one, as published on '
        f"{iso4217.__published__.isoformat()}.\n\n"
        "Written by deploy/local/generate_currencies.py. Currencies without a minor unit (XAU, XXX) are left "
        'out.\n"""\n\n'
        "from __future__ import annotations\n\nfrom typing import Final\n\n"
        f"EXPONENTS: Final[dict[str, int]] = {{\n{rows}}}\n"
    )


if __name__ == "__main__":
    TABLE_FILE.write_text(source_text(), encoding="utf-8")
