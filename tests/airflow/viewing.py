"""A task that has run, and the viewer's answers about it, without a running Airflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from airflow.exceptions import AirflowException
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.viewer.handlers import ViewerHandlers
from airflow_provider_fluxions.viewer.http_responses import HttpResponse
from airflow_provider_fluxions.viewer.request import TaskKey
from airflow_provider_fluxions.viewer.task_info import TaskInfo
from tests.airflow.conftest import task_context

KEY = TaskKey("a_dag", "manual__1", "a_task")
QUERY = {"dag_id": KEY.dag_id, "run_id": KEY.run_id, "task_id": KEY.task_id}


def facts_after(operator: Any, state: str = "success") -> TaskInfo:
    """Run an operator, whatever comes of it, and return what Airflow would know of its task."""
    context = task_context(task_id=KEY.task_id)
    xcoms = context["ti"].pushed
    with suppress(AirflowException, TaskDeferred):
        xcoms["return_value"] = operator.execute(context)
    return facts_of(operator, xcoms, state)


def facts_of(operator: Any, xcoms: Mapping[str, Any], state: str | None = "success") -> TaskInfo:
    """Return what Airflow would know of an operator's task with these XComs."""
    fields = {name: getattr(operator, name) for name in operator.template_fields}
    return TaskInfo(KEY, state, type(operator).__name__, frozenset(fields), fields, xcoms)


@dataclass
class Seen:
    """The viewer of one task."""

    facts: TaskInfo | None
    handlers: ViewerHandlers = field(init=False)

    def __post_init__(self) -> None:
        self.handlers = ViewerHandlers(lambda _key: self.facts)

    def ask(self, call: str, headers: Mapping[str, str] | None = None, **query: Any) -> HttpResponse:
        """Return the answer to one call."""
        pairs = {**QUERY, **query}
        return self.handlers.call(call, [(k, str(v)) for k, v in pairs.items()], headers or {})

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

    def _with(self, facts: TaskInfo) -> Seen:
        self.facts = facts
        return self


def body_of(answer: HttpResponse) -> bytes:
    """Return an answer's body, whole."""
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
