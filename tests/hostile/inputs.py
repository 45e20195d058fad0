"""Hostile file names, transcripts, recordings, arguments, settings and command lines."""

from __future__ import annotations

import struct
from typing import Any

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsConfigError,
    FluxionsFormatError,
    FluxionsInputError,
    FluxionsResponseError,
)
from tests.hostile.harmless import LINK
from tests.hostile.responses import STEERING
from tests.hostile.table import Kind, Row

NAMES = (
    Row("a lone surrogate", "\ud800.mp3", "exported as _-7.txt"),
    Row("a NUL", "a\x00b.mp3", "exported as a_b-7.txt"),
    Row("300 characters", "x" * 300 + ".mp3", "sent as xxxxxxx~xxxx--"),
    Row("a path", "../../../etc/passwd", "sent as passwd--"),
    Row("a path of Windows", "..\\..\\boot.ini", "sent as boot--"),
    Row("two dots", "..", "sent as ..--"),
    Row("nothing", "", "sent as audio--"),
    Row("spaces and line breaks only", " \r\n\t\u2028", "sent as audio--"),
    Row("markup of a terminal", "[bold red]call[/]", "exported as [bold red]call[_]-7.txt"),
    Row("escape sequences and line breaks",
        STEERING, "exported as _[31mred_]0;title__2J__2026-01-01 INFO forged_-7.txt"),
    Row("right-to-left overrides", "a\u202egpj.mp3", "exported as a_gpj-7.txt"),
    Row("120 emoji", "🎧" * 120, "exported as 🎧🎧"),
    Row("a header of HTTP", "a.mp3\r\nAuthorization: x", "sent as a.mp3"),
    Row("a query of a URL", "a.mp3?cache=false&filename=b#c", "exported as a-7.txt"),
    Row("50 combining characters", "e" + "\u0301" * 50 + ".mp3", "sent as é"),
    Row("another reference", "call--ffffffffffffffff.mp3", "--0123456789abcdef.mp3"),
)  # fmt: skip


def _segments(*segments: dict[str, Any], **job: Any) -> dict[str, Any]:
    return {"id": 7, "status": "completed", "segments": list(segments), **job}


def _said(text: Any, start: Any = 0.0, end: Any = 2.0, **more: Any) -> dict[str, Any]:
    return {"speaker": "0", "text": text, "start": start, "end": end, **more}


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


TRANSCRIPTS = (
    Row("times of 1e306 seconds", _segments(_said("hello", 1e306, 1e306)), "has text but no times",
        FluxionsFormatError, note="other formats have the text without these times"),
    Row("an end before its start", _segments(_said("hello", 5, 1)), "hello"),
    Row("times that are NaN, infinite, text or missing",
        _segments(_said("one", float("nan"), float("inf")), _said("two", "soon", None), _said("three", 1, 2)), "three"),
    Row("markup of captions", _segments(_said("<i>now</i> --> {\\an8}top &amp;")), "&lt;i&gt;now"),
    Row("a cue in a cue", _segments(_said("one\n\n00:00:01,000 --> 00:00:02,000\n\ntwo")), "one"),
    Row("10,000 letters without a space", _segments(_said("x" * 10_000)), "xxxx"),
    Row("2,000 combining characters", _segments(_said("e" + "\u0301" * 2_000)), "e"),
    Row("lone surrogates and control characters", _segments(_said("\ud83d\x00\x1b[31m\u202e")), "json"),
    Row("text that is an object, speakers that are lists",
        _segments(_said({"a": 1}, speaker=[[]]), _said("b", 3, 4)), "b"),
    Row("segments that are not objects", _segments(*[None, 1, "x", []]), "json"),
    Row("integers over 64 bits", _segments(_said("a"), num_chunks=10**400, audio_duration=10**400), "json"),
    Row("a signed link as `audio_url`", _segments(_said("hello"), audio_url=LINK), '"audio_url":null'),
    Row("a signed link deep inside", _segments(_said("hello", extra=[{"audio_url": LINK, "u": LINK}])), "json"),
    Row("a signed link in what is said", _segments(_said(f"see {LINK} now")), "https://bucket.r2.test/a.mp3?***"),
    Row("500 levels in an unknown field",
        _segments(_said("a"), extra=_deep(500)), "it has more than 64 levels", FluxionsFormatError),
    Row("text without times", {"id": 7, "status": "completed", "text": "SPEAKER_0: hello"}, "has text but no times",
        FluxionsFormatError),
    Row("a job without a usable id", {"id": [7], "segments": []}, "without a usable job id", FluxionsResponseError),
    Row("a job that failed", {"id": 7, "status": "failed", "error_message": f"no {LINK}"}, "json"),
)  # fmt: skip


