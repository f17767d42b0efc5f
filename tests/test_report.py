"One page for whoever decides: what is on it, what it needs, and that nothing outside it is fetched."
import base64
import json
import re
from contextlib import redirect_stdout
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from shutil import copy, copytree

import numpy as np
import pandas as pd
import pytest

from llmr.cli import main
from llmr.core import InputError, file_hash, package_file
from llmr.runs import Pair, is_current
from llmr.evaluation import paired_outcomes
from llmr.problem import route
from llmr.grading import GRADERS
from llmr.page import figure_html, table_html
from llmr.planning import MAX_TASKS
from llmr.report import (
    REPORTED_GRADERS, cascade_offer, chosen_routers, cost_rows, cost_table, grader_doubts, moved_html, moved_tasks,
    name_prices, next_steps, pair_answers, plot_answer, random_band, reported_grades, router_scores, steps_text)
from llmr.pipeline import finished_run, stage_parameters, write_report
from llmr.verdict import Verdict, operating_points
TEXTS = pd.DataFrame(dict(task_id=[1, 3], text=['one', None], benchmark='x'))


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
    run = copytree(toy_run[0], path.with_name('run'))
    with redirect_stdout(StringIO()) as out: assert main(['report', str(run), '--out', str(path)])==0
    assert out.getvalue().strip()==str(path)
    return path.read_text(encoding='utf-8')


def test_what_is_on_the_page(page):
    shown = Page(page)
    assert [text for tag,text in shown.headings if tag=='h2']==[
        'The answer', 'What is given up, and what is gained', 'What it costs',
        "Without a router: run the small model's program first", 'The tasks that move',
        'Would another grader say the same?', 'What to do next', 'How this was measured']
    assert [text for tag,text in shown.headings if tag=='h3']==['small or large?']
    words = ' '.join(shown.words)
    answers = r"\b(ROUTE at cost advantage|NEED [\d,]+(?: TO [\d,]+)? MORE TASKS|NEED OVER|DON'T)"
    assert len(re.findall(answers, words))>=1
    assert 'llmr reproduce --profile toy --beyond' in words and 'no prices' in words


def test_nothing_outside_the_page_is_fetched(page):
    shown = Page(page)
    assert shown.references
    assert all(reference.startswith('data:image/svg+xml;base64,') for reference in shown.references)
    assert 'link' not in shown.tags and 'iframe' not in shown.tags and shown.tags.count('script')<=1 # the search
    assert not re.search(r'url\(|@import|https?://', re.sub(r'base64,[^"]*', '', page))
    for image in shown.images:
        drawn = base64.b64decode(image['src'].split(',')[1]).decode()
        assert len(image['alt'])>40 and drawn.count('<svg')==1 and not re.search(r'(href|src)="http', drawn)
    assert len(shown.images)==1


def test_no_code_is_on_the_page(page):
    assert 'run.read(' not in page and 'pair_answers(' not in page and 'Traceback' not in page


def test_a_page_fits_a_phone(page):
    assert 'name="viewport"' in page and 'max-width:100%' in page and page.count('<table')==page.count('class="scroll')


def test_a_run_must_be_finished(tmp_path, toy_copy):
    with pytest.raises(InputError, match='run.json: not there'): finished_run(tmp_path)
    with pytest.raises(InputError, match="unknown parameter 'margins' of the report; choose from margin, min_share"):
        write_report(toy_copy, parameters=dict(margins=.1))
    (tmp_path/'file').touch()
    with pytest.raises(InputError, match='cannot be written'): write_report(toy_copy, tmp_path/'file'/'page.html')
    record = json.loads((toy_copy/'run.json').read_text())
    del record['stages']['06_evaluation']
    (toy_copy/'run.json').write_text(json.dumps(record))
    with pytest.raises(InputError, match='stage 06_evaluation has not been run'): finished_run(toy_copy)


