"README.md is what the index notebook says when it is run, and what it shows works."
import importlib
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import NBS, ROOT

sys.path.insert(0, str(ROOT/'tools'))
import readme as tool  # noqa: E402

NUMBER = re.compile(r'[+-]?\d+(?:\.\d+)?')


@pytest.fixture(scope='module')
def text(): return (ROOT/'README.md').read_text(encoding='utf-8')


def step(number): return 10.**-len(number.partition('.')[2])


def test_in_step_with_the_index_notebook(text, shipped_run, tmp_path):
    "Words equal, numbers to one unit of their last digit: processors differ in the last bits of a trained head."
    subprocess.run([sys.executable, ROOT/'tools'/'readme.py', '--run', shipped_run, '--root', tmp_path], check=True)
    fresh = (tmp_path/'README.md').read_text(encoding='utf-8')
    assert [path.name for path in (tmp_path/'nbs'/'images').iterdir()]==[path.name for path in (NBS/'images').iterdir()]
    assert NUMBER.sub('#', fresh)==NUMBER.sub('#', text), 'run make readme'
    for now,written in zip(NUMBER.findall(fresh), NUMBER.findall(text)):
        assert abs(float(now)-float(written))<=step(written)*1.0001, f'run make readme: {written} is {now} now'


def test_its_code_runs(text, capsys):
    space = {}
    blocks = re.findall(r'^```python\n(.*?)^```', text, re.M | re.S)
    assert len(blocks)==2 and len(blocks[1].splitlines())<=10
    for block in blocks: exec(compile(block, 'README.md', 'exec'), space)
    assert 'points beside 70B alone' in capsys.readouterr().out


def test_its_table_points_at_what_is_there(text):
    rows = re.findall(r'^\| .+ \| `(\d\d_\w+)` \| `(llmr\.\w+)\.(\w+)` \|$', text, re.M)
    assert len(rows)>=12
    for notebook,module,function in rows:
        assert (NBS/f'{notebook}.ipynb').exists() and callable(getattr(importlib.import_module(module), function))
        assert notebook[3:]==module.removeprefix('llmr.')


def test_links_are_absolute_and_lead_to_pages(text):
    links = re.findall(r'(?<!!)\[[^\]]+\]\(([^)]+)\)', text)
    assert links and all(link.startswith('https://') for link in links)
    names = {path.stem.lstrip('0123456789_') for path in NBS.glob('*.ipynb')}
    own = [link.removeprefix(f'{tool.SITE}/') for link in links if link.startswith(tool.SITE)]
    assert len(own)>=4 and {link.split('.html')[0] for link in own}<=names


def test_its_pictures_and_targets_are_there(text):
    pictures = re.findall(r'!\[.*?\]\((.*?)\)', text)
    assert len(pictures)==1 and all((ROOT/picture).stat().st_size>1e4 for picture in pictures)
    makefile = (ROOT/'Makefile').read_text()
    for target in re.findall(r'\bmake (\w+)', text): assert re.search(rf'^{target}:', makefile, re.M), target


def test_the_number_of_completions(text, shipped): assert f'{len(shipped("outcomes")):,} recorded completions' in text


def test_rendering():
    cell = lambda source, **output: SimpleNamespace(cell_type='code', source=source, metadata={}, outputs=[SimpleNamespace(get=output.get, **output)] if output else [])
    shown, images = tool.render(SimpleNamespace(cells=[
        cell('#| echo: false\n1', output_type='display_data', data={'text/markdown': '**a**', 'text/plain': 'x'}), cell('print(1)', output_type='stream', name='stdout', text='1\n'),
        cell('#| include: false\nhidden'), cell('#| label: f\n#| fig-alt: A curve.\n#| fig-cap: **C.** See [x](08_audit.ipynb#y).\nf', output_type='display_data', data={'image/png': 'AAAA'})]))
    assert '**a**' in shown and '#| echo' not in shown and '```python\nprint(1)\n```\n\n```\n1\n```' in shown and f'![A curve.](nbs/images/f.png)\n\n**C.** See [x]({tool.SITE}/audit.html#y).' in shown and 'hidden' not in shown
    assert list(images)==['f.png']
