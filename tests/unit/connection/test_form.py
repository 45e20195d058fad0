"""The one list of fields that both forms are made from."""

from __future__ import annotations

import inspect

import pytest

from airflow_provider_fluxions.api.settings import ClientSettings
from airflow_provider_fluxions.connection.form import FIELDS, HIDDEN, check

BY_NAME = {one.name: one for one in FIELDS}


def test_the_form_has_every_setting_that_is_an_extra_the_price_and_no_other() -> None:
    settings = set(inspect.signature(ClientSettings).parameters) - {"api_key", "base_url"}
    assert set(BY_NAME) == settings | {"price_per_audio_hour"}


def test_the_port_stays_visible_because_airflow_3_3_2_tests_no_connection_without_one() -> None:
    assert "port" not in HIDDEN


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "submit_timeout", "max_retries"])
def test_a_help_text_tells_the_packages_own_default(name: str) -> None:
    default = inspect.signature(ClientSettings).parameters[name].default
    assert BY_NAME[name].help.endswith(f"Default: {default:g}.")


@pytest.mark.parametrize(
    ("name", "text"),
    [("read_timeout", "20.5"), ("read_timeout", ""), ("read_timeout", " "), ("max_retries", "0"), ("verify", "false")],
)
def test_a_form_takes_what_the_hook_can_read(name: str, text: str) -> None:
    check(BY_NAME[name], text)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("read_timeout", "soon", "a number, 0.1 or more"),
        ("read_timeout", "0", "a number, 0.1 or more"),
        ("read_timeout", "inf", "a number, 0.1 or more"),
        ("price_per_audio_hour", "-1", "a number, 0 or more"),
        ("max_retries", "2.5", "a whole number, 0 or more"),
    ],
)
def test_a_form_refuses_the_rest_and_says_what_fits(name: str, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check(BY_NAME[name], text)
