"""The connection form: one list of fields, for Airflow 3's metadata and for Airflow 2's widgets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# The port stays visible, because the Test button of Airflow 3.3.2 fails for connections without one.
HIDDEN = ["schema", "login"]
LABELS = {"password": "API key", "host": "Base URL"}
PLACEHOLDERS = {"host": "https://api.fluxions.ai", "port": "443", "password": "the bare key, without 'Bearer'"}


@dataclass(frozen=True)
class Field:
    """One extra of the connection. An empty field uses the default of the package."""

    name: str
    label: str
    help: str
    kind: str = "string"
    minimum: float | None = None


_SECONDS: dict[str, Any] = {"kind": "number", "minimum": 0.1}

FIELDS = (
    Field("connect_timeout", "Connect timeout (seconds)", "Maximum time for opening a connection. Default: 10.",
          **_SECONDS),
    Field("read_timeout", "Read timeout (seconds)", "Maximum time for a response to a read. Default: 60.", **_SECONDS),
    Field("submit_timeout", "Submit timeout (seconds)", "Maximum time for each upload block, and for the response to a "
          "submit. Keep it above 180: the first upload to an idle service can take over a minute. Default: 300.",
          **_SECONDS),
    Field("max_retries", "Retries of a read", "Number of retries for reads. Submits are not affected. Default: 5.",
          "integer", 0),
    Field("submit_path", "Submit path", "Path for submits. Default: /submit, or /akro/submit if the service does not "
          "have it."),
    Field("verify", "Verify TLS certificates", "false disables the check; a path names a CA bundle on every machine "
          "that runs tasks. Default: check."),
    Field("price_per_audio_hour", "Price per hour of audio", "In your currency. Submits, waits and transfers then "
          "report their cost. Default: no cost.", "number", 0),
    Field("allow_http", "Allow plain http", "Send the API key without encryption to another machine. Use it only in a "
          "trusted network.", "boolean"),
)  # fmt: skip


def metadata() -> dict[str, Any]:
    """Return the form for provider info, for Airflow 3.2 and later."""
    return {
        "ui-field-behaviour": {"hidden-fields": HIDDEN, "relabeling": LABELS, "placeholders": PLACEHOLDERS},
        "conn-fields": {
            one.name: {
                "label": one.label,
                "description": one.help,
                # Null, because the form saves an empty field as null.
                "schema": {"type": [one.kind, "null"]} | ({} if one.minimum is None else {"minimum": one.minimum}),
            }
            for one in FIELDS
        },
    }


def behaviour() -> dict[str, Any]:
    """Return names, hints and hidden fields in the form of a hook, for Airflow before 3.2."""
    return {"hidden_fields": HIDDEN, "relabeling": LABELS, "placeholders": PLACEHOLDERS}


def widgets() -> dict[str, Any]:
    """Return the fields in the form of a hook, for Airflow before 3.2. Needs its web framework.

    Numbers are text fields, because Airflow 2 has no field for a fraction. They are checked and saved as text.
    """
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, StringField

    def widget(one: Field) -> Any:
        words = {"label": lazy_gettext(one.label), "description": one.help}
        if one.kind == "boolean":
            return BooleanField(**words)
        return StringField(**words, widget=BS3TextFieldWidget(), validators=[_checking(one)])

    return {one.name: widget(one) for one in FIELDS}


def check(one: Field, text: str) -> None:
    """Check that a form's text is empty or valid for the field.

    :raises ValueError: if it is invalid; the message is for the user.
    """
    if one.minimum is None or not text.strip():
        return
    what = f"{'a whole number' if one.kind == 'integer' else 'a number'}, {one.minimum:g} or more"
    try:
        number = int(text) if one.kind == "integer" else float(text)
    except ValueError:
        raise ValueError(f"{one.label} must be {what}, not {text!r}.") from None
    # float() reads "nan" and "inf", which are never a number of seconds.
    if not (math.isfinite(number) and number >= one.minimum):
        raise ValueError(f"{one.label} must be {what}, not {text!r}.")


def _checking(one: Field) -> Callable[[Any, Any], None]:
    """Return the validator of one field; WTForms shows the text of its ValueError."""

    def validate(_form: Any, filled: Any) -> None:
        check(one, filled.data or "")

    return validate
