"One page for whoever decides: what is on it, what it needs, and that nothing outside it is fetched."
import base64
import json
import re
from html.parser import HTMLParser
from shutil import copy, copytree

import numpy as np
import pandas as pd
import pytest
from conftest import NBS, llmr

from llmr.cli import main
from llmr.core import InputError, file_hash, package_file
from llmr.runs import Pair
from llmr.evaluation import paired_outcomes
from llmr.problem import route
from llmr.report import (
    check_report_prices, chosen_routers, cost_rows, figure_html, moved_tasks, name_prices, next_steps,
    plot_answer, random_band, report_page, router_scores, table_html)
from llmr.pipeline import finished_run, stage_parameters, write_report
from llmr.verdict import MAX_TASKS, Verdict, operating_points


class Page(HTMLParser):
    "Headings, images, tables and references of a page."
    def __init__(self, text):
        super().__init__()
        self.headings, self.images, self.references, self.tags, self.words, self.at = [], [], [], [], [], []
        self.feed(text)
    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag in ('h1', 'h2', 'h3'): self.at.append(tag)
        if tag=='img': self.images.append(attributes)
        self.references += [attributes[name] for name in ('src', 'href', 'action', 'data') if name in attributes]
    def handle_data(self, text):
        if self.at: self.headings.append((self.at.pop(), text.strip()))
        self.words.append(text)


@pytest.fixture(scope='module')
def page(toy_run, tmp_path_factory):
    path = tmp_path_factory.mktemp('report')/'page.html'
    done = llmr('report', copytree(toy_run[0], path.with_name('run')), '--out', path)
    out, err = done.communicate(timeout=200)
    assert done.returncode==0, err
    assert out.strip()==str(path)
    return path.read_text(encoding='utf-8')


def test_what_stands_on_the_page(page):
    found = Page(page)
    assert [text for tag,text in found.headings if tag=='h2']==['The answer', 'What is given up, and what is gained', 'What it costs', "Without a router: run the small model's program first", 'The tasks that move',
                                                                 'Would another grader say the same?', 'What to do next', 'How this was measured']
    assert [text for tag,text in found.headings if tag=='h3']==['small or large?']
    words = ' '.join(found.words)
    assert len(re.findall(r"\b(ROUTE at cost advantage|NEED [\d,]+ MORE TASKS|NEED OVER|DON'T)", words))>=1
    assert 'llmr reproduce --profile toy --beyond' in words and 'no prices' in words


def test_nothing_outside_the_page_is_fetched(page):
    found = Page(page)
    assert found.references and all(reference.startswith('data:image/svg+xml;base64,') for reference in found.references)
    assert 'script' not in found.tags and 'link' not in found.tags and 'iframe' not in found.tags
    assert not re.search(r'url\(|@import|https?://', re.sub(r'base64,[^"]*', '', page))
    for image in found.images:
        drawn = base64.b64decode(image['src'].split(',')[1]).decode()
        assert len(image['alt'])>40 and drawn.count('<svg')==1 and not re.search(r'(href|src)="http', drawn)
    assert len(found.images)==1


def test_no_code_is_on_the_page(page):
    assert 'run.read(' not in page and 'def picture' not in page and 'Traceback' not in page


def test_a_page_fits_a_phone(page):
    assert 'name="viewport"' in page and 'max-width:100%' in page and page.count('<table')==page.count('class="scroll"')


def test_a_run_must_be_finished(tmp_path, toy_copy):
    with pytest.raises(InputError, match='run.json: not there'): finished_run(tmp_path)
    with pytest.raises(InputError, match='no parameter'): write_report(toy_copy, parameters=dict(margins=.1))
    (tmp_path/'file').touch()
    with pytest.raises(InputError, match='cannot be written'): write_report(toy_copy, tmp_path/'file'/'page.html')
    record = json.loads((toy_copy/'run.json').read_text())
    del record['stages']['06_evaluation']
    (toy_copy/'run.json').write_text(json.dumps(record))
    with pytest.raises(InputError, match='stage 06_evaluation has not been run'): finished_run(toy_copy)


