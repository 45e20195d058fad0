"""The framework's own tests; they need no Airflow."""
