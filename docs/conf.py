"""Settings of the documentation site; `make docs` builds it."""

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from rankbound import __version__  # noqa: E402

# Of docstrings of SymPy, which classes of ours inherit from
warnings.filterwarnings("ignore", "Unknown section", module="numpydoc")

project = "rankbound"
copyright = "the rankbound developers"
version = release = __version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
    "commands",
    "generated",
]
exclude_patterns = [
    "_build",
    "generated/*.md",
    "measured/*.md",
    "generated/*/contents.md",
    "generated/theory/list.md",
    "generated/theory/status.md",
]
nitpicky = False
default_role = "py:obj"
html_show_sourcelink = False
html_copy_source = False

# Markdown
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
myst_links_external_new_tab = False

# Notebooks: run in a folder that is thrown away, and any error fails the build
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_execution_show_tb = True
nb_merge_streams = True

# Docstrings
autosummary_generate = False  # numpydoc brings the extension, whose lists are not used
autodoc_typehints = "none"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
add_module_names = False
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# No page asks a network for anything: MathJax is copied into the site, see generated.py
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {
    "options": {"enableMenu": False},
    "chtml": {"mtextInheritFont": True},
}

html_theme = "pydata_sphinx_theme"
html_title = "rankbound"
html_context = {"default_mode": "auto"}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "navbar_persistent": [],
    "navbar_end": ["search-button", "theme-switcher"],
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "logo": {"text": "rankbound"},
}
