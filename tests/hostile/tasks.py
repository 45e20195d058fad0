"""Hostile inputs of tasks: arguments, connections, faults of the service and of S3, manifests and stored results."""

from __future__ import annotations

import gzip
import json
from typing import Any

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsFormatError,
    FluxionsInputError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsStorageError,
    FluxionsThrottledError,
    FluxionsTransferError,
)
from tests.hostile.harmless import KEY, LINK, TRANSCRIPT
from tests.hostile.responses import NOT_THE_API, STEERING
from tests.hostile.table import Kind, Row

INPUT, OUTPUT = "fluxions-input", "fluxions-output"
DESTINATION = f"s3://{OUTPUT}/out/"
NOT_AN_ADDRESS = "must look like s3://bucket/key"

# {folder} has good.mp3, empty.mp3 (0 bytes) and folder.mp3 (a folder).
AUDIO = (
    Row("an empty file", "{folder}/empty.mp3", "is empty", FluxionsAudioError),
    Row("a file that is not there", "{folder}/missing.mp3", "does not exist. Local paths must", FluxionsAudioError),
    Row("a folder", "{folder}/folder.mp3", "is a folder", FluxionsAudioError),
    Row("`file://` to a file that is not there", "file://{folder}/missing.mp3", "does not exist", FluxionsAudioError),
    Row("`file://` to another machine", "file://elsewhere/a.mp3", "names the host 'elsewhere'", FluxionsAudioError),
    Row("an object that is not there", f"s3://{INPUT}/missing.mp3", "There is no object", FluxionsAudioError),
    Row("a bucket that is not there", "s3://no-such-bucket/a.mp3", "The bucket does not exist", FluxionsStorageError),
    Row("a bucket alone", f"s3://{INPUT}", "names no object", FluxionsAudioError),
    Row("a prefix", f"s3://{INPUT}/calls/", "use FluxionsS3ToS3Operator", FluxionsAudioError),
    Row("an address without a bucket", "s3:///a.mp3", NOT_AN_ADDRESS, FluxionsInputError),
    Row("`s3:/bucket/key`", "s3:/bucket/a.mp3", "but URIs begin with s3://", FluxionsAudioError),
    Row("`S3//bucket/key`", "S3//bucket/a.mp3", "but URIs begin with s3://", FluxionsAudioError),
    Row("an unknown scheme", "carrier-pigeon://loft/a.mp3", "cannot be opened", FluxionsAudioError),
    Row("empty text", "", "must be a path or a URI", FluxionsInputError),
    Row("None", None, "must be a path or a URI", FluxionsInputError),
    Row("a number", 17, "must be a path or a URI", FluxionsInputError),
    Row("a number of 5,000 digits", 10**5_000, "must be a path or a URI", FluxionsInputError),
    Row("bytes", b"RIFF", "must be a path or a URI", FluxionsInputError),
    Row("escape sequences and line breaks", STEERING, "does not exist. Local paths must", FluxionsAudioError),
    Row("a NUL in a path", "a\x00b.mp3", "does not exist. Local paths must", FluxionsAudioError),
    Row("a lone surrogate in a key", f"s3://{INPUT}/\ud800.mp3", NOT_AN_ADDRESS, FluxionsInputError),
)  # fmt: skip

