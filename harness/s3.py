"""A local S3: moto's server in a process of its own, and the few calls the demo and the tests make to it."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.processes import ManagedProcess, free_port, http_answers, stop_all
from harness.service import Service
from harness.settings import clean_environment

START_SECONDS = 60.0

# moto accepts any credentials, and boto3 insists on some.
_KEY_ID = "local"
_SECRET = "local-secret"  # noqa: S105 (of an S3 on loopback that lives for minutes)
_REGION = "us-east-1"


class LocalS3(Service):
    """An S3 server with no content, gone when it stops; a context manager."""

    def __init__(self, log: Path, *, python: str | Path = sys.executable) -> None:
        """`python` is one that can import moto's server. Nothing starts yet."""
        self.port = free_port()
        command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = ManagedProcess("S3 server", command, log, clean_environment())

    @property
    def url(self) -> str:
        """The endpoint for S3 clients."""
        return f"http://127.0.0.1:{self.port}"

    def airflow_connection(self) -> dict[str, Any]:
        """The fields of the `aws_default` connection that leads here."""
        return {
            "conn_type": "aws",
            "login": _KEY_ID,
            "password": _SECRET,
            "extra": {"endpoint_url": self.url, "region_name": _REGION},
        }

    def start(self) -> None:
        """Start the server without waiting for it."""
        self.process.start()

    def wait_ready(self) -> None:
        """Wait until the server answers; HarnessError with its log if it does not."""
        self.process.wait_ready(lambda: http_answers(f"{self.url}/moto-api/"), START_SECONDS)

    def stop(self) -> None:
        """Stop the server."""
        stop_all([self.process])

    @cached_property
    def client(self) -> Any:
        """A boto3 client of this server."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=_REGION,
            aws_access_key_id=_KEY_ID,
            aws_secret_access_key=_SECRET,
            config=Config(proxies={}),
        )

    def create_bucket(self, *names: str, acl: str = "private") -> None:
        """Create buckets that do not exist yet.

        :param acl: ``public-read`` lets a browser read their objects without a signature.
        """
        for name in names:
            self.client.create_bucket(Bucket=name, ACL=acl)

    def put(self, bucket: str, key: str, data: bytes | Path) -> str:
        """Store bytes or a file's content; returns its s3:// URI."""
        if isinstance(data, Path):
            self.client.upload_file(str(data), bucket, key)
        else:
            self.client.put_object(Bucket=bucket, Key=key, Body=data)
        return f"s3://{bucket}/{key}"

    def get(self, bucket: str, key: str) -> bytes:
        """An object's content."""
        body: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """An object's own metadata (`x-amz-meta-*`)."""
        found: dict[str, str] = self.client.head_object(Bucket=bucket, Key=key)["Metadata"]
        return found

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All keys with the prefix, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
