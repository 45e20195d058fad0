"""The command line: ``fluxions``, ``python -m airflow_provider_fluxions``; from Airflow 3.2 on ``airflow fluxions``.

- `options`: which commands exist and what they take, as plain values; `definition` makes Airflow's commands of them,
  `main` a parser, so both entry points are the same;
- `commands`: what each does; `account`: with which account; `with_airflow`: what needs Airflow for it;
- `audio_files`, `wait_jobs`, `exports`: what several commands share;
- `screen`: what goes to stdout and what to stderr; `progress_bars`: on a terminal only;
- `exits`: the exit status of each error.

Every ``airflow`` command imports `definition` and `options`, so these two import next to nothing.
"""

__all__ = ["definition", "main"]
