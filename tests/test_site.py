"The site: conversion of notebooks, the check of a built site, and pages whose numbers are those of the run."
import base64
import gzip
import html
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from math import isclose

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import NBS, ROOT
from smalldocs.config import ConfigError
from smalldocs.site import build as render_with_smalldocs

from llmr.claims import FIGURE4
from llmr.cli import parser
from llmr.core import SCHEMAS, InputError, package_file
from llmr.estimators import ESTIMATORS
from llmr.field_claims import CLAIM_COLUMNS, read_field_claims, recount_claims, recount_pairs
from llmr.labels import PAPER_LABEL
from llmr.runs import Pair, is_current
from llmr.sequential import gap_interval, log_wealth
from llmr.sources import cited
from llmr.verdict import decide, headroom, operating_points, pair_tasks, verdict_text

sys.path.insert(0, str(ROOT/'tools'/'site'))
import build
import check
import execute
import pages
import reference
import search_index
import split
import words
from notebooks import SITE, page_name

FRAME = ' border="1" class="dataframe"'
NUMBER = r'[+-]?\d+(?:\.\d+)?'
IGNORED = ['format commonmark is not built: smalldocs makes only html', 'format.html.keep-md is ignored']
MARKDOWN = [
    ('Where $y(t)$ is.', 'Where <math'),
    ('`$x$` is code.', '`$x$` is code.'),
    ('```\n$z$\n```', '```\n$z$\n```'),
    ('$$a=b$$', 'display="block"'),
    ('It costs $5 and then $7.', 'It costs $5 and then $7.'),
    (f'[`route`]({SITE}/problem.html#route)', '[`route`](problem.md#route)'),
    ('[labels](04_labels.ipynb)', '[labels](labels.md)'),
    ('[rewording](05a_rewording.ipynb#a-b)', '[rewording](rewording.md#a-b)'),
    ('[own](own_models.ipynb#a-b)', '[own](own_models.md#a-b)'),
    ('[other](https://example.org/a.html)', '[other](https://example.org/a.html)'),
    ('::: {.callout-note}\nRead.\n:::\n', '!!! note\n\n    Read.\n\n')]


@pytest.mark.parametrize('text,expected', MARKDOWN)
def test_markdown(text, expected):
    made = pages.to_markdown(text)
    assert made==expected or '<math' in made and expected in made


def made_page(notebook, module, folder, figures=None, writer=None):
    "`(text, writer)` of a page."
    writer, api = writer or pages.ForSite(), pages.Api(module, {}, {})
    return pages.page(notebook, api, pages.Pictures(folder, figures), writer)[2], writer


def test_a_page_of_an_executed_notebook(toy_run, tmp_path):
    "It opens with the run's sentence and figure, then says how they are made; code and tables are put in later."
    notebook = nbformat.read(toy_run[0]/'nbs'/'06_evaluation.ipynb', as_version=4)
    text, writer = made_page(notebook, 'evaluation', tmp_path, toy_run[0]/'figures')
    top, made = text.split(f'## {pages.MADE}')
    assert 'class="cited"' in top and 'pictures/figure3_deferral.svg' in top and '<data' not in made
    assert '| In | `outcomes`, `scores` |' in made and '```' not in text
    assert '<div class="table" tabindex="0"><div><table' in ''.join(writer.blocks).replace(FRAME, '')
    drawn = {path.name for path in tmp_path.iterdir()}
    of_the_run = {name for name in drawn if not name.startswith('evaluation-')}
    assert of_the_run=={'figure3_deferral.svg', 'figure4_thresholds.svg', 'gains.svg'}
    assert text.count('<figure')==len(drawn) and text.count('<figcaption')>=3 and not re.search(r'alt=""|#\|', text)
    assert (tmp_path/'gains.svg').read_bytes()==(toy_run[0]/'figures'/'gains.svg').read_bytes()


def test_the_twin_of_a_page(toy_run, tmp_path):
    "Plain Markdown: code in fences, figures with their text, numbers without marks."
    notebook = nbformat.read(toy_run[0]/'nbs'/'06_evaluation.ipynb', as_version=4)
    text, _ = made_page(notebook, 'evaluation', tmp_path, toy_run[0]/'figures', pages.ForPrograms())
    assert text.startswith('# Evaluation\n') and '```python\ndef performance_gap(' in text
    assert '![Performance gap of router' in text and '](pictures/figure3_deferral.svg)' in text
    assert not re.search(r'<(data|details|figure|math|div)|held-block', text)


def stages_of_a_run(): return [*execute.STAGES, *execute.BEYOND]


@pytest.mark.parametrize('stem', [stem for stem in stages_of_a_run() if (NBS/f'{stem}.ipynb').exists()])
def test_every_stage_opens_with_a_result(stem):
    "A sentence or a table of its run, and below its parameters."
    cells = [cell for cell in nbformat.read(NBS/f'{stem}.ipynb', as_version=4).cells if cell.cell_type=='code']
    at = next(i for i,cell in enumerate(cells) if 'parameters' in cell.metadata.get('tags', ()))
    marked = [i for i,cell in enumerate(cells) if cell.source.startswith('#| result')]
    assert marked and min(marked)>at
    assert any(word in cells[i].source for i in marked for word in ('Markdown(', 'HTML('))


SIGNATURES = """#| export
@cache
def add(
    a:int, # One
    b:int=2, # Two
)->int: # Their sum
    "Sum of `a` and `b`. Raises: `InputError`."
    return a+b

def twice(x): return 2*x

class Box:
    "Holds a thing."
    thing: int # Held
    def open(self, by:str)->int: # The thing
        "Open it."
        return self.thing
    def _shut(self): pass

def _hidden(): pass"""


