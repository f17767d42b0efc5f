"The site: conversion of notebooks, what a built site must hold, and that its numbers are those of the run."
import json
import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from conftest import ROOT

from llmr.labels import PAPER_LABEL

sys.path.insert(0, str(ROOT/'tools'/'site'))
import build  # noqa: E402
import check  # noqa: E402
import execute  # noqa: E402
import pages  # noqa: E402

BASE = build.BASE
NUMBER = r'[+-]?\d+(?:\.\d+)?'


def test_mathematics_and_money():
    made = pages.to_markdown('Where $y(t)$ is, and `$x$` is code.\n\n```\n$z$\n```\n\n$$a=b$$', BASE)
    assert made.count('<math')==2 and '`$x$`' in made and '\n$z$\n' in made and 'display="block"' in made
    assert pages.to_markdown('It costs $5 and then $7.', BASE)=='It costs $5 and then $7.'


def test_links_stay_on_the_site():
    assert pages.to_markdown(f'[`route`]({BASE}/problem.html#route)', BASE)=='[`route`](problem.md#route)'
    assert pages.to_markdown('[labels](04_labels.ipynb)', BASE)=='[labels](labels.md)'
    assert pages.to_markdown('[own](own_models.ipynb#a-b)', BASE)=='[own](own_models.md#a-b)'
    assert pages.to_markdown('[other](https://example.org/a.html)', BASE)=='[other](https://example.org/a.html)'
    assert pages.to_markdown(f'```python\nf( # [`g`]({BASE}/problem.html#g)\n```', BASE)=='```python\nf( # g\n```'


def test_callouts():
    assert pages.to_markdown('::: {.callout-note}\nRead.\n:::\n', BASE)=='!!! note\n\n    Read.\n\n'


def test_a_page_of_an_executed_notebook(toy_run, tmp_path):
    notebook = nbformat.read(toy_run[0]/'nbs'/'06_evaluation.ipynb', as_version=4)
    _, text = pages.page(notebook, BASE, tmp_path, toy_run[0]/'figures', pages.opening(notebook))
    assert '| In | `outcomes`, `scores` |' in text and '<div class="table" tabindex="0"><div><table' in text.replace(' border="1" class="dataframe"', '')
    drawn = {path.name for path in tmp_path.iterdir()}
    stage, lessons = {'figure3_deferral', 'figure4_thresholds', 'gains'}, {name for name in drawn if name.startswith('page-')}
    assert drawn-lessons=={f'{name}.svg' for name in stage} and len(lessons)==3
    assert text.count('<figure')==len(drawn) and text.count('<figcaption')>=3 and not re.search(r'alt=""|#\|', text)
    assert (tmp_path/'gains.svg').read_bytes()==(toy_run[0]/'figures'/'gains.svg').read_bytes()


def test_a_figure_has_words(tmp_path):
    (tmp_path/'a.svg').write_text('<svg width="72pt" height="36pt"></svg>')
    made = pages.figure(tmp_path/'a.svg', '#| fig-alt: Up "and" down.\n#| fig-cap: **A.** See `tau`.\nf()', 'above')
    assert 'alt="Up &quot;and&quot; down." width="96" height="48"' in made and '**A.** See `tau`.</figcaption>' in made
    assert 'alt="Of a and b."' in pages.figure(tmp_path/'a.svg', 'f()', 'Of *a* and [b](c.ipynb).')
    with pytest.raises(ValueError, match='a figure without words'): pages.figure(tmp_path/'a.svg', 'f()', '')


def test_navigation_is_that_of_the_settings():
    contents = [dict(text='Home', href='index.ipynb'), dict(section='S', contents=['01_a.ipynb'])]
    assert list(build.navigation(contents, {'index.ipynb': ('Home', 'index.md'), '01_a.ipynb': ('A', 'a.md')}))==[{'Home': 'index.md'}, {'S': [{'A': 'a.md'}]}]


@pytest.mark.parametrize('body,fault', [
    ('<a href="b.html">b</a><a href="#here">h</a><img src="p.svg" alt="A p.">', None),
    ('<a href="c.html">c</a>', 'link to c.html: not there'),
    ('<a href="b.html#nowhere">b</a>', 'link to b.html#nowhere: no such anchor'),
    ('<img src="q.svg" alt="A q.">', 'loads q.svg: missing or empty'),
    ('<img src="empty.svg" alt="An e.">', 'loads empty.svg: missing or empty'),
    ('<img src="p.svg" alt="">', 'picture p.svg has no alternative text'),
    ('<script src="https://example.org/a.js"></script>', 'loads https://example.org/a.js from the network'),
    ('<a href="https://example.org">e</a>', None),
    ('<p>see [ b ](b.html)</p>', 'shows Markdown as text'),
    ('<pre>f = [x](b)</pre>', None),
    ('x'*1_500_000, 'weighs 1,5')])
