"From a completion to its program."
import pytest

from llmr.answers import after_fence, extract_code, finish_reason


def test_code_ends_at_the_fence():
    assert extract_code('\nx = 1\n```\nDone.')=='x = 1'
    assert extract_code('x = 1')=='x = 1' and extract_code('```')==''
    assert [finish_reason(n) for n in (511, 512, 513)]==['stop', 'length', 'length']


@pytest.mark.parametrize('text,program', [
    ('```python\nx = 1\n```', '\nx = 1\n```'),
    ('Here:\n```\nx = 1\n```\nDone.', '\nx = 1\n```\nDone.'),
    ('Here:\n```python\nx = 1\n```', '\nx = 1\n```'),
    ('x = 1', 'x = 1'),
    ('```x = 1```', 'x = 1```')])
def test_a_turn_from_its_beginning(text, program): assert after_fence(text)==program
