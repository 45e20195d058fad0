"""The Airflow connection of type ``fluxions``: its form, and the settings of a client from its fields.

`get_provider_info` imports this package in every Airflow process, so this module imports nothing.
"""

__all__ = ["form", "reader"]
