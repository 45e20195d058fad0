"""Receive the metrics that a running Airflow sends, as a StatsD server does, over a real UDP socket."""

from __future__ import annotations

import socket
import threading

from harness.service import Service

_POLL_SECONDS = 0.2
_MAX_DATAGRAM_BYTES = 65_535


class LocalStatsd(Service):
    """Keeps the lines whose name begins with one of `prefixes`; a context manager that listens on loopback."""

    def __init__(self, *prefixes: str) -> None:
        """Airflow's own `airflow.` in front of every name is left out of `prefixes` and of the lines."""
        self._prefixes = tuple(f"airflow.{prefix}" for prefix in prefixes)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._listen, name="statsd")
        self._stop = threading.Event()
        self.lines: list[str] = []

    def airflow_settings(self) -> dict[str, str]:
        """The variables that make an Airflow send here, its tags in InfluxDB's way: `name,tag=value:1|c`."""
        settings = {
            "STATSD_ON": "True",
            "STATSD_HOST": "127.0.0.1",
            "STATSD_PORT": str(self._socket.getsockname()[1]),
            "STATSD_INFLUXDB_ENABLED": "True",
        }
        return {f"AIRFLOW__METRICS__{name}": value for name, value in settings.items()}

    def sent(self, name: str, tag: str) -> list[str]:
        """Value and kind of each metric with this name and one tag, such as `1|c`, as they came."""
        start = f"{name},{tag}:"
        return [line.removeprefix(start) for line in list(self.lines) if line.startswith(start)]

    def start(self) -> None:
        """Listen from now on."""
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(_POLL_SECONDS)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; `lines` stay."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                datagram = self._socket.recv(_MAX_DATAGRAM_BYTES)
            except TimeoutError:
                continue
            for line in datagram.decode().splitlines():
                if line.startswith(self._prefixes):
                    self.lines.append(line.removeprefix("airflow."))
