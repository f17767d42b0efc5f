"""One page from one executed notebook, as Markdown: for mkdocs, or as the plain twin that programs read.

A page opens with its result: the outputs of the cells marked `#| result`. What mkdocs need not touch (code, tables of
outputs, signatures) is kept out of its Markdown, and put in when the page is rendered.
"""
import base64
import html
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from latex2mathml.converter import convert as mathml
from notebooks import SITE, directive, directives, has_tag, page_name
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from reference import defined, linked
from words import Words

FENCE = re.compile(r'(^(`{3,}|~{3,}).*?^\2[ \t]*$|``[^\n]+?``|`[^`\n]+`)', re.M | re.S)
BLOCK = re.compile(r'^(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n(.*?)^\1[ \t]*$', re.M | re.S)
MATH = re.compile(r'\$\$(.+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\w)', re.S)
CALLOUT = re.compile(r'^::: *\{\.callout-(\w+)[^}]*\}\n(.*?)^:::[ \t]*$', re.M | re.S)
LINK = re.compile(rf'\(({re.escape(SITE)}/)?(\w+)\.(html|ipynb)(#[\w.-]+)?\)')
IMPORTS = re.compile(r'(?:(?:import|from) [^\n(]+(?:\([^)]*\))?\s*(?:#[^\n]*)?)+')
ANSI = re.compile(r'\x1b\[[0-9;]*m')
STYLE = re.compile(r'<style.*?</style>', re.S)
TAGS = re.compile(r'<[^>]+>')
CITED = re.compile(r'<data\b([^>]*)>(.*?)</data>', re.S)
FACT = re.compile(r'data-(\w+)="([^"]*)"')
RUN_FIGURE = re.compile(r'\brun\.figure\(\s*[\'"](\w+)[\'"]')
HELD = re.compile(r'(?:<p>)?held-block-(\d+)-here(?:</p>)?')
MADE = 'How it is made'
NOTES = dict(
    toy='''::: {.callout-note}
**Toy size.** This notebook needs the text of the tasks, which is not shipped.
The numbers below come from a few tasks made for testing and say nothing about language models.
:::''',
    none='''::: {.callout-note}
**Not executed.** This site was built in a hurry, or from a run that lacks this stage. `make docs` executes every page.
:::''')


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
    return CALLOUT.sub(_callout, LINK.sub(_link, text))


def _math(found): return mathml(found[1] or found[2], display='block' if found[1] else 'inline')


def _link(found):
    "A link to another notebook or its page; a page of another site stays as it is."
    on_site = found[1] or found[3]=='ipynb'
    return f'({page_name(found[2])}.md{found[4] or ""})' if on_site else found[0]


def _callout(found): return f'!!! {found[1]}\n\n'+''.join(f'    {line}\n' for line in found[2].splitlines())


def plain(text):
    "The words of a Markdown paragraph, for an attribute."
    text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', ' '.join(text.split()))
    return html.escape(re.sub(r'[*`]|\$', '', TAGS.sub('', text)))


def size(picture):
    "`width` and `height` of an SVG in CSS pixels, so that the page does not move when it loads; '' for a PNG."
    tag = re.search(rb'<svg\b[^>]*>', picture.read_bytes()) if picture.suffix=='.svg' else None
    if not tag: return ''
    found = {name: re.search(rf'\b{name}="([\d.]+)(?:pt)?"'.encode(), tag[0]) for name in ('width', 'height')}
    return ' '.join(f'{name}="{float(points[1])*4/3:.0f}"' for name,points in found.items() if points)


def figure_texts(picture, source, above):
    """`(alternative text, caption)` of a figure: the cell's, else the caption, else the paragraph above it.
    Raises: `ValueError` if there is none of these."""
    caption = directive(source, 'fig-cap')
    alt = directive(source, 'fig-alt') or caption or above
    if alt.strip(): return plain(alt), caption
    raise ValueError(f'{picture.name}: a figure without text. Add `#| fig-alt:` and `#| fig-cap:` to its cell.')


def figure(picture, source, above):
    "A picture with its caption, for mkdocs."
    alt, caption = figure_texts(picture, source, above)
    label = directive(source, 'label')
    opening = f'<figure markdown="1" id="{label}">' if label else '<figure markdown="1">'
    image = f'<img src="pictures/{picture.name}" alt="{alt}" {size(picture)}>'
    lines = [opening, f'<a href="pictures/{picture.name}">{image}</a>']
    if caption: lines.append(f'<figcaption markdown="span">{caption}</figcaption>')
    return '\n'.join([*lines, '</figure>'])


