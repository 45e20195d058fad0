"""Control an emulator in another process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import requests

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition

_TIMEOUT_SECONDS = 70.0
"""Slightly more than the maximum wait for a hold."""


class ControlClient:
    """Calls the control API of the emulator at `base_url`, without a key or proxy.

    Every method raises these:

    :raises requests.HTTPError: if the emulator refused the call; the message contains its explanation.
    :raises requests.ConnectionError: if there is no emulator at this URL.
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
        """Return the profile, its submit path, the settings, the behavior of the list and the current transition."""
        return dict(self._call("GET", "/"))

    def add_fault(self, fault: Fault) -> str:
        """Add a fault and return its name."""
        return str(self._call("POST", "/faults", asdict(fault))["name"])

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that can still apply."""
        return list(self._call("GET", "/faults"))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "/faults")

    def holds(self) -> list[dict[str, Any]]:
        """Return the held requests: name, stage, request, job_id."""
        return list(self._call("GET", "/holds"))

    def wait_for_hold(self, name: str, timeout_seconds: float = 10.0) -> bool:
        """Block until a request is held under `name`, for at most 60 s; return False after that time."""
        query = {"name": name, "wait_seconds": str(timeout_seconds)}
        return bool(self._call("GET", "/holds", query=query))

    def release(self, name: str | None = None) -> int:
        """Release the requests held under `name` (None: all) and return their number."""
        return int(self._call("POST", "/holds/release", {"name": name})["released"])

    def requests(self) -> list[dict[str, Any]]:
        """Return the recorded requests, oldest first."""
        return list(self._call("GET", "/requests"))

    def clear_requests(self) -> None:
        """Remove the recorded requests."""
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
        """Return all jobs, oldest first, without counting a read."""
        return list(self._call("GET", "/jobs"))

    def seed_jobs(self, count: int, **options: Any) -> int:
        """Add foreign jobs (options as for `Emulator.seed_jobs`) and return how many jobs there are now."""
        return int(self._call("POST", "/jobs/seed", {"count": count, **options})["total"])

    def force_status(self, job_id: int, status: str, error_message: str | None = None) -> dict[str, Any]:
        """Pin a job to a status and return it."""
        body = {"status": status, "error_message": error_message}
        return dict(self._call("PUT", f"/jobs/{job_id}/status", body))

    def forget_job(self, job_id: int) -> None:
        """Remove a job: reads return 404, and the list omits it."""
        self._call("DELETE", f"/jobs/{job_id}")

    def set_transition(self, transition: Transition) -> None:
        """Set the rule that completes running jobs."""
        self._call("PUT", "/transition", asdict(transition))

    def set_outcome(self, rule: OutcomeRule) -> None:
        """Add an outcome rule, which takes precedence over earlier ones."""
        self._call("POST", "/outcomes", asdict(rule))

    def clear_outcomes(self) -> None:
        """Remove all outcome rules."""
        self._call("DELETE", "/outcomes")

    def advance(self, seconds: float) -> float:
        """Advance the clock by this many seconds, and return the new time (seconds since the epoch)."""
        return float(self._call("POST", "/clock/advance", {"seconds": seconds})["now"])

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change some settings and return all of them."""
        return dict(self._call("PUT", "/settings", changes))

    def set_list(self, **changes: Any) -> dict[str, Any]:
        """Change the behavior of the job list (names as in `ListBehavior`) and return all of it."""
        return dict(self._call("PUT", "/list", changes))

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        url = self._base_url + path
        response = self._session.request(method, url, json=body, params=query, timeout=_TIMEOUT_SECONDS)
        if response.status_code >= 400:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        return response.json()
