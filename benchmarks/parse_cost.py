"""What importing our operators adds to parsing a DAG, over Airflow's own imports.

    PYTHONPATH=. python benchmarks/parse_cost.py [runs]

Each run is a new interpreter. It first imports the modules of any DAG with a deferrable operator, then the provider.
Bytecode is cached, as after an installation by pip; a first run that fills the cache does not count.
Prints one JSON line with the minimum, the median and the maximum in milliseconds of CPU time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

CODE = """
from airflow.providers.common.compat.sdk import (
    DAG, AirflowException, BaseHook, BaseOperator, BaseSensorOperator, XComArg, conf, mask_secret
)
import airflow.providers.common.compat.connection, airflow.triggers.base, sys, time
before, began = set(sys.modules), time.process_time()
import airflow_provider_fluxions.operators, airflow_provider_fluxions.sensors, airflow_provider_fluxions.transfers
print(1000 * (time.process_time() - began))
print(",".join(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        outputs = [_run(environment) for _ in range(runs + 1)][1:]
    times = sorted(float(lines[-3]) for lines in outputs)
    figures = {"runs": runs, "min_ms": times[0], "median_ms": statistics.median(times), "max_ms": times[-1]}
    print(json.dumps({name: round(value, 1) for name, value in figures.items()} | {"loads": outputs[0][-2]}))


def _run(environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split("\n")


if __name__ == "__main__":
    main()
