#!/bin/sh
# Makes .venv and installs Payday in it, with exactly the packages of a lock file.
# Usage: sh deploy/install.sh LOCKFILE. PYTHON=path takes that interpreter instead of the first that fits.
set -eu

lock=$1
oldest='3, 11'

is_new_enough() { "$1" -c "import sys; sys.exit(sys.version_info < ($oldest))" 2>/dev/null; }
can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

fail() {
    printf 'payday: %s\n' "$@" >&2
    exit 2
}

find_python() {
    incomplete=
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        is_new_enough "$candidate" || continue
        if can_make_environments "$candidate"; then
            python=$candidate
            return
        fi
        incomplete=${incomplete:-$candidate}
    done
    if [ "$incomplete" ]; then
        fail "$incomplete cannot make virtual environments: its module venv or ensurepip is missing." \
            "Install it (Debian and Ubuntu: apt-get install python3-venv), or name another one: make PYTHON=/path/to/python3"
    fi
    fail "no Python 3.11 or newer was found." \
        "Install one (python.org, or your system's packages), or name it: make PYTHON=/path/to/python3"
}

if ! is_new_enough .venv/bin/python; then
    find_python
    echo "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

echo "Installing from $lock (about a minute the first time) ..."
pip install --require-hashes -r "$lock"
# The build's own tool came with the lock file: nothing more is fetched.
pip install --no-deps --no-build-isolation -e .
