"The converter from processed notebooks to the pages of mkdocs."
import sys

import nbformat
from conftest import ROOT

sys.path.insert(0, str(ROOT/'tools'/'site'))
import build  # noqa: E402

BASE = 'https://llmr-project.github.io/llmr'


def test_mathematics_and_money():
    made = build.to_markdown('Where $y(t)$ is, and `$x$` is code.\n\n```\n$z$\n```\n\n$$a=b$$', BASE)
    assert made.count('<math')==2 and '`$x$`' in made and '\n$z$\n' in made and 'display="block"' in made
    assert build.to_markdown('It costs $5 and then $7.', BASE)=='It costs $5 and then $7.'


def test_links_stay_on_the_site():
    assert build.to_markdown(f'[`route`]({BASE}/problem.html#route)', BASE)=='[`route`](problem.md#route)'
    assert build.to_markdown('[labels](04_labels.ipynb)', BASE)=='[labels](labels.md)'
    assert build.to_markdown('[other](https://example.org/a.html)', BASE)=='[other](https://example.org/a.html)'
    assert build.to_markdown(f'```python\nf( # [`g`]({BASE}/problem.html#g)\n```', BASE)=='```python\nf( # g\n```'


def test_callouts():
    assert build.to_markdown('::: {.callout-note}\nRead.\n:::\n', BASE)=='!!! note\n\n    Read.\n\n'


def test_a_page_of_an_executed_notebook(toy_run, tmp_path):
    notebook = nbformat.read(toy_run[0]/'nbs'/'06_evaluation.ipynb', as_version=4)
    _, text = build.page(notebook, tmp_path, BASE, build.opening(notebook))
    assert '| In | `outcomes`, `scores` |' in text and '<div class="table"><div><table' in text.replace(' border="1" class="dataframe"', '')
    assert len(list(tmp_path.glob('*.png')))>=3 and text.count('](pictures/')==len(list(tmp_path.glob('*.png')))
    assert '#|' not in text


def test_navigation_is_that_of_the_settings():
    contents = [dict(text='Home', href='index.ipynb'), dict(section='S', contents=['01_a.ipynb'])]
    assert list(build.navigation(contents, {'index.ipynb': ('Home', 'index.md'), '01_a.ipynb': ('A', 'a.md')}))==[{'Home': 'index.md'}, {'S': [{'A': 'a.md'}]}]