@pytest.mark.parametrize('arguments,message', [
    (('--price', 'small=-1', '--price', 'large=1'), "price of 'small' is -1.0: must be a number from 0"),
    (('--price', 'small=1'), "model 'large' has no price"),
    (('--price', 'small=nan', '--price', 'large=1'), "price of 'small' is nan"),
    (('--price', 'D=1'), "price of unknown model 'D'; choose from small, large"), (('--margin', '2'), 'margin')])
def test_bad_arguments_exit_with_2(toy_copy, tmp_path, capsys, arguments, message):
    assert main(['report', str(toy_copy), '--out', str(tmp_path/'page.html'), *arguments])==2
    assert message in capsys.readouterr().err
    assert not (tmp_path/'page.html').exists()


def test_prices_from_names():
    assert name_prices(('1B', '8b', '0.5B'))=={'1B': 1., '8b': 8., '0.5B': .5}
    assert name_prices(('1B', 'GPT'))=={} and name_prices(('B', '1B'))=={}


@pytest.fixture(scope='module')
def small_case():
    "Four test tasks and two validation tasks of two models, and scores."
    tasks = dict(task_id=range(1, 7), split=['test']*4+['validation']*2)
    small = pd.DataFrame(dict(**tasks, model='S', n_passed=[3, 0, 2, 0, 3, 0], n_tokens=[10, 10, 10, 30, 1, 1]))
    large = pd.DataFrame(dict(**tasks, model='L', n_passed=[3, 3, 1, 0, 0, 3], n_tokens=[20, 20, 40, 20, 1, 1]))
    outcomes = pd.concat([small, large], ignore_index=True).assign(sample=0, n_tests=3)
    good = pd.DataFrame(dict(**tasks, pair='S-L', quality='standard', router='good', score=[.9, .1, .8, .3, .7, .2]))
    bad = good.assign(router='bad', score=1-good.score)
    return outcomes, pd.concat([bad, good], ignore_index=True), Pair('S', 'L')


def test_the_router_is_chosen_on_validation(small_case):
    outcomes, scores, pair = small_case
    chosen = chosen_routers(scores, outcomes, [pair])
    assert chosen.router.tolist()==['good']
    worse = outcomes.assign(n_passed=np.where(outcomes.split=='test', 3-outcomes.n_passed, outcomes.n_passed))
    assert chosen_routers(scores, worse, [pair]).router.tolist()==['good'], 'test outcomes play no part'
    assert set(router_scores(scores, chosen.iloc[0]).router)=={'good'}


def test_costs_by_hand(small_case):
    outcomes, scores, pair = small_case
    of_router = scores[scores.router=='good']
    points = operating_points(outcomes, pair, of_router).iloc[[1, -1]].reset_index(drop=True)
    rows = cost_rows(outcomes, of_router, points, pair, dict(S=1., L=10.)).set_index('system')
    small = route(np.array([.9, .1, .8, .3]), points.tau[0])
    assert small.tolist()==[True, False, True, False]
    assert rows.cost['all L']==pytest.approx((20+20+40+20)*10/4/1000) and rows.cost['all S']==pytest.approx(60/4/1000)
    assert rows.cost['router 40%']==pytest.approx((10+200+10+200)/4/1000)
    assert rows.ratio['router 40%']==pytest.approx(420/1000)
    assert rows.large_calls.tolist()==[1000, 500, 0]
    assert rows.total_pass_rate['router 40%']==pytest.approx((3+3+2+0)/12)
    assert cost_rows(outcomes, of_router, points, pair, {}).cost.isna().all()
    assert cost_rows(outcomes, of_router, points, pair, dict(S=1., L=0.)).ratio.isna().all()


