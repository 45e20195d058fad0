# Sees to servers that the harness starts from this machine's own programs; sourced by scripts.
# Needs `fail` of environment.sh.

# have_program NAME: whether NAME is in PATH, or among the programs of Debian's PostgreSQL, which PATH leaves out.
have_program() {
    command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1
}

# need_servers: install Debian's Redis, PostgreSQL and Chromium unless they are here, or say how to.
# What the packages start by themselves is left as it is: the harness runs servers of its own.
need_servers() {
    missing=
    have_program redis-server || missing="$missing redis-server"
    have_program initdb || missing="$missing postgresql"
    have_program chromium || missing="$missing chromium"
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 ||
        fail "Redis, PostgreSQL and Chromium are needed and not all found in PATH: redis-server, initdb, chromium. Install them; tests that need none: scripts/test core"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        as_root="sudo -n"
        $as_root true 2>/dev/null || fail "Debian packages are missing. Install them: sudo apt-get install$missing"
    fi
    echo "Installing Debian's$missing (once)"
    log=$(mktemp)
    # shellcheck disable=SC2086 # words on purpose
    if ! { $as_root apt-get update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        fail "The installation failed; its log is $log"
    fi
    rm -f "$log"
}
