"Benchmarks by name: options, releases, checksums, and what the help says."
import hashlib
import json

import pytest

from llmr.core import TEST_KINDS, InputError
from llmr.registry import REGISTRY, benchmark_help, benchmark_records, parse_source, running_settings

DATE = 'livecodebench:release_v5,from=2024-08-01,to=2024-11-01'


@pytest.mark.parametrize('source,name,options', [
    ('apps', 'apps', {}), ('apps=a,b:c.jsonl', 'apps', dict(file='a,b:c.jsonl')),
    ('mbpp+=x.jsonl', 'mbpp+', dict(file='x.jsonl')),
    (DATE, 'livecodebench', {'release': 'release_v5', 'from': '2024-08-01', 'to': '2024-11-01'}),
    ('leetcode:from=2024-08-01,file=a.jsonl', 'leetcode', {'from': '2024-08-01', 'file': 'a.jsonl'})])
def test_a_source_with_options(source, name, options): assert parse_source(source)==(name, options)


@pytest.mark.parametrize('source,message', [
    ('apps:before=2024-01-01', "unknown option 'before'"), ('apps:from=2024-13-01', 'is no date'),
    ('apps:from=2024-02-01,to=2024-01-01', 'from is after to'), ('apps:v1,v2', 'release is given twice')])
def test_a_wrong_option_is_named(source, message):
    with pytest.raises(InputError, match=message): parse_source(source)


@pytest.mark.parametrize('release', ['release_v7', 'v0', 'v3_v2', 'release_v1_v2', 'latest'])
def test_an_unknown_release(release):
    with pytest.raises(InputError, match='unknown release.*choose from release_v1'):
        benchmark_records(f'livecodebench:{release}')


def test_a_benchmark_without_releases():
    with pytest.raises(InputError, match='choose from none'): benchmark_records('codecontests:v1')


def test_a_file_and_its_checksum(tmp_path):
    path = tmp_path/'own.jsonl'
    path.write_text(json.dumps(dict(id=1)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert benchmark_records(f'apps:file={path},sha256={digest}')==[(f'{path}, line 1', dict(id=1))]
    with pytest.raises(InputError, match='checksum mismatch'): benchmark_records(f'apps:file={path},sha256={"0"*64}')
    with pytest.raises(InputError, match='a file has no releases'): benchmark_records(f'apps:v1,file={path}')


def test_the_hub_is_not_needed_for_a_message():
    with pytest.raises(InputError, match='no file none.jsonl'): benchmark_records('humaneval+=none.jsonl')


def test_every_row_says_what_it_is():
    for name,bench in REGISTRY.items():
        assert set(bench.test_kind.split(', '))<=set(TEST_KINDS) and bench.licence and bench.n_tasks>0 and bench.hub
        assert name in benchmark_help() and set(bench.unverified)<={'licence', 'n_tasks'}


def test_settings_of_several_benchmarks():
    both = running_settings(['mbpp+', 'bigcodebench', 'own'])
    assert both['cpu_s']==max(REGISTRY[name].limits['cpu_s'] for name in ('mbpp+', 'bigcodebench'))
    assert 'pandas' in both['packages']
