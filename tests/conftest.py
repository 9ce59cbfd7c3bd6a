"""What all tests share: which of them run, what a skip means, and real servers."""

pytest_plugins = ["tests.selection", "tests.skips", "tests.embedded", "tests.rabbit", "pytester"]
