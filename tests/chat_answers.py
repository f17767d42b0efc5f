"""Answers to 'add up the numbers of a list', as chat and reasoning models give them.

`ANSWERS` maps a name to an answer. Its final program is right, and whatever else it has is wrong, or is not Python."""
GOOD = 'def add_up(xs):\n    return sum(xs)'
BAD = 'def add_up(xs):\n    return 0'
TOTAL = 'def add_up(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total'
CLASS = 'class Solution:\n    def add_up(self, xs):\n        return sum(xs)'
DOCSTRING = 'def add_up(xs):\n    """Add up.\n\n    ```\n    add_up([1])\n    ```\n    """\n    return sum(xs)'


def fence(code, info='python', mark='```'): return f'{mark}{info}\n{code}\n{mark}'


def indent(text, by): return '\n'.join(by+line if line else line for line in text.split('\n'))


ANSWERS = {
    # reasoning
    'think': f'<think>\n{fence(BAD)}\nno</think>\n{fence(GOOD)}',
    'thinking': f'<thinking>{fence(BAD)}</thinking>\n\n{fence(GOOD)}',
    'THINK': f'[THINK]\n{fence(BAD)}\n[/THINK]\n{fence(GOOD)}',
    'closing tag alone': f'First\n{fence(BAD)}\nHm, no.\n</think>\n\n{fence(GOOD)}',
    'closing tag glued': f'First\n{fence(BAD)}\nHm, no.</think>{GOOD}',
    'draft left open': f'<think>\n```python\n{BAD}\nno!\n</think>\n{fence(GOOD)}',
    'two thoughts': f'<think>a</think>{fence(BAD)}\nWait, that is wrong.\n<think>b</think>\n{fence(GOOD)}',
    'thought after the answer': f'{fence(GOOD)}\n<think>\nIs it right? {fence(BAD)} would be wrong.\n</think>\n',
    'fenced thinking': f'```thinking\nadd them\n```\n{fence(GOOD)}',
    'fenced thinking with a draft': f'```thinking\nadd them\n{fence(BAD)}\nno\n```\n{fence(GOOD)}',
    'harmony': '<|channel|>analysis<|message|>draft '+fence(BAD)+'<|end|><|start|>assistant<|channel|>final<|message|>'
               + fence(GOOD)+'<|return|>',
    'harmony, tokens lost': f'analysis I draft {fence(BAD)} and so onassistantfinal{fence(GOOD)}',
    'tag in a string': fence('def add_up(xs):\n    tag = "</think>"\n    return sum(xs)'),
    'tag in a comment, no fence': 'def add_up(xs):\n    # not <think> but\n    return sum(xs)',
    'tag in prose': f'I will not use `<think>` tags.\n\n{fence(GOOD)}',
    'end token': f'{GOOD}<|im_end|>',
    # fences
    'plain': fence(GOOD),
    'no language': fence(GOOD, ''),
    'capital': fence(GOOD, 'Python'),
    'py': fence(GOOD, 'py'),
    'python3 and title': fence(GOOD, 'python3 title="add.py"'),
    'attributes': fence(GOOD, '{.python .numberLines}'),
    'colon and file': fence(GOOD, 'python:add.py'),
    'four backticks': fence(DOCSTRING, 'python', '````'),
    'tildes': fence(GOOD, 'python', '~~~'),
    'fence in docstring': fence(DOCSTRING),
    'fence in string': fence('def add_up(xs):\n    mark = "```"\n    return sum(xs)'),
    'indented in a list': '1. Write it:\n\n'+indent(fence(GOOD), '   ')+'\n2. Run it.',
    'bullet on the line of the fence': '- '+indent(fence(GOOD), '  ').lstrip(),
    'quoted': indent(fence(GOOD), '> '),
    'glued before': f'Here it is:{fence(GOOD)}',
    'glued behind': f'```python\n{GOOD}```',
    'code on the fence line': f'```python {GOOD}\n```',
    'in one line': '```python def add_up(xs): return sum(xs)```',
    'unclosed': f'```python\n{GOOD}\n',
    'trailing fence': f'{GOOD}\n```\nThat is all.',
    'CRLF': f'Here:\n\n{fence(TOTAL)}\n'.replace('\n', '\r\n'),
    'tabs': fence(TOTAL.replace('    ', '\t')),
    'space before the language': fence(GOOD, ' python'),
    'tags in place of fences': f'[PYTHON]\n{GOOD}\n[/PYTHON]',
    'code tags': f'<code>\n{GOOD}\n</code>',
    # other blocks
    'shell first': fence('pip install nothing', 'bash')+'\n'+fence(GOOD),
    'shell without a name first': fence('$ pip install nothing', '')+'\n'+fence(GOOD),
    'diff last': fence(GOOD)+'\nThe change was:\n'+fence('-    return 0\n+    return sum(xs)', 'diff'),
    'text last': fence(GOOD)+'\nOutput:\n'+fence('6', 'text'),
    'output without a name': fence(GOOD)+'\nIt prints\n'+fence('6', ''),
    'example first': 'For example\n'+fence('add_up([1, 2]) -> 3', '')+'\n'+fence(GOOD),
    'JSON last': fence(GOOD)+'\n'+fence('{"add_up": 6}', 'json'),
    'usage last': fence(GOOD)+'\nUse it:\n'+fence('print(add_up([1, 2, 3]), missing_name)'),
    'imported in the usage': fence(GOOD)+'\nUse it:\n'+fence('from solution import add_up\nprint(add_up([1]))'),
    'tests last': fence(GOOD)+'\nTests:\n'+fence('import absent\ndef test_add_up():\n    assert add_up([1]) == 2'),
    'unittest last': fence(GOOD)+'\n'+fence('import unittest\nclass TestAddUp(unittest.TestCase):\n'
                                            '    def test(self): self.fail()\nraise SystemExit'),
    # several programs
    'signature first': fence('def add_up(xs):\n    """Add up."""')+'\n'+fence(GOOD),
    'signature last': fence(GOOD)+'\nIts signature is\n'+fence('def add_up(xs):\n    ...'),
    'part of it last': fence(TOTAL)+'\nThe loop matters:\n'+fence('def add_up(xs):\n    ...\n    return 0'),
    'not implemented': fence('def add_up(xs):\n    raise NotImplementedError')+'\n'+fence(GOOD),
    'withdrawn': fence(BAD)+'\nWait, that is wrong. Corrected:\n'+fence(GOOD),
    'withdrawn without a word': fence(BAD)+'\n\n'+fence(GOOD),
    'alternative': fence(GOOD)+'\nAlternatively, not so good:\n'+fence(BAD),
    'another way': fence(TOTAL)+'\nAnother approach is:\n'+fence(BAD),
    'cut in a second version': fence(GOOD)
        +'\nWith more checks:\n```python\ndef add_up(xs):\n    if not isinstance(xs, (li',
    'helper first': fence('def plus(a, b):\n    return a+b')+'\nthen\n'+fence(
        'def add_up(xs):\n    t = 0\n    for x in xs: t = plus(t, x)\n    return t'),
    'helper last': fence('def add_up(xs):\n    t = 0\n    for x in xs: t = plus(t, x)\n    return t')+'\nwith\n'
                   + fence('def plus(a, b):\n    return a+b'),
    'imports apart': fence('from functools import reduce')+'\n'
        +fence('def add_up(xs): return reduce(lambda a, b: a+b, xs, 0)'),
    'helper corrected': fence('def plus(a, b): return a')+'\n'+fence('def plus(a, b): return a+b')+'\n'+fence(
        'def add_up(xs):\n    t = 0\n    for x in xs: t = plus(t, x)\n    return t'),
    'base class apart': fence('class Base:\n    start = 0')+'\n'+fence(
        'class Adder(Base): pass\ndef add_up(xs): return sum(xs, Adder.start)'),
    'lambda': fence('add_up = lambda xs: sum(xs)'),
    # no fence
    'nothing but code': GOOD,
    'prose before': f'The function:\n\n{GOOD}',
    'prose around': f'The function:\n\n{TOTAL}\n\nIt adds each number to the total.\nDone: that is all.',
    'import, prose, function': f'Import:\n\nimport math\n\nThen:\n\n{GOOD}\n\nNote: it is fast.',
    'indented by four': 'So:\n\n'+indent(GOOD, '    ')+'\n\nThat is it.',
    'docstring at the margin': 'Here:\n\ndef add_up(xs):\n    """Add\nup\n    """\n    return sum(xs)\n\nBye.'
        ,
    'doctest': '>>> def add_up(xs):\n...     return sum(xs)\n...\n>>> add_up([1, 2])\n3',
    'fenced doctest': fence('>>> def add_up(xs):\n...     return sum(xs)\n>>> add_up([1, 2])\n3', 'pycon'),
    'usage behind, no fence': f'{GOOD}\n\nprint(add_up([1, 2]))',
}
CLASSES = {
    'class': fence(CLASS),
    'class without a fence': f'I write a class.\n\n{CLASS}\n\nIts method adds.',
    'class corrected': fence(CLASS.replace('sum(xs)', '0'))+'\nOops, fix:\n'+fence(CLASS),
    'class after its signature': fence('class Solution:\n    def add_up(self, xs: list) -> int:\n        pass')
        +'\n'+fence(CLASS),
}
NO_PROGRAM = {
    'nothing': '',
    'refused': 'I cannot help with that.',
    'cut while thinking': f'<think>\n{fence(BAD)}\nBut then',
    'harmony, cut': f'<|channel|>analysis<|message|>perhaps {fence(BAD)}',
    'shell alone': fence('pip install nothing', 'bash'),
}