def test_signatures_come_from_the_source():
    cell = nbformat.v4.new_code_cell(SIGNATURES)
    add, twice, box = reference.defined(cell, 'core', dict(add=7))
    assert add.code.splitlines()[0]=='@cache' and add.code.endswith(')->int: # Their sum') and 'return' not in add.code
    assert add.doc.startswith('Sum of') and add.source.endswith('/llmr/core.py#L7')
    assert twice.code=='def twice(x): return 2*x'
    fields = ['class Box:', '    thing: int # Held', '    def open(self, by:str)->int: # The thing']
    assert box.code.splitlines()==fields
    cell.source = cell.source.replace('export', 'exports')
    assert 'return a+b' in next(reference.defined(cell, 'core', {})).code
    cell.source = cell.source.replace('#| exports', '')
    assert not [*reference.defined(cell, 'core', {})]


@pytest.mark.parametrize('text,expected', [
    ('see `route`', 'see [`route`](problem.md#route)'),
    ('`llmr.problem.route`, `route()`', '[`llmr.problem.route`](problem.md#route), [`route()`](problem.md#route)'),
    ('[`route`](x.md)', '[`route`](x.md)'), ('`other`', '`other`'),
    ('```\n`route`\n```\n`route`', '```\n`route`\n```\n[`route`](problem.md#route)')])
def test_links_to_definitions(text, expected):
    places = {'route': 'problem.md#route', 'llmr.problem.route': 'problem.md#route'}
    assert reference.linked(text, places)==expected


def test_the_page_of_a_name_links_to_itself():
    places = {'fit': 'a.md#fit', 'llmr.a.fit': 'a.md#fit', 'llmr.b.fit': 'b.md#fit'}
    assert reference.linked('`fit`', places, 'b')=='[`fit`](b.md#fit)'
    assert reference.linked('`fit`', places, 'c')=='[`fit`](a.md#fit)'


def test_words_of_the_glossary_are_marked_once():
    rows = ('| word | in the paper | meaning |\n|---|---|---|\n| `tau` | t | A *threshold*. |\n'
            '| random routing | | Chance & luck. |')
    meanings = words.glossary(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(rows)]))
    assert meanings=={'tau': ('tau', 'A threshold.'), 'random routing': ('random-routing', 'Chance & luck.')}
    text = '# Random routing\n\nWith `tau`, random routing.\n\n- `tau`\n\nRandom routing, `tau`, **random routing**.'
    marked = words.Words(meanings).mark(text)
    assert marked.count('data-tip')==2
    assert 'href="glossary.html#tau" data-tip="A threshold."><code>tau</code></a>' in marked
    assert 'data-tip="Chance &amp; luck.">random routing</a>' in marked and marked.startswith('# Random routing\n')
    assert words.Words(meanings).mark('See [random routing](x.md).')=='See [random routing](x.md).'
    assert words.anchored(rows).count('<span id=')==2


def test_a_number_says_where_it_comes_from():
    row = dict(pair='A-B', quality='standard', router='r', gain=1.93)
    text = pages.ForSite(makers=dict(gains='Stage 06 writes it')).text(f'So {cited("gains", row, "gain")}.')
    assert 'tabindex="0">+1.9</data>' in text
    assert 'data-tip="gains: pair=A-B; quality=standard; router=r; column gain. Stage 06 writes it"' in text
    assert 'tabindex' not in pages.ForSite().text(f'| {cited("gains", row, "gain")} |')
    assert pages.ForPrograms().text(f'So {cited("gains", row, "gain")}.')=='So +1.9.'


@pytest.mark.parametrize('data,name,content', [
    ({'image/png': 'AAAA', 'image/svg+xml': '<svg/>'}, 'f.svg', b'<svg/>'),
    ({'image/png': 'AAAA'}, 'f.png', bytes(3)),
    ({'text/plain': 'x'}, None, None)])
def test_a_lesson_shows_its_own_picture(tmp_path, data, name, content):
    picture = pages.Pictures(tmp_path).write(data, 'f()', 'f')
    assert (picture and picture.name)==name and (not picture or picture.read_bytes()==content)


def test_a_run_half_shows_the_picture_of_the_run(tmp_path):
    (tmp_path/'figures').mkdir()
    (tmp_path/'figures'/'gains.svg').write_text('<svg id="run"/>')
    pictures = pages.Pictures(tmp_path, tmp_path/'figures')
    assert pictures.write({'image/png': 'AAAA'}, "run.figure('gains', plot_gains(gains))", 'f').name=='gains.svg'
    assert (tmp_path/'gains.svg').read_text()=='<svg id="run"/>'
    assert pictures.write({'image/png': 'AAAA'}, "run.figure('other', plot_gains(gains))", 'f').name=='f.png'


def test_a_figure_has_text(tmp_path):
    picture = tmp_path/'a.svg'
    picture.write_text('<svg width="72pt" height="36pt"></svg>')
    made = pages.figure(picture, '#| fig-alt: Up "and" down.\n#| fig-cap: **A.** See `tau`.\nf()', 'above')
    assert 'alt="Up &quot;and&quot; down." width="96" height="48"' in made
    assert '**A.** See `tau`.</figcaption>' in made
    assert 'alt="Of a and b."' in pages.figure(picture, 'f()', 'Of *a* and [b](c.ipynb).')
    with pytest.raises(ValueError, match='a.svg: a figure without text'): pages.figure(picture, 'f()', '')