def wav(claimed: int, size: int = 32_000, *, rate: int = 32_000) -> bytes:
    """Return a WAV of one second whose header claims so many bytes of sound."""
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", min(claimed + 36, 0xFFFFFFFF), b"WAVE", b"fmt ", 16, 1, 1, 16_000,
                       rate, 2, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", claimed) + bytes(size)


RECORDINGS = (
    Row("a WAV from a pipe (0xFFFFFFFF bytes)", ("a.wav", wav(0xFFFFFFFF)), "1.0 s", note="its size gives the length"),
    Row("a WAV from a pipe (0x7FFFFFFF bytes)", ("a.wav", wav(0x7FFFFFFF)), "1.0 s", note="its size gives the length"),
    Row("a WAV from a pipe (0 bytes)", ("a.wav", wav(0)), "1.0 s", note="its size gives the length"),
    Row("a WAV of 0 bytes per second", ("a.wav", wav(32_000, rate=0)), "audio/wav"),
    Row("a WAV of 4 GB per second", ("a.wav", wav(32_000, rate=0xFFFFFFFF)), "audio/wav"),
    Row("a WAV that ends in its header", ("a.wav", wav(32_000)[:20]), "None s", note="its length is unknown"),
    Row("an MP3 that is text", ("a.mp3", b"ID3 this is text"), "None s", note="its length is unknown"),
    Row("an MP3 whose tag claims 256 MiB", ("a.mp3", b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + bytes(500)), "None s",
        note="its length is unknown"),
    Row("an M4A whose box claims 16 EiB", ("a.m4a", b"\0\0\0\x01ftypM4A \xff\xff\xff\xff\xff\xff\xff\xff" + bytes(80)),
        "None s", note="its length is unknown"),
    Row("an Ogg of sync marks only", ("a.ogg", b"OggS" * 500), "None s", note="its length is unknown"),
    Row("a FLAC of 1 MB zeros", ("a.flac", b"fLaC" + bytes(1_000_000)), "None s", note="its length is unknown"),
    Row("text under the name of a recording", ("a.mp3", b"<html>no audio</html>"), "None s",
        note="its length is unknown"),
    Row("a name without an ending", ("audio", b"\xff" * 50), "application/octet-stream"),
    Row("0 bytes", ("a.mp3", b""), "The audio is empty", FluxionsAudioError),
)  # fmt: skip

ARGUMENTS = (
    Row("`submit` of None", ("submit", {"audio": None, "filename": "a.mp3"}), "The audio must be bytes, a path",
        FluxionsAudioError),
    Row("`submit` of a number", ("submit", {"audio": 5, "filename": "a.mp3"}), "The audio must be bytes, a path",
        FluxionsAudioError),
    Row("`submit` of a list", ("submit", {"audio": [b"a"], "filename": "a.mp3"}), "The audio must be bytes, a path",
        FluxionsAudioError),
    Row("`submit` of a path with a NUL", ("submit", {"audio": "a\x00b.mp3", "filename": "a.mp3"}), "The audio file",
        FluxionsAudioError),
    Row("`submit` of a path with a lone surrogate", ("submit", {"audio": "\ud800.mp3", "filename": "a.mp3"}),
        "The audio file", FluxionsAudioError),
    Row("`submit` of a path of 6,000 characters", ("submit", {"audio": "x/" * 3_000, "filename": "a.mp3"}),
        "The audio file", FluxionsAudioError),
    Row("`submit` of a folder", ("submit", {"audio": "/", "filename": "a.mp3"}), "is a folder", FluxionsAudioError),
    Row("`submit` with None as name", ("submit", {"audio": b"a", "filename": None}), "filename must be text",
        FluxionsInputError),
    Row("`submit` with a number as name", ("submit", {"audio": b"a", "filename": 7}), "filename must be text",
        FluxionsInputError),
    Row("`submit` with line breaks in the media type",
        ("submit", {"audio": b"a", "filename": "a.mp3", "content_type": "a\r\nX: y"}), "content_type",
        FluxionsInputError),
    Row("a job id with a path", ("get_transcription", {"job_id": "../health"}), "A job id must be", FluxionsInputError),
    Row("a job id of 5,000 digits", ("get_transcription", {"job_id": "9" * 5_000}), "A job id must be",
        FluxionsInputError),
    Row("a whole number of 5,000 digits as job id", ("get_transcription", {"job_id": 10**5_000}), "A job id must be",
        FluxionsInputError),
    Row("a job id that is a list as text", ("get_transcription", {"job_id": "[1, 2]"}), "A job id must be",
        FluxionsInputError),
    Row("a job id that is True", ("get_transcription", {"job_id": True}), "A job id must be", FluxionsInputError),
    Row("a job id with an escape sequence", ("get_transcription", {"job_id": "\x1b[31m"}), "A job id must be",
        FluxionsInputError),
    Row("None as job id", ("get_transcription", {"job_id": None}), "A job id must be", FluxionsInputError),
    Row("a page of 1,000 jobs", ("list_transcriptions", {"limit": 1_000}), "limit must be 1 to 100",
        FluxionsInputError),
    Row("a limit that is text", ("list_transcriptions", {"limit": "5"}), "limit must be", FluxionsInputError),
    Row("an offset of -1", ("list_transcriptions", {"offset": -1}), "offset 0 or more", FluxionsInputError),
    Row("an offset of 5,000 digits", ("list_transcriptions", {"offset": 10**5_000}), "offset", FluxionsInputError),
    Row("a total timeout of NaN", ("with_limits", {"total_timeout": float("nan")}), "total_timeout must be",
        FluxionsInputError),
    Row("a total timeout that is text", ("with_limits", {"total_timeout": "5"}), "total_timeout must be",
        FluxionsInputError),
    Row("-1 retries", ("with_limits", {"max_retries": -1}), "max_retries must be", FluxionsInputError),
    Row("retries that are text", ("with_limits", {"max_retries": "many"}), "max_retries must be", FluxionsInputError),
)  # fmt: skip

