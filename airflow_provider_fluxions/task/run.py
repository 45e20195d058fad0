"""The steps of every Fluxions task: connect, count, price, wait, defer, and close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.polling import WatchedJobs
from airflow_provider_fluxions.task.airflow_errors import airflow_errors
from airflow_provider_fluxions.task.cost_report import CostReport
from airflow_provider_fluxions.task.metrics import TaskMetrics
from airflow_provider_fluxions.task.wait import Wait, execution_deadline

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


@dataclass(frozen=True)
class TaskRun:
    """One execution of a task: all of its requests go through one hook, so one connection read and one session.

    :param operator: has ``fluxions_conn_id``; also ``price_per_audio_hour``, ``poll_interval`` and ``deferrable`` if
        it uses the methods that need them.
    """

    operator: Any
    context: Mapping[str, Any]
    hook: FluxionsHook
    metrics: TaskMetrics

    @property
    def client(self) -> FluxionsClient:
        """The client, made at the first use.

        :raises FluxionsConfigError: see `FluxionsHook.get_conn`.
        """
        return self.hook.get_conn()

    @property
    def price(self) -> float | None:
        """The operator's price per hour of audio, else the connection's; None without either."""
        # Not every operator has a price of its own.
        return self.hook.price_or(getattr(self.operator, "price_per_audio_hour", None))

    @property
    def costs(self) -> CostReport:
        """The reporter of this execution's cost."""
        return CostReport(self.price, self.context["ti"])

    def wait(
        self,
        job_ids: tuple[JobId, ...],
        deadline: float,
        *,
        kept_deadline: float | None = None,
        event: Mapping[str, Any] | None = None,
        **resume_with: Any,
    ) -> WatchedJobs:
        """Wait until the jobs end: in this process, or deferred, by the operator's ``deferrable``.

        :param deadline: epoch seconds.
        :param kept_deadline: End of the task's ``execution_timeout``, as it was before a deferral (epoch seconds).
        :param event: Event of the trigger, for a resumed task.
        :param resume_with: further arguments of ``execute_complete``.
        :raises FluxionsJobError: if a job failed, or the deadline passed.
        :raises TaskDeferred: if the jobs are running.
        """
        operator = self.operator
        # Airflow does not end a deferred task at its execution_timeout, so the wait does.
        expires = execution_deadline(self.context, operator.execution_timeout, kept_deadline)
        wait = Wait(job_ids, operator.fluxions_conn_id, operator.poll_interval, deadline, execution_deadline=expires)
        if not operator.deferrable:
            return wait.block(self.hook)
        return wait.poll_or_defer(self.hook, lambda wait: self.defer(wait, **resume_with), event)

    def defer(self, wait: Wait, **resume_with: Any) -> NoReturn:
        """Release the worker until the trigger of a wait fires.

        :param resume_with: arguments of ``execute_complete``, in addition to those of the wait.
        :raises TaskDeferred: always.
        """
        self.operator.defer(
            trigger=wait.trigger(),
            method_name="execute_complete",
            kwargs={**wait.resume_kwargs(), **resume_with},
            timeout=wait.defer_timeout(),
        )
        raise AssertionError("defer() raises TaskDeferred")


@contextmanager
def task_run(operator: Any, context: Mapping[str, Any]) -> Iterator[TaskRun]:
    """Run a block with one hook, which is closed at its end; errors become Airflow's, see `airflow_errors`."""
    conn_id = operator.fluxions_conn_id
    # Around the hook, too, because the first error is often that of the connection.
    with airflow_errors():
        run = TaskRun(operator, context, FluxionsHook(conn_id), TaskMetrics(conn_id))
        try:
            yield run
        finally:
            run.hook.close()
