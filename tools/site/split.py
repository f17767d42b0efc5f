"""Pages that a notebook makes out of its tables: one template, and a page for each thing that it describes.

A cell with `#| pages: PREFIX` shows, for each page, Markdown that begins with `# Title`, and then what else the page
has. These outputs become pages of their own; the notebook's page keeps none of them.
"""
import re

from notebooks import directive

from llmr.page import notebook_format

v4 = notebook_format().v4

TITLE = re.compile(r'# (.+)')


def said(output):
    "Markdown of an output, '' if it shows something else."
    return output.get('data', {}).get('text/markdown', '')


def stem_of(prefix, title):
    "Name of a page: `router_ridge_ngrams` from `router` and `ridge-ngrams`."
    return f'{prefix}_{re.sub("[^a-z0-9]+", "_", title.lower()).strip("_")}'


def as_cell(output):
    "A cell that shows one output: its text, or the output as it is."
    text = said(output)
    return v4.new_markdown_cell(text) if text else v4.new_code_cell('#| echo: false', outputs=[output])


def title_cells(text):
    "The title with its subtitle, and the text below them."
    lines = text.splitlines()
    top = 1+next((i for i,line in enumerate(lines) if line.startswith('>')), 0)
    return [v4.new_markdown_cell('\n'.join(lines[:top])), v4.new_markdown_cell('\n'.join(lines[top:]).strip())]


def split_cell(cell, prefix):
    "`{stem: notebook}` of the outputs of one cell, which loses them. Raises: `ValueError` if a name comes twice."
    pages, cells = {}, None
    for output in cell.outputs:
        title = TITLE.match(said(output))
        if title:
            stem, cells = stem_of(prefix, title[1]), title_cells(said(output))
            if stem in pages: raise ValueError(f'{stem}: two pages of cell {cell.get("id")} have this name')
            pages[stem] = v4.new_notebook(cells=cells)
            cells = pages[stem].cells
        elif cells is not None: cells.append(as_cell(output))
    cell.outputs = []
    return pages


def split_pages(notebook):
    "`{stem: notebook}` of the pages that the cells of a notebook make."
    pages = {}
    for cell in notebook.cells:
        prefix = directive(cell.source, 'pages') if cell.cell_type=='code' else ''
        if prefix: pages |= split_cell(cell, prefix)
    return pages


def with_pages(contents, children):
    "`_quarto.yml`'s contents with the pages that a notebook makes after it; `children` is `{stem: [stem, ...]}`."
    for entry in contents:
        if isinstance(entry, dict) and 'section' in entry:
            yield entry | dict(contents=list(with_pages(entry['contents'], children)))
        else:
            yield entry
            name = entry if isinstance(entry, str) else entry['href']
            yield from (f'{stem}.ipynb' for stem in children.get(name.removesuffix('.ipynb'), ()))
