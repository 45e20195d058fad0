"""The page that shows a task's transcripts inside Airflow. Read-only.

- `request`, `ranges`, `facts`: what is asked, and what Airflow knows of the task. No I/O.
- `items`, `manifest_items`, `job_items`, `result_items`: what a task has to show, as plain values. No I/O.
- `airflow_facts`, `objects`, `listing`, `transcripts`: reading it from Airflow's database, S3 and the API.
- `spoken`, `answers`: what the page is told.
- `desk`: from a request to an answer, whatever framework carries them.
- `fastapi_app` (Airflow 3), `flask_app` (Airflow 2.11): they authorise each request and hand it to the desk.

A request names a task and the number of an item in it, never an address: what can be read is what the task's own
arguments and result name, see `facts`.
"""
