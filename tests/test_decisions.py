"Another router judged from files: what is matched, what is compared, what is said first."
import json

import pytest
from conftest import require

from llmr.cli import main
from llmr.core import InputError
from llmr.decisions import decisions_on_files, match_models
from llmr.runs import Pair


def outcome_file(path, rates, cost=None, text=False):
    "A CSV of `{model: [passed, ...]}`; tasks are t0, t1, ... or prompts."
    head = ['prompt' if text else 'task_id', 'model', 'passed', *(['cost'] if cost else [])]
    rows = [[f'Solve task {i}.' if text else f't{i}', model, str(passed), *([str(cost[model])] if cost else [])]
            for model,each in rates.items() for i,passed in enumerate(each)]
    path.write_text('\n'.join(','.join(row) for row in [head, *rows]))
    return path


def log_file(path, chosen, text=False):
    rows = [('Solve task {}.' if text else 't{}').format(i)+f',{model}' for i,model in enumerate(chosen)]
    path.write_text('\n'.join([f'{"prompt" if text else "task_id"},model', *rows]))
    return path


RATES = dict(A=[1, 1, 0, 0, 0, 1]*40, B=[1, 0, 1, 1, 1, 0]*40)
COST = dict(A=.001, B=.003)
RIGHT, WRONG = 'AABBBA'*40, 'BBAAAB'*40


@pytest.fixture
def judged(tmp_path):
    "`judged(chosen, rates, cost, **options)`: what a router is told."
    def judge(chosen, rates=RATES, cost=COST, text=False, **options):
        files = [outcome_file(tmp_path/'own.csv', rates, cost, text)]
        return decisions_on_files(files, log_file(tmp_path/'log.csv', chosen, text), **options)
    return judge


@pytest.mark.parametrize('text', [False, True])
def test_a_router_that_loses_to_a_single_model_is_told_so_in_the_first_line(judged, text):
    said, facts, word = judged(WRONG, text=text)
    assert word=="DON'T"
    assert said.splitlines()[0].startswith("DON'T use this router: always A passes 50.0% for $1 per 1,000 tasks")
    assert facts['rows'][0]['rate']==pytest.approx(1/6) and facts['counts']['compared']==240
    json.dumps(facts, allow_nan=False)


def test_a_router_that_beats_all_is_told_what_comes_nearest(judged):
    said, facts, word = judged(RIGHT)
    assert word=='ROUTE' and said.startswith('ROUTE: this router beats every single model and mixture at its cost; ')
    assert {row['kind'] for row in facts['rows']}=={'router', 'random', 'single', 'mixture', 'oracle'}
    assert facts['field']['aiq']>facts['field']['aiq_without']
    assert 'RouterArena' in said and '$ per solved task' in said


def test_a_router_that_always_chooses_one_model_is_no_router(judged):
    said, _, word = judged('B'*240)
    assert word=="DON'T" and said.startswith("DON'T use this router: it is the same as always B.")


def test_few_tasks_settle_nothing(judged):
    said, facts, word = judged('AABBBB', {model: each[:6] for model,each in RATES.items()})
    assert word=='NEED' and said.startswith('NEED ') and facts['more_tasks']>0


def test_what_is_missing_is_counted_and_said(judged):
    "Ten decisions on unknown tasks, tasks without a decision, a model that has no outcome."
    rates = {model: each[:230] for model,each in RATES.items()}
    said, facts, _ = judged(RIGHT[:100]+'C'*20+RIGHT[120:200]+'A'*40, rates)
    assert facts['counts']['on_unknown_tasks']==10 and '10 decisions on tasks without outcomes' in said
    assert facts['counts']['choice_without_outcome']==20 and facts['counts']['compared']==210
    assert 'C: chosen on 20 tasks, left out, since it has no outcome' in said
    said, facts, _ = judged(RIGHT[:200])
    assert facts['counts']['undecided']==40 and '40 tasks with outcomes but no decision' in said


