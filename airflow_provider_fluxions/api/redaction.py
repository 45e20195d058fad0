"""Foreign text without secrets: the API key becomes ``***``, a URL loses its query and its credentials.

A service or a gateway can echo the key, in an error body or in a field of a job. The key is replaced when a response
becomes a value or an error, so no other code needs it.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from airflow_provider_fluxions.api.printable import MAX_SHOWN_CHARACTERS, printable

MASK = "***"
# A shorter key can be a part of words and numbers, so it is replaced only in errors, as a separate word.
MIN_KEY_CHARACTERS = 8
# What a message has in common with a text that was sent is hidden from this length on: shorter parts are words.
MIN_HIDDEN_CHARACTERS = 12
HIDDEN = "(text)"
_MAX_COMPARED_CHARACTERS = 2_000
# A body can have 8 MiB, and a message shows only its start.
_MAX_SEARCHED_CHARACTERS = 64 << 10

_NAMED = {'"': "quot", "&": "amp", "'": "apos", "<": "lt", ">": "gt", "/": "sol", "+": "plus", "=": "equals"}
_JSON_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])")
# The slashes can be escaped, as some services do in JSON.
_URL = re.compile(
    r"""(?P<scheme>\b[a-zA-Z][\w+.-]{0,15}:(?:\\?/){2})   # https://
        (?P<user>[^\s/?\#@"'<>\\]*@)?                # user:password@
        (?P<path>[^\s?\#"'<>]*)
        (?P<query>[?\#][^\s"'<>]*)?""",
    re.VERBOSE,
)
# The same in a path, or in a URL that is quoted in another.
_SIGNATURE = re.compile(
    r"((?:x-amz-|x-goog-)(?:signature|credential|security-token)|(?:\b|(?<=%3f)|(?<=%26))(?:signature|sig|awsaccesskeyid))(=|%3d)[^&\s\"'<>\\]+",
    re.IGNORECASE,
)


class Redactor:
    """Replaces one key in text and in JSON values.

    The key is found unchanged, in base64 (at any position of a longer text), and with some or all characters escaped
    for a URL, JSON or HTML.

    :param key: The API key. A key of less than 8 characters is replaced only in text, as a separate word.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._is_short = len(key) < MIN_KEY_CHARACTERS
        self._base64 = () if self._is_short else _base64_cores(key)
        # Services escape letters and digits only in JSON, and for JSON the values are compared and not the text.
        self._usual = re.compile("".join(c if c.isalnum() else _any_form(c) for c in key))
        self._is_plain = key.replace("-", "").replace("_", "").isalnum()
        forms = "".join(map(_any_form, key))
        word = rf"(?<![A-Za-z0-9]){forms}(?![A-Za-z0-9])"
        cores = (rf"[\w+/-]{{0,2}}{re.escape(core)}[\w+/-]{{0,2}}={{0,2}}" for core in self._base64)
        self._all = re.compile(word if self._is_short else "|".join((forms, *cores)))

    def text(self, text: str) -> str:
        """Return text with the key replaced in every form, and at the end also a start of the key, as of a cut text."""
        text = self._all.sub(MASK, text)
        for length in range(len(self._key) - 1, MIN_KEY_CHARACTERS - 1, -1):
            if text.endswith(self._key[:length]):
                return text[:-length] + MASK
        return text

    def quote(self, text: object, limit: int = MAX_SHOWN_CHARACTERS) -> str:
        """Return foreign text for an error or a log line: one printable line without secrets."""
        shown = self.text(str(text)[:_MAX_SEARCHED_CHARACTERS])
        return printable(without_url_secrets(shown), limit)

    def value(self, value: Any, text: str) -> Any:
        """Return a JSON value with the key replaced in its strings and names.

        :param text: The text of the value. It is searched first, so a value without the key needs only this search.
        """
        if self._is_short or not self._occurs_in(text):
            return value
        return self._replaced(value)

    def _occurs_in(self, text: str) -> bool:
        if self._key in text or any(core in text for core in self._base64):
            return True
        if not self._is_plain and self._usual.search(text):
            return True
        if "\\u00" not in text:
            return False
        return any(chr(int(code, 16)) in self._key for code in set(_JSON_ESCAPE.findall(text)))

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._all.sub(MASK, value)
        if isinstance(value, dict):
            return {self._all.sub(MASK, name): self._replaced(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._replaced(inner) for inner in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return MASK if is_number and str(value) == self._key else value


def without_url_secrets(text: str) -> str:
    """Return text with URLs without query and credentials, because a signature or a proxy's password is secret, too."""
    if "://" in text or ":\\/" in text:
        text = _URL.sub(_bare_url, text)
    return _SIGNATURE.sub(rf"\1\2{MASK}", text) if "=" in text or "%3" in text else text


def _bare_url(found: re.Match[str]) -> str:
    user = f"{MASK}@" if found["user"] else ""
    query = f"?{MASK}" if found["query"] and found["query"] not in "?#" else ""
    return f"{found['scheme']}{user}{found['path']}{query}"


def _any_form(character: str) -> str:
    """Return a pattern of a character as it is, or escaped for a URL, JSON or HTML, also twice."""
    code = ord(character)
    names = "".join(f"|{name}" for name in (_NAMED.get(character),) if name)
    plain = re.escape(character) if character.isalnum() else rf"\\{{0,8}}{re.escape(character)}"
    return (
        rf"(?:{plain}|(?i:\\{{1,8}}u00{code:02x}|%(?:25){{0,3}}{code:02x}"
        rf"|&(?:amp;){{0,3}}(?:\#0{{0,5}}{code}|\#x0{{0,5}}{code:x}{names});?))"
    )


def _base64_cores(key: str) -> tuple[str, ...]:
    """Return the characters that base64 of any text with the key must contain, for the three positions it can have."""
    cores = []
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        begin = -(-before * 8 // 6)  # characters that depend on the text before the key
        end = (before + len(key)) * 8 // 6  # ... and, behind this one, on the text after it
        cores += [coded[begin:end], coded[begin:end].replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(cores))


NO_KEY = Redactor("\0")


class TextRedactor(Redactor):
    """Also hide the submitted text, whole or in parts, because a service can repeat it in an error.

    :param redactor: replaces the key.
    :param sent: the confidential text.
    """

    def __init__(self, redactor: Redactor, sent: str) -> None:
        super().__init__(redactor._key)
        self._sent = " ".join(sent.split()).casefold()

    def quote(self, text: object, limit: int = MAX_SHOWN_CHARACTERS) -> str:
        """Return foreign text as `Redactor.quote` does, with ``(text)`` for each part of the text of 12 characters."""
        shown = super().quote(text, _MAX_COMPARED_CHARACTERS)
        return printable(hide_parts(shown, self._sent), limit)


def hide_parts(shown: str, sent: str) -> str:
    """Return a message in which ``(text)`` replaces each part of at least 12 characters that ``sent`` has, too.

    :param sent: in lower case (`str.casefold`). A text that is shorter is replaced where it occurs whole.
    """
    size = min(MIN_HIDDEN_CHARACTERS, len(sent))
    if not size:
        return shown
    # Lower case can have more characters ("ß"); then positions differ, and the text is compared as it is.
    folded = shown.casefold() if len(shown.casefold()) == len(shown) else shown
    result, position = [], 0
    while position < len(shown):
        if folded[position : position + size] in sent and position + size <= len(shown):
            end = position + size
            while end < len(shown) and folded[position : end + 1] in sent:
                end += 1
            result.append(HIDDEN)
            position = end
        else:
            result.append(shown[position])
            position += 1
    return "".join(result)
