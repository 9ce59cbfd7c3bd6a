"""What all tests share: which of them run, what a skip means, Ctrl-C, what is drawn, and real servers."""

pytest_plugins = [
    "tests.selection",
    "tests.skips",
    "tests.interrupts",
    "tests.reproducible",
    "tests.embedded",
    "tests.rabbit",
    "pytester",
]
