"""The address of an object, of a prefix, or of a bucket in an object store. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.uris import split_uri

# The class of each object store by the scheme of its URIs. It is imported when it is used.
STORES = {"s3": "airflow_provider_fluxions.storage.s3_store.S3Store"}


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """The place of an object, or of all objects below a prefix.

    :param scheme: Scheme of the store, in lower case.
    :param key: Key or prefix, literal: ``%``, ``?``, ``#`` and spaces are part of it. Empty for the whole bucket.
    """

    scheme: str
    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, uri: object) -> ObjectAddress:
        """Return the address in a URI such as ``s3://bucket/key``.

        The bucket can be the ARN of an access point: ``s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/name/key``.

        :raises FluxionsInputError: if it is another text, a scheme without a store, or has a lone surrogate.
        """
        scheme, bucket, key = split_uri(uri) if isinstance(uri, str) else ("", "", "")
        is_valid = scheme.lower() in STORES and bucket and not any(char.isspace() for char in bucket)
        if not is_valid or not _is_utf8(bucket + key):
            given = printable(repr(uri) if isinstance(uri, str) else shown(uri), 200)
            known = " or ".join(f"{one}://bucket/key" for one in STORES)
            raise FluxionsInputError(f"The URI of an object must look like {known}, not {given}.")
        return cls(scheme.lower(), bucket, key)

    @property
    def uri(self) -> str:
        """Its URI."""
        return f"{self.scheme}://{self.bucket}/{self.key}"

    def at(self, key: str) -> ObjectAddress:
        """Return the address of another key in the same bucket."""
        return ObjectAddress(self.scheme, self.bucket, key)

    def below(self, name: str) -> ObjectAddress:
        """Return the address whose key is this prefix and the name."""
        return self.at(self.key + name)

    def contains(self, other: ObjectAddress) -> bool:
        """Return whether another address is below this prefix."""
        return (other.scheme, other.bucket) == (self.scheme, self.bucket) and other.key.startswith(self.key)


def find_address(uri: object) -> ObjectAddress | None:
    """Return the address in a URI, or None if it names no object, and no prefix, in one of the stores."""
    try:
        return ObjectAddress.parse(uri)
    except FluxionsInputError:
        return None


def _is_utf8(text: str) -> bool:
    """Return whether text has no lone surrogates, which cannot be sent to a store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