def test_a_pair_has_one_answer_from_its_own_router(small_case):
    outcomes, scores, pair = small_case
    answer, = pair_answers(outcomes, scores, [pair], margin=.3, min_share=.2, seed=1)
    assert answer.router=='standard good' and set(answer.scores.router)=={'good'} and answer.verdict.word=='NEED'
    points = operating_points(outcomes, pair, answer.scores, votes='test', min_share=.2, seed=1)
    pd.testing.assert_frame_equal(answer.points, points)
    assert '<th>cost</th>' not in cost_table(answer, outcomes, {})
    table = cost_table(answer, outcomes, dict(S=1., L=10.), as_money=True)
    assert '<th>cost</th>' in table and '<th>per 1,000 tasks</th>' in table
    assert 'router standard good</caption>' in table
    routed = replace(answer, verdict=Verdict('ROUTE', 1., len(answer.points)-1))
    assert 'at the recommended share: 4 of 4 tasks go to S.' in moved_html(routed, outcomes, TEXTS)
    assert 'at the 60% threshold, as an example: ' in moved_html(answer, outcomes, TEXTS)


def test_moved_tasks_by_hand(small_case):
    outcomes, scores, pair = small_case
    moved = moved_tasks(outcomes, scores[scores.router=='good'], pair, .3, TEXTS)
    assert moved.task_id.tolist()==[1, 3, 4] and moved.result.tolist()==['same', 'better', 'same']
    assert moved.text.tolist()==['one', '', '']


def test_next_steps_follow_the_verdict():
    over = dict(over_random=[.01, 0.], over_low=[-.01, 0.], over_high=[.03, 0.])
    points, pair = pd.DataFrame(dict(cost_advantage=[.4, 1.], tau=[.7, np.nan], **over)), Pair('S', 'L')
    some, doubt, watch = next_steps(Verdict('ROUTE', .4, 0), points, pair, [])
    assert 'threshold 0.7: 40% of tasks go to S' in some and 'at random is indistinguishable from zero' in doubt
    assert 'a random 5% of all traffic' in watch and 'one over its chance of being sampled' in watch
    worse = points.assign(over_random=-.024, over_low=-.028, over_high=-.02)
    assert next_steps(Verdict('ROUTE', .4, 0), worse, pair, [])[1]==(
        'Do not use this router: it is worse than sending the same share at random (-2.4 points, -2.8 to -2.0).')
    assert len(next_steps(Verdict('ROUTE', .4, 0), points.assign(over_low=.01), pair, []))==2
    assert next_steps(Verdict('ROUTE', 1., 1), points, pair, [])[0]=='Send all tasks to S.'
    assert 'measure 1,234 more' in next_steps(Verdict('NEED', more=1234), points, pair, [])[0]
    assert "don't measure more" in next_steps(Verdict('NEED', more=MAX_TASKS), points, pair, [])[0]
    assert next_steps(Verdict("DON'T"), points, pair, ['more'])[-1]=='more'


def test_other_stages_qualify_the_verdict(small_case):
    "Only the shown graders, in their order; a cascade of this pair with a visible test, on tests it did not see."
    outcomes, scores, pair = small_case
    assert set(REPORTED_GRADERS)<=set(GRADERS)
    says = {'MBPP+': 'small ahead', 'name bound': 'small ahead', 'lenient': 'large ahead', 'three tests': 'large ahead'}
    grading = pd.DataFrame([dict(pair='S-L', split=split, measure='tests', grader=grader, verdict=verdict)
                            for split in ('train', 'test') for grader,verdict in says.items()])
    grades = reported_grades(grading, [pair, Pair('A', 'B')])
    assert grades.grader.tolist()==['three tests', 'lenient', 'MBPP+'] and set(grades.split)=={'test'}
    doubt, = grader_doubts(grades, pair)
    assert 'Other graders differ: MBPP+ (small ahead).' in doubt and grader_doubts(grades, Pair('A', 'B'))==[]
    rates = dict(total_pass_rate=70., low=60., high=80., cost_ratio=.5, price_ratio=8., all_large=65.)
    cascades = pd.DataFrame([dict(pair='S-L', policy=policy, tests=tests, **rates)
                             for policy,tests in (('visible', 'hidden'), ('visible', 'MBPP+'), ('crash', 'hidden'))])
    assert len(cascade_offer(cascades, pair))==1 and cascade_offer(cascades, Pair('A', 'B'))==[]
    answers = pair_answers(outcomes, scores, [pair])
    text = steps_text(answers, grades, cascades)
    assert 'Other graders differ' in text and '70.0% (60.0 to 80.0)' in text and '\n' not in text
    assert steps_text(answers, None, None, 'llmr x').endswith('other graders: `llmr x`, then this report again.')


