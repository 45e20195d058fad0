"""Parts of paths and URIs. No I/O."""

from __future__ import annotations

import re

# AWS writes a colon or a slash before the name.
_ACCESS_POINT = re.compile(r"arn:[^/]+:accesspoint[/:][^/]+(?=/|\Z)")


def last_part(path: str) -> str:
    """Return what follows the last slash of a path, key or URI: a file's name; empty for a folder's path."""
    return path.rpartition("/")[2]


def split_uri(uri: str) -> tuple[str, str, str]:
    """Return the scheme, the bucket or host, and the key of a URI; each can be empty.

    The bucket can be the ARN of an access point, ``arn:...:accesspoint/name``.
    """
    scheme, _, rest = uri.partition("://")
    # An ARN contains a slash, so the first one does not end the bucket.
    arn = _ACCESS_POINT.match(rest)
    bucket, _, key = (arn[0], "/", rest[arn.end() + 1 :]) if arn else rest.partition("/")
    return scheme, bucket, key