def test_a_model_with_few_outcomes_is_left_out(judged):
    said, facts, _ = judged(RIGHT, RATES | dict(C=[1]*50), COST | dict(C=.1))
    assert 'left out, outcomes on fewer than half of the decided tasks: C' in said and facts['counts']['compared']==240


def test_a_model_that_was_never_chosen_may_be_the_better_one(judged):
    said, _, word = judged(WRONG, RATES | dict(C=[1]*240), COST | dict(C=.001))
    assert word=="DON'T" and 'always C passes 100.0%' in said.splitlines()[0]


def test_the_same_mix_at_random_is_no_better_than_itself(judged):
    "Decisions that have nothing to do with outcomes: random routing is not beaten."
    _, facts, word = judged('AAAAAABBBBBB'*20)
    random = next(row for row in facts['rows'] if row['kind']=='random')
    assert random['low']<0<random['high'] and word=='NEED'


def test_two_models_without_costs_count_calls(judged):
    said, facts, word = judged(RIGHT, cost=None)
    assert facts['unit']=='calls' and word=='ROUTE' and 'a call of B is the unit' in said


def test_three_models_without_costs_ask_for_prices(judged):
    rates = RATES | dict(C=[1, 0]*120)
    said, facts, word = judged(RIGHT, rates, None)
    assert word=='NEED' and said.startswith('NEED PRICES') and facts['unit'] is None
    _, facts, word = judged(RIGHT, rates, None, prices=dict(A=1., B=3., C=9.))
    assert word=='ROUTE' and facts['unit']=='price'
    with pytest.raises(InputError, match='no price of C'): judged(RIGHT, rates, None, prices=dict(A=1., B=3.))
    with pytest.raises(InputError, match='price -1.0 of A'): judged(RIGHT, RATES, None, prices=dict(A=-1., B=3.))


def test_three_models_without_costs_that_lose_to_the_same_mix_at_random(judged):
    said, _, word = judged(WRONG, RATES | dict(C=[1, 0]*120), None)
    assert word=="DON'T" and said.startswith("DON'T use this router: random routing passes ")


def test_small_and_large_in_a_log_are_the_models_in_order(tmp_path):
    files = [outcome_file(tmp_path/f'{model}.csv', {model: RATES[model]}) for model in 'AB']
    log = log_file(tmp_path/'log.csv', ['small' if model=='A' else 'large' for model in RIGHT])
    _, facts, word = decisions_on_files(files, log)
    assert word=='ROUTE' and facts['shares']==dict(A=.5, B=.5)
    assert match_models(['weak'], ['x', 'y'], Pair('x', 'y'))=={'weak': 'x'} and match_models(['weak'], ['x', 'y'])=={}


def test_a_router_that_is_asked_twice_is_judged_by_its_shares(tmp_path):
    files = [outcome_file(tmp_path/'own.csv', RATES, COST)]
    rows = ['task_id,model', *(f't{i},{model}' for i in range(240) for model in 'AB')]
    (tmp_path/'log.csv').write_text('\n'.join(rows))
    _, facts, word = decisions_on_files(files, tmp_path/'log.csv')
    assert facts['rows'][0]['rate']==pytest.approx((.5+4/6)/2) and facts['counts']['decisions']==480 and word=='NEED'


def test_names_that_could_be_two_models_are_no_match():
    assert match_models(['m'], ['a/m', 'b/m'])=={} and match_models(['A/m'], ['a/m', 'b/m'])=={'A/m': 'a/m'}
    assert match_models(['gpt 4o'], ['gpt-4o', 'gpt-4'])=={'gpt 4o': 'gpt-4o'}


