"One page from one executed notebook: Markdown for mkdocs, and figures with a caption and alternative text."
import base64
import html
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from latex2mathml.converter import convert as mathml
from notebooks import SITE, directive, page_name

FENCE = re.compile(r'(^(`{3,}|~{3,}).*?^\2[ \t]*$|``[^\n]+?``|`[^`\n]+`)', re.M | re.S)
PYTHON = re.compile(r'^```python\n.*?^```', re.M | re.S)
MATH = re.compile(r'\$\$(.+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\w)', re.S)
CALLOUT = re.compile(r'^::: *\{\.callout-(\w+)[^}]*\}\n(.*?)^:::[ \t]*$', re.M | re.S)
LINK = re.compile(rf'\(({re.escape(SITE)}/)?(\w+)\.(html|ipynb)(#[\w.-]+)?\)')
ANSI = re.compile(r'\x1b\[[0-9;]*m')
STYLE = re.compile(r'<style.*?</style>', re.S)
RUN_FIGURE = re.compile(r'\brun\.figure\(\s*[\'"](\w+)[\'"]')
NOTES = dict(
    toy='''!!! note "Toy size"

    This notebook needs the text of the tasks, which is not shipped.
    The numbers below come from a few tasks made for testing and say nothing about language models.''',
    none='''!!! note "Not executed"

    This site was built in a hurry, or from a run that lacks this stage. `make docs` executes every page.''')


@dataclass
class Pictures:
    "Where a page's pictures go."
    folder: Path          # Receives them
    figures: Path = None  # Figures of the run, if the notebook was executed against one

    def write(self, data, source, name):
        "Path of an output's picture: the run's SVG if the cell names it, else the output's own; None if it has none."
        if not {'image/png', 'image/svg+xml'} & set(data): return None
        name, content = self._of_run(source) or (f'{name}.svg', data.get('image/svg+xml', '').encode())
        if not content: name, content = f'{Path(name).stem}.png', base64.b64decode(data['image/png'])
        (self.folder/name).write_bytes(content)
        return self.folder/name

    def _of_run(self, source):
        "`(name, content)` of the one figure that a cell writes into the run, None if there is no such figure."
        named = RUN_FIGURE.findall(source)
        path = self.figures/f'{named[0]}.svg' if len(named)==1 and self.figures else None
        return (path.name, path.read_bytes()) if path and path.exists() else None


def outside_code(text, change):
    "Apply `change` to what is neither a code block nor inline code."
    pieces = FENCE.split(text)  # text, code, fence, text, code, fence, ...
    return ''.join(piece if i%3==1 else '' if i%3==2 else change(piece) for i,piece in enumerate(pieces))


def to_markdown(text):
    "Translate Quarto's Markdown for mkdocs: mathematics to MathML, callouts to admonitions, links to pages."
    text = outside_code(text, lambda part: MATH.sub(_math, part))
    text = PYTHON.sub(_without_links, LINK.sub(_link, text))
    return CALLOUT.sub(_callout, text)


def _math(found): return mathml(found[1] or found[2], display='block' if found[1] else 'inline')


def _link(found):
    "A link to another notebook or its page; a page of another site stays as it is."
    on_site = found[1] or found[3]=='ipynb'
    return f'({page_name(found[2])}.md{found[4] or ""})' if on_site else found[0]


def _without_links(found): return re.sub(r'\[`([^`]+)`\]\([^)]+\)', r'\1', found[0])


def _callout(found): return f'!!! {found[1]}\n\n'+''.join(f'    {line}\n' for line in found[2].splitlines())


def plain(text):
    "The words of a Markdown paragraph, for an attribute."
    text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', ' '.join(text.split()))
    return html.escape(re.sub(r'[*`]|\$', '', text))


