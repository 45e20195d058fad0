"""The points at which tasks are killed, in the order of a task's life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from campaigns.kill_points.dag_run import BIG_BYTES, TRANSFERS_IN_FLIGHT, Run, put_one, put_several, record
from campaigns.kill_points.moments import Frozen, HeldByS3, HeldByServer, Moment, WhileResuming
from campaigns.kill_points.scene import RESULT_BUCKET, SOURCE_BUCKET, Scene

# As many as in the DAG file.
MAPPED_TASKS = 3
_NO_WAIT, _SYNC, _DEFERRED = "kill_none", "kill_sync", "kill_deferred"
_ALL = (_NO_WAIT, _SYNC, _DEFERRED)
_TRANSFER_DEFERRED = ("kill_transfer_deferred",)
_TRANSFER_SYNC = ("kill_transfer_sync",)
_TRANSFERS = (*_TRANSFER_DEFERRED, *_TRANSFER_SYNC)


@dataclass(frozen=True)
class KillPoint:
    """One point: its moments, one kill each (none: the triggerer is killed, not a task), and its runs' DAGs in turn.

    `never_completes`: its jobs end only when the test says so. `cut_uploads`: a run's uploads that the service never
    gets whole, and is sent again.
    """

    name: str
    moments: tuple[Moment, ...]
    dag_ids: tuple[str, ...] = _ALL
    mapped: int = 1
    give_audio: Callable[[Scene, Run], None] = record
    never_completes: bool = False
    cut_uploads: int = 0

    @property
    def is_transfer(self) -> bool:
        """Whether its tasks are transfers of several recordings each."""
        return self.dag_ids[0] in _TRANSFERS

    @property
    def kills_tasks(self) -> bool:
        """Whether the killed process is a single task's own and killed once: its supervisor can be killed with it."""
        return len(self.moments) == 1 and self.mapped == 1


def _transfer(name: str, *moments: Moment, dag_ids: tuple[str, ...] = _TRANSFERS, **options: object) -> KillPoint:
    return KillPoint(f"transfer_{name}", moments, dag_ids, **{"give_audio": put_several, **options})  # type: ignore[arg-type]


_big = partial(record, size_bytes=BIG_BYTES)
_several_big = partial(put_several, size_bytes=BIG_BYTES)
_results = f"/{RESULT_BUCKET}/{{run_id}}/*"
_manifest = f"/{RESULT_BUCKET}/{{run_id}}/_manifests/*"

_listing = HeldByS3("GET", f"/{SOURCE_BUCKET}[?]*prefix={{folder}}{{name}}/*")
_uploading = HeldByServer("mid_body", requests=TRANSFERS_IN_FLIGHT)
_submitted = HeldByServer("after_create", requests=TRANSFERS_IN_FLIGHT)
# The task knows its jobs, and nothing else does: no list was read, no manifest written since.
_reading = HeldByServer("before_body", "GET")
_resuming = HeldByS3("GET", _manifest)
# After a resume that knew of two jobs, two more are submitted.
_refilling = HeldByServer("after_create", requests=TRANSFERS_IN_FLIGHT, files="-[23]*.wav")
# json is written last: the captions exist, and the results are incomplete.
_writing = HeldByS3("PUT", f"{_results}.json")
# Captions in one format exist, those in the other are not started, and the task has no response for the first.
_between = HeldByS3("PUT", f"{_results}.srt", is_carried_out=True)
_heading = HeldByS3("HEAD", f"{_results}.srt")
# The second: at the end of a synchronous transfer, at the first deferral of another one.
_accounting = HeldByS3("PUT", _manifest, skip=1)

_POINTS = (
    KillPoint("before_post", (HeldByS3("HEAD", f"/{SOURCE_BUCKET}/{{stem}}.wav"),), give_audio=put_one),
    KillPoint("before_body", (HeldByServer("before_body"),), cut_uploads=1),
    KillPoint("mid_body", (HeldByServer("mid_body"),), give_audio=_big, cut_uploads=1),
    KillPoint("after_create", (HeldByServer("after_create"),)),
    KillPoint("after_answer", (Frozen("after_answer"),)),
    KillPoint("before_xcom", (Frozen("before_xcom"),)),
    KillPoint("before_return", (Frozen("before_return"),), (_NO_WAIT, _SYNC)),
    KillPoint("waiting", (HeldByServer("before_body", "GET"),), (_SYNC,)),
    KillPoint("deferred", (), (_DEFERRED,), never_completes=True),
    KillPoint("resuming", (WhileResuming(),), (_DEFERRED,), never_completes=True),
    KillPoint(
        "same_file", (HeldByServer("after_create"),), ("kill_mapped_cached", "kill_mapped_uncached"), MAPPED_TASKS
    ),
    _transfer("planning", _listing),
    _transfer("uploading", _uploading, give_audio=_several_big, cut_uploads=TRANSFERS_IN_FLIGHT),
    _transfer("submitted", _submitted),
    _transfer("reading", _reading, dag_ids=_TRANSFER_SYNC),
    _transfer("deferred", dag_ids=_TRANSFER_DEFERRED, never_completes=True),
    _transfer("resuming", _resuming, dag_ids=_TRANSFER_DEFERRED),
    _transfer("refilling", _refilling, dag_ids=_TRANSFER_DEFERRED),
    _transfer("writing", _writing),
    _transfer("between", _between),
    _transfer("manifest", _accounting),
    _transfer("replanning", _between, _heading),
    _transfer(
        "in_turn", _listing, _uploading, _submitted, _reading, _between, _writing, _heading, _accounting,
        dag_ids=_TRANSFER_SYNC, give_audio=_several_big, cut_uploads=TRANSFERS_IN_FLIGHT,
    ),
    _transfer("in_turn_deferred", _resuming, _refilling, _between, _accounting, dag_ids=_TRANSFER_DEFERRED),
)  # fmt: skip
POINTS = {point.name: point for point in _POINTS}
