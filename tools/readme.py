"Write README.md from nbs/index.ipynb, executed against a run: what a reader sees there came out of its tables. Links lead to the site."
import argparse
import base64
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
SITE = 'https://llmr-project.github.io/llmr'
NOTE = '<!-- Written by tools/readme.py from nbs/index.ipynb: edit that, then `make readme`. -->\n\n'


def directive(source, name):
    "Value of `#| name: value` in a cell, '' if it has none."
    found = re.search(rf'^#\|\s*{name}:\s*(.*)$', source, re.M)
    return found.group(1).strip() if found else ''


def absolute(text):
    "Links to notebooks as links to their pages on the site."
    return re.sub(r'\]\((\w+)\.ipynb(#[\w.-]+)?\)', lambda found: f']({SITE}/{found[1].lstrip("0123456789_")}.html{found[2] or ""})', text)


def render_output(output, source, images):
    "Markdown of one output; a picture is put into `images` under the cell's label, its caption below it."
    if output.output_type=='stream': return f'```\n{output.text.rstrip()}\n```' if output.name=='stdout' else ''
    shown = output.get('data', {})
    if 'image/png' in shown:
        label = directive(source, 'label') or 'figure'
        images[f'{label}.png'] = base64.b64decode(shown['image/png'])
        return f'![{directive(source, "fig-alt") or label}](nbs/images/{label}.png)\n\n{directive(source, "fig-cap")}'.strip()
    if 'text/markdown' in shown: return shown['text/markdown'].strip()
    return f'```\n{shown["text/plain"].rstrip()}\n```' if 'text/plain' in shown else ''


def render(notebook):
    "`(README text, {file name: PNG})` of an executed notebook."
    parts, images = [], {}
    for cell in notebook.cells:
        if cell.cell_type=='markdown': parts.append(cell.source.strip())
        elif cell.cell_type=='code' and directive(cell.source, 'include')!='false' and 'injected-parameters' not in cell.metadata.get('tags', ()):
            if directive(cell.source, 'echo')!='false': parts.append(f'```python\n{cell.source.strip()}\n```')
            parts += [render_output(output, cell.source, images) for output in cell.outputs]
    return NOTE+absolute('\n\n'.join(part for part in parts if part))+'\n', images


def executed(path):
    "The notebook at `path` with its outputs; a cell that fails raises."
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name='python3', resources=dict(metadata=dict(path=str(path.parent)))).execute()
    return notebook


def main():
    "Write README.md and the picture that it shows."
    out = argparse.ArgumentParser(description=__doc__)
    out.add_argument('--run', type=Path, default=ROOT/'runs'/'shipped', help='a finished run, against which the notebook is executed')
    out.add_argument('--root', type=Path, default=ROOT, help='where README.md and nbs/images go (default: this checkout)')
    given = out.parse_args()
    sys.path.insert(0, str(ROOT/'tools'/'site'))
    from execute import against
    from llmr.pipeline import finished_run
    text, images = render(nbformat.read(against(finished_run(given.run.resolve()), 'index'), as_version=4))
    (given.root/'nbs'/'images').mkdir(parents=True, exist_ok=True)
    for name,png in images.items(): (given.root/'nbs'/'images'/name).write_bytes(png)
    (given.root/'README.md').write_text(text, encoding='utf-8')


if __name__ == '__main__': main()
