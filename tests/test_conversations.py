"What is read of a request, and that nothing else of it changes."
import json
import random

import pytest

from llmr.conversations import choose_policy, find_task, json_members, read_request
from llmr.core import InputError


def value(rng, depth=0):
    "Any JSON value, with texts that look like structure."
    kind = rng.randrange(8 if depth<3 else 5)
    if kind<2: return rng.choice(['', 'model', '"model":', '}{][,:', '\\', '\u2028é😀', '\ud800', 'a"b', '\n'])
    if kind<5: return rng.choice([None, True, 0, -1.5e-9, 10**30, 1e400, ''])
    if kind==5: return [value(rng, depth+1) for _ in range(rng.randrange(4))]
    return {rng.choice(['model', 'a', 'messages', 'x"y', '']): value(rng, depth+1) for _ in range(rng.randrange(4))}


@pytest.mark.parametrize('seed', range(20))
def test_only_the_model_changes_in_any_object(seed):
    "Objects drawn at random, written with and without spaces and escapes; twice replaced, they are as they were."
    rng = random.Random(seed)
    for _ in range(20):
        fields = {f'k{i}': value(rng) for i in range(rng.randrange(5))}
        items = [*fields.items(), ('model', 'own name')]
        rng.shuffle(items)
        ascii_only = rng.random()<.5 or '\\ud800' in json.dumps(fields)
        text = json.dumps(dict(items), ensure_ascii=ascii_only, indent=rng.choice([None, 1, '\t']),
                          separators=rng.choice([None, (',', ':'), (' , ', ' : ')]))
        text = rng.choice(['', ' \n'])+text+rng.choice(['', '\r\n '])
        request = read_request(text.encode())
        changed = request.for_model('other "é"').decode()
        assert json.loads(changed)=={**json.loads(text), 'model': 'other "é"'} or 'NaN' in text
        back = read_request(changed.encode()).for_model('own name')
        assert back==text.encode()


def test_a_name_that_stands_twice_is_replaced_twice():
    body = b'{"model":"a","model" : "llmr"}'
    assert read_request(body).for_model('x')==b'{"model":"x","model" : "x"}' and read_request(body).model=='llmr'


@pytest.mark.parametrize('text', ['', ' ', '[]', '"x"', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{a:1}',
                                  '{"a":1}}', '{"a":1} x', "{'a':1}", '{"a":01}', '{"a":"\n"}', '\ufeff{}'])
def test_what_is_no_object(text):
    with pytest.raises(ValueError): json_members(text)
    with pytest.raises(InputError, match='not a JSON object'): read_request(text.encode())


@pytest.mark.parametrize('fields,texts,goes_on', [
    (dict(messages=[]), (), False), (dict(messages=None), (), False), (dict(messages='text'), ('text',), False),
    (dict(messages=[None, 3, dict(role='user', content='a')]), ('a',), False),
    (dict(messages=[dict(role='user', content=['a', dict(text=None), dict(type='text', text='b'), None])]), ('a\nb',),
     False),
    (dict(messages=[dict(role='user', content='a'), dict(role='assistant', content='b'),
                    dict(role='user', content='c')]), ('c',), False),
    (dict(messages=[dict(role='user', content='a'), dict(role='assistant', content='b')]), ('a',), False),
    (dict(messages=[dict(role='user', content='a'), dict(role='function', name='f', content='1')]), ('a',), True),
    (dict(messages=[dict(role='user', content='a'), dict(role='user', content=[dict(type='tool_result')])]), ('a',),
     True),
    (dict(messages=[dict(role='user', content='  \n')]), (), False), (dict(messages=[dict(content='a')]), (), False),
    (dict(prompt=[[1, 2], [3]]), (), False), (dict(prompt=None), (), False), (dict(), (), False),
    (dict(input=[dict(role='user', content='a'), dict(type='function_call', name='f'),
                 dict(type='function_call_output', output='1')]), ('a',), True)])
def test_the_task(fields, texts, goes_on):
    found = find_task(fields)
    assert (found.texts, found.goes_on)==(texts, goes_on)


def test_a_conversation_has_one_key():
    turns = [dict(role='system', content='s'), dict(role='user', content='add \ud800')]
    key = lambda messages: read_request(json.dumps(dict(model='m', messages=messages)).encode()).conversation()
    later = [*turns, dict(role='assistant', content=None, tool_calls=[{}]), dict(role='tool', content='1')]
    assert key(turns)==key(later)!=key(turns[1:])


@pytest.mark.parametrize('name', ['r-small-large', 'r', 'a/b.c:d', 'r-0.5'])
def test_names_with_hyphens(name):
    assert choose_policy(name, name, .1).tau==.1 and choose_policy(f'{name}-small', name, .1).policy=='small'
    assert choose_policy(f'{name}-0.25', name, .1).tau==.25
    for unknown in (f'{name}-', f'{name}-inf', f'{name}-x', f'x{name}', f'{name} ', ''):
        with pytest.raises(InputError, match='choose from'): choose_policy(unknown, name, .1)
