"""AWS sessions for hooks in tests. Airflow loads this class by its setting `[aws] session_factory`."""

from __future__ import annotations

import threading
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory


class SharedSessions(BaseSessionFactory):
    """Makes one session for each thread and credentials: clients of the same session share the data of the service."""

    _kept = threading.local()

    def create_session(self, deferrable: bool = False) -> Any:
        """Return the session of this thread with this connection's credentials."""
        key = repr((self.conn.session_kwargs, self.region_name, self.role_arn, deferrable))
        sessions = self._kept.__dict__
        if key not in sessions:
            sessions[key] = super().create_session(deferrable=deferrable)
        return sessions[key]