def test_nothing_in_common_is_said(judged, tmp_path):
    with pytest.raises(InputError, match='it chooses X; the outcomes are of A, B'): judged('X'*240)
    outcome_file(tmp_path/'own.csv', RATES)
    (tmp_path/'log.csv').write_text('task_id,model\nother/1,A\n')
    with pytest.raises(InputError, match="first decision is on 'other/1', the first outcome on 't0'"):
        decisions_on_files([tmp_path/'own.csv'], tmp_path/'log.csv')


def test_codes_json_and_options_that_do_not_go_together(tmp_path, capsys):
    own = str(outcome_file(tmp_path/'own.csv', RATES, COST))
    for chosen,code in ((RIGHT, 0), (WRONG, 3), ('B'*10, 3)):
        log = str(log_file(tmp_path/'log.csv', chosen))
        assert main(['verdict', own, '--decisions', log, '--json'])==code
        assert json.loads(capsys.readouterr().out)['verdict']==('ROUTE' if not code else "DON'T")
    for wrong in (['--scores', own], ['--certify', '.1'], ['--split', 'test'], ['--router', 'x']):
        assert main(['verdict', own, '--decisions', log, *wrong])==2
        assert f'{wrong[0]} is about scores' in capsys.readouterr().err
    assert main(['verdict', own, '--price', 'A=1'])==2 and '--price goes with --decisions' in capsys.readouterr().err


def test_a_log_with_the_outcomes_of_its_own_answers_alone(tmp_path):
    rows = [{'global index': f'A_{i}', 'prompt': f'p {i}', 'prediction': 'B' if i<27 else 'A', 'accuracy': i%2,
             'cost': .002, 'for_optimality': False} for i in range(30)]
    (tmp_path/'r.json').write_text(json.dumps(rows))
    said, facts, word = decisions_on_files([tmp_path/'r.json'], tmp_path/'r.json')
    assert word=='NEED' and said.startswith('NEED OUTCOMES of models that the router did not choose')
    assert 'Its own answers pass 50.0% of 30 tasks for $2 per 1,000 tasks' in said and 'at most 10 points' in said
    assert facts['own']['tasks']==30 and facts['own']['limit']==pytest.approx(.1)
    json.dumps(facts, allow_nan=False)


def test_routerarena_with_the_answers_of_the_other_models(tmp_path):
    "`for_optimality` rows are outcomes of models that were not chosen: then the router can be judged by one file."
    rows = [{'global index': f'A_{i}', 'prompt': f'p {i}', 'prediction': model, 'accuracy': RATES[model][i],
             'cost': COST[model], 'for_optimality': model!=RIGHT[i]} for i in range(240) for model in 'AB']
    (tmp_path/'r.json').write_text(json.dumps(rows))
    _, facts, word = decisions_on_files([tmp_path/'r.json'], tmp_path/'r.json')
    assert word=='ROUTE' and facts['counts']['decisions']==240


def test_the_predictions_of_public_routers(data_folder):
    folder = data_folder/'harness'/'routerarena_predictions'
    require('data', folder.exists(), f'no predictions in {folder}')
    first, second = (folder/f'{name}-robustness.json.gz' for name in ('r2-router', 'vllm-sr'))
    _, facts, word = decisions_on_files([first], first)
    assert word=='NEED' and facts['own']['tasks']==420 and facts['own']['rate']==pytest.approx(.715574, abs=1e-4)
    with pytest.raises(InputError, match='it chooses gemini-2.0-flash-001'): decisions_on_files([first], second)


def test_small_and_large_of_three_models_are_asked_for(judged):
    given = ['small' if model=='A' else 'large' for model in RIGHT], RATES | dict(C=[1]*240), COST | dict(C=.01)
    with pytest.raises(InputError, match='chooses small or large, and the outcomes are of A, B, C. Say which two'):
        judged(*given)
    assert 'small in the log is A in the outcomes' in judged(*given, models=('A', 'B'))[0]


def test_a_benchmark_goes_with_decisions(judged):
    assert '--benchmark was not needed' in judged(RIGHT, benchmark='toy')[0]
