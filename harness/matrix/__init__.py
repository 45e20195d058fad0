"""The tests on every Airflow and Python that we claim, and the tables of versions that are made of what ran."""