def test_text_is_escaped():
    table = table_html(pd.DataFrame({'a<b>': ['<b>x']}), '<b>')
    assert '<b>' not in table and table.count('&lt;b&gt;')==4
    paired = pd.DataFrame(dict(small_tests=[3, 3], small_passed=[1, 2], large_tests=[3, 3], large_passed=[2, 2]))
    points = pd.DataFrame(dict(target=[.5], cost_advantage=[.5], performance_gap=[0.], low=[-.1], high=[.1]))
    curve = pd.DataFrame(dict(cost_advantage=[0, 1.], performance_gap=[0, 0.], low=[0, 0.], high=[0, 0.]))
    figure = plot_answer(curve, random_band(paired), points, Pair('S', 'L'), (0, 0, 0))
    assert 'alt="&lt;b&gt;&quot;"' in figure_html(figure, '<b>"')


def test_a_model_may_have_a_hyphen_in_its_name(small_case):
    outcomes, scores, _ = small_case
    pair, of_router = Pair('Llama-3.2-1B', 'Llama-3.1-8B'), scores[scores.router=='good']
    named = outcomes.assign(model=outcomes.model.map(dict(S=pair.small, L=pair.large)))
    curve = pd.DataFrame(dict(cost_advantage=[0, 1.], performance_gap=[0, 0.], low=[0, 0.], high=[0, 0.]))
    band, points = random_band(paired_outcomes(named, pair)), operating_points(named, pair, of_router)
    ax = plot_answer(curve, band, points, pair, (0, 0, 0)).axes[0]
    assert ax.get_xlabel()=='tasks sent to Llama-3.2-1B (%)' and ax.get_title().endswith('against Llama-3.1-8B alone')


def test_the_report_takes_what_the_command_gives():
    names = {'profile', 'run_dir', 'pairs', 'seed', 'margin', 'min_share', 'prices'}
    assert names==set(stage_parameters('17_report'))


def test_random_band_is_the_closed_form(shipped, pairs):
    band = random_band(paired_outcomes(shipped('outcomes'), pairs[1]))
    assert band['mean'].iloc[0]==0 and band.sd.iloc[[0, -1]].eq(0).all()
    assert 100*band['mean'].iloc[-1]==pytest.approx(8.4, abs=.1)


def test_the_router_that_stage_09_chose_is_the_one_shown(toy_copy):
    copy(package_file('toy/tables/selected.parquet'), toy_copy)
    record = json.loads((toy_copy/'run.json').read_text())
    hashes = {name: {name: file_hash(toy_copy/name)} for name in ('outcomes.parquet', 'selected.parquet')}
    record['stages']['09_selection'] = dict(reads=hashes['outcomes.parquet'], writes=hashes['selected.parquet'])
    (toy_copy/'run.json').write_text(json.dumps(record))
    text = write_report(toy_copy).read_text(encoding='utf-8')
    selected = pd.read_parquet(toy_copy/'selected.parquet')
    assert 'by stage 09' in text
    assert text.count(f'router standard {selected.router[0]}</caption>')==selected.pair.nunique()
    record['stages']['09_selection']['reads']['outcomes.parquet'] = 'of a run before this one'
    (toy_copy/'run.json').write_text(json.dumps(record))
    assert not is_current(toy_copy, '09_selection'), 'the scores of stage 09 are of other outcomes'


def test_without_stage_09_a_router_of_stage_05_is_shown(page): assert 'among those of stage 05' in page
