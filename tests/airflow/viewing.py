"""A task that has run, and the viewer's answers about it, without a running Airflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from airflow.exceptions import AirflowException
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.viewer.answers import Answer
from airflow_provider_fluxions.viewer.desk import Desk
from airflow_provider_fluxions.viewer.facts import TaskFacts
from airflow_provider_fluxions.viewer.request import TaskKey
from tests.airflow.conftest import task_context

KEY = TaskKey("a_dag", "manual__1", "a_task")
QUERY = {"dag_id": KEY.dag_id, "run_id": KEY.run_id, "task_id": KEY.task_id}


def facts_after(operator: Any, state: str = "success") -> TaskFacts:
    """Run an operator, whatever comes of it, and return what Airflow would know of its task."""
    context = task_context(task_id=KEY.task_id)
    xcoms = context["ti"].pushed
    with suppress(AirflowException, TaskDeferred):
        xcoms["return_value"] = operator.execute(context)
    return facts_of(operator, xcoms, state)


def facts_of(operator: Any, xcoms: Mapping[str, Any], state: str | None = "success") -> TaskFacts:
    """Return what Airflow would know of an operator's task with these XComs."""
    fields = {name: getattr(operator, name) for name in operator.template_fields}
    return TaskFacts(KEY, state, type(operator).__name__, frozenset(fields), fields, xcoms)


@dataclass
class Seen:
    """The viewer of one task."""

    facts: TaskFacts | None
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(lambda _key: self.facts)

    def ask(self, call: str, headers: Mapping[str, str] | None = None, **query: Any) -> Answer:
        """Return the answer to one call."""
        pairs = {**QUERY, **query}
        return self.desk.call(call, [(k, str(v)) for k, v in pairs.items()], headers or {})

    def json(self, call: str, **query: Any) -> Any:
        """Return what a call tells; AssertionError with the answer where it refuses."""
        answer = self.ask(call, **query)
        assert answer.status == 200, answer
        return json.loads(body_of(answer))

    def refusal(self, call: str, **query: Any) -> tuple[int, str]:
        """Return the status and the sentence of a refusal."""
        answer = self.ask(call, **query)
        return answer.status, json.loads(body_of(answer))["detail"]

    def with_fields(self, **fields: Any) -> Seen:
        """Give the task other arguments."""
        assert self.facts is not None
        return self._with(replace(self.facts, fields={**self.facts.fields, **fields}))

    def with_xcoms(self, **xcoms: Any) -> Seen:
        """Give the task other XComs."""
        assert self.facts is not None
        return self._with(replace(self.facts, xcoms={**self.facts.xcoms, **xcoms}))

    def without(self, *names: str) -> Seen:
        """Let Airflow forget some arguments of the task."""
        assert self.facts is not None
        return self._with(replace(self.facts, fields={k: v for k, v in self.facts.fields.items() if k not in names}))

    def _with(self, facts: TaskFacts) -> Seen:
        self.facts = facts
        return self


def body_of(answer: Answer) -> bytes:
    """Return an answer's body, whole."""
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
