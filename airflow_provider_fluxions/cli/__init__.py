"""The command line: ``fluxions``, ``python -m airflow_provider_fluxions``; from Airflow 3.2 on ``airflow fluxions``.

- `options`: the commands and their arguments as plain values; `definition` makes Airflow's commands from them,
  `main` a parser, so both entry points are the same;
- `commands`: the code of each command; `account`: its account; `with_airflow`: the parts that need Airflow;
- `audio_files`, `wait_jobs`, `exports`: code that several commands share;
- `screen`: output to stdout and stderr; `progress_bars`: on a terminal only;
- `exits`: the exit status of each error.

Every ``airflow`` command imports `definition` and `options`, so these two have almost no imports.
"""

__all__ = ["definition", "main"]
