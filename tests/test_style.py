"The style of all text is checked, and the check finds what it should, where it stands."
import json
import sys

from conftest import ROOT

sys.path.insert(0, str(ROOT/'tools'))
import style

SETTINGS = json.loads(style.SETTINGS.read_text(encoding='utf-8'))
CELL = """# Text

Text is fine here. It was very unique, and in order to
see it `in order to` use [it](in-order-to.html), utilize the the thing.

```
in order to
```
"""


def test_all_text(): assert not list(style.findings(style.every_text(), SETTINGS))


def test_what_is_found_and_where():
    "Not in code, addresses and headings; the line is that of the file."
    said = list(style.findings([style.Text('a.md', 1, 'All is well.'), style.Text('b.md', 11, CELL)], SETTINGS))
    assert [line.split(':')[0] for line in said]==['b.md, line 13', 'b.md, line 13', 'b.md, line 14', 'b.md, line 14']
    assert "'very'" in said[0] and "'in order to': write 'to'" in said[1]
    assert "'utilize'" in said[2] and "'the the'" in said[3]
    said = list(style.findings([style.Text('c.md', 1, 'In order to.')], SETTINGS | dict(instead={})))
    assert not said, 'the own list is what the settings say'


def test_texts_of_every_kind(tmp_path):
    "Cells of notebooks, docstrings with their lines, and files."
    (tmp_path/'nbs').mkdir(), (tmp_path/'llmr').mkdir()
    cells = [dict(cell_type=kind, id=kind, source=['Said.']) for kind in ('markdown', 'code')]
    (tmp_path/'nbs'/'a.ipynb').write_text(json.dumps(dict(cells=cells)))
    (tmp_path/'llmr'/'a.py').write_text('x = 1\ndef f():\n    "Does."\n')
    for name in style.FILES: (tmp_path/name).write_text(name)
    found = [(one.place, one.line, one.text) for one in style.every_text(tmp_path)][len(style.FILES):]
    assert found==[('nbs/a.ipynb, cell markdown', 1, 'Said.'), ('llmr/a.py', 3, 'Does.')]
