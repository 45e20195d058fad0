"""Hostile inputs of tasks: arguments of operators, faults of the service and of S3, manifests and stored results."""

from __future__ import annotations

from tests.hostile.table import Kind

KINDS: tuple[Kind, ...] = ()
