"""Steps of the site's build: files outside docs/, the notebook as a page, docstrings' roles."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

OUTSIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "img/*")
"""Files of the repository that the site shows beside those of docs/."""

NOTEBOOK = "quickstart"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside docs/, at their places in the repository, and the notebook's page."""
    root = Path(config.config_file_path).parent
    for path in [found for pattern in OUTSIDE for found in sorted(root.glob(pattern))]:
        name = path.relative_to(root).as_posix()
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    notebook = json.loads(Path(config.docs_dir, f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))
    cells = [
        f"```python\n{cell['source']}\n```" if cell["cell_type"] == "code" else cell["source"]
        for cell in notebook["cells"]
    ]
    cells.insert(1, f"[This page as a notebook]({NOTEBOOK}.ipynb).")
    files.append(File.generated(config, f"{NOTEBOOK}.md", content="\n\n".join(cells)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between docs/ and the files outside into those of the site.

    The site has both in one folder. On the forge the links hold as they are written.
    """
    inside = page.file.src_uri not in OUTSIDE
    here = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs" if inside else "", here, link[1]))
        return f"]({posixpath.relpath(target.removeprefix('docs/'), here or '.')}"

    return re.sub(r"\]\(((?:\.\./|docs/)[^)#\s]+)", moved, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Drop the roles that docstrings put before names, and the path before a ``~`` name."""
    html = re.sub(r":[a-z]+:(?=<code>)", "", html)
    return re.sub(r"<code>~[\w.]*?(\w+)</code>", r"<code>\1</code>", html)
