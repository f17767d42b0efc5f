"What can be tested without vLLM; `make test-vllm` runs it for real (tests/engines)."
from importlib.util import find_spec

import pytest
from drawing import drawn
from tiny import tiny_llama

from llmr.core import InputError
from llmr.engines import make_sampler


@pytest.mark.skipif(find_spec('vllm') is not None, reason='vllm is installed here')
def test_vllm_that_is_not_installed(tmp_path):
    sampler = make_sampler('vllm', str(tiny_llama(tmp_path/'tiny')))
    with pytest.raises(InputError, match=r'llmr\[vllm\]'): drawn(sampler)
