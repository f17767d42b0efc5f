"Own data: verdicts from files, and what is refused."
import json

import numpy as np
import pytest

from llmr.core import InputError
from llmr.own_data import scores_to_judge, verdicts_on_inputs
from llmr.own_report import write_own_report
from llmr.runs import Pair

PAIR = Pair('tiny', 'big')


def test_a_router_is_not_judged_on_what_it_learned_from(tmp_path):
    with pytest.raises(InputError, match='head-strict was trained on split train, .* Choose another --split'):
        scores_to_judge(tmp_path, PAIR, 'train', router='head-strict')
    assert scores_to_judge(tmp_path, PAIR, 'train') is None
    with pytest.raises(InputError, match='--router needs scores of a router .* Give --scores FILE'):
        scores_to_judge(tmp_path/'outcomes.jsonl', PAIR, 'test', router='head-strict')


def test_copies_of_a_task_make_no_verdict_surer(tmp_path):
    rng = np.random.default_rng(0)
    rows = [dict(task_id=f'{i}-{copy}', prompt=f'task {i}', model=model, passed=bool(result))
            for i,results in enumerate(rng.random((60, 2))<.6) for copy in range(5) for model,
            result in zip('AB', results)]
    widths = []
    for name,chosen in (('all', rows), ('one', [row for row in rows if row['task_id'].endswith('-0')])):
        (tmp_path/f'{name}.json').write_text(json.dumps(chosen))
        _, facts, _ = verdicts_on_inputs([tmp_path/f'{name}.json'], 'A', 'B')
        widths.append((facts['verdicts'][0]['points'][-1]['low'], facts['verdicts'][0]['headroom']['mcnemar_p']))
        assert facts['read']['distinct_prompts']==60
    assert widths[0]==pytest.approx(widths[1])


def test_every_pair_of_a_table_and_a_report_of_it(tmp_path):
    rows = [dict(prompt=f'task {i}', model=model, passed=i%(j+2)>0, cost=.1*(j+1)) for i in range(30) for j,
            model in enumerate('abc')]
    (tmp_path/'rows.json').write_text(json.dumps(rows))
    text, facts, _ = verdicts_on_inputs([tmp_path/'rows.json'])
    assert [(fact['small'], fact['large']) for fact in facts['verdicts']]==[('a', 'b'), ('a', 'c'), ('b', 'c')]
    page = write_own_report([tmp_path/'rows.json'], tmp_path/'page.html').read_text()
    assert page.count('What to do next')==3 and '$ per 1,000 tasks' in page


def test_models_without_a_common_task_and_models_that_share_some(tmp_path):
    (tmp_path/'a.csv').write_text('task_id,passed\nx,1\ny,0\n')
    (tmp_path/'b.csv').write_text('task_id,passed\ny,1\nz,1\n')
    (tmp_path/'c.csv').write_text('task_id,passed\nq,1\n')
    assert 'compared on 1 task of both: a has 2, b 2' in verdicts_on_inputs([tmp_path/'a.csv',
                                                                                  tmp_path/'b.csv'])[0]
    with pytest.raises(InputError, match='share no task'): verdicts_on_inputs([tmp_path/'a.csv', tmp_path/'c.csv'])


def test_who_is_the_small_model_is_said(tmp_path):
    for name,passed in (('strong', 1), ('weak', 0)):
        rows = ''.join(f't{i},{int(passed or i%4==0)}\n' for i in range(60))
        (tmp_path/f'{name}.csv').write_text(f'task_id,passed\n{rows}')
    files = [tmp_path/'strong.csv', tmp_path/'weak.csv']
    text, _, word = verdicts_on_inputs(files)
    assert word=='ROUTE' and 'small: strong (given first); large: weak' in text
    assert 'ask the other way round: --small weak --large strong' in text
    text, *_ = verdicts_on_inputs([tmp_path])
    assert 'small: weak (it passes less, and no cost is known); large: strong' in text and 'other way' not in text
    assert 'small: strong (as named)' in verdicts_on_inputs(files, 'strong')[0]
    assert 'small: ' not in verdicts_on_inputs(files, 'strong', 'weak')[0]


def test_names_and_splits_are_told_as_they_are(tmp_path):
    "A name that a terminal would obey loses its powers; of several splits the judged one is named."
    rows = ''.join(f'{i},{model},{split},1\n' for i,split in enumerate(['train', 'test', 'test']*5)
                   for model in ('\x1b[31mred', 'blue'))
    (tmp_path/'rows.csv').write_text(f'task_id,model,split,passed\n{rows}')
    text, *_ = verdicts_on_inputs([tmp_path/'rows.csv'])
    assert '\x1b' not in text and '\N{REPLACEMENT CHARACTER}[31mred' in text
    assert 'Judged on the 10 tasks of split test, not on those of train 5. --split chooses another.' in text


def test_random_routing_of_a_fifth_moves_a_fifth(tmp_path):
    rng = np.random.default_rng(1)
    rows = [dict(task_id=i, model=model, score=round(float(value), 3)) for i in range(40)
            for model,value in zip('AB', (.6*rng.random(), rng.random()))]
    (tmp_path/'scores.json').write_text(json.dumps(rows))
    text, facts, _ = verdicts_on_inputs([tmp_path/'scores.json'])
    *some, whole = facts['verdicts'][0]['points']
    for point in some:
        for name in ('performance_gap', 'low', 'high'):
            assert point[name]==pytest.approx(point['cost_advantage']*whole[name])
    assert 'A is better on' in text and 'McNemar' not in text
