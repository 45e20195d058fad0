"""Open the ``audio`` argument of a task as a recording that can be sent."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from airflow_provider_fluxions.api.audio import Audio, AudioSource, audio_source
from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.storage import ObjectAddress, open_store
from airflow_provider_fluxions.storage.address import STORES

# s3:/bucket/key, s3//bucket/key: mistyped URIs and not local files.
_ADDRESS_LIKE = re.compile(r"(s3|gs|https?|file)(:|//)", re.IGNORECASE)
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/@]*)@)?", re.ASCII)


class Address(NamedTuple):
    """The place of a recording.

    :param uri: URI without a connection, with the scheme in lower case, or the path of a local file.
    :param scheme: Scheme; empty for a local file.
    :param conn_id: The Airflow connection in the URI, as in ``s3://my_aws@bucket/key``, or None.
    """

    uri: str
    scheme: str
    conn_id: str | None


def address_of(audio: object) -> Address:
    """Return the place of the ``audio`` argument of a task. No I/O.

    :param audio: Text, a `pathlib.Path`, or an `ObjectStoragePath`.
    :raises FluxionsInputError: if it has another type, or is empty.
    :raises FluxionsAudioError: if a ``file://`` URI names another host.
    """
    if is_object_storage_path(audio):
        path: Any = audio
        if path.protocol in ("", "file", "local"):
            return Address(str(path.path), "", None)
        audio = str(path)  # with its connection
    elif isinstance(audio, os.PathLike):
        audio = os.fspath(audio)
    if not isinstance(audio, str) or not audio.strip():
        raise FluxionsInputError(f"audio must be a path or a URI such as s3://bucket/key, not {shown(audio)}.")
    found = _URI.match(audio)
    if found is None:
        return Address(audio, "", None)
    scheme = found[1].lower()
    if scheme == "file":
        return Address(_local_path(audio), "", None)
    # Web URLs have user names there, which are not connections.
    if found[2] is None or scheme in ("http", "https"):
        return Address(f"{scheme}{audio[len(scheme) :]}", scheme, None)
    return Address(f"{scheme}://{audio[found.end() :]}", scheme, found[2] or None)


def open_audio(audio: object, aws_conn_id: str | None) -> AudioSource:
    """Return the audio at a local path, ``file://``, ``s3://``, or any URI of `ObjectStoragePath`.

    :param audio: See `address_of`.
    :param aws_conn_id: Connection for ``s3://`` URIs that name no connection.
    :raises FluxionsInputError: if it is not a URI or path.
    :raises FluxionsAudioError: if it is missing, empty or unreadable, or if the scheme is not supported.
    :raises FluxionsStorageError: if S3 refused the request, or the bucket does not exist.
    """
    address = address_of(audio)
    if address.scheme in STORES:
        return audio_source(_store_audio(address.uri, address.conn_id or aws_conn_id))
    if address.scheme:
        return audio_source(_object_storage_audio(address, audio))
    # Before the file is opened, because "no such file" would hide the typing error.
    if isinstance(audio, str) and not _URI.match(audio) and (mistyped := _ADDRESS_LIKE.match(audio)):
        raise FluxionsAudioError(f"{printable(audio)} looks like a URI, but URIs begin with {mistyped[1].lower()}://.")
    return audio_source(address.uri)


def uri_of(audio: object) -> str:
    """Return the URI of the ``audio`` argument of a task without its connection; empty if it has no URI."""
    try:
        return address_of(audio).uri
    except FluxionsInputError:
        return ""


def filename_of(audio: object) -> str:
    """Return the last part of a URI, which is the name of the recording."""
    return last_part(uri_of(audio).rstrip("/")) or "audio"


def shown_name(filename: object, audio: object) -> str:
    """Return the file name to show at Fluxions.

    :param filename: The user's choice. A number, which native rendering makes from digits, is written as text. None or
        empty: the last part of the URI.
    """
    chosen = "" if filename is None else str(filename)
    return chosen if chosen.strip() else filename_of(audio)


def is_object_storage_path(audio: object) -> bool:
    """Return whether it is Airflow's `ObjectStoragePath`."""
    if isinstance(audio, str | bytes) or not hasattr(audio, "protocol"):
        return False
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    return isinstance(audio, ObjectStoragePath)


def _store_audio(uri: str, conn_id: str | None) -> AudioSource:
    address = ObjectAddress.parse(uri)
    if not address.key or address.key.endswith("/"):
        raise FluxionsAudioError(f"{uri} names no object. To transcribe a prefix, use FluxionsS3ToS3Operator.")
    store = open_store([address], conn_id)
    found = store.head(address)
    if found is None:
        # S3 responds with 404 to a HEAD in a missing bucket, too, and the two need different repairs.
        store.require_bucket(address)
        raise FluxionsAudioError(f"There is no object {uri}.")
    return store.audio(found)


def _local_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise FluxionsAudioError(f"{uri} names the host {parts.netloc!r}; a local file is file:///path.")
    return unquote(parts.path)


def _object_storage_audio(address: Address, audio: object) -> AudioSource:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    uri = address.uri
    try:
        path: Any = audio if is_object_storage_path(audio) else ObjectStoragePath(uri, conn_id=address.conn_id)
        facts = path.stat()
    except FileNotFoundError as error:
        raise FluxionsAudioError(f"There is no audio at {uri}.") from error
    except (ImportError, ValueError) as error:
        raise FluxionsAudioError(
            f"{uri} cannot be opened: {error}. Use a local path, file://, s3:// or a scheme of an installed "
            "Airflow provider."
        ) from error
    except OSError as error:
        raise FluxionsAudioError(f"{uri} cannot be read: {error}.") from error
    # Stores spell it differently. Without one, size and change time identify the content.
    version = str(facts.get("ETag") or facts.get("etag") or f"{facts.st_size}-{facts.st_mtime}")
    return Audio(uri, int(facts.st_size), version, lambda: path.open("rb"), _stored_type(facts))


def _stored_type(facts: Any) -> str | None:
    """Return the media type, for which S3, Google and Azure have different names."""
    settings = facts.get("content_settings")
    kinds = (
        facts.get("ContentType"),
        facts.get("contentType"),
        settings.get("content_type") if isinstance(settings, dict) else getattr(settings, "content_type", None),
    )
    return next((kind for kind in kinds if isinstance(kind, str) and kind), None)
