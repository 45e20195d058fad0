"""The environment of a local Airflow: every setting by variable, nothing from the caller's own Airflow."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

LOGIN = "admin"
PASSWORD = "admin"  # noqa: S105 (of an Airflow on loopback that lives for minutes)

AIRFLOW_2 = 2

_COMMON = {
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__PARALLELISM": "4",
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    # The fully qualified name costs a DNS query that may time out on a laptop or in a container.
    "CORE__HOSTNAME_CALLABLE": "socket.gethostname",
    "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    # On a busy machine importing Airflow's own modules alone can take the default of 30 s.
    "CORE__DAGBAG_IMPORT_TIMEOUT": "120",
    "CORE__KILLED_TASK_CLEANUP_TIME": "5",
    "CORE__TEST_CONNECTION": "Enabled",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    # Each loop of the scheduler costs a few hundredths of a second for each DAG run, also while all of them wait.
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "3",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "LOGGING__COLORED_CONSOLE_LOG": "False",
}
# New and changed files are still read at once. Reading a dozen unchanged ones each minute took a tenth of the CPU.
_MIN_FILE_PROCESS_SECONDS = "600"
_ONLY_2 = {
    "API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session",
    "SCHEDULER__MIN_FILE_PROCESS_INTERVAL": _MIN_FILE_PROCESS_SECONDS,
    "SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
    "SCHEDULER__PARSING_PROCESSES": "1",
    # A busy machine takes longer over a file than the 50 s after which its DAGs would be put aside.
    "SCHEDULER__STALE_DAG_THRESHOLD": "1800",
    "WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
    "WEBSERVER__WORKERS": "1",
    "WEBSERVER__WARN_DEPLOYMENT_EXPOSURE": "False",
    # The template database has the permissions already; writing them again takes seconds.
    "FAB__UPDATE_FAB_PERMS": "False",
}
_ONLY_3 = {
    "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
    "API__HOST": "127.0.0.1",
    "API__WORKERS": "1",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": _MIN_FILE_PROCESS_SECONDS,
    "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "3",
    "DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "DAG_PROCESSOR__STALE_DAG_THRESHOLD": "1800",
    # A busy machine answers late; the default of 5 s would fail tasks that did nothing wrong.
    "WORKERS__EXECUTION_API_TIMEOUT": "30",
}


def clean_environment() -> dict[str, str]:
    """Our own environment without its Airflow and AWS settings, with loopback kept off any proxy."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW", "AWS_"))}
    for name in ("NO_PROXY", "no_proxy"):
        kept = env.get(name)
        env[name] = f"{kept},127.0.0.1,localhost" if kept else "127.0.0.1,localhost"
    env["PYTHONUNBUFFERED"] = "1"
    # A file such as airflow.py in the folder that the harness is run from is not Airflow.
    env["PYTHONSAFEPATH"] = "1"
    return env


def airflow_environment(
    major: int, home: Path, dags_folder: Path, *, port: int, executor: str, database_url: str
) -> dict[str, str]:
    """All variables of an Airflow of the given major version (2 or 3) that serves on `port`."""
    settings = {
        **_COMMON,
        "CORE__DAGS_FOLDER": str(dags_folder),
        "CORE__EXECUTOR": executor,
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE__SQL_ALCHEMY_CONN": database_url,
        **(_web_2(port) if major == AIRFLOW_2 else _web_3(home, port)),
    }
    env = clean_environment()
    env.update({f"AIRFLOW__{name}": value for name, value in settings.items()})
    env["AIRFLOW_HOME"] = str(home)
    # Airflow 2.11 refuses SQLite with any parallel executor. In WAL mode it bears the few tasks of a demo
    # or a test, and this is the switch that Airflow's own tests use.
    env["_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK"] = "1"
    return env


def lost_after(seconds: int) -> dict[str, str]:
    """Settings by which Airflow treats a task as lost after this many seconds without a heartbeat.

    With much less than 20 s, Airflow gives up live tasks on a busy machine.
    """
    return {
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(seconds),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
        # The same in Airflow 2.11. It keeps its own interval for this check, 10 s. With 3 s, a busy scheduler
        # reported a lost task several times, and the late reports failed the tries that had followed.
        # A task whose own heartbeat is later than this interval ends itself: with 2 s, on a busy machine most did.
        "AIRFLOW__SCHEDULER__LOCAL_TASK_JOB_HEARTBEAT_SEC": str(max(2, seconds // 4)),
        "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": str(seconds),
    }


def _web_2(port: int) -> dict[str, str]:
    return {
        **_ONLY_2,
        "WEBSERVER__WEB_SERVER_PORT": str(port),
        "WEBSERVER__BASE_URL": f"http://127.0.0.1:{port}",
        "WEBSERVER__SECRET_KEY": secrets.token_hex(32),
    }


def _web_3(home: Path, port: int) -> dict[str, str]:
    return {
        **_ONLY_3,
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(home)),
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "API__PORT": str(port),
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__SECRET_KEY": secrets.token_hex(32),
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
    }


def passwords_file(home: Path) -> Path:
    """Where Airflow 3's simple auth manager reads the passwords from."""
    return home / "passwords.json"


def write_passwords(home: Path) -> None:
    """Give the one user of Airflow 3 the password that the harness knows."""
    passwords_file(home).write_text(json.dumps({LOGIN: PASSWORD}) + "\n")


def connection_variable(conn_id: str, **fields: object) -> tuple[str, str]:
    """Name and JSON value of the variable that defines a connection, e.g. `conn_type="aws", extra={...}`."""
    return f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields)
