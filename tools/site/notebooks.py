"What the site's tools and the README's share: where the project lies, its address, and how to read a notebook's cells."
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NBS = ROOT/'nbs'
SITE = 'https://llmr-project.github.io/llmr'


def directive(source, name):
    "Value of `#| name: value` in a cell, '' if the cell has none."
    found = re.search(rf'^#\|\s*{name}:\s*(.*)$', source, re.M)
    return found[1].strip() if found else ''


def directives(source):
    "Names of a cell's directives, such as `export` and `echo`."
    return set(re.findall(r'^#\|\s*(\w+)', source, re.M))


def has_tag(cell, tag):
    "Whether a cell has a tag, such as papermill's `parameters`."
    return tag in cell.metadata.get('tags', ())


def page_name(stem):
    "Name of a notebook's page, which nbdev forms by dropping the number: `05a_rewording` becomes `rewording`."
    return re.sub(r'^\d+[a-z]*_', '', stem)