CONNECTIONS = (
    Row("an empty key", {"password": ""}, "put it into the password field", FluxionsConfigError),
    Row("a key of white space", {"password": " \t"}, "put it into the password field", FluxionsConfigError),
    Row("`Bearer` without a key", {"password": "Bearer "}, "put it into the password field", FluxionsConfigError),
    Row("a key of two lines", {"password": f"{KEY}\nx"}, "not allowed in an HTTP header", FluxionsConfigError),
    Row("a wrong key", {"password": "wrong"}, "Check the API key", FluxionsAuthenticationError),
    Row("a port where nothing listens", {"host": "127.0.0.1:9"}, "Check the connection's host",
        FluxionsConnectionError),
    Row("the same with `http://`", {"host": "http://127.0.0.1:9"}, "Check the connection's host",
        FluxionsConnectionError),
    Row("`http` to another machine", {"host": "http://api.example.com"}, "the API key would travel readable",
        FluxionsConfigError),
    Row("a host with a user and a password", {"host": "https://user:S1gnature@api.example.com"},
        "must not contain a user", FluxionsConfigError),
    Row("`many` retries", {"extra": {"max_retries": "many"}}, "extra max_retries", FluxionsConfigError),
    Row("a path that is not there", {"extra": {"submit_path": "/nowhere"}}, "set submit_path in its extra",
        FluxionsNotFoundError),
    Row("JSON inside JSON", {"extra": json.dumps(json.dumps({"read_timeout": 20}))}, "extra must be a JSON object",
        FluxionsConfigError),
    Row("a mistyped setting", {"extra": {"read_timout": 20}}, "Did you mean read_timeout?", FluxionsConfigError),
    Row("a negative price", {"extra": {"price_per_audio_hour": -1}}, "price_per_audio_hour must be 0 or more",
        FluxionsConfigError),
)  # fmt: skip


def _moved(source: Any = f"s3://{INPUT}/", destination: Any = DESTINATION, **more: Any) -> dict[str, Any]:
    return {"source": source, "destination": destination, **more}