def test_navigation_is_that_of_the_settings():
    contents = [dict(text='Home', href='index.ipynb'), dict(section='S', contents=['01_a.ipynb'])]
    made = build.navigation(contents, {'index.ipynb': ('Home', 'index.md'), '01_a.ipynb': ('A', 'a.md')})
    assert list(made)==[{'Home': 'index.md'}, {'S': [{'A': 'a.md'}]}]


def test_the_doors_are_the_tabs():
    "Home's three doors, and what is looked up: no more tabs than a reader takes in at a glance."
    names = [entry.get('section', entry.get('text')) for entry in build.website()['sidebar']['contents']]
    assert names==['Home', 'Decide', 'Reproduce', 'Build', 'Reference']


def test_every_notebook_has_a_page_of_its_own():
    "The number is dropped from a page's name, so two notebooks could write the same file."
    names = [page_name(path.stem) for path in NBS.glob('*.ipynb')]
    assert sorted(set(names))==sorted(names)


def test_sections_of_the_search_index():
    "Headings with the anchors that mkdocs gives them; no code and no marks, but the command's help."
    blocks = ['<pre>def f(): pass</pre>', '<pre>usage: llmr [-h]</pre>']
    text = ('# A *page*\n\nSee [`route`](problem.md#route).\n\n## The same\n\nheld-block-0-here\n\n'
            '## The same\n\nheld-block-1-here\n\n### route { #route }\n\nSends.')
    assert [*search_index.sections(text, blocks)]==[
        ('', 'A page', 'See route .'), ('the-same', 'The same', ''), ('the-same_1', 'The same', 'usage: llmr [-h]'),
        ('route', 'route', 'Sends.')]


def search_rows(site):
    text = (site[0]/'search'/'index.js').read_text(encoding='utf-8')
    return json.loads(text.removeprefix('window.siteIndex='))


def test_search_knows_every_function_and_every_word(site):
    "And every address that it gives is there."
    rows = search_rows(site)
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in NBS.glob('*.ipynb')}
    headings = {heading for _,_,heading,_ in rows}
    assert {name for name in reference.names_of(notebooks) if '.' not in name}<=headings
    assert set(words.glossary(notebooks['glossary']))<=headings
    ids = {}
    for address in {row[0] for row in rows}:
        name, _, anchor = address.partition('#')
        if name not in ids: ids[name] = set(re.findall(r'\bid="([^"]+)"', (site[0]/name).read_text(encoding='utf-8')))
        assert not anchor or anchor in ids[name], address


def router_pages(site):
    "Names of the pages of single routers."
    return {path.stem for path in site[0].glob('router_*.html')}-{'router_cards'}


def test_every_page_has_a_twin_and_a_line_in_llms_txt(site):
    listed = (site[0]/'llms.txt').read_text(encoding='utf-8')
    assert listed.startswith('# llmr\n\n> Decide which coding tasks')
    names = {page_name(path.stem) for path in NBS.glob('*.ipynb')} | router_pages(site)
    assert set(re.findall(rf'\({re.escape(SITE)}/(\w+)\.md\)', listed))==names
    for name in names:
        twin, page = ((site[0]/f'{name}.{kind}').read_text(encoding='utf-8') for kind in ('md', 'html'))
        assert twin.startswith('# ') and 'held-block' not in twin+page and f'href="{name}.md"' in page


CITED = re.compile(r'<data class="cited" value="([^"]+)" data-table="([^"]+)" data-row="([^"]*)" '
                   r'data-column="([^"]+)" data-scale="([^"]+)"[^>]*>([^<]+)</data>')


def table_of(run, name):
    "A table of the run, of the package or of the page of claims, by the name that a number gives."
    if name=='field_claims.csv': return recount_claims(read_field_claims(NBS/'assets'/name))
    if name=='field_pairs.csv': return recount_pairs(pd.read_csv(NBS/'assets'/name))
    if name.startswith('shipped/'): return pd.read_parquet(package_file(name))
    return pd.read_csv(run/'tables'/name) if name.endswith('.csv') else pd.read_parquet(run/f'{name}.parquet')


def looked_up(run):
    "`(read(table), find(table, row))`: a table, and where its rows with these facts are."
    read = cache(lambda name: table_of(run, name))
    @cache
    def by_key(table, keys):
        names = zip(*(read(table)[key].astype(str) for key in keys))
        found = defaultdict(list)
        for at,name in enumerate(names): found[name].append(at)
        return found
    def find(table, row):
        keys, wanted = zip(*(fact.split('=', 1) for fact in html.unescape(row).split('; ')))
        return by_key(table, keys)[wanted]
    return read, find


def test_every_cited_number_is_in_its_table(site):
    "Each is looked up by its row and column, and written to the digits that are shown."
    seen, (read, find) = 0, looked_up(site[1])
    for path in site[0].glob('*.html'):
        for value,table,row,column,scale,shown in CITED.findall(path.read_text(encoding='utf-8')):
            places = find(table, row)
            assert len(places)==1, (path.name, table, row)
            exact = float(read(table)[column].iat[places[0]])
            number = float(shown.rstrip('%').replace('\u2212', '-').replace(',', ''))
            scaled = exact*float(scale)*(100 if shown.endswith('%') else 1)
            digits = len(shown.rstrip('%').partition('.')[2])
            assert isclose(float(value), exact, rel_tol=1e-9), (path.name, row)
            assert abs(scaled-number)<=.5001*10**-digits, (path.name, row)
            seen += 1
    assert seen>300


RESULT = re.compile(r'<div class="result">(.*?)<h2 id="how-it-is-made"', re.S)
SHOWN_ELSEWHERE = re.compile(r'<(figure|table|pre|data|code)\b.*?</\1>', re.S)
PLAIN_NUMBER = re.compile(r'(?<![\w.-])[+\u2212-]?\d[\d,]*(?:\.\d+)?(?![\w-])')


