"""A release up to its upload: version, changelog, build, SBOM, checksums and provenance. Run by scripts/release."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.version import __version__

ROOT = Path(__file__).resolve().parent.parent
DIST, RELEASE = ROOT / "dist", ROOT / "release"
# What the build is made with; their versions are part of the provenance.
TOOLS = ("build", "hatchling", "hatch-fancy-pypi-readme", "twine")


class ReleaseError(Exception):
    """A step of the release failed; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through the release and stop before the upload; 0 when only the upload is missing."""
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--dry-run", action="store_true", help="report what is not ready yet, and continue")
    kind.add_argument("--tag", help="the tag of the release, such as v1.2.3")
    options = parser.parse_args(arguments)
    try:
        _run(options.tag)
    except ReleaseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(tag: str | None) -> None:
    changelog, citation = (ROOT / "CHANGELOG.md").read_text(), (ROOT / "CITATION.cff").read_text()
    not_ready = problems(__version__, tag, changelog, citation, _git("status", "--porcelain"))
    for problem in not_ready:
        print(f"Not ready: {problem}")
    if not_ready and tag is not None:
        raise ReleaseError("The release was stopped before the build.")
    print(f"Version {__version__}")
    _call("scripts/wheel")
    digests = _digests(DIST)
    with tempfile.TemporaryDirectory() as folder:
        _call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ".", quiet=True)
        if (again := _digests(Path(folder))) != digests:
            raise ReleaseError(f"Two builds differ: {digests} and {again}. Something in the build reads time or order.")
    print("Built twice, equal bytes")
    RELEASE.mkdir(exist_ok=True)
    (RELEASE / "notes.md").write_text(section(changelog, __version__))
    (RELEASE / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()))
    statement = provenance(digests, _git("rev-parse", "HEAD"), {name: installed(name) for name in TOOLS}, os.environ)
    (RELEASE / "provenance.json").write_text(json.dumps(statement, indent=2) + "\n")
    _sbom(RELEASE / "sbom.cdx.json")
    for path in sorted([*DIST.iterdir(), *RELEASE.iterdir()]):
        print(f"  {path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
    print(f"Stopped before the upload. To publish, push the tag v{__version__}: the release workflow uploads.")


def problems(version: str, tag: str | None, changelog: str, citation: str, changes: str) -> list[str]:
    """Return the reasons against releasing this version, each as a sentence.

    :param tag: None: not checked.
    :param changes: of the checkout, one file a line, as ``git status --porcelain`` prints them.
    """
    found = []
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        found.append(f"The version {version} is not of the form 1.2.3 or 1.2.3rc1. Change version.py.")
    if tag is not None and tag != f"v{version}":
        found.append(f"The tag {tag} is not v{version}. Change version.py or the tag.")
    heading = re.search(rf"^## {re.escape(version)}\b(.*)$", changelog, re.MULTILINE)
    if heading is None:
        found.append(f"CHANGELOG.md has no section {version}.")
    elif not re.search(r"\d{4}-\d{2}-\d{2}", heading[1]):
        found.append(f"CHANGELOG.md has no date for {version}. Write: ## {version} (YYYY-MM-DD)")
    if f"\nversion: {version}\n" not in citation:
        found.append(f"CITATION.cff does not name the version {version}.")
    if changes:
        found.append(f"The checkout has {len(changes.splitlines())} uncommitted changes. Commit them.")
    return found


def section(changelog: str, version: str) -> str:
    """Return what the changelog says of a version, without its heading; empty if there is none."""
    found = re.search(rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return f"{found[1].strip()}\n" if found else ""


def provenance(
    digests: Mapping[str, str], commit: str, tools: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return an in-toto statement with SLSA's provenance of these files; the release workflow signs its own.

    :param digests: SHA-256 in hex by file name.
    :param tools: versions by name.
    :param environment: GitHub's variables name the repository and the run; without them the builder is this machine.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    home = f"{server}/{repository}" if server and repository else None
    run = f"{home}/actions/runs/{environment.get('GITHUB_RUN_ID')}" if home else None
    source = {"uri": f"git+{home}" if home else "git+file:.", "digest": {"gitCommit": commit}}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in digests.items()],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://packaging.python.org/en/latest/specifications/pyproject-toml/",
                "externalParameters": {"command": "scripts/wheel"},
                "internalParameters": {"python": platform.python_version(), "tools": dict(tools)},
                "resolvedDependencies": [source],
            },
            "runDetails": {
                "builder": {"id": home or "local"},
                "metadata": {"invocationId": run} if run else {},
            },
        },
    }


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _sbom(path: Path) -> None:
    """Write a CycloneDX file of the package with what its tests on Airflow 3.3 were green with."""
    tool = ROOT / ".venv-release" / "bin" / "cyclonedx-py"
    options = ("--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON", "-o", str(path))
    _call(str(tool), "requirements", *options, "requirements/airflow-3.3.txt", quiet=True)
    path.write_text(json.dumps(completed(json.loads(path.read_text()), __version__), indent=2) + "\n")


def completed(bom: dict[str, Any], version: str) -> dict[str, Any]:
    """Return a CycloneDX document whose subject is this version of the package and depends on all that is listed.

    The tool that makes it cannot read a dynamic version, and lists pins without who needs them.
    """
    subject = {**bom["metadata"]["component"], "type": "library", "version": version}
    subject["purl"] = f"pkg:pypi/airflow-provider-fluxions@{version}"
    listed = sorted(component["bom-ref"] for component in bom["components"])
    others = [one for one in bom.get("dependencies", []) if one["ref"] != subject["bom-ref"]]
    return {
        **bom,
        "metadata": {**bom["metadata"], "component": subject},
        "dependencies": [{"ref": subject["bom-ref"], "dependsOn": listed}, *others],
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _call(*command: str, quiet: bool = False) -> None:
    silent = subprocess.DEVNULL if quiet else None
    # The report omits warnings; a failure is named by its command and status.
    done = subprocess.run(command, cwd=ROOT, stdout=silent, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)} failed with status {done.returncode}.")


if __name__ == "__main__":
    sys.exit(main())