# The name of an operator, and its arguments.
OPERATORS = (
    Row("a job that is not there", ("FluxionsTranscriptionSensor", {"job_id": 4711}), "does not know job 4711",
        FluxionsNotFoundError),
    Row("a sensor's job id of three words", ("FluxionsTranscriptionSensor", {"job_id": "not an id"}),
        "A job id must be a number", FluxionsInputError),
    Row("a sensor's job id of 5,000 digits", ("FluxionsTranscriptionSensor", {"job_id": 10**5_000}),
        "A job id must be a number", FluxionsInputError),
    Row("a sensor without job ids", ("FluxionsTranscriptionSensor", {"job_id": []}), "job_id must have at least one id",
        FluxionsInputError),
    Row("a sensor's interval of NaN", ("FluxionsTranscriptionSensor", {"job_id": 1, "poll_interval": float("nan")}),
        "poll_interval must be a number of seconds", FluxionsInputError),
    Row("a result of a job that is not there", ("FluxionsToS3Operator", {"job_id": 4711, "destination": DESTINATION}),
        "HTTP 404 for job 4711", FluxionsNotFoundError),
    Row("a result of None", ("FluxionsToS3Operator", {"job_id": None, "destination": DESTINATION}),
        "A job id must be", FluxionsInputError),
    Row("a job id with a path", ("FluxionsToS3Operator", {"job_id": "../health", "destination": DESTINATION}),
        "A job id must be", FluxionsInputError),
    Row("a result in another store", ("FluxionsToS3Operator", {"job_id": 1, "destination": "gs://b/"}),
        NOT_AN_ADDRESS, FluxionsInputError),
    Row("formats as text", ("FluxionsToS3Operator", {"job_id": 1, "destination": DESTINATION, "formats": "json"}),
        "formats must be a list of names", FluxionsFormatError),
    Row("a number as formats", ("FluxionsToS3Operator", {"job_id": 1, "destination": DESTINATION, "formats": 7}),
        "formats must be a list of names", FluxionsFormatError),
    Row("no formats", ("FluxionsToS3Operator", {"job_id": 1, "destination": DESTINATION, "formats": ()}),
        "formats is empty", FluxionsFormatError),
    Row("a format twice",
        ("FluxionsToS3Operator", {"job_id": 1, "destination": DESTINATION, "formats": ("json", "json")}),
        "formats names one twice", FluxionsFormatError),
    Row("a mistyped format",
        ("FluxionsToS3Operator", {"job_id": 1, "destination": DESTINATION, "formats": ("parkuet",)}),
        "There is no result format", FluxionsFormatError),
    Row("a transfer from a bucket that is not there", ("FluxionsS3ToS3Operator", _moved("s3://no-such-bucket/")),
        "The bucket does not exist", FluxionsStorageError),
    Row("a transfer of an object that is not there", ("FluxionsS3ToS3Operator", _moved(f"s3://{INPUT}/missing.mp3")),
        "There is no object", FluxionsAudioError),
    Row("a transfer from a local folder", ("FluxionsS3ToS3Operator", _moved("/local/folder")), NOT_AN_ADDRESS,
        FluxionsInputError),
    Row("a transfer to None", ("FluxionsS3ToS3Operator", _moved(destination=None)), NOT_AN_ADDRESS,
        FluxionsInputError),
    Row("a transfer from a list of numbers", ("FluxionsS3ToS3Operator", _moved([1, 2])), NOT_AN_ADDRESS,
        FluxionsInputError),
    Row("a maximum of inputs of 5,000 digits", ("FluxionsS3ToS3Operator", _moved(max_inputs="9" * 5_000)),
        "max_inputs must be a number", FluxionsInputError),
    Row("an infinite maximum of inputs", ("FluxionsS3ToS3Operator", _moved(max_inputs=float("inf"))),
        "max_inputs must be", FluxionsInputError),
    Row("a maximum of hours of 400 digits", ("FluxionsS3ToS3Operator", _moved(max_audio_hours=10**400)),
        "max_audio_hours must be", FluxionsInputError),
    Row("a dry run that is neither yes nor no", ("FluxionsS3ToS3Operator", _moved(dry_run="perhaps")),
        "dry_run must be true or false", FluxionsInputError),
    Row("shard 5 of 2", ("FluxionsS3ToS3Operator", _moved(shard_index=5, shard_count=2)), "shard_index",
        FluxionsInputError),
    Row("a key template with an unknown field", ("FluxionsS3ToS3Operator", _moved(key_template="{secret}")),
        "key_template", FluxionsInputError),
    Row("a timeout of 5,000 digits", ("FluxionsS3ToS3Operator", _moved(timeout=10**5_000)), "timeout must be",
        FluxionsInputError),
    Row("a conversion to another store",
        ("FluxionsConvertOperator", {"source": f"s3://{INPUT}/", "destination": "local/x", "formats": ["srt"]}),
        NOT_AN_ADDRESS, FluxionsInputError),
)  # fmt: skip