def plain_numbers(text):
    "Numbers of a result that no table is named for: outside figures, tables and code."
    said = html.unescape(re.sub(r'<[^>]+>', ' ', SHOWN_ELSEWHERE.sub(' ', text)))
    return {float(found.replace(',', '').replace('\u2212', '-')) for found in PLAIN_NUMBER.findall(said)}


def counted(values): return set(values.value_counts()) | {len(values)}


def of_verdicts(run):
    "Numbers of the verdicts on the chosen router: in their words, and of their operating points, in points."
    rows = pd.read_csv(run/'tables'/'verdict.csv')
    rows = rows[(rows.split=='test') & (rows.router!='random')]
    words_ = {float(found.replace(',', '')) for word in rows.verdict for found in PLAIN_NUMBER.findall(word)}
    ends = [100*rows[name] for name in ('performance_gap', 'low', 'high', 'margin')]
    shares = {round(100*share) for share in rows.cost_advantage}
    return words_ | shares | {round(value, 1) for end in ends for value in end} | {float(f'{x:.4g}') for x in rows.tau}


def of_report(run):
    "Of the verdicts, and how many tasks each model solves; chances and confidence of the sentences."
    outcomes, names = pd.read_parquet(run/'outcomes.parquet'), ('both', 'neither', 'only_small', 'only_large')
    pairs = [Pair(*name.split('-')) for name in pd.read_csv(run/'tables'/'verdict.csv').pair.unique()]
    rooms = [headroom(outcomes, pair) for pair in pairs]
    solved = {round(100*room[name], 1) for room in rooms for name in names} | {room['tasks'] for room in rooms}
    return of_verdicts(run) | solved | {50, 80, 95}


COUNTED = dict(
    problem=lambda run: counted(pd.read_parquet(run/'tasks.parquet').split),
    audit=lambda run: {4} | counted(pd.read_csv(run/'tables'/'conclusions.csv').standing) | counted(
        pd.read_parquet(run/'claims.parquet').query('claim_id=="router_gap"').verdict),
    grading=lambda run: {pd.read_csv(run/'tables'/'grading_survival.csv').grader.nunique()} | counted(
        pd.read_csv(run/'tables'/'grading_survival.csv').conclusion),
    analysis=lambda run: set(100*pd.read_parquet(run/'thresholds.parquet').target.round(2)),
    certify=lambda run: set(pd.read_csv(run/'tables'/'certificates.csv')[['alpha', 'delta']].mul([100, 1]).iloc[0]),
    augmentation=lambda run: {5},  # The name of the stage
    verdict=of_verdicts, report=of_report)


def test_every_number_of_a_result_is_one_of_a_table(site):
    "It names its table, or it is counted again here from the run. A new result must do one or the other."
    seen = 0
    for path in sorted(site[0].glob('*.html')):
        page = path.read_text(encoding='utf-8')
        found = RESULT.search(page)
        if not found or 'Toy size' in page: continue
        left = plain_numbers(found[1])
        expected = COUNTED[path.stem](site[1]) if left else set()
        known = [any(isclose(number, other, abs_tol=1e-9) for other in expected) for number in left]
        assert all(known), (path.stem, left)
        seen += 1
    assert seen>=8


def sidebar(page):
    "`(section, notebook)` of each entry in a page that smalldocs made."
    text = page.read_text(encoding='utf-8').split('id="quarto-sidebar"', 1)[1].split('</nav>', 1)[0]
    found = re.findall(r'href="([\w-]+)\.html"|data-bs-target[^>]*><span class="menu-text">([^<]+)<', text)
    section, entries = '', []
    for stem,title in found:
        if title: section = title
        else: entries.append((section, f'{stem}.ipynb'))
    return entries


def entries(contents, section=''):
    "`(section, notebook)` of each entry of `_quarto.yml`'s sidebar."
    for entry in contents:
        if isinstance(entry, dict) and 'contents' in entry: yield from entries(entry['contents'], entry['section'])
        else: yield section, entry['href'] if isinstance(entry, dict) else entry


def text_only(notebook):
    "Text cells of a notebook."
    notebook = json.loads(notebook)
    notebook['cells'] = [cell for cell in notebook['cells'] if cell['cell_type']=='markdown']
    return json.dumps(notebook)


def test_another_reader_takes_quarto_yml_the_same_way(tmp_path):
    "smalldocs reads Quarto projects by itself; it warns of settings and links that it does not understand."
    for path in NBS.glob('*.ipynb'): (tmp_path/path.name).write_text(text_only(path.read_text(encoding='utf-8')))
    shutil.copy(ROOT/'_quarto.yml', tmp_path)
    site = render_with_smalldocs(tmp_path, quiet=True)
    assert site.warnings==IGNORED
    expected = list(entries(build.website()['sidebar']['contents']))
    assert sidebar(tmp_path/'_site'/'faq.html')==expected and len(expected)==len({*NBS.glob('*.ipynb')})


@pytest.mark.parametrize('good,bad,fault', [
    ('index.ipynb', 'no_such.ipynb', 'no_such.ipynb'),
    ('sidebar:', 'side-bar:', 'unknown key website.side-bar'),
    ('toc: true', 'tocs: true', 'format.html.tocs'),
    ('type: website', 'type: manuscript', "project.type 'manuscript'"),
    ('website:\n  title: llmr', 'website: llmr\nother:\n  title: llmr', 'website must be a mapping')])