def size(picture):
    "`width` and `height` of an SVG in CSS pixels, so that the page does not move when it loads; '' for a PNG."
    tag = re.search(rb'<svg\b[^>]*>', picture.read_bytes()) if picture.suffix=='.svg' else None
    if not tag: return ''
    found = {name: re.search(rf'\b{name}="([\d.]+)(?:pt)?"'.encode(), tag[0]) for name in ('width', 'height')}
    return ' '.join(f'{name}="{float(points[1])*4/3:.0f}"' for name,points in found.items() if points)


def figure(picture, source, above):
    """A picture with its caption. Its alternative text is the cell's, else the caption, else the paragraph above it.
    Raises: `ValueError` if there is none of these."""
    caption, label = directive(source, 'fig-cap'), directive(source, 'label')
    alt = directive(source, 'fig-alt') or caption or above
    if not alt.strip():
        raise ValueError(f'{picture.name}: a figure without text. Add `#| fig-alt:` and `#| fig-cap:` to its cell.')
    opening = f'<figure markdown="1" id="{label}">' if label else '<figure markdown="1">'
    image = f'<img src="pictures/{picture.name}" alt="{plain(alt)}" {size(picture)}>'
    lines = [opening, f'<a href="pictures/{picture.name}">{image}</a>']
    if caption: lines.append(f'<figcaption markdown="span">{caption}</figcaption>')
    return '\n'.join([*lines, '</figure>'])


def printed(text):
    "A block of printed output."
    return f'```{{ .text .output }}\n{ANSI.sub("", text).rstrip()}\n```' if text.strip() else ''


def html_block(text):
    "HTML of an output; a table gets a frame that scrolls."
    block = re.sub(r'<(/?)h1\b', r'<\1h2', STYLE.sub('', text).replace('\n', ''))  # the page has its own h1
    return f'<div class="table" tabindex="0">{block}</div>' if '<table' in block and 'id="' not in block else block


def output(shown, source, name, pictures, above):
    "Markdown of one output of a cell."
    if shown.output_type=='stream': return '' if shown.name=='stderr' else printed(shown.text)
    data = shown.get('data', {})
    if 'text/markdown' in data: return data['text/markdown']
    picture = pictures.write(data, source, name)
    if picture: return figure(picture, source, above)
    return html_block(data['text/html']) if 'text/html' in data else printed(data.get('text/plain', ''))


def code_cell(cell, name, pictures, above):
    "Markdown of a code cell: its source and its outputs, as far as its directives show them."
    if directive(cell.source, 'include')=='false': return []
    source = '\n'.join(line for line in cell.source.splitlines() if not line.startswith('#|')).strip()
    code = [f'```python\n{source}\n```'] if source and directive(cell.source, 'echo')!='false' else []
    outputs = enumerate(cell.get('outputs', ()))
    return code+[to_markdown(output(shown, cell.source, f'{name}-{i}', pictures, above)) for i,shown in outputs]


def opening(notebook):
    "The table In / Out / Paper of the title cell, which nbdev takes for front matter and drops."
    title = next((cell.source for cell in notebook.cells if cell.source.startswith('# ')), '')
    return '\n'.join(line for line in title.splitlines() if line.startswith('|'))


def heading(front):
    "Title and description of a page."
    title = f'# {front.get("title", "llmr")}'
    return f'{title}\n\n*{front["description"]}*' if front.get('description') else title


def page(notebook, pictures, before=''):
    "`(front matter, Markdown)` of one processed notebook; `before` comes under the title."
    front, parts, above = {}, [to_markdown(before)], ''
    for number,cell in enumerate(notebook.cells):
        if cell.cell_type=='raw' and cell.source.startswith('---'):
            front = yaml.safe_load(cell.source.strip().strip('-'))
        elif cell.cell_type=='markdown' and 'AUTOGENERATED' not in cell.source:
            parts.append(to_markdown(cell.source))
            above = cell.source.strip().split('\n\n')[-1].lstrip('# ')
        elif cell.cell_type=='code':
            name = f'{Path(front.get("output-file", "page")).stem}-{number}'
            parts += code_cell(cell, name, pictures, above)
    return front, '\n\n'.join(part for part in [heading(front), *parts] if part)+'\n'
