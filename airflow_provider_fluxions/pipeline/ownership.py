"""Check which jobs a line of a manifest can name. No I/O.

Users who can write below the destination can write manifests. So a job id in a manifest counts only if the line carries
a proof that a task with the API key wrote it, or if the job's own file name carries the reference of that line.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_reference import reference, references_in
from airflow_provider_fluxions.storage import ObjectAddress

PROOF_DIGITS = 32
# Separates these proofs from any other use of the API key.
_PURPOSE = b"airflow-provider-fluxions: job of a transfer's input, version 1"


def input_reference(
    source_uri: str, version: str, path: str, destination: ObjectAddress, options: Mapping[str, Any]
) -> str:
    """Return the reference of one input of a transfer.

    :param version: The recording's ETag without quotes.
    :param path: Path of the recording below its source.
    :param destination: Its key is empty or ends with a slash.
    :param options: Options of the transcription.
    """
    # These parts never change, because the names of existing jobs and results contain the digest of them.
    return reference(
        destination.scheme, source_uri, version, *sorted(map(str, options.items())), destination.below(path).uri
    )


def possible_references(source_uri: str, version: str, path: str, destination: ObjectAddress) -> frozenset[str]:
    """Return the possible references of an input with unknown options."""
    return frozenset(
        input_reference(source_uri, version, path, destination, {"non_speech": non_speech})
        for non_speech in (False, True)
    )


def proof_of(api_key: str, ref: str, job_id: JobId) -> str:
    """Return the proof that a task with this API key received this job for this reference: 32 hex digits.

    It does not reveal the key. It becomes invalid when the key changes.
    """
    # A derived secret, so that a proof reveals nothing about other signatures with the same key.
    secret = hmac.digest(api_key.encode(), _PURPOSE, hashlib.sha256)
    message = f"{ref}:{job_id}".encode(errors="surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:PROOF_DIGITS]


def is_proven(api_key: str, refs: Collection[str], job_id: JobId, proof: object) -> bool:
    """Return whether a manifest's line proves that its job belongs to one of these references.

    :param proof: The line's ``proof``, of any type.
    """
    given = str(proof).encode(errors="surrogatepass")
    # compare_digest, because the time of an ordinary comparison shows how many digits of a forged proof are right.
    return any(hmac.compare_digest(proof_of(api_key, ref, job_id).encode(), given) for ref in refs)


def is_own_job(api_key: str, refs: Collection[str], job_id: JobId, proof: object, filename: str | None) -> bool:
    """Return whether a job that a manifest's line names belongs to one of the line's references.

    The service's cache can return an older job with another reference in its file name. Then only the proof is valid.

    :param refs: The line's references, computed again and not read from the line.
    :param proof: The line's ``proof``, of any type, or None.
    :param filename: The job's file name at Fluxions.
    """
    return is_proven(api_key, refs, job_id, proof) or not references_in(filename).isdisjoint(refs)
