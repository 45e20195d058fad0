"""How Sphinx builds this documentation: `scripts/docs`."""

from __future__ import annotations

from airflow_provider_fluxions.version import __version__

project = "airflow-provider-fluxions"
author = "the airflow-provider-fluxions authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx"]
html_theme = "furo"
html_title = f"{project} {release}"
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# The docstrings of this package are contracts: what has none is not for users.
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "template_fields, ui_color"}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Inherited from Airflow's own classes; documented there.
autodoc_inherit_docstrings = False

# Nothing outside of this tree is read to build it.
intersphinx_mapping: dict[str, tuple[str, str]] = {}
