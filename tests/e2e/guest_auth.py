"""Airflow 3's simple auth manager knows no rights by DAG: here one user may not see one DAG."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

from tests.e2e.visitor import CLOSED_DAG, GUEST


class GuestAuthManager(SimpleAuthManager):
    """The guest may see every DAG but one."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **asked: Any) -> bool:
        """Whether a user may do something with a DAG."""
        if user.username == GUEST and details is not None and details.id == CLOSED_DAG:
            return False
        return bool(super().is_authorized_dag(user=user, details=details, **asked))
