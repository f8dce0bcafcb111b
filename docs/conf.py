"""How the documentation is built: ``make docs``; every warning is an error."""

from __future__ import annotations

from robustrad import __version__

project = "robustrad"
author = "The robustrad developers"
project_copyright = "The robustrad developers"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
master_doc = "index"
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
nitpicky = False

html_theme = "furo"
html_title = f"robustrad {version}"
html_show_sourcelink = False
