"""The documentation of the newest commit and of each release, as one site. Run by scripts/docs --versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LATEST = "latest"
_RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)$")


def releases(tags: Iterable[str]) -> list[str]:
    """Return the tags that are releases, newest first; candidates and other tags are left out."""
    found = [(tuple(map(int, match.groups())), tag) for tag in tags if (match := _RELEASE.match(tag))]
    return [tag for _, tag in sorted(found, reverse=True)]


def build(repository: Path, site: Path, python: str = sys.executable) -> list[str]:
    """Build `latest` from the newest commit and each release from its tag into folders of `site`; return their names.

    Each is built from its own files, by its own `docs/conf.py`, with the Sphinx of this interpreter. The address of
    `site` itself leads to the newest release, or to `latest` before the first one.

    :raises subprocess.CalledProcessError: git or Sphinx failed.
    """
    tags = releases(_git(repository, "tag", "--list").split())
    names = [LATEST, *tags]
    shutil.rmtree(site, ignore_errors=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            _check_out(repository, "HEAD" if name == LATEST else name, Path(folder))
            environment = {**os.environ, "PYTHONPATH": folder, "DOCS_VERSIONS": " ".join(names), "DOCS_VERSION": name}
            sphinx = (python, "-P", "-m", "sphinx", "-W", "--keep-going", "--quiet", "-b", "html")
            subprocess.run([*sphinx, f"{folder}/docs", str(site / name)], env=environment, check=True)
    (site / "index.html").write_text(_redirect(tags[0] if tags else LATEST))
    # GitHub Pages would leave out folders that begin with an underscore.
    (site / ".nojekyll").touch()
    return names


def _redirect(name: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={name}/index.html">\n'


def _check_out(repository: Path, revision: str, folder: Path) -> None:
    archive = folder / "archive.tar"
    _git(repository, "archive", "--output", str(archive), revision)
    shutil.unpack_archive(archive, folder, filter="data")
    archive.unlink()


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    built = build(ROOT, ROOT / "docs" / "_build" / "site")
    print(f"docs/_build/site: {', '.join(built)}")
