"""How Sphinx builds this documentation: `scripts/docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import airflow_names

from airflow_provider_fluxions.version import __version__

airflow_names.install()

project = "airflow-provider-fluxions"
author = "the airflow-provider-fluxions authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx_copybutton"]
html_theme = "furo"
# Where the repository is, each page has a link to edit it. GitHub sets these for its workflows.
if repository := os.environ.get("GITHUB_REPOSITORY"):
    html_theme_options = {
        "source_repository": f"{os.environ['GITHUB_SERVER_URL']}/{repository}/",
        "source_branch": "main",
        "source_directory": "docs/",
    }
templates_path = ["_templates"]
# `scripts/docs --versions` names all versions that it builds; each page lists them in its sidebar.
html_context = {
    "versions": os.environ.get("DOCS_VERSIONS", "").split(),
    "version_shown": os.environ.get("DOCS_VERSION"),
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "versions.html",
        "sidebar/scroll-end.html",
    ]
}
html_title = f"{project} {release}"
exclude_patterns = ["_build", "_templates"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# The docstrings of this package are contracts: what has none is not for users.
# Airflow calls these; users do not. Its documentation describes them.
OF_AIRFLOW = (
    "template_fields", "ui_color", "execute", "execute_complete", "on_kill", "poke", "serialize", "run", "get_link",
)  # fmt: skip
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": ", ".join(OF_AIRFLOW)}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Inherited from Airflow's own classes; documented there.
autodoc_inherit_docstrings = False

# Nothing outside of this tree is read to build it.
intersphinx_mapping: dict[str, tuple[str, str]] = {}
