"""The Airflow connection of type ``fluxions``: its form, and from its fields to the settings of a client.

`get_provider_info` imports this room in every Airflow process, so nothing is imported here.
"""

__all__ = ["form", "reader"]
