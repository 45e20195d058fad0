"""The points at which tasks are killed, in the order of a task's life."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.kill_moments import (
    BIG_BYTES,
    MAPPED_TASKS,
    Frozen,
    HeldByServer,
    Moment,
    WhileReadingS3,
    WhileResuming,
    WhileTransferring,
)

_NO_WAIT, _SYNC, _DEFERRED = "kill_none", "kill_sync", "kill_deferred"
_ALL = (_NO_WAIT, _SYNC, _DEFERRED)


@dataclass(frozen=True)
class KillPoint:
    """One point: its moment (None: the triggerer is killed, not a task) and the DAGs that its runs take in turn.

    `never_completes`: its jobs end only when the test says so.
    """

    name: str
    moment: Moment | None
    dag_ids: tuple[str, ...] = _ALL
    mapped: int = 1
    never_completes: bool = False

    @property
    def kills_tasks(self) -> bool:
        """Whether the killed process is a single task's own, so that its supervisor can be killed with it."""
        return self.moment is not None and self.mapped == 1


_POINTS = (
    KillPoint("before_post", WhileReadingS3()),
    KillPoint("before_body", HeldByServer("before_body")),
    KillPoint("mid_body", HeldByServer("mid_body", size_bytes=BIG_BYTES)),
    KillPoint("after_create", HeldByServer("after_create")),
    KillPoint("after_answer", Frozen("after_answer")),
    KillPoint("before_xcom", Frozen("before_xcom")),
    KillPoint("before_return", Frozen("before_return"), (_NO_WAIT, _SYNC)),
    KillPoint("waiting", HeldByServer("before_body", "GET"), (_SYNC,)),
    KillPoint("deferred", None, (_DEFERRED,)),
    KillPoint("resuming", WhileResuming(), (_DEFERRED,), never_completes=True),
    KillPoint("same_file", HeldByServer("after_create"), ("kill_mapped_cached", "kill_mapped_uncached"), MAPPED_TASKS),
    KillPoint("transfer", WhileTransferring(), ("kill_transfer_deferred", "kill_transfer_sync")),
)
POINTS = {point.name: point for point in _POINTS}
