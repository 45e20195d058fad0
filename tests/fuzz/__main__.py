"""Coverage-guided fuzzing of what reads answers and transcripts: see scripts/fuzz."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import atheris

with atheris.instrument_imports(include=["airflow_provider_fluxions"]):
    from tests.fuzz import targets

_STATUSES = (200, 204, 301, 400, 401, 402, 404, 408, 422, 429, 500, 503)
_MAX_DEPTH = 5


def fuzz(data: bytes) -> None:
    """Take what begins like JSON as a good answer, all else by its first byte: an answer, an object, a transcript."""
    if data[:1] in (b"{", b"["):
        targets.read_answer(200, {}, data)
        return
    kinds: tuple[Callable[[Any], None], ...] = (_answer, _object, _transcript)
    kinds[data[0] % len(kinds) if data else 0](atheris.FuzzedDataProvider(data[1:]))


def _answer(provider: Any) -> None:
    headers = {"Retry-After": provider.ConsumeUnicode(40)} if provider.ConsumeBool() else {}
    targets.read_answer(provider.PickValueInList(list(_STATUSES)), headers, provider.ConsumeBytes(65_536))


def _object(provider: Any) -> None:
    """Build an object of the names that models read, which bytes alone would hardly ever spell."""
    targets.read_object({"id": 1, **_members(provider, 0)})


def _transcript(provider: Any) -> None:
    targets.read_text(provider.ConsumeUnicode(4096))


def _members(provider: Any, depth: int) -> dict[str, Any]:
    names = [provider.PickValueInList(targets.FIELDS) for _ in range(provider.ConsumeIntInRange(0, 6))]
    return {name: _value(provider, depth + 1) for name in names}


def _value(provider: Any, depth: int) -> Any:
    kind = provider.ConsumeIntInRange(0, 6 if depth < _MAX_DEPTH else 4)
    if kind >= 5:
        many = [_members(provider, depth) for _ in range(provider.ConsumeIntInRange(0, 3))]
        return many if kind == 5 else _members(provider, depth)
    simple = (
        lambda: None,
        provider.ConsumeBool,
        lambda: provider.ConsumeInt(9),
        provider.ConsumeFloat,
        lambda: provider.ConsumeUnicode(60),
    )
    return simple[kind]()


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
