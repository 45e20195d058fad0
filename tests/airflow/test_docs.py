"""What the documentation says of messages is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
# Texts are cut at line ends in code, so string joints are taken out before they are compared.
CODE = re.sub(
    r'"\s*\n\s*f?"',
    "",
    "".join(path.read_text() for path in sorted((ROOT / "airflow_provider_fluxions").rglob("*.py"))),
)
MESSAGES = re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_that_the_troubleshooting_page_explains_is_one_of_ours(message: str) -> None:
    assert message in CODE


def test_the_page_explains_many_messages() -> None:
    assert len(MESSAGES) > 20
