"""Recordings of the command line, and the reference that makes two submits the same work."""

from __future__ import annotations

import hashlib
from contextlib import closing
from importlib.util import find_spec

from airflow_provider_fluxions.api.audio import BLOCK_BYTES, AudioSource, audio_source
from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsConfigError
from airflow_provider_fluxions.api.job_reference import reference
from airflow_provider_fluxions.api.submit_once import SubmitOptions


def open_recording(uri: str, aws_conn_id: str) -> AudioSource:
    """Return a local file, or with Airflow any URI that a task can open, as audio.

    :raises FluxionsAudioError: if it is missing, empty or unreadable.
    :raises FluxionsConfigError: if the URI needs Airflow, or one of its providers.
    """
    if "://" not in uri:
        return audio_source(uri)
    if find_spec("airflow") is None:
        raise FluxionsConfigError(f"{uri} needs Airflow, which is not installed here. Use a local path.")
    from airflow_provider_fluxions.cli.with_airflow import open_address

    return open_address(uri, aws_conn_id)


def work_reference(source: AudioSource, options: SubmitOptions) -> str:
    """Return the reference of this audio with these options, the same for every submit from a command line.

    A remote object is identified by its URI and version, and a local file by its bytes, in any folder.

    :raises FluxionsAudioError: if it cannot be read.
    """
    if "://" in source.uri and source.version:
        return reference("cli", "version", source.uri, source.version, options.non_speech, options.cache)
    return reference("cli", "bytes", _digest(source), options.non_speech, options.cache)


def _digest(source: AudioSource) -> str:
    digest = hashlib.sha256()
    try:
        with closing(source.open()) as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise FluxionsAudioError(f"Reading {source.uri} failed: {error}.", transient=True) from error
    return digest.hexdigest()