def test_what_the_other_reader_refuses(tmp_path, good, bad, fault):
    text = (ROOT/'_quarto.yml').read_text(encoding='utf-8')
    assert good in text
    (tmp_path/'_quarto.yml').write_text(text.replace(good, bad, 1))
    for path in NBS.glob('*.ipynb'): (tmp_path/path.name).write_text('{"cells": [], "metadata": {}, "nbformat": 4}')
    try: said = render_with_smalldocs(tmp_path, quiet=True).warnings
    except ConfigError as e: said = [str(e)]
    assert any(fault in line for line in said), said


@pytest.mark.parametrize('body,fault', [
    ('<a href="b.html">b</a><a href="#here">h</a><img src="p.svg" alt="A p.">', None),
    ('<a href="c.html">c</a>', 'link to c.html: no such file'),
    ('<a href="b.html#nowhere">b</a>', 'link to b.html#nowhere: no such anchor'),
    ('<a href="#nowhere">b</a>', 'link to #nowhere: no such anchor'),
    ('<img src="q.svg" alt="A q.">', 'loads q.svg: missing or empty'),
    ('<img src="empty.svg" alt="An e.">', 'loads empty.svg: missing or empty'),
    ('<img src="p.svg" alt="">', 'picture p.svg has no alternative text'),
    ('<script src="https://example.org/a.js"></script>', 'loads https://example.org/a.js from the network'),
    ('<a href="https://example.org">e</a>', None),
    ('<p>see [ b ](b.html)</p>', 'shows Markdown as text'),
    ('<pre>f = [x](b)</pre>', None),
    ('x'*1_000_000, 'has 1,0')])
def test_what_the_check_refuses(tmp_path, body, fault):
    (tmp_path/'a.html').write_text(f'<html><body id="here">{body}</body></html>')
    (tmp_path/'b.html').write_text('<h1 id="there">b</h1>')
    (tmp_path/'p.svg').write_text('<svg/>')
    (tmp_path/'empty.svg').touch()
    faults, _ = check.check_site(tmp_path)
    assert len(faults)==bool(fault) and all(fault in found for found in faults)
    done = subprocess.run([sys.executable, ROOT/'tools'/'site'/'check.py', tmp_path], capture_output=True, text=True)
    assert done.returncode==bool(fault)


def test_a_folder_without_pages_is_refused(tmp_path): assert check.check_site(tmp_path)==([f'{tmp_path}: no pages'], {})


def test_where_outputs_come_from(toy_run):
    "Quick, with stages beyond the paper, or without."
    run = build.finished_run(toy_run[0])
    late = execute.BEYOND[0]
    for stem,beyond,quick,source in [
            (execute.STAGES[0], False, False, 'stage'), (execute.STAGES[0], False, True, 'results'),
            (late, False, False, 'none'), (late, True, False, 'stage'),
            ('explorer', False, True, 'run'), ('glossary', False, True, 'alone'),
            ('00a_core', False, False, 'alone'), ('00a_core', False, True, 'none'),
            ('10_transfer', True, False, 'run'), ('17_report', False, False, 'none'),
            ('17_report', True, False, 'run')]:
        assert execute.source_of(NBS/f'{stem}.ipynb', run, beyond, quick)==source, stem


def notebook_file(path, *sources):
    "Write a notebook of code cells, the first of them tagged `parameters`."
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata.tags = ['parameters']
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def outputs(copy): return [out for cell in nbformat.read(copy, as_version=4).cells for out in cell.get('outputs', ())]


def test_execution_in_a_fork(tmp_path):
    "Parameters reach the notebook, it runs in its folder, and its temporary files and its memory are gone afterwards."
    path = notebook_file(tmp_path/'a.ipynb', 'x = 1', 'import os, sys, tempfile', 'sys.modules["mark"] = x',
                         'tempfile.mkdtemp()', 'print(x, os.getcwd())')
    (tmp_path/'folder').mkdir()
    folder, printed = outputs(execute.cached_copy(path, 'mark', tmp_path/'cache', tmp_path/'folder', dict(x=2)))
    assert printed.text==f'2 {tmp_path/"folder"}\n'
    assert not (tmp_path/folder.data['text/plain'].strip("'")).exists() and 'mark' not in sys.modules


def test_a_copy_is_kept_until_its_mark_changes(tmp_path):
    path = notebook_file(tmp_path/'a.ipynb', 'x = 1', 'import uuid', 'uuid.uuid4()')
    copies = [execute.cached_copy(path, mark, tmp_path/'cache', tmp_path, {}) for mark in ('one', 'one', 'two')]
    assert copies[0]==copies[1]!=copies[2] and [*(tmp_path/'cache').iterdir()]==[copies[2]]


def test_a_stage_shows_its_lessons_and_the_results_of_the_run(tmp_path):
    "A run skips lessons; what is below the parameters cell is not executed again."
    cells = [nbformat.v4.new_code_cell(source) for source in ('1+1', 'x = 1', 'raise ValueError')]
    cells[1].metadata.tags = ['parameters']
    path, stage = tmp_path/'01_a.ipynb', tmp_path/'run.ipynb'
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    cells[2].outputs = [nbformat.v4.new_output('stream', text='of the run')]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), stage)
    copy = execute.cached_copy(path, 'mark', tmp_path/'cache', tmp_path, stage, execute.execute_lessons)
    lesson, result = outputs(copy)
    assert lesson.data['text/plain']=='2' and result.text=='of the run'