def html_block(text):
    "HTML of an output; a table gets a frame that scrolls."
    block = re.sub(r'<(/?)h1\b', r'<\1h2', STYLE.sub('', text).replace('\n', ''))  # the page has its own h1
    return f'<div class="table" tabindex="0">{block}</div>' if '<table' in block and 'id="' not in block else block


@cache
def lexer(language):
    "Pygments' lexer of a language; plain text where it knows none."
    try: return get_lexer_by_name(language or 'text')
    except ClassNotFound: return get_lexer_by_name('text')


@cache
def formatter(css): return HtmlFormatter(cssclass=css, wrapcode=True)


@dataclass
class ForSite:
    "Markdown for mkdocs, which leaves out what it need not touch: `blocks`, put in by `fill`."
    blocks: list = field(default_factory=list)
    makers: dict = field(default_factory=dict)  # `{table: how to make it}`, for numbers that say where they come from
    words: Words = None                         # Marks the glossary's words

    def hold(self, block):
        "Keep HTML for later, and return what stands for it."
        self.blocks.append(block)
        return f'held-block-{len(self.blocks)-1}-here'

    def highlighted(self, source, language='python', css='highlight'):
        return highlight(source, lexer(language), formatter(css))

    def code(self, source, language='python'): return self.hold(self.highlighted(source, language))

    def printed(self, text): return self.hold(self.highlighted(text, 'text', 'output highlight'))

    def text(self, text):
        "Markdown of a notebook's cell, or of an output in Markdown."
        held = BLOCK.sub(lambda found: self.code(found[3], found[2]), text)
        return to_markdown('\n'.join(map(self._with_sources, held.split('\n'))))

    def _with_sources(self, line):
        "A line whose numbers say on hover where they come from."
        return CITED.sub(lambda found: self.cited(found, not line.startswith('|')), line)

    def prose(self, text): return self.text(self.words.mark(text) if self.words else text)

    def cited(self, found, is_reached):
        "A number that says on hover where it comes from; by keyboard too, unless it is one of many in a table."
        facts = dict(FACT.findall(found[1]))
        maker = self.makers.get(facts['table'], '')
        where = f'{facts["table"]}: {facts["row"]}; column {facts["column"]}. {maker}'.strip()
        reached = ' tabindex="0"' if is_reached else ''
        return f'<data{found[1]} data-tip="{where}"{reached}>{found[2]}</data>'

    def figure(self, picture, source, above): return self.text(figure(picture, source, above))

    def html(self, text, _): return self.hold(html_block(text)) if '](' not in text else to_markdown(html_block(text))

    def folded(self, title, source, link='', language='python'):
        "Code that is shown when its title is clicked."
        source = self.highlighted(source, language)
        place = f'<a class="source" href="{link}">source</a>' if link else ''
        return self.hold(f'<details class="api"><summary>{html.escape(title)}</summary>{place}{source}</details>')

    def result(self, parts): return '\n\n'.join(['<div class="result" markdown="1">', *parts, '</div>'])

    def heading(self, level, text, anchor): return f'{"#"*level} {text} {{ #{anchor} }}'


class ForPrograms(ForSite):
    "The plain twin: Markdown that stands for itself."
    def code(self, source, language='python'): return f'```{language}\n{source.rstrip()}\n```'

    def printed(self, text): return self.code(text, 'text')

    def text(self, text): return LINK.sub(_link, CITED.sub(r'\2', text))

    def prose(self, text): return self.text(text)

    def figure(self, picture, source, above):
        alt, caption = figure_texts(picture, source, above)
        return self.text(f'![{html.unescape(alt)}](pictures/{picture.name})\n\n{caption}'.strip())

    def html(self, text, otherwise):
        "An output's own plain text; where that says nothing, the words of its HTML."
        if otherwise and not otherwise.startswith('<'): return self.printed(otherwise)
        words = html.unescape(TAGS.sub(' ', STYLE.sub('', text)))
        return ' '.join(words.split())

    def folded(self, title, source, link='', language='python'): return self.code(source, language)

    def result(self, parts): return '\n\n'.join(parts)

    def heading(self, level, text, anchor): return f'{"#"*level} {text}'


def fill(page, blocks):
    "Put the blocks that were held back into the HTML of a rendered page."
    return HELD.sub(lambda found: blocks[int(found[1])], page)


