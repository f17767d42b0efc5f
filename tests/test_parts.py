"Tables in parts: on disk, in memory, and on a local stand-in of S3 where moto and s3fs are installed."
import importlib.util
import os

import pandas as pd
import pytest

from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.engines import Completion, Sampler
from llmr.execution import execute
from llmr.parts import Parts, completions_in_parts, outcomes_in_parts
from llmr.sampling import columns_of, sample_completions

ONCE = dict(train=2, validation=1, test=1)


class Plain(Sampler):
    "Programs without a model."
    engine, defaults, revision = 'plain', {}, 'none'

    def complete(self, requests, skip=()):
        for i,request in enumerate(requests):
            if i not in skip: yield i, Completion(f'\nx = {request.seed}', 3, 'stop', 5, float('nan'), 'plain')


@pytest.fixture
def bucket():
    "An address on a local server that speaks S3's protocol."
    for name in ('moto', 's3fs', 'boto3'):
        if importlib.util.find_spec(name) is None: pytest.skip(f'{name} is not installed here: see `make test-ray`')
    from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= dict(AWS_ACCESS_KEY_ID='x', AWS_SECRET_ACCESS_KEY='x', AWS_ENDPOINT_URL=f'http://{host}:{port}',
                       AWS_DEFAULT_REGION='us-east-1')
    import boto3
    boto3.client('s3').create_bucket(Bucket='llmr')
    yield 's3://llmr/run'
    server.stop()


@pytest.fixture(params=['disk', 'memory', 's3'])
def place(request, tmp_path):
    if request.param=='s3': return request.getfixturevalue('bucket')
    return f'{tmp_path}/run' if request.param=='disk' else f'memory://{tmp_path.name}'


def test_parts_make_the_whole_tables(place, tmp_path):
    tasks, quiet = load_tasks('toy').head(7), dict(on_progress=lambda done, total: None, workers=1)
    drawn = completions_in_parts(tasks, Plain('m'), ONCE, tmp_path/'store', Parts(f'{place}/completions'), size=3)
    graded = outcomes_in_parts(drawn, tasks, Parts(f'{place}/outcomes'), cache=tmp_path/'programs.sqlite', **quiet)
    whole = columns_of('completions', sample_completions(tasks, Plain('m'), ONCE))
    assert drawn.numbers()==graded.numbers()==[0, 1, 2]
    pd.testing.assert_frame_equal(pd.concat(drawn, ignore_index=True), whole, check_dtype=False)
    pd.testing.assert_frame_equal(pd.concat(graded, ignore_index=True).drop(columns=['tests', 'errors']),
                                  execute(whole, tasks, **quiet).drop(columns=['tests', 'errors']), check_dtype=False)


def test_parts_that_exist_are_not_made_again(tmp_path):
    tasks, parts = load_tasks('toy').head(4), Parts(f'{tmp_path}/completions')
    completions_in_parts(tasks, Plain('m'), ONCE, tmp_path/'store', parts, size=2)
    parts.write(0, pd.DataFrame(dict(x=[1])))
    completions_in_parts(tasks, Plain('m'), ONCE, tmp_path/'store', parts, size=2)
    assert parts.read(0).columns.tolist()==['x']


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path/'file').write_text('')
    with pytest.raises(InputError, match='cannot be written'): Parts(f'{tmp_path}/file/run')


def test_a_damaged_part_is_named(tmp_path):
    parts = Parts(str(tmp_path))
    parts.write(0, pd.DataFrame(dict(x=[1])))
    (tmp_path/'part-000000.parquet').write_bytes(b'PAR1')
    with pytest.raises(InputError, match='part-000000.parquet: cannot be read'): parts.read(0)
