# Runs a campaign on a real Airflow; sourced by scripts.
# Needs environment.sh and debian.sh.

# run_campaign MODULE [--version 3.3] [ARGUMENTS]: become the module, in an environment of scripts/test and with servers.
run_campaign() {
    module=$1 version=3.3
    shift
    if [ "${1:-}" = --version ] && [ $# -gt 1 ]; then
        version=$2
        shift 2
    fi
    [ -f "$root/requirements/airflow-$version.txt" ] || fail "--version takes 3.3, 3.2, 3.1, 3.0 or 2.11, not $version"
    need_servers
    make_environment "$root/.venv-$version" "$root/requirements/airflow-$version.txt" "Airflow $version"
    export PYTHONPATH="$root"
    exec "$root/.venv-$version/bin/python" -m "$module" "$@"
}
