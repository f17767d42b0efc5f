"A verdict in plain words: what to do first, and no jargon."
import re

import pandas as pd
import pytest

from llmr.plain_words import decision_text, room_text, short_names, which_tasks
from llmr.planning import MAX_TASKS
from llmr.runs import Pair
from llmr.verdict import Verdict

PAIR = Pair('tiny', 'big')
POINTS = pd.DataFrame(dict(tau=[.7, .4, float('nan')], cost_advantage=[.2, .6, 1.], performance_gap=[.002, -.03, -.1],
                           low=[-.008, -.05, -.14], high=[.012, -.012, -.06]))
JARGON = re.compile(r'\b(tied|McNemar|operating point|cost advantage|nan)\b', re.I)


@pytest.mark.parametrize(('verdict', 'usd', 'starts', 'ends'), [
    (Verdict('ROUTE', .2, 0), None, 'Send the 20% of the tasks that score at least 0.7 to tiny.', 'the calls of big.'),
    (Verdict('ROUTE', 1., 2), (.5, 4.), 'Send every task to tiny.', 'You pay $0.5 per 1,000 tasks instead of $4.'),
    (Verdict("DON'T"), None, 'Keep every task on big.', 'You would save 20% of the calls of big.'),
    (Verdict('NEED', row=0, more=1234), None, 'Do not switch yet: about 1,234 more tasks', '20% of the calls of big.'),
    (Verdict('NEED', more=50), (1., 2.), 'Keep every task on big for now', 'pay $1 per 1,000 tasks instead of $2.'),
    (Verdict('NEED', row=0, more=MAX_TASKS), None, 'Do not switch yet: the loss is so close', 'calls of big.')])
def test_what_to_do_how_sure_and_what_it_costs(verdict, usd, starts, ends):
    todo, why = decision_text(verdict, POINTS, PAIR, .01, 400, usd)
    assert todo.startswith(starts) and why.endswith(ends)
    assert 'on these 400 tasks (' in why and 'each end with 95% confidence' in why and 'accept a loss of 1 point' in why
    assert not JARGON.search(f'{todo} {why}')


def test_random_tasks_are_called_random():
    assert which_tasks(POINTS.iloc[0].replace(.7, float('nan')))=='a random 20% of the tasks'


def test_headroom_without_names_of_tests():
    room = dict(tasks=10, samples=1, tied=.5, both=.1, neither=.4, only_small=.2, only_large=.3, mcnemar_p=1.)
    several = room | dict(samples=4, ceiling_known=3, ceiling_gain=2.5, low=1., high=4.)
    assert not JARGON.search(room_text(room, PAIR)+room_text(several, PAIR))
    assert '+2.5 points (+1.0 to +4.0)' in room_text(several, PAIR)


def test_names_stay_apart():
    assert short_names(['a/x', 'b/x', 'c/y'])=={'a/x': 'a/x', 'b/x': 'b/x', 'c/y': 'c/y'}
    assert short_names(['org__m', 'plain'])=={'org__m': 'm', 'plain': 'plain'} and short_names(['x/'])=={'x/': 'x/'}
