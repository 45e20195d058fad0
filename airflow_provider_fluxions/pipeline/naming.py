"""The names of one recording's results below the destination. No I/O."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown

DEFAULT_TEMPLATE = "{path}{extension}"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES = 1024
_FIELDS = ("path", "folder", "name", "stem", "extension")


@dataclass(frozen=True)
class KeyTemplate:
    """Names results with a template. Its fields, with the values for ``2026/call.mp3`` as SRT captions:

    - ``{path}``: path below the source, ``2026/call.mp3``; ``{folder}``: its folder with a slash, ``2026/`` or empty;
    - ``{name}``: ``call.mp3``; ``{stem}``: ``call``;
    - ``{extension}``: extension of the format, with its dot, ``.srt``. It is required, at any position.
    """

    template: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        """Check the template.

        :raises FluxionsInputError: if it has an unknown field or no extension, or points outside the destination.
        """
        try:
            parts = list(string.Formatter().parse(self.template))
        except (ValueError, TypeError, AttributeError) as error:
            raise FluxionsInputError(f"key_template {shown(self.template)} is invalid: {error}.") from error
        fields = {field for _, field, _, _ in parts if field is not None}
        # A changed field (`{extension:.2}`) could give two formats the same name.
        is_changed = any(spec or conversion for _, _, spec, conversion in parts)
        is_unique = "extension" in fields and bool({"path", "name", "stem"} & fields)
        if is_changed or not is_unique or fields - set(_FIELDS):
            raise FluxionsInputError(
                f"key_template {self.template!r} must contain {{extension}} and one of {{path}}, {{name}} or {{stem}}. "
                f"Allowed fields are {', '.join('{' + field + '}' for field in _FIELDS)}, unchanged."
            )

    def keys(self, path: str, extensions: Iterable[str]) -> Mapping[str, str]:
        """Return the key below the destination for each extension."""
        folder, slash, name = path.rpartition("/")
        # A name such as ".mp3" has no stem before its dot, and an empty one would give several inputs the same key.
        stem = name.rpartition(".")[0] or name
        fields = {"path": path, "folder": folder + slash, "name": name, "stem": stem}
        return {one: self.template.format(extension=one, **fields) for one in extensions}


def too_long(keys: Iterable[str]) -> str | None:
    """Return the reason if a store would refuse one of these keys, or None."""
    longest = max(keys, key=lambda key: len(key.encode()), default="")
    size = len(longest.encode())
    if size <= MAX_KEY_BYTES:
        return None
    return f"its result's key would have {size} bytes, more than {MAX_KEY_BYTES}; set a shorter key_template"