def test_a_notebook_that_fails(tmp_path, capfd):
    path = notebook_file(tmp_path/'a.ipynb', 'x = 1', '1/0')
    cache = tmp_path/'cache'
    with pytest.raises(ChildProcessError, match='a.ipynb'): execute.cached_copy(path, 'mark', cache, tmp_path, {})
    said = capfd.readouterr().err
    assert 'ZeroDivisionError' in said and not [*cache.glob('*.ipynb')]
    assert "page a.html: cell 1 " in said and "begins '1/0'" in said and 'nbdev_test --path nbs/a.ipynb' in said


def test_a_run_without_later_stages(toy_run):
    "Its pages are named, and the command that makes them."
    with pytest.raises(InputError, match=r'selection.html \(09_selection\).*--beyond --out'):
        execute.check_stages(build.finished_run(toy_run[0]))


def test_a_run_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['build.py', '--run', str(tmp_path), '--out', str(tmp_path/'site')])
    with pytest.raises(SystemExit, match='site: .*run.json: not there'): build.main()
    assert not (tmp_path/'site').exists()


def test_every_page_is_built_and_sound(site):
    faults, weights = check.check_site(site[0])
    assert not faults
    assert {f'{page_name(path.stem)}.html' for path in NBS.glob('*.ipynb')}<=set(weights)


def cells(row):
    found = re.findall(r'<t[dh][^>]*>(.*?)</t[dh]>', row, re.S)
    return [re.sub(r'<[^>]+>', '', cell).strip() for cell in found]


def tables(text):
    "Each table of a page as a list of rows."
    found = re.findall(r'<table>(.*?)</table>', text, re.S)
    return [list(map(cells, re.findall(r'<tr>(.*?)</tr>', table, re.S))) for table in found]


def table_with(site, column): return next(rows for rows in tables(home(site)) if rows[0][0]==column)


def home(site):
    page = (site[0]/'index.html').read_text(encoding='utf-8')
    return page.split('<article', 1)[1].split('</article>', 1)[0]


def numbers(text): return [float(found) for found in re.findall(NUMBER, text)]


def rounded(row, *columns): return tuple(round(getattr(row, column), 1) for column in columns)


def test_home_published_against_corrected(site):
    "Each row of the table is a row of the run's claims, with all of its numbers."
    claims = pd.read_parquet(site[1]/'claims.parquet').dropna(subset=['low'])
    pair_of = lambda claim: claim.subject.split(',')[0].removesuffix(' test')
    by_numbers = {(pair_of(claim), *rounded(claim, 'corrected', 'low', 'high'), claim.verdict): claim
                  for claim in claims.itertuples()}
    rows = table_with(site, 'claim')[1:]
    assert len(rows)>=15 and any(published for _,_,published,*_ in rows)
    for _,pair,published,corrected,verdict in rows:
        claim = by_numbers[pair, *numbers(corrected), verdict]
        assert not published or float(published) in rounded(claim, 'published', 'reproduced')


def test_home_gains(site):
    gains = pd.read_parquet(site[1]/'gains.parquet').set_index(['quality', 'pair', 'router'])
    head, *rows = table_with(site, 'quality')
    assert [row[0] for row in rows]==list(PAPER_LABEL) and len(head)==4
    for quality,*texts in rows:
        for pair,text in zip(head[1:], texts, strict=True):
            gain = gains.loc[(quality, pair, f'head-{PAPER_LABEL[quality]}')]
            assert tuple(numbers(text))==rounded(gain, 'gain', 'low', 'high')


def prose(site):
    "Numbers of the home page outside of tables and code."
    left_out = r'<table>.*?</table>|<pre.*?</pre>|<code.*?</code>|<span class="caption.*?</span>'
    text = re.sub(left_out, ' ', home(site), flags=re.S)
    text = re.sub(r'<[^>]+>', ' ', text).replace(',', '')
    return numbers(re.sub(r'[\w-]*[A-Za-z][\w-]*', ' ', text))


def worst_of_table1(run, means):
    "Largest distance of this project's own Table 1 from the printed one."
    own = pd.read_parquet(run/'baseline.parquet').query('definition=="table1"')
    ours = {f'{r.pair} at {100*r.cost_advantage:.0f}%': 100*r.total_pass_rate for r in own.itertuples()}
    return max(abs(ours[r.subject]-r.published) for r in means.itertuples())


def why_small_leads(claims):
    "Numbers that say why 8B passes more than 70B."
    named = claims[(claims.claim_id=='name_errors') & claims.subject.isin(['8B test', '70B test'])]
    lenient = claims[(claims.claim_id=='lenient_gap') & (claims.subject=='8B-70B test')].iloc[0]
    return {*named.reproduced.round(1), *rounded(lenient, 'corrected', 'low', 'high')}


def left_of_the_cost(outcomes):
    "Percent of the cost of 70B that 8B costs, by its tokens on the test tasks and its parameters."
    tokens = outcomes[outcomes.split=='test'].groupby('model').n_tokens.sum()
    return round(100*8*tokens['8B']/(70*tokens['70B']))


def test_home_shows_a_verdict_as_it_is_printed(site):
    "From its word to the last row of its table."
    outcomes, pair = pd.read_parquet(site[1]/'outcomes.parquet'), Pair('8B', '70B')
    points = operating_points(outcomes, pair)
    printed = verdict_text(decide(points), points, headroom(outcomes, pair), pair, .01).split('\nGaps: ')[0]
    text = html.unescape(re.sub(r'<[^>]+>', '', home(site)))
    assert ' '.join(printed.split()) in ' '.join(text.split())


