"""From the address that a task is given to audio that can be sent."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow_provider_fluxions.api.audio import Audio, AudioSource, audio_source
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.s3 import S3Store, parse_s3_uri

# s3:/bucket/key, s3//bucket/key: nobody means a local file by them.
_ADDRESS_LIKE = re.compile(r"(s3|gs|https?|file)(:|//)", re.IGNORECASE)


def open_audio(uri: object, aws_conn_id: str | None) -> AudioSource:
    """Return the audio at a local path, ``file://``, ``s3://``, or any address of `ObjectStoragePath`.

    :raises FluxionsAudioError: it is missing, empty or unreadable, or no such address is understood.
    :raises FluxionsStorageError: S3 refused, or the bucket does not exist.
    """
    if not isinstance(uri, str) or not uri.strip():
        raise FluxionsAudioError(f"audio must be a path or an address such as s3://bucket/key, not {uri!r}.")
    scheme = uri.partition("://")[0].lower() if "://" in uri else ""
    if scheme == "s3":
        return audio_source(_s3_audio(uri, aws_conn_id))
    if not scheme and (mistyped := _ADDRESS_LIKE.match(uri)):
        raise FluxionsAudioError(f"{uri} looks like an address, but addresses begin like {mistyped[1].lower()}://.")
    if scheme in ("", "file"):
        return audio_source(_local_path(uri) if scheme else uri)
    return audio_source(_object_storage_audio(uri))


def filename_of(uri: str) -> str:
    """Return the last part of an address: what people call the recording."""
    return uri.rstrip("/").rpartition("/")[2] or "audio"


def _s3_audio(uri: str, aws_conn_id: str | None) -> AudioSource:
    bucket, key = parse_s3_uri(uri)
    if not key or key.endswith("/"):
        raise FluxionsAudioError(f"{uri} names no object; to transcribe a prefix, use FluxionsS3ToS3Operator.")
    store = S3Store(aws_conn_id)
    found = store.head(bucket, key)
    if found is None:
        store.require_bucket(bucket)
        raise FluxionsAudioError(f"There is no object {uri}.")
    return store.audio(found)


def _local_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise FluxionsAudioError(f"{uri} names the host {parts.netloc!r}; a local file is file:///path.")
    return unquote(parts.path)


def _object_storage_audio(uri: str) -> AudioSource:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    try:
        path: Any = ObjectStoragePath(uri)
        facts = path.stat()
    except FileNotFoundError as error:
        raise FluxionsAudioError(f"There is no audio at {uri}.") from error
    except (ImportError, ValueError) as error:
        raise FluxionsAudioError(
            f"{uri} cannot be opened: {error}. Known are local paths, file://, s3:// and the schemes of installed "
            "Airflow providers."
        ) from error
    except OSError as error:
        raise FluxionsAudioError(f"{uri} cannot be read: {error}.") from error
    version = str(facts.get("ETag") or facts.get("etag") or f"{facts.st_size}-{facts.st_mtime}")
    return Audio(uri, int(facts.st_size), version, lambda: path.open("rb"))