# A right program, then one that is quoted, varied or warned against
LEADS = ['Your original code was:', '**What was wrong:**', '**Before (for reference):**', 'A common mistake is:',
         "Don't do this:", 'Why not simply write this?', 'Variation: a product instead', 'Or, using NumPy:',
         'Bonus – a version with validation', 'The buggy version:']
ANSWERS |= {f'then {lead}': f'{fence(GOOD)}\n\n{lead}\n\n{fence(BAD)}' for lead in LEADS}
ANSWERS |= {
    'quoted first': f'Your original code was:\n{fence(BAD)}\nHere is the corrected code:\n{fence(GOOD)}',
    'text behind the closing fence': f'```python\n{GOOD}\n```. That works.',
    'tag behind the closing fence': f'<answer>\n```python\n{GOOD}\n```</answer>',
    'brace behind the closing fence': f'\\boxed{{\n```python\n{GOOD}\n```}}',
    'closed by its language': f'```python\n{GOOD}\n```python',
    'two blocks, the first unclosed': f'```python\nimport math\n```python\n{GOOD}\n```',
    'unclosed, then prose': f'```python\n{GOOD}\n\nThis function sums the list. It runs in linear time.',
    'shell command of a notebook': fence(f'!pip install numpy\n%matplotlib inline\n{GOOD}'),
    'cell magic': fence(f'%%time\n{GOOD}'),
    'markdown around it': f'````markdown\nThe answer:\n\n{fence(GOOD)}\n````',
    'markdown around it, three backticks': f'```markdown\nThe answer:\n\n{fence(GOOD)}\n```',
    'no-break spaces': fence(TOTAL.replace('    ', '\u00a0\u00a0\u00a0\u00a0')),
    'zero-width space': fence(f'\u200b{GOOD}'),
    'copied from a page': f'python\nCopy code\n{GOOD}',
    'solution tag on the line': f'<solution>{GOOD}</solution>',
    'JSON': '{"reasoning": "sum", "code": "def add_up(xs):\\n    return sum(xs)"}',
}
CLASSES['the method alone, behind'] = fence(CLASS)+'\nThe key method:\n'+fence(
    'def add_up(self, xs):\n    return sum(xs)')
