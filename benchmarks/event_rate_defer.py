"""Defer every task of a run without a worker: `benchmarks/event_rate.py` runs this with the Python of each Airflow."""

from __future__ import annotations

import sys

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session

from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger


def main(run_id: str, first_job: int) -> None:
    """Give the task with map index `n` a trigger for the job `first_job + n`."""
    with create_session() as session:
        for task in session.query(TaskInstance).filter_by(run_id=run_id):
            path, arguments = FluxionsTranscriptionTrigger([first_job + task.map_index]).serialize()
            trigger = Trigger(classpath=path, kwargs=arguments)
            session.add(trigger)
            session.flush()
            task.state, task.trigger_id = "deferred", trigger.id
            task.next_method, task.next_kwargs = "execute_complete", {}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