def expected_in_prose(run):
    "Numbers that the home page takes from the run's tables."
    claims, outcomes = pd.read_parquet(run/'claims.parquet'), pd.read_parquet(run/'outcomes.parquet')
    random = claims[(claims.claim_id=='headline_random') & (claims.subject=='8B-70B')].iloc[0]
    printed = claims[claims.claim_id.isin(['random_rate', 'random_deviation'])]
    drawn = claims[claims.claim_id=='router_gap']
    headline = drawn[drawn.subject=='8B-70B brevity, target 80%'].iloc[0]
    return {len(outcomes), len(claims), len(printed), len(drawn), printed.verdict.eq('reproduced').sum(),
            *drawn.verdict.value_counts(), *why_small_leads(claims), left_of_the_cost(outcomes),
            headline.published, FIGURE4['brevity', '8B-70B'][-1][1],
            *rounded(random, 'corrected'), *rounded(headline, 'corrected', 'low', 'high'),
            round(worst_of_table1(run, printed[printed.claim_id=='random_rate']), 2)}


def test_home_numbers_in_prose(site):
    "Every number in the text is a number of a table or of the paper's setting, and all expected numbers are there."
    expected, found = expected_in_prose(site[1]), prose(site)
    setting = {0, 1, 3, 4, 3.11, 40, 95}  # Table 1, Llama 3, Figure 4, Equation 1, Python, the ten lines, intervals
    assert not [number for number in found if number not in expected and abs(number) not in setting]
    assert not expected-set(found)


def carried(site, name):
    "Numbers that the explorer's page carries."
    page = (site[0]/'explorer.html').read_text(encoding='utf-8')
    packed = re.search(rf'<script id="{name}" type="application/gzip">(.*?)</script>', page, re.S)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope='module')
def explorer(site): return carried(site, 'explorer-numbers')


@pytest.fixture(scope='module')
def looks(site): return carried(site, 'looks-numbers')


def by_router(table): return {key: rows for key,rows in table.groupby(['pair', 'quality', 'router'])}


def test_explorer_has_the_curves_and_scores(site, explorer):
    "Every row of `curves` and `thresholds`, and every test score."
    curves, thresholds, scores = (by_router(pd.read_parquet(site[1]/f'{name}.parquet')) for name in
                                  ('curves', 'thresholds', 'scores'))
    routers = {(router['pair'], router['quality'], router['router']): router for router in explorer['routers']}
    assert set(routers)=={key for key in curves if key[2]!='oracle'}
    for key,router in routers.items():
        assert set(router['curve'])>={'cost_advantage', 'total_pass_rate', 'performance_gap', 'low', 'high'}
        for column,values in router['curve'].items():
            assert values==pytest.approx(curves[key][column].tolist(), rel=1e-8, abs=1e-12)
        assert router['thresholds']['tau']==thresholds[key].tau.tolist()
        test = scores[key][scores[key].split=='test']
        assert sorted(router['scores'])==pytest.approx(sorted(test.score), rel=1e-8)


def test_explorer_has_the_outcomes_and_no_text(site, explorer):
    outcomes = pd.read_parquet(site[1]/'outcomes.parquet').query('split=="test"')
    columns = {f'{side}_{what}' for side in ('small', 'large') for what in ('tests', 'passed', 'tokens')}
    assert set(explorer['pairs'])==set(pd.read_parquet(site[1]/'curves.parquet').pair)
    for pair in explorer['pairs'].values():
        assert set(pair)=={'small', 'large', 'ids'} | columns
        for side in ('small', 'large'):
            rows = outcomes[outcomes.model==pair[side]].set_index('task_id').loc[pair['ids']]
            for what in ('tests', 'passed', 'tokens'): assert pair[f'{side}_{what}']==rows[f'n_{what}'].tolist()


def test_explorer_answers_are_those_of_the_sequential_test(site, looks):
    "After all tasks, in whichever order they came, for the small model alone; and at each look for one order."
    outcomes = pd.read_parquet(site[1]/'outcomes.parquet')
    alone = [look for look in looks['looks'] if look['policy'].endswith('alone')]
    assert len({look['pair'] for look in alone})>=1 and {look['order'] for look in alone}=={0, 1}
    for look in alone:
        paired = pair_tasks(outcomes, Pair(*look['policy'].split(' ')[:1], look['pair'].split('-', 1)[1]))
        gained = (paired.small_passed/paired.small_tests-paired.large_passed/paired.large_tests).to_numpy()
        n, margin = len(gained), look['margin']
        low, high = gap_interval(gained, errors=(.025, .9*.025))
        assert look['tasks'][-1]==n and look['gap'][-1]==pytest.approx(gained.mean(), abs=1e-5)
        assert (look['low'][-1], look['high'][-1])==pytest.approx((low, high), abs=1e-5)
        for side,above in (('for', True), ('against', False)):
            wealth = log_wealth(gained, -margin, above=above)[-1]/np.log(10)
            assert look[f'log_{side}'][-1]==pytest.approx(wealth, abs=1e-3)
            reached = max(look[f'log_{side}'])>=look[f'needed_{side}']
            assert not reached or look['word'][-1]==dict(zip((True, False), ('ROUTE', "DON'T")))[above]
        assert all((word=='NEED')==(more>0) for word,more in zip(look['word'], look['more']))


def test_explorer_has_the_frontier_of_the_run(site, looks):
    page = (site[0]/'explorer.html').read_text(encoding='utf-8')
    if not is_current(site[1], '16_pareto'):
        assert looks['frontier'] is None and 'The frontier comes from stage 16' in page
        return
    table, shown = pd.read_csv(site[1]/'tables'/'frontier.csv'), pd.DataFrame(looks['frontier'])
    assert shown.policy.tolist()==table.policy.tolist() and shown.front.tolist()==table.front.tolist()
    for name in ('cost', 'total_pass_rate', 'low', 'high'): assert np.allclose(shown[name], table[name], atol=.006)


