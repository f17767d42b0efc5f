"One page from one executed notebook: Quarto's Markdown as mkdocs takes it, figures with caption and alternative text."
import base64
import html
import re
import sys
from pathlib import Path

import yaml
from latex2mathml.converter import convert as mathml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from readme import directive  # noqa: E402

FENCE = re.compile(r'(^(`{3,}|~{3,}).*?^\2[ \t]*$|``[^\n]+?``|`[^`\n]+`)', re.M | re.S)
MATH = re.compile(r'\$\$(.+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\w)', re.S)
CALLOUT = re.compile(r'^::: *\{\.callout-(\w+)[^}]*\}\n(.*?)^:::[ \t]*$', re.M | re.S)
ANSI = re.compile(r'\x1b\[[0-9;]*m')
STYLE = re.compile(r'<style.*?</style>', re.S)
RUN_FIGURE = re.compile(r'\brun\.figure\(\s*[\'"](\w+)[\'"]')
NOTES = dict(
    toy='!!! note "Of toy size"\n\n    This notebook needs the sentences of the tasks, which are not shipped. The numbers below come from a few tasks made for testing and say nothing about language models.',
    none='!!! note "Not executed"\n\n    This build shows the stages of the paper. `make docs` executes this notebook too.')


def outside_code(text, change):
    "Apply `change` to what is neither a code block nor inline code."
    return ''.join(part if i%3==1 else '' if i%3==2 else change(part) for i,part in enumerate(FENCE.split(text)))


def slug(name):
    "Page name of a notebook: its stem without the number."
    return name.lstrip('0123456789').lstrip('_') or name


def to_markdown(text, base):
    "Quarto's Markdown as mkdocs takes it: mathematics as MathML, callouts as admonitions, links between pages."
    def math(found): return mathml(found[1] or found[2], display='block' if found[1] else 'inline')
    def callout(found): return f'!!! {found[1]}\n\n'+''.join(f'    {line}\n' for line in found[2].splitlines())
    def link(found): return f'({slug(found[2])}.md{found[4] or ""})' if found[1] or found[3]=='ipynb' else found[0]
    text = outside_code(text, lambda part: MATH.sub(math, part))
    text = re.sub(rf'\(({re.escape(base)}/)?(\w+)\.(html|ipynb)(#[\w.-]+)?\)', link, text)
    text = re.sub(r'^```python\n.*?^```', lambda m: re.sub(r'\[`([^`]+)`\]\([^)]+\)', r'\1', m[0]), text, flags=re.M | re.S)
    return CALLOUT.sub(callout, text)


def plain(text):
    "Words of a Markdown paragraph, for an attribute."
    text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', ' '.join(text.split()))
    return html.escape(re.sub(r'[*`]|\$', '', text))


def size(picture):
    "`width=... height=...` in CSS pixels, so that nothing moves when the picture comes; '' for a PNG."
    found = re.search(rb'<svg\b[^>]*>', picture.read_bytes()) if picture.suffix=='.svg' else None
    both = [re.search(rb'\b%s="([\d.]+)(?:pt)?"' % name, found[0]) for name in (b'width', b'height')] if found else []
    return ' '.join(f'{name}="{float(value[1])*4/3:.0f}"' for name,value in zip(('width', 'height'), both) if value)


def figure(picture, source, above):
    "A picture in its frame: caption and alternative text from the cell, else from the paragraph above it."
    caption = directive(source, 'fig-cap')
    told = directive(source, 'fig-alt') or caption or above
    if not told.strip(): raise ValueError(f'{picture.name}: a figure without words. Give its cell `#| fig-alt:` and `#| fig-cap:`.')
    below = f'\n<figcaption markdown="span">{caption}</figcaption>' if caption else ''
    return f'<figure markdown="1"{" id=" + chr(34) + directive(source, "label") + chr(34) if directive(source, "label") else ""}>\n<a href="pictures/{picture.name}"><img src="pictures/{picture.name}" alt="{plain(told)}" {size(picture)}></a>{below}\n</figure>'


def picture_of(shown, source, name, pictures, drawn):
    "Put an output's picture into `pictures`: the run's SVG where the cell names it, else the output's own. None if it has none."
    named = RUN_FIGURE.findall(source)
    if not {'image/png', 'image/svg+xml'} & set(shown): return None
    if len(named)==1 and drawn and (drawn/f'{named[0]}.svg').exists():
        path = pictures/f'{named[0]}.svg'
        path.write_bytes((drawn/path.name).read_bytes())
    elif 'image/svg+xml' in shown:
        path = pictures/f'{name}.svg'
        path.write_text(shown['image/svg+xml'], encoding='utf-8')
    else:
        path = pictures/f'{name}.png'
        path.write_bytes(base64.b64decode(shown['image/png']))
    return path


def printed(text):
    "A block of output."
    return f'```{{ .text .output }}\n{ANSI.sub("", text).rstrip()}\n```' if text.strip() else ''


def output(out, source, place):
    "Markdown of one output. `place` is its name, the folder of pictures, the run's figures (or None) and the paragraph above."
    name, pictures, drawn, above = place
    if out.output_type=='stream': return '' if out.name=='stderr' else printed(out.text)
    shown = out.get('data', {})
    if 'text/markdown' in shown: return shown['text/markdown']
    picture = picture_of(shown, source, name, pictures, drawn)
    if picture: return figure(picture, source, above)
    if 'text/html' in shown:
        block = re.sub(r'<(/?)h1\b', r'<\1h2', STYLE.sub('', shown['text/html']).replace('\n', ''))  # the page has its heading
        return f'<div class="table" tabindex="0">{block}</div>' if '<table' in block and 'id="' not in block else block
    return printed(shown.get('text/plain', ''))


def opening(notebook):
    "The table In / Out / Paper of the title cell, which nbdev takes for front matter and drops."
    return next(('\n'.join(line for line in cell.source.splitlines() if line.startswith('|')) for cell in notebook.cells if cell.source.startswith('# ')), '')


def page(notebook, base, pictures, drawn=None, before=''):
    "`(front matter, Markdown)` of one processed notebook; `before` comes under the title."
    front, parts, above = {}, [], ''
    for number,cell in enumerate(notebook.cells):
        if cell.cell_type=='raw' and cell.source.startswith('---'): front = yaml.safe_load(cell.source.strip().strip('-'))
        elif cell.cell_type=='markdown':
            parts.append(to_markdown(cell.source, base))
            above = cell.source.strip().split('\n\n')[-1].lstrip('# ')
        elif cell.cell_type=='code' and directive(cell.source, 'include')!='false':
            source = '\n'.join(line for line in cell.source.splitlines() if not line.startswith('#|')).strip()
            if directive(cell.source, 'echo')!='false' and source: parts.append(f'```python\n{source}\n```')
            name = f'{front.get("output-file", "page").removesuffix(".html")}-{number}'
            parts += [to_markdown(output(out, cell.source, (f'{name}-{i}', pictures, drawn, above)), base) for i,out in enumerate(cell.get('outputs', ()))]
    title = f'# {front.get("title", "llmr")}\n\n*{front["description"]}*' if front.get('description') else f'# {front.get("title", "llmr")}'
    return front, '\n\n'.join(part for part in [title, to_markdown(before, base), *parts] if part and 'AUTOGENERATED' not in part)+'\n'
