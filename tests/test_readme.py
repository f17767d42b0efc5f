"README.md is what the index notebook says when it is run, and what it shows works."
import importlib
import re
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from conftest import NBS, ROOT

sys.path.insert(0, str(ROOT/'tools'))
import readme as tool
from notebooks import SITE, page_name

NUMBER = re.compile(r'[+-]?\d+(?:\.\d+)?')


@pytest.fixture(scope='module')
def text(): return (ROOT/'README.md').read_text(encoding='utf-8')


def last_digit(number): return 10.**-len(number.partition('.')[2])


def test_in_step_with_the_index_notebook(text, site, tmp_path):
    """Words are equal, numbers within one unit of their last digit, since the last bits of a trained head depend on
    the processor. The site's builder has executed the notebook already."""
    subprocess.run([sys.executable, ROOT/'tools'/'readme.py', '--run', site[1], '--root', tmp_path], check=True)
    fresh = (tmp_path/'README.md').read_text(encoding='utf-8')
    assert {path.name for path in (tmp_path/'nbs'/'images').iterdir()}=={path.name for path in (NBS/'images').iterdir()}
    assert NUMBER.sub('#', fresh)==NUMBER.sub('#', text), 'run make readme'
    for now,written in zip(NUMBER.findall(fresh), NUMBER.findall(text), strict=True):
        assert abs(float(now)-float(written))<=last_digit(written)*1.0001, f'run make readme: {written} is {now} now'


def test_its_code_runs(text, capsys):
    space = {}
    blocks = re.findall(r'^```python\n(.*?)^```', text, re.M | re.S)
    assert len(blocks)==2 and len(blocks[1].splitlines())<=10
    for block in blocks: exec(compile(block, 'README.md', 'exec'), space)
    assert 'points relative to 70B alone' in capsys.readouterr().out


def test_its_table_points_at_what_is_there(text):
    rows = re.findall(r'^\| .+ \| `(\w+)` \| `(llmr\.\w+)\.(\w+)` \|$', text, re.M)
    assert len(rows)>=12
    for notebook,module,function in rows:
        assert (NBS/f'{notebook}.ipynb').exists() and callable(getattr(importlib.import_module(module), function))
        assert page_name(notebook)==module.removeprefix('llmr.')


def test_links_are_absolute_and_lead_to_pages(text):
    links = re.findall(r'(?<!!)\[[^\]]+\]\(([^)]+)\)', text)
    assert links and all(link.startswith('https://') for link in links)
    names = {page_name(path.stem) for path in NBS.glob('*.ipynb')}
    own = [link.removeprefix(f'{SITE}/') for link in links if link.startswith(SITE)]
    assert len(own)>=4 and {link.split('.html')[0] for link in own}<=names


def test_its_pictures_and_targets_are_there(text):
    pictures = re.findall(r'!\[.*?\]\((.*?)\)', text)
    assert len(pictures)==1 and all((ROOT/picture).stat().st_size>1e4 for picture in pictures)
    makefile = (ROOT/'Makefile').read_text()
    targets = set(re.findall(r'\bmake (\w+)', text))
    known = {name for line in re.findall(r'^([a-z][a-z -]*):', makefile, re.M) for name in line.split()}
    assert targets and targets<=known


def test_the_number_of_completions(text, shipped): assert f'{len(shipped("outcomes")):,} recorded completions' in text


HEADLINE = """#| label: f
#| fig-alt: A curve.
#| fig-cap: **C.** See [x](08_audit.ipynb#y).
f"""


def shown(kind, content): return new_output('display_data', {kind: content, 'text/plain': 'x'})


def test_rendering():
    text, images = tool.render(new_notebook(cells=[
        new_code_cell('#| echo: false\n1', outputs=[shown('text/markdown', '**a**')]),
        new_code_cell('print(1)', outputs=[new_output('stream', name='stdout', text='1\n')]),
        new_code_cell('#| include: false\nhidden', outputs=[shown('text/markdown', 'hidden')]),
        new_code_cell(HEADLINE, outputs=[shown('image/png', 'AAAA')])]))
    assert '**a**' in text and 'echo' not in text and 'hidden' not in text
    assert '```python\nprint(1)\n```\n\n```\n1\n```' in text
    assert f'![A curve.](nbs/images/f.png)\n\n**C.** See [x]({SITE}/audit.html#y).' in text
    assert images=={'f.png': b'\0\0\0'}