SETTINGS = (
    Row("an empty key", {"api_key": ""}, "put it into the password field", FluxionsConfigError),
    Row("a key of white space", {"api_key": " \t"}, "put it into the password field", FluxionsConfigError),
    Row("`Bearer` alone", {"api_key": "Bearer "}, "put it into the password field", FluxionsConfigError),
    Row("a key of two lines", {"api_key": "s3cret\nlines"}, "not allowed in an HTTP header", FluxionsConfigError),
    Row("a key with letters beyond ASCII", {"api_key": "s3cret-é"}, "not allowed in an HTTP header",
        FluxionsConfigError),
    Row("`http` to another machine", {"base_url": "http://api.example.com"}, "the API key would travel readable",
        FluxionsConfigError),
    Row("a host with a user and a password", {"base_url": "https://user:S1gnature@api.example.com"},
        "must not contain a user", FluxionsConfigError),
    Row("a host that two libraries read differently", {"base_url": "https://api.example.com\\@evil.test"},
        "The connection's host", FluxionsConfigError),
    Row("a host with a space", {"base_url": "https://api example.com"}, "The connection's host", FluxionsConfigError),
    Row("a port that is not a number", {"base_url": "https://api.example.com:port"}, "is not a URL",
        FluxionsConfigError),
    Row("another scheme", {"base_url": "file:///etc/passwd"}, "must look like https://", FluxionsConfigError),
    Row("a label of 70 characters in the host", {"base_url": "https://" + "x" * 70 + ".test"}, "is not a URL",
        FluxionsConfigError),
    Row("JSON inside JSON as extra", {"written": '{"read_timeout": 20}'}, "JSON inside JSON", FluxionsConfigError),
    Row("a list as extra", {"written": [1]}, "The extra must be a JSON object", FluxionsConfigError),
    Row("a timeout of NaN", {"written": {"read_timeout": float("nan")}}, "read_timeout must be more than 0",
        FluxionsConfigError),
    Row("a timeout of 400 digits", {"written": {"read_timeout": 10**400}}, "extra read_timeout must be a number",
        FluxionsConfigError),
    Row("a timeout that is a list", {"written": {"read_timeout": [1]}}, "extra read_timeout must be a number",
        FluxionsConfigError),
    Row("`many` retries", {"written": {"max_retries": "many"}}, "extra max_retries must be a whole number",
        FluxionsConfigError),
    Row("half a retry", {"written": {"max_retries": 0.5}}, "extra max_retries must be a whole number",
        FluxionsConfigError),
    Row("infinite retries", {"written": {"max_retries": float("inf")}}, "extra max_retries must be a whole number",
        FluxionsConfigError),
    Row("a mistyped name", {"written": {"read_timout": 20}}, "Did you mean read_timeout?", FluxionsConfigError),
    Row("a path of a submit that is an object", {"written": {"submit_path": {}}}, "extra submit_path must be text",
        FluxionsConfigError),
)  # fmt: skip