def test_what_the_check_refuses(tmp_path, body, fault):
    (tmp_path/'a.html').write_text(f'<html><body id="here">{body}</body></html>')
    (tmp_path/'b.html').write_text('<h1 id="there">b</h1>')
    (tmp_path/'p.svg').write_text('<svg/>')
    (tmp_path/'empty.svg').touch()
    faults, _ = check.check_site(tmp_path)
    assert [fault in found for found in faults]==[True] if fault else not faults
    done = subprocess.run([sys.executable, ROOT/'tools'/'site'/'check.py', tmp_path], capture_output=True, text=True)
    assert done.returncode==bool(fault)


def test_order_and_way_of_execution(toy_run):
    "Pages come last, since they read what stages wrote; what needs text is of toy size where there is none."
    order = [path.stem for path in execute.in_order()]
    assert order[:len(execute.STAGES)]==list(execute.STAGES) and set(execute.BEYOND)<=set(order)
    assert max(map(order.index, execute.BEYOND))<min(order.index(name) for name in ('index', 'tables', 'explorer'))
    run = execute.finished_run(toy_run[0])
    ways = {name: execute.way(ROOT/'nbs'/f'{name}.ipynb', run, False) for name in ('04_labels', '09_selection', 'explorer', 'glossary')}
    assert ways=={'04_labels': 'run', '09_selection': 'none', 'explorer': 'run', 'glossary': 'alone'}
    assert execute.way(ROOT/'nbs'/'10_transfer.ipynb', run, True)=='run'


def test_a_run_is_needed(tmp_path):
    done = subprocess.run([sys.executable, ROOT/'tools'/'site'/'build.py', '--run', tmp_path, '--out', tmp_path/'site'], capture_output=True, text=True)
    assert done.returncode==1 and 'run.json: not there' in done.stderr and not (tmp_path/'site').exists()


def test_vendored_scripts_are_whole():
    "As the npm registry gives them (d3 7.9.0, @observablehq/plot 0.6.17, iframe-worker 1.0.4), each with its licence."
    import hashlib
    folder = ROOT/'nbs'/'assets'/'vendor'
    known = json.loads((folder/'sha256.json').read_text())
    assert {path.name for path in folder.glob('*.js')}==set(known)
    for name,digest in known.items(): assert hashlib.sha256((folder/name).read_bytes()).hexdigest()==digest and f'== {name}:' in (folder/'LICENSES.txt').read_text()


def test_every_page_is_built_and_sound(site):
    folder = site[0]
    faults, weights = check.check_site(folder)
    assert not faults and max(weights.values())<check.HEAVIEST
    expected = {f'{pages.slug(path.stem)}.html' for path in (ROOT/'nbs').glob('*.ipynb')}
    assert expected-set(weights)==set()


def cells(row): return [re.sub(r'<[^>]+>', '', cell).strip() for cell in re.findall(r'<t[dh][^>]*>(.*?)</t[dh]>', row, re.S)]


def tables(text): return [[cells(row) for row in re.findall(r'<tr>(.*?)</tr>', table, re.S)] for table in re.findall(r'<table>(.*?)</table>', text, re.S)]


def home(site): return (site[0]/'index.html').read_text(encoding='utf-8').split('<article', 1)[1].split('</article>', 1)[0]


def numbers(text): return [float(found) for found in re.findall(NUMBER, text)]


def test_home_published_against_corrected(site):
    "Each row of the table is a row of the run's claims, all of its numbers at once."
    claims = pd.read_parquet(site[1]/'claims.parquet')
    table = next(rows for rows in tables(home(site)) if rows[0][0]=='claim')
    assert len(table)>=16
    shown = {(row.subject.split(',')[0].removesuffix(' test'), round(row.corrected, 1), round(row.low, 1), round(row.high, 1), row.verdict): row for row in claims.itertuples() if row.low==row.low}
    for _,pair,published,corrected,verdict in table[1:]:
        row = shown[pair, *numbers(corrected), verdict]
        if published: assert float(published) in (round(row.published, 1), round(row.reproduced, 1))


def test_home_gains(site):
    gains = pd.read_parquet(site[1]/'gains.parquet').set_index(['quality', 'pair', 'router'])
    table = next(rows for rows in tables(home(site)) if rows[0][0]=='quality')
    assert [row[0] for row in table[1:]]==list(PAPER_LABEL)
    for quality,*shown in table[1:]:
        for pair,text in zip(table[0][1:], shown):
            row = gains.loc[(quality, pair, f'head-{PAPER_LABEL[quality]}')]
            assert numbers(text)==[round(row.gain, 1), round(row.low, 1), round(row.high, 1)]


