"""Errors: data that survives the way between processes, and a tree that its picture shows truly."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from airflow_provider_fluxions.api import errors
from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsJobError, FluxionsRequestError

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]
JOB_CLASSES = [cls for cls in CLASSES if issubclass(cls, FluxionsJobError)]

TRANSIENT = {
    "FluxionsConnectionError",
    "FluxionsResponseError",
    "FluxionsThrottledError",
    "FluxionsServerError",
    "FluxionsUnknownOutcomeError",
    "FluxionsUnreadableConnectionError",
    "FluxionsNotReadyError",
    "FluxionsStorageError",
}
NOTHING_CREATED = {
    "FluxionsAuthenticationError",
    "FluxionsCreditError",
    "FluxionsNotFoundError",
    "FluxionsRejectedError",
    "FluxionsThrottledError",
}


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_keeps_its_class_message_and_data_through_pickle(cls: type[FluxionsError]) -> None:
    ids = {"job_ids": (124,)} if cls in JOB_CLASSES else {"job_id": 124}
    error = cls("what happened, and what to do", status_code=503, transient=True, **ids)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
        assert type(again) is cls
        assert (str(again), again.args) == (str(error), error.args)
        assert vars(again) == vars(error)
        assert (again.job_id, again.status_code, again.transient) == (124, 503, True)


def test_data_set_after_construction_survives_pickle_too() -> None:
    error = errors.FluxionsThrottledError("slow down", status_code=429)
    error.retry_after_seconds = 2.5
    error.add_note("seen while listing")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert again.retry_after_seconds == 2.5
    assert again.__notes__ == ["seen while listing"]


def test_an_error_can_be_copied() -> None:
    error = errors.FluxionsJobFailedError("failed", job_ids=(3, 4))
    assert copy.copy(error).job_ids == copy.deepcopy(error).job_ids == (3, 4)


@pytest.mark.parametrize("cls", CLASSES)
def test_transience_is_a_default_of_the_class(cls: type[FluxionsError]) -> None:
    assert cls("message").transient is (cls.__name__ in TRANSIENT)


@pytest.mark.parametrize("cls", CLASSES)
def test_one_error_may_differ_from_its_class_in_transience(cls: type[FluxionsError]) -> None:
    other = not cls.transient
    assert cls("message", transient=other).transient is other
    assert cls("message").transient is not other


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if issubclass(cls, FluxionsRequestError)])
def test_only_answers_that_prove_it_say_that_nothing_was_created(cls: type[FluxionsRequestError]) -> None:
    assert cls("message").nothing_created is (cls.__name__ in NOTHING_CREATED)


@pytest.mark.parametrize("cls", JOB_CLASSES)
def test_an_error_about_many_jobs_names_all_and_the_first(cls: type[FluxionsJobError]) -> None:
    error = cls("two jobs", job_ids=(7, "b"))
    assert (error.job_id, error.job_ids) == (7, (7, "b"))


@pytest.mark.parametrize("cls", JOB_CLASSES)
def test_an_error_about_no_job_in_particular_names_none(cls: type[FluxionsJobError]) -> None:
    assert (cls("none").job_id, cls("none").job_ids) == (None, ())


def test_wrong_input_is_a_value_error_for_callers_who_know_nothing_of_this_package() -> None:
    assert issubclass(errors.FluxionsFormatError, ValueError)
    assert issubclass(errors.FluxionsAudioError, ValueError)


def test_the_tree_in_the_module_docstring_is_the_tree_of_the_classes() -> None:
    drawn = _drawn_tree(errors.__doc__ or "")
    real = {cls.__name__: cls.__base__.__name__ for cls in CLASSES if cls.__base__ is not None}
    assert drawn == {**real, "FluxionsError": None}


def test_the_message_of_an_error_is_one_line_that_steers_no_terminal() -> None:
    error = FluxionsError("Cannot read a\x1b[2J.mp3\nINFO - all is well\u202e")
    assert str(error) == "Cannot read a\\x1b[2J.mp3 INFO - all is well\\u202e"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def _drawn_tree(text: str) -> dict[str, str | None]:
    """Read each class's parent off its depth: four characters a level."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for indent, name in re.findall(r"^    ([ │├└─]*)(Fluxions\w+)", text, re.MULTILINE):
        depth = len(indent) // 4
        parents[name] = above[depth - 1] if depth else None
        above[depth:] = [name]
    return parents