# What is written to stderr. RECORDING stands for a file that exists.
COMMAND_LINES = (
    Row("a recording named by a lone surrogate", ["submit", "\ud800.mp3"], "does not exist. Local paths must"),
    Row("a recording named with a NUL", ["submit", "a\x00b.mp3"], "does not exist. Local paths must"),
    Row("a recording named by 300 characters", ["submit", "x" * 300 + ".mp3"], "The audio file xxx"),
    Row("a recording of 3,000 folders", ["submit", "x/" * 3_000], "The audio file x/x"),
    Row("a recording named by escape sequences", ["submit", STEERING], "does not exist. Local paths must"),
    Row("an address with an escape sequence",
        ["submit", "s3://\x1b[31m/key"], "needs Airflow, which is not installed here"),
    Row("a search in 999,999,999,999 days",
        ["submit", "RECORDING", "--once-days", "999999999999"], "must be 0 to 36,500"),
    Row("a name with a lone surrogate", ["submit", "RECORDING", "--filename", "\ud800.mp3"], ""),
    Row("a name with a NUL", ["submit", "RECORDING", "--filename", "a\x00b.mp3"], ""),
    Row("a name with a lone surrogate, not made unique",
        ["submit", "RECORDING", "--no-once", "--filename", "\ud800"], ""),
    Row("a name of 300 characters", ["submit", "RECORDING", "--no-once", "--filename", "x" * 300], ""),
    Row("retries for 1e300 seconds",
        ["submit", "RECORDING", "--retry-for", "1e300"], "must be 0 to 315,360,000 seconds"),
    Row("a timeout of 1e300 seconds",
        ["submit", "RECORDING", "--wait", "--timeout", "1e300"], "must be 0 to 315,360,000 seconds"),
    Row("a poll every 1e300 seconds",
        ["submit", "RECORDING", "--wait", "--poll-interval", "1e300"], "must be 0 to 315,360,000 seconds"),
    Row("a format that is an escape sequence",
        ["submit", "RECORDING", "--format", "\x1b[31m"], "There is no result format"),
    Row("an option with an escape sequence",
        ["submit", "RECORDING", "--format", "text", "--option", "\x1b.a=1"], "There is no result format"),
    Row("an option of 100,000 lists in lists",
        ["submit", "RECORDING", "--format", "text", "--option", "text.speaker_names=" + "[" * 100_000],
        "speaker_names must be like"),
    Row("a folder with a NUL", ["submit", "RECORDING", "--format", "text", "--to", "a\x00b"], "cannot be written"),
    Row("a folder with a lone surrogate",
        ["submit", "RECORDING", "--format", "text", "--to", "\ud800"], "cannot be written"),
    Row("a folder named by 300 characters", ["export", "1", "--to", "x" * 300], "cannot be written"),
    Row("a folder that cannot be made", ["export", "1", "--to", "/proc/1/nowhere"], "cannot be written"),
    Row("a limit of 30 digits", ["list", "--limit", "9" * 30], "must be 0 to 1,000,000,000"),
    Row("a limit of 5,000 digits", ["list", "--limit", "9" * 5_000], "invalid count value"),
    Row("1,000 open brackets as pattern", ["list", "--match", "[" * 1_000], ""),
    Row("a lone surrogate as pattern", ["list", "--match", "\ud800"], ""),
    Row("an escape sequence as status", ["list", "--status", "\x1b[31m"], ""),
    Row("5,000 digits as job id", ["get", "9" * 5_000], "invalid job id"),
    Row("an escape sequence as job id", ["get", "\x1b[31m"], "invalid job id"),
    Row("a path as job id", ["get", "../../health"], "invalid job id"),
    Row("a timeout of NaN", ["wait", "1", "--timeout", "nan"], "must be 0 to 315,360,000 seconds"),
    Row("an escape sequence as connection",
        ["list", "--conn-id", "\x1b[31m"], "needs Airflow, which is not installed here"),
    Row("an escape sequence as argument", ["list", "\x1b[31m"], "unrecognized arguments"),
    Row("an escape sequence as option", ["list", "--\x1b[31m"], "unrecognized arguments"),
    Row("an escape sequence as command", ["\x1b[31m"], "invalid choice"),
)  # fmt: skip
KINDS = (
    Kind("File names", "Names that you give, or that the service shows for a job.", NAMES),
    Kind("Transcripts", "Transcripts of the service, written in every format.", TRANSCRIPTS),
    Kind("Recordings", "The length that is read from a header, and the media type that is sent.", RECORDINGS),
    Kind("Arguments of the client", "Values of wrong types, or impossible ones.", ARGUMENTS),
    Kind("Settings", "The key, the host and the extra of a connection.", SETTINGS),
    Kind("Command lines", "Arguments of `airflow-fluxions`. An error is one line, never a traceback.", COMMAND_LINES),
)