def test_home_numbers_in_prose(site):
    "Every number that stands in the text outside of tables and code is a number of a table, or of the paper's setting."
    claims, outcomes = pd.read_parquet(site[1]/'claims.parquet'), pd.read_parquet(site[1]/'outcomes.parquet')
    text = re.sub(r'<table>.*?</table>|<pre.*?</pre>|<code.*?</code>|<span class="caption.*?</span>', ' ', home(site), flags=re.S)
    text = re.sub(r'<[^>]+>', ' ', text).replace(',', '')
    headline = claims[claims.claim.str.startswith('random routing beside') & (claims.subject=='8B-70B')].iloc[0]
    printed, drawn = claims[claims.source=='Table 1'], claims[claims.source=='Figure 4']
    left = drawn[drawn.subject=='8B-70B brevity, target 80%'].iloc[0]
    means = printed[printed.claim.str.startswith('total')]
    own = pd.read_parquet(site[1]/'baseline.parquet').query('definition=="table1"')
    ours = {f'{r.pair} at {100*r.cost_advantage:.0f}%': 100*r.total_pass_rate for r in own.itertuples()}
    worst = max(abs(ours[r.subject]-r.published) for r in means.itertuples())
    from llmr.audit import FIGURE4
    known = {len(outcomes), left.published, FIGURE4['brevity', '8B-70B'][-1][1], round(headline.corrected, 1), *(round(left[name], 1) for name in ('corrected', 'low', 'high')),
             len(printed), printed.verdict.eq('reproduced').sum(), round(worst, 2), len(claims), len(drawn), *drawn.verdict.value_counts().tolist()}
    setting = {0, 1, 3, 4, 3.11, 40, 95}  # Table 1, Llama 3, Figure 4, Equation 1, Python, the target of the ten lines, intervals
    strange = [number for number in numbers(re.sub(r'[\w-]*[A-Za-z][\w-]*', ' ', text)) if number not in known and abs(number) not in setting]
    assert not strange
    for number in known: assert number in numbers(text), number


def test_explorer_numbers_are_the_tables(site):
    "What the page carries: every row of `curves` and `thresholds`, every test score; and no text of a task."
    held = json.loads(re.search(r'<script id="explorer-numbers" type="application/json">(.*?)</script>', (site[0]/'explorer.html').read_text(), re.S)[1])
    curves, thresholds, scores, outcomes = (pd.read_parquet(site[1]/f'{name}.parquet') for name in ('curves', 'thresholds', 'scores', 'outcomes'))
    assert len(held['routers'])==len(curves[curves.router!='oracle'].groupby(['pair', 'quality', 'router']))
    for router in held['routers']:
        mine = lambda table: table[(table.pair==router['pair']) & (table['quality']==router['quality']) & (table.router==router['router'])]
        for column,values in router['curve'].items(): assert values==pytest.approx(mine(curves)[column].tolist(), rel=1e-8, abs=1e-12)
        assert router['thresholds']['tau']==mine(thresholds).tau.tolist()
        assert sorted(router['scores'])==pytest.approx(sorted(mine(scores[scores.split=='test']).score), rel=1e-8)
    for pair in held['pairs'].values():
        for side in ('small', 'large'):
            theirs = outcomes[(outcomes.split=='test') & (outcomes.model==pair[side])].set_index('task_id').loc[pair['ids']]
            assert pair[f'{side}_passed']==theirs.n_passed.tolist() and pair[f'{side}_tokens']==theirs.n_tokens.tolist()
        assert set(pair)=={'small', 'large', 'ids', 'small_tests', 'small_passed', 'large_tests', 'large_passed', 'small_tokens', 'large_tokens'}


def test_reference_pages_say_what_the_code_says(site):
    from llmr.cli import parser
    from llmr.core import SCHEMAS
    commands, schemas = ((site[0]/f'{name}.html').read_text() for name in ('commands', 'tables'))
    for line in parser().format_help().splitlines():
        for word in re.findall(r'--\w+', line): assert word in commands
    for name,table in SCHEMAS.items():
        assert f'id="{name}"' in schemas
        for column in table.columns: assert f'<code>{column}</code>' in schemas


def test_a_stage_beyond_the_paper_says_that_it_was_not_executed(site):
    stages = [path for path in (ROOT/'nbs').glob('[0-9]*.ipynb') if execute.takes_a_run(path) and path.stem not in execute.STAGES]
    assert stages
    for path in stages: assert ('Not executed' in (site[0]/f'{pages.slug(path.stem)}.html').read_text())==(site[2]=='paper')