@pytest.mark.parametrize('arguments,message', [(('--price', 'small=-1', '--price', 'large=1'), 'price of small'), (('--price', 'small=1'), 'no price for large'), (('--price', 'D=1'), 'no such model'), (('--margin', '2'), 'margin')])
def test_bad_arguments_exit_with_2(toy_copy, tmp_path, capsys, arguments, message):
    assert main(['report', str(toy_copy), '--out', str(tmp_path/'page.html'), *arguments])==2
    assert message in capsys.readouterr().err
    assert not (tmp_path/'page.html').exists()


def test_prices_from_names_and_checks():
    assert name_prices(('1B', '8b', '0.5B'))=={'1B': 1., '8b': 8., '0.5B': .5}
    assert name_prices(('1B', 'GPT'))=={} and name_prices(('B', '1B'))=={}
    check_report_prices({}, ('A', 'B'))
    with pytest.raises(InputError, match='a number from 0'): check_report_prices(dict(A=float('nan'), B=1), ('A', 'B'))


@pytest.fixture(scope='module')
def small_case():
    "Four test tasks and two validation tasks of two models, and scores."
    rows = [(1, 'test', 3, 3, 10, 20), (2, 'test', 0, 3, 10, 20), (3, 'test', 2, 1, 10, 40), (4, 'test', 0, 0, 30, 20), (5, 'validation', 3, 0, 1, 1), (6, 'validation', 0, 3, 1, 1)]
    outcomes = pd.DataFrame([dict(task_id=task, split=split, model=model, sample=0, n_tests=3, n_passed=passed, n_tokens=tokens)
                             for task,split,s,l,ts,tl in rows for model,passed,tokens in (('S', s, ts), ('L', l, tl))])
    scores = pd.DataFrame([dict(task_id=task, split=split, pair='S-L', quality='standard', router=router, score=score if router=='good' else 1-score)
                           for router in ('bad', 'good') for (task, split, *_),score in zip(rows, (.9, .1, .8, .3, .7, .2))])
    return outcomes, scores, Pair('S', 'L')


def test_the_router_is_chosen_on_validation(small_case):
    outcomes, scores, pair = small_case
    chosen = chosen_routers(scores, outcomes, [pair])
    assert chosen.router.tolist()==['good']
    worse = outcomes.assign(n_passed=np.where(outcomes.split=='test', 3-outcomes.n_passed, outcomes.n_passed))
    assert chosen_routers(scores, worse, [pair]).router.tolist()==['good'], 'test outcomes play no part'
    assert set(router_scores(scores, chosen.iloc[0]).router)=={'good'}


def test_costs_by_hand(small_case):
    outcomes, scores, pair = small_case
    mine = scores[scores.router=='good']
    ways = operating_points(outcomes, pair, mine, targets=(.5,))
    rows = cost_rows(outcomes, mine, ways, pair, dict(S=1., L=10.)).set_index('system')
    small = route(np.array([.9, .1, .8, .3]), ways.tau[0])
    assert small.tolist()==[True, False, True, False]
    assert rows.cost['all L']==pytest.approx((20+20+40+20)*10/4/1000) and rows.cost['all S']==pytest.approx(60/4/1000)
    assert rows.cost['router 50%']==pytest.approx((10+200+10+200)/4/1000) and rows.ratio['router 50%']==pytest.approx(420/1000)
    assert rows.large_calls.tolist()==[1000, 500, 0] and rows.total_pass_rate['router 50%']==pytest.approx((3+3+2+0)/12)
    assert cost_rows(outcomes, mine, ways, pair, {}).cost.isna().all() and cost_rows(outcomes, mine, ways, pair, dict(S=1., L=0.)).ratio.isna().all()


def test_moved_tasks_by_hand(small_case):
    outcomes, scores, pair = small_case
    moved = moved_tasks(outcomes, scores[scores.router=='good'], pair, .3, pd.DataFrame(dict(task_id=[1, 3], text=['one', None])))
    assert moved.task_id.tolist()==[1, 3, 4] and moved.result.tolist()==['same', 'better', 'same'] and moved.text.tolist()==['one', '', '']


