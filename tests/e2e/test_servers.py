"""The harness's own PostgreSQL and Redis come up on free ports and never stay behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from harness.postgres import LocalPostgres
from harness.processes import wait_until
from harness.redis import LocalRedis
from harness.storage import PostgresDatabase
from harness.watchdog import session_members

# Starts both, tells their sessions and dies as if the machine's memory had run out.
_DYING_OWNER = """
import os, signal, sys
from pathlib import Path
from harness.postgres import LocalPostgres
from harness.redis import LocalRedis
postgres, redis = LocalPostgres(Path(sys.argv[1], "postgres.log")), LocalRedis(Path(sys.argv[1]))
for server in (postgres, redis):
    server.start()
    server.wait_ready()
print(postgres.process.pid, redis.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

pytestmark = [pytest.mark.any_version, pytest.mark.slow]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="fluxions-servers-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_servers_end_when_their_owner_is_killed(open_folder: Path) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", _DYING_OWNER, str(open_folder)],
        env={**os.environ, "TMPDIR": str(open_folder)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert owner.returncode == -signal.SIGKILL
    sessions = [int(pid) for pid in owner.stdout.split()]
    assert len(sessions) == 2
    wait_until(lambda: not any(session_members(sid) for sid in sessions), "both servers gone", 30)


def test_a_stopped_postgres_leaves_no_data(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "postgres.log") as server:
        data = Path(server.run("psql", "-d", "postgres", "-Atc", "show data_directory").strip())
        assert data.is_dir()
    assert not data.parent.exists()


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "postgres.log") as server:
        url = make_url(server.url("postgres"))
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(host=url.host, port=url.port, user=url.username, password="guess", dbname="postgres")


def test_a_database_made_from_a_template_has_all_that_was_saved(tmp_path: Path) -> None:
    template = tmp_path / "template.sql"
    with LocalPostgres(tmp_path / "postgres.log") as server:
        first, second = PostgresDatabase(server, "first"), PostgresDatabase(server, "second")
        first.create()
        server.run("psql", "-d", "first", "-c", "create table kept as select 'Übung' as word")
        first.save(template)
        assert not second.exists()
        second.load(template)
        assert second.exists()
        assert server.run("psql", "-d", "second", "-Atc", "select word from kept").strip() == "Übung"


def test_redis_answers_on_its_own_port(tmp_path: Path) -> None:
    from redis import Redis

    with LocalRedis(tmp_path) as server, Redis.from_url(server.url(1)) as client:
        assert client.ping()
        assert client.config_get("save") == {"save": ""}
