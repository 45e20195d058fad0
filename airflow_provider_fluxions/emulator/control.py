"""Steers an emulator that runs in another process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import requests

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition

_TIMEOUT_SECONDS = 70.0
"""A little more than the longest wait for a hold."""


class ControlClient:
    """Calls the control API of the emulator at `base_url`; needs no key and uses no proxy.

    Raises (from every method):
        requests.HTTPError: the emulator refused the call; the message carries its explanation.
        requests.ConnectionError: no emulator answers there.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/") + "/_emulator"
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def state(self) -> dict[str, Any]:
        """The profile, its submit path, the settings, the list's behavior and the transition in force."""
        return dict(self._call("GET", "/"))

    def add_fault(self, fault: Fault) -> str:
        """Add a fault and return its name."""
        return str(self._call("POST", "/faults", asdict(fault))["name"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that can still strike."""
        return list(self._call("GET", "/faults"))

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._call("DELETE", "/faults")

    def holds(self) -> list[dict[str, Any]]:
        """The requests that wait now: name, stage, request, job_id."""
        return list(self._call("GET", "/holds"))

    def wait_for_hold(self, name: str, timeout_seconds: float = 10.0) -> bool:
        """Block until a request waits under `name`, for 60 seconds at most; False when none came in time."""
        query = {"name": name, "wait_seconds": str(timeout_seconds)}
        return bool(self._call("GET", "/holds", query=query))

    def release(self, name: str | None = None) -> int:
        """Let the requests held under `name` (None: all) go on and return how many there were."""
        return int(self._call("POST", "/holds/release", {"name": name})["released"])

    def requests(self) -> list[dict[str, Any]]:
        """The recorded requests, oldest first."""
        return list(self._call("GET", "/requests"))

    def clear_requests(self) -> None:
        """Forget the recorded requests."""
        self._call("DELETE", "/requests")

    def renders(self) -> list[dict[str, Any]]:
        """The texts that were rendered, oldest first."""
        return list(self._call("GET", "/renders"))

    def clear_renders(self) -> None:
        """Forget the recorded renders."""
        self._call("DELETE", "/renders")

    def rotate_checkpoint(self, keep: int = 0) -> str:
        """Serve a new checkpoint and return it; `keep` older ones still speak."""
        return str(self._call("POST", "/voices/rotate", {"keep": keep})["checkpoint"])

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, oldest first; counts no read."""
        return list(self._call("GET", "/jobs"))

    def seed_jobs(self, count: int, **options: Any) -> int:
        """Add foreign jobs (options as for `Emulator.seed_jobs`) and return how many jobs there are now."""
        return int(self._call("POST", "/jobs/seed", {"count": count, **options})["total"])

    def force_status(self, job_id: int, status: str, error_message: str | None = None) -> dict[str, Any]:
        """Pin a job to a status and return it."""
        body = {"status": status, "error_message": error_message}
        return dict(self._call("PUT", f"/jobs/{job_id}/status", body))

    def forget_job(self, job_id: int) -> None:
        """Lose a job: reads answer 404, and the list has it no more."""
        self._call("DELETE", f"/jobs/{job_id}")

    def set_transition(self, transition: Transition) -> None:
        """Move all running jobs by another rule from now on."""
        self._call("PUT", "/transition", asdict(transition))

    def set_outcome(self, rule: OutcomeRule) -> None:
        """Add an outcome rule; the one added last wins."""
        self._call("POST", "/outcomes", asdict(rule))

    def clear_outcomes(self) -> None:
        """Forget all outcome rules."""
        self._call("DELETE", "/outcomes")

    def advance(self, seconds: float) -> float:
        """Let so many seconds pass at once, and return the time (seconds since the epoch) that it is now."""
        return float(self._call("POST", "/clock/advance", {"seconds": seconds})["now"])

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change some settings and return all of them."""
        return dict(self._call("PUT", "/settings", changes))

    def set_list(self, **changes: Any) -> dict[str, Any]:
        """Change what the list of jobs shows (names as in `ListBehavior`) and return all of it."""
        return dict(self._call("PUT", "/list", changes))

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        url = self._base_url + path
        response = self._session.request(method, url, json=body, params=query, timeout=_TIMEOUT_SECONDS)
        if response.status_code >= 400:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        return response.json()
