# Makes a virtual environment from a pin file; sourced by scripts that run from a fresh clone.
# Needs $root, the checkout. Uses uv, its own if there is none in PATH, and Python's venv and pip where uv fails.

# Bytecode is written when a module is first imported: compiling all that is installed takes many times as long, and
# without bytecode each of Airflow's dozens of processes would compile all that it imports.
unset PYTHONDONTWRITEBYTECODE

# fail MESSAGE: say what went wrong and stop.
fail() {
    echo "$1" >&2
    exit 1
}

# find_python: print a Python that Airflow runs on; $PYTHON goes first, and it alone may be 3.14, which Airflow supports
# from 3.2 on.
find_python() {
    if [ -n "${PYTHON:-}" ] && is_python "$PYTHON" 15; then
        return
    fi
    for candidate in python3.11 python3.12 python3.13 python3 python; do
        if is_python "$candidate" 14; then
            return
        fi
    done
    return 1
}

# is_python COMMAND MINOR: print the path of COMMAND if it is a Python with venv from 3.11 to below 3.MINOR.
# It is run, because version managers leave commands around that only print an error.
is_python() {
    "$1" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, int(sys.argv[1])))' "$2" 2>/dev/null &&
        "$1" -c 'import sys; print(sys.executable)'
}

# find_uv: set $uv to the uv in PATH, else to one of our own (requirements/uv.txt), installed once; empty without both.
find_uv() {
    [ -z "${uv:-}" ] || return 0
    uv=$(command -v uv || true)
    [ -z "$uv" ] || return 0
    tool=$root/.venv-uv
    if ! [ -x "$tool/bin/uv" ] || ! cmp -s "$root/requirements/uv.txt" "$tool/installed"; then
        tool_python=$(find_python) || return 0
        rm -rf "$tool"
        "$tool_python" -m venv "$tool" >/dev/null 2>&1 &&
            with_hashes "$tool_python" "$root/requirements/uv.txt" >"$tool/pins" &&
            "$tool/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$tool/pins" \
                >/dev/null 2>&1 &&
            cp "$root/requirements/uv.txt" "$tool/installed" || return 0
    fi
    uv=$tool/bin/uv
}

# with_hashes PYTHON PINS: print the pins with the hashes of their files.
with_hashes() {
    PYTHONPATH="$root" "$1" -P -m harness.hashes "$2"
}

# install ENVIRONMENT PINS PYTHON [WHEEL]: the steps themselves, each silent unless something is wrong.
# Without a wheel the checkout itself is installed, so that changes to it count at once. uv takes a tenth of pip's time;
# where it cannot reach an index that pip is configured for, pip does it. What is installed has the hashes of
# requirements/hashes.sha256, or nothing is installed.
install() {
    environment=$1 base_python=$3 pins=$1.pins
    with_hashes "$3" "$2" >"$pins" || return 1
    shift 3
    [ $# -gt 0 ] || set -- -e "$root"
    find_uv
    if [ -n "$uv" ]; then
        if "$uv" venv --quiet --python "$base_python" "$environment" &&
            "$uv" pip install --quiet --require-hashes --python "$environment/bin/python" -r "$pins" &&
            "$uv" pip install --quiet --python "$environment/bin/python" --no-deps "$@"; then
            return 0
        fi
        echo "uv failed; pip is tried"
        rm -rf "$environment"
    fi
    "$base_python" -m venv "$environment" &&
        "$environment/bin/python" -m pip install --quiet --require-hashes --disable-pip-version-check --no-compile \
            -r "$pins" &&
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

# lock FOLDER: wait until no other process holds the lock of FOLDER, and take it. Makes FOLDER.lock, which has the process id.
lock() {
    said=
    until mkdir "$1.lock" 2>/dev/null; do
        owner=$(cat "$1.lock/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$1.lock"
            continue
        fi
        [ -n "$said" ] || echo "Another run (process ${owner:-unknown}) installs into $1. Waiting for it."
        said=yes
        sleep 1
    done
    echo $$ >"$1.lock/pid"
}

# show_time WHAT: a line that moves on a terminal, a line every 15 s elsewhere, until this process ends or stops it.
show_time() {
    seconds=0
    while kill -0 $$ 2>/dev/null; do
        sleep 1 >/dev/null 2>&1
        seconds=$((seconds + 1))
        if [ -t 1 ]; then
            printf '\r%s, %s s' "$1" "$seconds"
        elif [ $((seconds % 15)) -eq 0 ]; then
            echo "$1, $seconds s"
        fi
    done
}

# make_environment ENVIRONMENT PINS WHAT: install WHAT into ENVIRONMENT, unless the pins are in it already.
# Two runs at once do not disturb each other: the second one waits, and finds the environment made.
make_environment() {
    stamp=$(cat "$2" "$root/pyproject.toml" | cksum)
    ! is_made "$1" || return 0
    python=$(find_python) || fail "No Python 3.11, 3.12 or 3.13 with venv was found. Name one: PYTHON=... $0"
    lock "$1"
    if is_made "$1"; then
        rm -rf "$1.lock"
        return
    fi
    echo "Installing $3 into $1 (once; usually one to three minutes)"
    begun_installing=$(date +%s)
    rm -rf "$1"
    # The installation is in front, so that Ctrl-C ends it.
    show_time "Installing $3" &
    shown=$!
    install "$1" "$2" "$python" >"$1.log" 2>&1 && failed= || failed=yes
    kill "$shown" 2>/dev/null || true
    wait "$shown" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r\033[K'
    if [ -n "$failed" ]; then
        rm -rf "$1.lock"
        fail "The installation failed: $(tail -n 1 "$1.log") The log is $1.log"
    fi
    rm -f "$1.log" "$1.pins"
    echo "$stamp $root" >"$1/installed"
    rm -rf "$1.lock"
    echo "Installed in $(($(date +%s) - begun_installing)) s"
}

# is_made ENVIRONMENT: whether what $stamp stands for is installed in it.
is_made() {
    [ -x "$1/bin/python" ] && [ "$(cat "$1/installed" 2>/dev/null)" = "$stamp $root" ]
}