def test_next_steps_follow_the_verdict():
    ways, pair = pd.DataFrame(dict(cost_advantage=[.4, 1.], tau=[.7, np.nan], over_low=[-.01, 0.])), Pair('S', 'L')
    assert 'threshold 0.7: 40% of tasks go to S' in next_steps(Verdict('ROUTE', .4, 0), ways, pair, [])[0]
    assert 'not told from it' in next_steps(Verdict('ROUTE', .4, 0), ways, pair, [])[1]
    assert next_steps(Verdict('ROUTE', 1., 1), ways, pair, [])[0]=='Send all tasks to S.'
    assert 'measure 1,234 more' in next_steps(Verdict('NEED', more=1234), ways, pair, [])[0] and 'do not measure more' in next_steps(Verdict('NEED', more=MAX_TASKS), ways, pair, [])[0]
    assert next_steps(Verdict("DON'T"), ways, pair, ['more'])[-1]=='more'


def test_text_is_escaped():
    assert '<b>' not in table_html(pd.DataFrame({'a<b>': ['<b>x']}), '<b>') and '&lt;b&gt;' in table_html(pd.DataFrame({'a': ['x']}), '<b>')
    paired = pd.DataFrame(dict(small_tests=[3, 3], small_passed=[1, 2], large_tests=[3, 3], large_passed=[2, 2]))
    ways = pd.DataFrame(dict(target=[.5], cost_advantage=[.5], performance_gap=[0.], low=[-.1], high=[.1]))
    curve = pd.DataFrame(dict(cost_advantage=[0, 1.], performance_gap=[0, 0.], low=[0, 0.], high=[0, 0.]))
    assert 'alt="&lt;b&gt;&quot;"' in figure_html(plot_answer(curve, random_band(paired), ways, Pair('S', 'L'), (0, 0, 0)), '<b>"')


def test_a_model_may_have_a_hyphen_in_its_name(small_case):
    outcomes, scores, _ = small_case
    pair, mine = Pair('Llama-3.2-1B', 'Llama-3.1-8B'), scores[scores.router=='good']
    named = outcomes.assign(model=outcomes.model.map(dict(S=pair.small, L=pair.large)))
    curve = pd.DataFrame(dict(cost_advantage=[0, 1.], performance_gap=[0, 0.], low=[0, 0.], high=[0, 0.]))
    ax = plot_answer(curve, random_band(paired_outcomes(named, pair)), operating_points(named, pair, mine), pair, (0, 0, 0)).axes[0]
    assert ax.get_xlabel()=='tasks sent to Llama-3.2-1B (%)' and ax.get_title().endswith('against Llama-3.1-8B alone')


def test_only_an_executed_notebook_becomes_a_page():
    with pytest.raises(InputError, match='not been executed'): report_page(json.loads((NBS/'17_report.ipynb').read_text()), 'x')


def test_the_report_takes_what_the_command_gives():
    assert {'profile', 'run_dir', 'pairs', 'seed', 'margin', 'least', 'prices'}==set(stage_parameters('17_report'))


def test_random_band_is_the_closed_form(shipped, pairs):
    band = random_band(paired_outcomes(shipped('outcomes'), pairs[1]))
    assert band['mean'].iloc[0]==0 and band.sd.iloc[[0, -1]].eq(0).all() and 100*band['mean'].iloc[-1]==pytest.approx(8.4, abs=.1)


def test_the_router_that_stage_09_chose_is_the_one_shown(toy_copy):
    copy(package_file('toy/tables/selected.parquet'), toy_copy)
    record = json.loads((toy_copy/'run.json').read_text())
    record['stages']['09_selection'] = dict(reads={'outcomes.parquet': file_hash(toy_copy/'outcomes.parquet')}, writes={'selected.parquet': file_hash(toy_copy/'selected.parquet')})
    (toy_copy/'run.json').write_text(json.dumps(record))
    text = write_report(toy_copy).read_text(encoding='utf-8')
    selected = pd.read_parquet(toy_copy/'selected.parquet')
    assert 'by stage 09' in text and text.count(f'router standard {selected.router[0]}</caption>')==selected.pair.nunique()
    record['stages']['09_selection']['reads']['outcomes.parquet'] = 'of a run before this one'
    (toy_copy/'run.json').write_text(json.dumps(record))
    assert 'among those of stage 05' in write_report(toy_copy).read_text(encoding='utf-8'), 'its scores are of other outcomes'
