"Write README.md from nbs/index.ipynb, executed against a run, so that its numbers come from the run's tables."
import argparse
import base64
import re
import sys
from pathlib import Path

from llmr.page import notebook_format
from llmr.pipeline import finished_run

sys.path.insert(0, str(Path(__file__).resolve().parent/'site'))
import execute
from notebooks import NBS, ROOT, SITE, directive, has_tag, page_name
from pages import CITED

NOTE = '<!-- Written by tools/readme.py from nbs/index.ipynb: edit that, then `make readme`. -->\n\n'


def absolute(text):
    "Turn links to notebooks into links to their pages on the site."
    def link(found): return f']({SITE}/{page_name(found[1])}.html{found[2] or ""})'
    return re.sub(r'\]\((\w+)\.ipynb(#[\w.-]+)?\)', link, text)


def block(text, language=''):
    "A fenced block."
    return f'```{language}\n{text.rstrip()}\n```'


def render_output(output, source, images):
    "Markdown of one output; a picture goes into `images` under the cell's label, with its caption below it."
    if output.output_type=='stream': return block(output.text) if output.name=='stdout' else ''
    data = output.get('data', {})
    if 'image/png' in data:
        label = directive(source, 'label') or 'figure'
        images[f'{label}.png'] = base64.b64decode(data['image/png'])
        alt = directive(source, 'fig-alt') or label
        return f'![{alt}](nbs/images/{label}.png)\n\n{directive(source, "fig-cap")}'.strip()
    if 'text/markdown' in data: return CITED.sub(r'\2', data['text/markdown']).strip()
    return block(data['text/plain']) if 'text/plain' in data else ''


def render_cell(cell, images):
    "Markdown of one cell: its text, or its code and outputs as far as its directives show them."
    if cell.cell_type=='markdown': return [cell.source.strip()]
    if directive(cell.source, 'include')=='false' or has_tag(cell, 'injected-parameters'): return []
    code = [] if directive(cell.source, 'echo')=='false' else [block(cell.source.strip(), 'python')]
    return code+[render_output(output, cell.source, images) for output in cell.outputs]


def render(notebook):
    "`(README text, {file name: PNG})` of an executed notebook."
    images = {}
    parts = [part for cell in notebook.cells for part in render_cell(cell, images)]
    return NOTE+absolute('\n\n'.join(part for part in parts if part))+'\n', images


def options():
    "The command's options."
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--run', type=Path, default=ROOT/'runs'/'shipped', help='a finished run (default: %(default)s)')
    parser.add_argument('--root', type=Path, default=ROOT, help='where to write README.md and nbs/images')
    return parser.parse_args()


def main():
    "Write README.md and its picture."
    given = options()
    run = finished_run(given.run.resolve())
    if run.profile.name!='shipped': raise SystemExit(f'{given.run}: a run of profile {run.profile.name}, not shipped')
    copy = execute.copy_against(NBS/'index.ipynb', run, execute.of_code())
    text, images = render(notebook_format().read(copy, as_version=4))
    folder = given.root/'nbs'/'images'
    folder.mkdir(parents=True, exist_ok=True)
    for name,png in images.items(): (folder/name).write_bytes(png)
    (given.root/'README.md').write_text(text, encoding='utf-8')


if __name__ == '__main__': main()