def output(shown, source, name, pictures, above, writer):
    "Markdown of one output of a cell."
    if shown.output_type=='stream':
        text = '' if shown.name=='stderr' else ANSI.sub('', shown.text).rstrip()
        return writer.printed(text) if text.strip() else ''
    data = shown.get('data', {})
    if 'text/markdown' in data: return writer.text(data['text/markdown'])
    picture = pictures.write(data, source, name)
    if picture: return writer.figure(picture, source, above)
    said = ANSI.sub('', data.get('text/plain', '')).rstrip()
    if 'text/html' in data: return writer.html(data['text/html'], said)
    return writer.printed(said) if said.strip() else ''


def outputs(cell, name, pictures, above, writer):
    "Markdown of what a cell shows."
    every = enumerate(cell.get('outputs', ()))
    parts = [output(shown, cell.source, f'{name}-{i}', pictures, above, writer) for i,shown in every]
    return [part for part in parts if part]


def without_directives(source):
    "A cell's source as a reader should see it."
    return '\n'.join(line for line in source.splitlines() if not line.startswith('#|')).strip()


def shown_code(cell, writer):
    "A cell's source, as far as its directives show it; imports alone fold."
    source = without_directives(cell.source)
    if not source or directive(cell.source, 'echo')=='false': return []
    return [writer.folded('imports', source) if IMPORTS.fullmatch(source) else writer.code(source)]


@dataclass
class Api:
    "What a page says about the definitions of its module."
    module: str     # Name of the module, and of the page
    places: dict    # `{name: 'page.md#anchor'}` of every definition
    lines: dict     # `{name: line}` in the module's file

    def entries(self, cell, writer):
        "Heading, docstring and signature of each definition of a cell."
        for one in defined(cell, self.module, self.lines):
            yield writer.heading(3, one.name, one.name.lower())
            yield writer.text(linked(one.doc, self.places, self.module))
            yield writer.folded('signature', one.code, one.source)

    def linked(self, text): return linked(text, self.places, self.module)


def title_of(notebook):
    "`(title, subtitle, table In / Out / Paper)` of a notebook."
    first = next((cell.source for cell in notebook.cells if cell.source.startswith('# ')), '# llmr')
    lines = first.splitlines()
    said = ' '.join(line[1:].strip() for line in lines if line.startswith('>'))
    return lines[0][2:].strip(), said, '\n'.join(line for line in lines if line.startswith('|'))


HIDDEN = {'export', 'exporti', 'exports', 'hide', 'default_exp'}


def is_left_out(cell): return directive(cell.source, 'include')=='false' or has_tag(cell, 'injected-parameters')


@dataclass
class Body:
    "The parts of a page: those that it opens with, and the others in the notebook's order."
    api: Api
    pictures: Pictures
    writer: ForSite
    results: list = field(default_factory=list)
    parts: list = field(default_factory=list)
    above: str = ''  # The last paragraph of text so far

    def add(self, number, cell):
        "One cell of the notebook."
        if cell.cell_type=='markdown':
            self.above = cell.source.strip().split('\n\n')[-1].lstrip('# ')
            self.parts.append(self.writer.prose(self.api.linked(cell.source)))
        elif cell.cell_type=='code' and not is_left_out(cell): self._add_code(number, cell)

    def _add_code(self, number, cell):
        "A code cell: what it defines, or its source and its outputs."
        found = directives(cell.source)
        self.parts += self.api.entries(cell, self.writer)
        if HIDDEN & found: return
        made = outputs(cell, f'{self.api.module}-{number}', self.pictures, self.above, self.writer)
        self.parts += shown_code(cell, self.writer)
        if 'result' not in found: self.parts += made
        else: self.results += made


def page(notebook, api, pictures, writer, before=''):
    "`(title, subtitle, Markdown)` of one executed notebook; `before` comes under the title."
    title, said, facts = title_of(notebook)
    body = Body(api, pictures, writer)
    for number,cell in enumerate(notebook.cells):
        if not cell.source.startswith(f'# {title}'): body.add(number, cell)
    results = [writer.result(body.results), writer.heading(2, MADE, 'how-it-is-made')] if body.results else []
    top = [f'# {title}', f'*{said}*' if said else '', writer.text(before), *results, writer.text(api.linked(facts))]
    parts = top+body.parts
    return title, said, '\n\n'.join(part for part in parts if part)+'\n'