# Faults of the emulator; how: the task whose outcome is shown. {authorization} stands for the key.
_ALL: dict[str, Any] = {"times": None}
SERVICE = (
    Row("401", {"status": 401}, "Check the API key", FluxionsAuthenticationError, how="submit"),
    Row("401 that repeats the key", {"status": 401, "message": f"Invalid API key provided: {KEY}"},
        "Invalid API key provided: ***", FluxionsAuthenticationError, how="submit"),
    Row("403 with a list of details", {"status": 403, "body": "detail_list"}, "Check the API key",
        FluxionsAuthenticationError, how="sense"),
    Row("402", {"status": 402}, "Add credit", FluxionsCreditError, how="submit"),
    Row("429 for two minutes", {"status": 429, "retry_after": "120"}, "HTTP 429", FluxionsThrottledError,
        how="submit"),
    Row("500 with an HTML page", {"status": 500, "body": "html"}, "HTTP 500", FluxionsServerError, how="submit"),
    Row("502 with the request's headers", {"status": 502, "echo_headers": True, "body": "html"}, "HTTP 502",
        FluxionsServerError, how="submit"),
    Row("502 with the key after Bearer", {"status": 502, "message": f"Authorization: Bearer {KEY}"},
        "Bearer ***", FluxionsServerError, how="submit"),
    Row("500 with a signed link", {"status": 500, "message": f"cannot read {LINK}"}, "a.mp3?***",
        FluxionsServerError, how="submit"),
    Row("400 with escape sequences", {"status": 400, "message": STEERING}, "\\x1b[31mred", FluxionsRejectedError,
        how="submit"),
    Row("200 with an HTML page", {"status": 200, "body": "html"}, NOT_THE_API, FluxionsResponseError, how="submit"),
    Row("200 with JSON that ends early", {"status": 200, "body": "truncated_json"}, NOT_THE_API,
        FluxionsResponseError, how="submit"),
    Row("200 with an empty body", {"status": 200, "body": "empty"}, NOT_THE_API, FluxionsResponseError, how="submit"),
    Row("a transcript that ends early",
        {"method": "GET", "path": "/transcriptions/*", "fields": {"text": TRANSCRIPT}, "cut_to_bytes": 60}, "",
        FluxionsTransferError, how="transfer"),
    Row("a transcript in a list", {"method": "GET", "path": "/transcriptions/*", "fields": {"text": TRANSCRIPT},
        "shape": "list"}, "", FluxionsTransferError, how="transfer"),
    Row("a transcript and the key in each response",
        {"fields": {"text": TRANSCRIPT, "audio_url": LINK}, "echo_headers": True}, "'completed': 1", how="transfer"),
    Row("a failed job whose reason has the key and a signed link",
        {"fields": {"status": "failed", "error_message": f"{{authorization}} {LINK}"}}, "*** https://bucket.r2.test",
        FluxionsTransferError, how="transfer"),
    Row("ids with a path", {"method": "POST", "after": True, "fields": {"id": "../../health"}},
        "without a usable job id", FluxionsResponseError, how="submit"),
    Row("a redirect to another host", {"status": 302, "location": "http://127.0.0.2:9/{authorization}"},
        "The key must not follow a redirect", FluxionsRejectedError, how="submit"),
    Row("a connection that is reset", {"reset": True}, "No usable response", FluxionsConnectionError, how="submit"),
)  # fmt: skip

# What a user with write access to the destination makes of a manifest's lines while the task is deferred: other
# fields, or other bytes.
MANIFESTS = (
    Row("no change", {}, "'completed': 1"),
    Row("an empty manifest", b"", ""),
    Row("bytes that are not JSON", b"\xff\xfe\x00{", "'completed': 1"),
    Row("a JSON list", b"[1]\n", "'completed': 1"),
    Row("100,000 lists in lists", b"[" * 100_000, "'completed': 1"),
    Row("10,000 lines of `{}`", b"{}\n" * 10_000, "'completed': 1"),
    Row("a number of 5,000 digits", {"bytes": "DIGITS"}, "'completed': 1"),
    Row("a job of somebody else", {"job_id": "4711"}, "'completed': 1"),
    Row("a job id with a path", {"job_id": "../health"}, "'completed': 1"),
    Row("a proof of zeros", {"proof": "0" * 32}, "'completed': 1"),
    Row("a job that is an object", {"job_id": {"a": 1}}, "'completed': 1"),
    Row("an unknown status", {"status": "\x1b[31m"}, "'completed': 1"),
    Row("a source in another bucket", {"source": "s3://elsewhere/a.mp3"}, "'completed': 1"),
    Row("a source that is a number", {"source": 5}, "'completed': 1"),
    Row("an error with an escape sequence", {"error": STEERING}, "'completed': 1"),
    Row("an instant of year 1", {"submitted_at": "0001-01-01T00:00:00+23:00"}, "'completed': 1"),
    Row("a folder with two dots", {"folder": "../../"}, "'completed': 1"),
)  # fmt: skip

RESULT = {"id": 7, "status": "completed", "segments": [{"text": TRANSCRIPT, "start": 0, "end": 1}]}


def _stored(value: Any) -> bytes:
    return json.dumps(value).encode()


