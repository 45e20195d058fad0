"""A real Airflow, S3 server and Fluxions emulator on this machine, for the demo and the end-to-end tests.

Not part of the wheel. Everything listens on 127.0.0.1, on free ports, and ends with the process that
started it.
"""
