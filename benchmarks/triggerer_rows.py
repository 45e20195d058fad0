"""Defer every scheduled task of a run, through Airflow's own models. Run by `benchmarks/triggerer.py`.

python benchmarks/triggerer_rows.py RUN_ID DEADLINE POLL_INTERVAL
"""

from __future__ import annotations

import sys

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState

from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger


def main() -> None:
    run_id, deadline, interval = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    with create_session() as session:
        waits = session.query(TaskInstance).filter(TaskInstance.run_id == run_id, TaskInstance.map_index >= 0).all()
        for wait in waits:
            trigger = FluxionsTranscriptionTrigger([wait.map_index + 1], poll_interval=interval, deadline=deadline)
            row = Trigger(*trigger.serialize())
            session.add(row)
            session.flush()
            wait.trigger_id = row.id
            wait.state = TaskInstanceState.DEFERRED
            wait.next_method = "execute_complete"
            wait.next_kwargs = {}
        print(len(waits))


if __name__ == "__main__":
    main()