# Bytes under a name that ends in .json, and how they are stored.
STORED = (
    Row("a result", (_stored(RESULT), {}), "'converted': 1"),
    Row("a result with a signed link in its text", (_stored({**RESULT, "segments": [
        {"text": LINK, "start": 0, "end": 1}]}), {}), "'converted': 1"),
    Row("a result that ends early", (_stored(RESULT)[:-5], {}), "it ends too early, at character",
        FluxionsTransferError),
    Row("a list", (_stored([RESULT]), {}), "a JSON list and not an object", FluxionsTransferError),
    Row("bytes that are not UTF-8", (b'{"id": 7, "text": "\xff"}', {}), "it is not UTF-8", FluxionsTransferError),
    Row("100,000 lists in lists", (b"[" * 100_000, {}), "nested too deeply", FluxionsTransferError),
    Row("a failed job", (_stored({**RESULT, "status": "failed", "error_message": f"no {LINK}"}), {}),
        "has no transcript", FluxionsTransferError),
    Row("text without times", (_stored({"id": 7, "status": "completed", "text": TRANSCRIPT}), {}),
        "has text but no times", FluxionsTransferError),
    Row("an empty object of S3", (b"", {}), "not JSON", FluxionsTransferError),
    Row("gzip that is not gzip", (_stored(RESULT), {"ContentEncoding": "gzip"}), "cannot be unpacked",
        FluxionsTransferError),
    Row("gzip that unpacks to 80 MB", (gzip.compress(bytes(80_000_000), 1), {"ContentEncoding": "gzip"}),
        "more than the 67,108,864 bytes", FluxionsTransferError),
    Row("metadata with an escape sequence in it",
        (_stored(RESULT), {"Metadata": {"fluxions-source": "%1b%5b31m", "fluxions-run": "x"}}), "'converted': 1"),
)  # fmt: skip

# What S3 does with a transfer of one recording: one fault of all requests that it names, or another kind of store.
S3 = (
    Row("a recording that must not be read", {"denied": f"/{INPUT}/a.mp3"}, "not allowed", FluxionsTransferError),
    Row("an archived recording", {"archived": f"/{INPUT}/a.mp3"}, "is archived", FluxionsTransferError),
    Row("a connection that closes at each read of a recording",
        {"fault": {"method": "GET", "target": f"/{INPUT}/a.mp3*", "closes": True}}, f"s3://{INPUT}/a.mp3",
        FluxionsTransferError),
    Row("a bucket in another region", {"fault": {"code": "PermanentRedirect"}}, "eu-central-1", FluxionsStorageError),
    Row("a clock that is wrong", {"fault": {"method": "GET", "code": "RequestTimeTooSkewed"}}, "Set the clock",
        FluxionsStorageError),
    Row("weak ETags", {"etags": "weak"}, "'completed': 1"),
    Row("no ETags and no times", {"etags": "missing", "last_modified": False}, "'completed': 1"),
    Row("capital letters in the names of metadata", {"metadata_names": "capitalized"}, "'completed': 1"),
    Row("no metadata", {"metadata_names": "dropped"}, "", FluxionsStorageError),
)  # fmt: skip

KINDS = (
    Kind("Audio of a task", "What `audio` of `FluxionsSubmitOperator` is.", AUDIO),
    Kind("Connections of a task", "What is wrong with the connection of a submit.", CONNECTIONS),
    Kind("Arguments of operators", "What a template, an XCom or a DAG gives.", OPERATORS),
    Kind("The service behind a task", "Responses to a submit, a retry, a sensor, a trigger and a transfer.", SERVICE),
    Kind("Manifests", "What others write into the manifest of a transfer while it is deferred.", MANIFESTS),
    Kind("Stored results", "What `FluxionsConvertOperator` finds under a name that ends in `.json`.", STORED),
    Kind("S3", "What S3 does while a recording is transferred.", S3),
)
