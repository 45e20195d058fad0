"""What every task of this package shares: identity, submit, wait, cost, metrics, lineage, and Airflow's exceptions."""

__all__ = ["airflow_errors", "cost_report", "identity", "lineage", "metrics", "provenance", "run", "submit", "wait"]
