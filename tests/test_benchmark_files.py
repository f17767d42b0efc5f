"Files of public benchmarks: layouts, packed tests, and pickles that want to run something."
import base64
import json
import os
import pickle
import zlib

import pytest

from llmr.benchmark_files import unpack_cases
from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.registry import REGISTRY

HANDED = dict(apps=('apps150', 86), codecontests=('codecontests_stdin_public', 110),
              bigcodebench=('bigcodebench_unittest', 760), leetcode=('leetcode_class_solution', 152))


class Hostile:
    "Runs a command when it is unpickled."
    def __init__(self, path): self.path = path
    def __reduce__(self): return os.mkdir, (self.path,)


def packed(value): return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def test_packed_cases_are_text():
    cases = [dict(input='1\n', output='2\n')]
    assert unpack_cases('f, line 1', 'tests', packed(json.dumps(cases)))==cases
    assert unpack_cases('f, line 1', 'tests', json.dumps(cases))==cases


@pytest.mark.parametrize('value', [{'a': 1}, [1], b'x', 3])
def test_packed_cases_of_another_type(value):
    with pytest.raises(InputError, match='f, line 1.*tests'): unpack_cases('f, line 1', 'tests', packed(value))


def test_a_hostile_pickle_runs_nothing(tmp_path):
    with pytest.raises(InputError, match='f, line 1.*tests'):
        unpack_cases('f, line 1', 'tests', packed(Hostile(str(tmp_path/'made'))))
    assert not (tmp_path/'made').exists()


@pytest.mark.parametrize('text', ['%%%', base64.b64encode(b'x').decode(), packed('[1')[:-8], packed('not JSON')])
def test_damaged_cases(text):
    with pytest.raises(InputError, match='f, line 1.*tests'): unpack_cases('f, line 1', 'tests', text)


@pytest.mark.parametrize('name', HANDED)
def test_handed_files(name, data_folder):
    file, n_tasks = HANDED[name]
    tasks = load_tasks(f'{name}={data_folder}/benchmarks/{file}.jsonl.gz')
    assert len(tasks)==n_tasks and tasks.tests.map(len).min()>0
    assert set(tasks.test_kind)<=set(REGISTRY[name].test_kind.split(', '))