def rows_below(page, heading):
    "Rows of the first table with this column."
    return next(rows for rows in tables(page) if heading in rows[0])


def signed(text): return [float(found.replace('−', '-')) for found in re.findall(r'[+−]?[\d]+\.\d', text)]


def test_recounted_claims_are_those_of_the_file(site):
    "A row a claim, with its link, its difference, its interval and its answer."
    page = (site[0]/'recounted.html').read_text(encoding='utf-8')
    claims = recount_claims(read_field_claims(NBS/'assets'/'field_claims.csv'))
    head, *rows = rows_below(page, 'same tasks, at best')
    assert len(rows)==len(claims)
    for cells_,claim in zip(rows, claims.itertuples()):
        row = dict(zip(head, cells_))
        assert (row['who'], row['answer'], row['n'])==(claim.who, claim.answer, f'{claim.n:,}')
        numbers_ = [100*getattr(claim, name) for name in ('difference', 'low', 'high')]
        assert signed(row['difference'])==pytest.approx(numbers_, abs=.051)
        assert f'href="{claim.link}"' in page


def test_every_router_has_a_page(site):
    "What it is, when it wins, its gains, its cost and how to train it; each number on it is one of a table."
    beyond = {'budgeted_cascade', 'verified_cascade'} if is_current(site[1], '15_cascade') else set()
    named = {name.replace('-', '_') for name in ESTIMATORS if name not in ('oracle', 'random')} | beyond
    assert router_pages(site)=={f'router_{name}' for name in named}
    compared = (site[0]/'router_cards.html').read_text(encoding='utf-8')
    for name in router_pages(site):
        page = (site[0]/f'{name}.html').read_text(encoding='utf-8').split('<article', 1)[1]
        assert f'href="{name}.html"' in compared and 'href="router_cards.html"' in page
        for part in ('What it is.', 'When it wins.', 'What it costs', 'How to '): assert part in page, (name, part)
        gains = rows_below(page, 'data')[1:] if '>data<' in page else []
        assert all(len(signed(gain))==3 for *_,gain in gains), name
        assert page.count('class="cited"')>=3*len(gains)
    shipped = pd.read_parquet(package_file('shipped/datasets.parquet')).router.eq('ridge').sum()
    ridge = rows_below((site[0]/'router_ridge.html').read_text(encoding='utf-8'), 'data')[1:]
    assert shipped>3 and len(ridge)>=shipped


def test_pages_that_a_notebook_makes():
    "Outputs that begin with a title become pages, with what follows each; the cell keeps none of them."
    shown_ = lambda text: nbformat.v4.new_output('display_data', {'text/markdown': text})
    outputs_ = [shown_('# ridge-x\n> Of a.\n\nIt is.'), nbformat.v4.new_output('display_data', {'image/png': 'AAAA'}),
                shown_('# knn\n> Of b.\n\nIt was.')]
    cell = nbformat.v4.new_code_cell('#| pages: router\nshow()', outputs=outputs_)
    made = split.split_pages(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell('# All'), cell]))
    assert list(made)==['router_ridge_x', 'router_knn'] and not cell.outputs
    title, text, picture = made['router_ridge_x'].cells
    assert (title.source, text.source)==('# ridge-x\n> Of a.', 'It is.') and picture.outputs==outputs_[1:2]
    contents = [dict(text='Home', href='a.ipynb'), dict(section='S', contents=['all.ipynb', 'b.ipynb'])]
    listed = list(split.with_pages(contents, dict(all=list(made))))
    assert listed[1]['contents']==['all.ipynb', 'router_ridge_x.ipynb', 'router_knn.ipynb', 'b.ipynb']
    cell.outputs = [outputs_[0], outputs_[0]]
    with pytest.raises(ValueError, match='router_ridge_x: two pages of cell'): split.split_cell(cell, 'router')


def test_a_claim_without_n_stops_the_build(tmp_path, capfd):
    "The page, the cell and what to do."
    (tmp_path/'claims.csv').write_text(','.join(CLAIM_COLUMNS)+'\na,b,c,same,,.5,.5,,yes,,,its page,https://a.org,\n')
    path = notebook_file(tmp_path/'recounted.ipynb', 'x = 1', 'from llmr.field_claims import read_field_claims',
                         'read_field_claims("claims.csv")')
    with pytest.raises(ChildProcessError, match='recounted.ipynb'):
        execute.cached_copy(path, 'mark', tmp_path/'cache', tmp_path, {})
    said = capfd.readouterr().err
    assert 'recounted.ipynb' in said and re.search(r'[Cc]ell #?\d', said), said
    assert 'claim 1 (a), column n: no number of tasks' in said and 'Look up how many tasks' in said


def test_reference_pages_say_what_the_code_says(site):
    commands, schemas = ((site[0]/f'{name}.html').read_text(encoding='utf-8') for name in ('commands', 'tables'))
    options = re.findall(r'--[\w-]+', parser().format_help())
    assert options and not [option for option in options if option not in commands]
    for name,table in SCHEMAS.items():
        assert f'id="{name}"' in schemas
        assert not [column for column in table.columns if f'<code>{column}</code>' not in schemas]


def test_a_page_says_that_it_was_not_executed(site):
    stages = {path.stem for path in NBS.glob('[0-9]*.ipynb')}-set(execute.STAGES)
    assert stages>=set(execute.BEYOND)
    for stem in stages:
        text = (site[0]/f'{page_name(stem)}.html').read_text(encoding='utf-8')
        assert ('Not executed' in text)==(site[2]=='quick'), stem
