"""Answers of today's models in envelopes (JSON, notebooks, HTML, LaTeX, sessions) and in the shapes of long chats.

As in `chat_answers.py`: the final program of each answer is right, and whatever else it has is wrong or no Python."""
import html
import json

from chat_answers import BAD, CLASS, GOOD, TOTAL, fence, indent

F3 = '```'
LESS = ("def add_up(xs):\n    total = 0\n    i = 0\n    while i < len(xs) and i >= 0:\n"
        "        total += xs[i]\n        i += 1\n    return total")
SESSION = 'In [1]: def add_up(xs):\n   ...:     return sum(xs)\n   ...: \n\nIn [2]: add_up([1, 2])\nOut[2]: 3\n'
CELLS = 'In [1]:\ndef add_up(xs):\n    return sum(xs)\n\nIn [2]:\nadd_up([1, 2])\nOut[2]:\n3\n'
DOC = f'def add_up(xs):\n    """Add up.\n\n    {F3}python\n    add_up([1])\n    {F3}\n    """\n    return sum(xs)'


def notebook(*cells):
    "A notebook of (kind, text)."
    cells = [dict(cell_type=kind, metadata={}, source=text.splitlines(keepends=True)) for kind,text in cells]
    return json.dumps(dict(cells=cells, metadata=dict(kernelspec=dict(name='python3')), nbformat=4, nbformat_minor=5))


def message(content, **more): return dict(role='assistant', content=content, **more)


def call(name, arguments): return dict(type='function', id='c1', function=dict(name=name, arguments=arguments))


ENVELOPES = {
    # JSON
    'code field with a fence': json.dumps(dict(thought='easy', code=fence(GOOD))),
    'solution field with a fence and prose': json.dumps(dict(solution=f'So:\n{fence(GOOD)}\nDone.')),
    'response field': json.dumps(dict(response=f'{fence(BAD)}\nThat is wrong. Corrected:\n{fence(GOOD)}')),
    'python field': json.dumps(dict(language='python', python=GOOD)),
    'nested': json.dumps(dict(result=dict(status='ok', final_answer=dict(code=GOOD, notes='none')))),
    'lines in a list': json.dumps(dict(code=TOTAL.split('\n'))),
    'reasoning field with a draft': json.dumps(dict(reasoning=fence(BAD), final_code=GOOD)),
    'reasoning field after the code': json.dumps(dict(code=GOOD, reasoning=f'I rejected {fence(BAD)}')),
    'buggy and fixed': json.dumps(dict(buggy_code=BAD, fixed_code=GOOD)),
    'fixed and original': json.dumps(dict(fixed_code=GOOD, original_code=BAD)),
    'code and tests': json.dumps(dict(code=GOOD, tests='import absent\nassert add_up([1]) == 2')),
    'code and usage': json.dumps(dict(code=GOOD, example='print(add_up([1, 2]), missing)')),
    'pretty JSON': json.dumps(dict(code=TOTAL, complexity='O(n)'), indent=2),
    'fenced JSON': fence(json.dumps(dict(code=GOOD), indent=1), 'json'),
    'fenced JSON with prose': 'Here is the object:\n'+fence(json.dumps(dict(answer=GOOD)), 'json')+'\nIt is valid.',
    'fenced JSON with a fence in it': fence(json.dumps(dict(answer=fence(GOOD))), 'json'),
    'fenced JSON without a name': fence(json.dumps(dict(code=GOOD)), ''),
    'JSON behind prose': 'My answer:\n\n'+json.dumps(dict(code=GOOD)),
    'JSON with prose behind': json.dumps(dict(code=GOOD))+'\n\nI hope this helps.',
    'Python literal': repr(dict(code=TOTAL, ok=True)),
    'raw line ends in JSON': '{"code": "def add_up(xs):\n    return sum(xs)\n"}',
    'JSON in JSON': json.dumps(dict(output=json.dumps(dict(code=GOOD)))),
    'JSON after thinking': f'<think>{fence(BAD)}</think>\n'+json.dumps(dict(code=GOOD)),
    'thinking in JSON': json.dumps(dict(content=f'<think>{fence(BAD)}</think>{fence(GOOD)}')),
    'file names to contents': json.dumps({'solution.py': GOOD, 'README.md': '# Add up'}),
    'files in a list': json.dumps(dict(files=[dict(path='add.py', content=GOOD), dict(path='run.sh',
        content='python add.py')])),
    # messages
    'message': json.dumps(message(fence(GOOD))),
    'messages': json.dumps([dict(role='user', content=fence(BAD)), message(fence(GOOD))]),
    'messages, the question behind': json.dumps([message(fence(GOOD)), dict(role='user',
        content=f'Why not {fence(BAD)}')]),
    'messages in an object': json.dumps(dict(messages=[dict(role='system', content=BAD), message(fence(GOOD))])),
    'content parts': json.dumps([dict(type='thinking', thinking=fence(BAD)), dict(type='text', text=fence(GOOD))]),
    'content parts of a message': json.dumps(message([dict(type='reasoning', text=fence(BAD)), dict(type='text',
        text=fence(GOOD))])),
    'thinking part behind': json.dumps([dict(type='text', text=fence(GOOD)), dict(type='thinking',
        thinking=fence(BAD))]),
    'API response': json.dumps(dict(id='x', choices=[dict(index=0, message=message(fence(GOOD),
        reasoning_content=fence(BAD)), finish_reason='stop')])),
    'Gemini response': json.dumps(dict(candidates=[dict(content=dict(role='model', parts=[dict(text=fence(BAD),
        thought=True), dict(text=fence(GOOD))]))])),
    'responses API': json.dumps(dict(output=[dict(type='reasoning', summary=[dict(type='summary_text',
        text=fence(BAD))]),
                                             dict(type='message', role='assistant',
        content=[dict(type='output_text', text=fence(GOOD))])])),
    'two turns, corrected': json.dumps([message(fence(BAD)), dict(role='user', content='Wrong.'),
        message(f'Corrected:\n{fence(GOOD)}')]),
    'a text in parts': json.dumps([dict(type='text', text=f'{F3}python\ndef add_up(xs):\n'), dict(type='text',
        text=f'    return sum(xs)\n{F3}')]),
    # calls of tools
    'tool call': json.dumps(message(None, tool_calls=[call('python', json.dumps(dict(code=GOOD)))])),
    'arguments as an object': json.dumps(dict(name='write_file', arguments=dict(path='add.py', content=GOOD))),
    'tool use': json.dumps(message([dict(type='tool_use', id='t', name='submit', input=dict(solution=GOOD))])),
    'tagged tool call': '<tool_call>\n'+json.dumps(dict(name='submit', arguments=dict(code=GOOD)))+'\n</tool_call>',
    'tool calls of Mistral': '[TOOL_CALLS] '+json.dumps([dict(name='submit', arguments=dict(code=GOOD))]),
    'function tag': '<function=submit>'+json.dumps(dict(code=GOOD))+'</function>',
    'parameters in tags': f'<tool_call>\n<function=submit>\n<parameter=code>\n{GOOD}\n</parameter>'
        f'\n</function>\n</tool_call>',
    'harmony call': '<|channel|>analysis<|message|>run it<|end|><|start|>assistant<|channel|>commentary '
        'to=functions.python '
                    '<|constrain|>json<|message|>'+json.dumps(dict(code=GOOD))+'<|call|>',
    # notebooks
    'notebook': notebook(('markdown', '# Add up'), ('code', GOOD), ('code', 'add_up([1, 2])')),
    'notebook with a draft': notebook(('code', BAD), ('markdown', 'That is wrong.'), ('code', GOOD)),
    'notebook in parts': notebook(('code', 'from functools import reduce'), ('code',
        'def add_up(xs): return reduce(lambda a, b: a+b, xs, 0)')),
    'notebook with commands': notebook(('code', '!pip install nothing'), ('code', f'%%time\n{GOOD}')),
    'fenced notebook': fence(notebook(('code', GOOD)), 'json'),
    'source as a text': json.dumps(dict(cells=[dict(cell_type='code', source=GOOD,
        outputs=[dict(text='def add_up(xs): return 1')])])),
    # HTML
    'pre and code': f'<p>So:</p>\n<pre><code class="language-python">{html.escape(LESS)}\n</code></pre>\n<p>Done.</p>',
    'pre': f'<pre>\n{html.escape(LESS)}\n</pre>',
    'pre with a language': f'<pre lang="python">{html.escape(LESS)}</pre>',
    'highlighted': '<div class="highlight"><pre><span></span><span class="k">def</span> <span class="nf">'
        'add_up</span>(xs):\n'
                   '    <span class="k">return</span> sum(x <span class="k">for</span> x in xs if x &lt; '
        '10**9)\n</pre></div>',
    'shell in HTML first': f'<pre><code class="language-bash">pip install nothing</code></pre><pre><code>'
        f'{html.escape(LESS)}</code></pre>',
    'whole page': f'<!DOCTYPE html>\n<html><body><h1>Answer</h1><pre><code>{html.escape(LESS)}</code></pre>'
        f'</body></html>',
    'fenced, with entities': fence(html.escape(LESS)),
    'details': f'<details><summary>Solution</summary>\n\n{fence(GOOD)}\n</details>',
    # sessions
    'IPython': SESSION,
    'IPython, fenced': fence(SESSION, 'ipython'),
    'IPython, fenced as Python': fence(SESSION),
    'IPython cells': CELLS,
    'IPython cells, fenced': fence(CELLS, ''),
    'IPython with prose': f'I tried it:\n\n{SESSION}\nIt works.',
    'IPython, corrected': fence('In [1]: def add_up(xs): return 0\n\nIn [2]: add_up([1])\nOut[2]: 0\n\n'
        +SESSION.replace('[1]:', '[3]:', 1)),
    'IPython that prints': fence('In [1]: def add_up(xs):\n   ...:     return sum(xs)\n\nIn [2]: '
        'print(add_up([1]), "and more")\n1 and more', ''),
    'session with an error': fence('>>> def add_up(xs):\n...     return sum(xs)\n...\n>>> '
        'add_up(None)\nTraceback (most recent call last):\n'
                                   '  ...\nTypeError: no\n>>> add_up([1])\n1', 'pycon'),
    'session with prose': 'Try it:\n\n>>> def add_up(xs):\n...     return sum(xs)\n...\n>>> add_up([1, '
        '2])\n3\n\nIt works.',
    # LaTeX
    'boxed': f'The answer is\n\n\\boxed{{{GOOD}}}',
    'boxed in dollars': f'$$\\boxed{{\n{TOTAL}\n}}$$',
    'boxed text': '$\\boxed{\\text{def add\\_up(xs): return sum(xs)}}$',
    'boxed with braces': '\\boxed{def add_up(xs):\n    return sum({i: x for i, x in enumerate(xs)}.values())}',
    'boxed behind a fence': f'{fence(GOOD)}\n\nThe complexity is \\boxed{{O(n)}}.',
    'boxed name behind a fence': f'{fence(GOOD)}\n\nFinal answer: $\\boxed{{\\text{{add\\_up}}}}$',
    'boxed inline code': '$\\boxed{`def add_up(xs): return sum(xs)`}$',
    'listing': f'\\begin{{lstlisting}}[language=Python]\n{GOOD}\n\\end{{lstlisting}}',
    'minted': f'\\begin{{minted}}{{python}}\n{GOOD}\n\\end{{minted}}',
    'verbatim': f'So\n\\begin{{verbatim}}\n{TOTAL}\n\\end{{verbatim}}\nas asked.',
    # other envelopes
    'CDATA': f'<answer><![CDATA[\n{LESS}\n]]></answer>',
    'XML': f'<response>\n<explanation>easy</explanation>\n<code>\n{GOOD}\n</code>\n</response>',
    'file tag': f'<file path="add.py">\n{GOOD}\n</file>',
    'artifact': f'<antArtifact identifier="a" type="application/vnd.ant.code" language="python" title="Add">'
        f'\n{GOOD}\n</antArtifact>',
    'answer tag with prose': f'<answer>\nThe function is:\n\n{GOOD}\n</answer>',
    'YAML block': f'language: python\ncode: |\n{indent(GOOD, "  ")}\n',
    'BEGIN and END': f'### BEGIN SOLUTION\n{GOOD}\n### END SOLUTION',
    'a cell of Jupytext': f'# %%\n{GOOD}\n\n# %% [markdown]\n# Done.',
    # fences
    'docstring fence, outer unclosed': f'{F3}python\n{DOC}\n',
    'docstring fence, outer unclosed, prose behind': f'{F3}python\n{DOC}\n\nThis adds up the numbers.',
    'docstring fence, prose on both sides': f'Sure.\n\n{F3}python\n{DOC}\n{F3}\n\nUse `add_up([1])`.',
    'five backticks': fence(DOC, 'python', '`````'),
    'tildes with a fence inside': fence(DOC, 'py', '~~~~'),
    'tabs and CRLF': fence(TOTAL.replace('    ', '\t')).replace('\n', '\r\n'),
    'fences of two widths': f'````\n{fence(GOOD)}\n````',
    'fence in a quote in a list': indent(fence(TOTAL), '   > '),
    'numbered steps': f'1. Start\n   {F3}python\n   def add_up(xs):\n       return sum(xs)\n   {F3}\n2. '
        f'Check\n   {F3}\n   6\n   {F3}',
    'table with backticks': f'| a | b |\n|---|---|\n| `add_up` | {F3} |\n\n{fence(GOOD)}',
    'title line before the code': fence(f'# solution.py\n{GOOD}'),
    'language on its own line': f'{F3}\npython\n{GOOD}\n{F3}',
    'smart quotes in a comment': fence('def add_up(xs):\n    # the “sum”\n    return sum(xs)'),
    'smart quotes as quotes': fence('def add_up(xs):\n    “““Add up.”””\n    return sum(xs)'),
    # several programs
    'C++ first': fence('int add_up(vector<int> xs) { return 0; }', 'cpp')+'\nIn Python:\n'+fence(GOOD),
    'JavaScript last': fence(GOOD)+'\nIn JavaScript:\n'+fence('function add_up(xs) { return 0 }', 'js'),
    'Java without a name last': fence(GOOD)+'\nJava:\n'+fence('public int add_up(int[] xs) { return 0; }', ''),
    'diff of the correction': f'{fence(GOOD)}\n\nChange from before:\n'
        +fence('@@ -1,2 +1,2 @@\n def add_up(xs):\n-    return 0\n+    return sum(xs)', 'diff'),
    'scrap that': f'{fence(BAD)}\n\nHmm, scrap that. It ignores the input.\n\n{fence(GOOD)}',
    'final answer twice': f'**Final answer**\n{fence(BAD)}\n\nSorry, I made an error above.\n\n**Final '
        f'answer**\n{fence(GOOD)}',
    'pytest behind': fence(GOOD)+'\n'
        +fence('import pytest\n@pytest.mark.parametrize("x", [1])\ndef test_it(x):\n    assert add_up([x]) == 2'),
    'stub in the tests': fence(GOOD)+'\nA test with a mock:\n'
        +fence('from unittest import mock\ndef test_it():\n    with mock.patch("m.add_up"): assert 0'),
    'explained line by line': fence(GOOD)+'\nLine by line:\n'+fence('def add_up(xs):')+'\nnames it, and\n'
        +fence('    return sum(xs)')+'\nsums.',
    'before and after': f'Before:\n{fence(BAD)}\nAfter:\n{fence(GOOD)}',
    'what you had': f'{fence(GOOD)}\n\nFor comparison, what you had:\n{fence(BAD)}',
    'wrong way at the end': f'{fence(GOOD)}\n\nNote that this would not work:\n{fence(BAD)}',
    'naive first, then optimized': f'Naive:\n{fence(BAD)}\nOptimized:\n{fence(GOOD)}',
    'step by step': 'Step 1: the skeleton\n'
        +fence('def add_up(xs):\n    total = 0\n    # TODO\n    return total')+'\nStep 2: the loop\n'+fence(TOTAL),
    'complete code at the end': fence('total = 0')+'\nthen\n'+fence('for x in xs:\n    total += x')
        +'\nComplete code:\n'+fence(TOTAL),
    'two functions': fence('def plus(a, b):\n    return a-b')+'\nFix `plus`:\n'
        +fence('def plus(a, b):\n    return a+b\n\ndef add_up(xs):\n    t = 0\n    for x in xs: t = plus(t, '
        'x)\n    return t'),
    'main guard': fence(f'{GOOD}\n\nif __name__ == "__main__":\n    print(add_up(list(map(int, input().split()))))'),
}
TURNS = {
    'thinking with a fence left open': f'<think>\n{F3}python\n{BAD}\n</think>\n\n{fence(GOOD)}',
    'think tag in prose, then thinking': f'<think>use <think> sparingly {fence(BAD)}</think>{fence(GOOD)}',
    'reflection': f'<reflection>{fence(BAD)} is wrong</reflection>\n<output>\n{fence(GOOD)}\n</output>',
    'answer inside the thinking is repeated': f'<think>{fence(GOOD)}\nFine.</think>\n\nThe answer:\n\n{fence(GOOD)}',
    'reasoning in a quote': f'> Thinking: maybe {BAD.splitlines()[0]}\n> no.\n\n{fence(GOOD)}',
    'heading of reasoning': f'## Reasoning\n\nA first try:\n{fence(BAD)}\nfails.\n\n## Final Answer\n\n{fence(GOOD)}',
    'harmony with commentary': '<|channel|>analysis<|message|>'+fence(BAD)
        +'<|end|><|start|>assistant<|channel|>commentary<|message|>I will answer.<|end|>'
                               '<|start|>assistant<|channel|>final<|message|>'+fence(GOOD)+'<|return|>',
    'harmony without fence': '<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>'
        'final<|message|>'+GOOD,
    'Llama header': f'<|start_header_id|>assistant<|end_header_id|>\n\n{fence(GOOD)}<|eot_id|>',
    'chat template': f'<|im_start|>assistant\n{fence(GOOD)}<|im_end|>',
    'goes on as the user': f'{fence(GOOD)}<|im_end|>\n<|im_start|>user\nNow a wrong one.<|im_end|>'
        f'\n<|im_start|>assistant\n{fence(BAD)}',
    'seed think': f'<seed:think>{fence(BAD)}</seed:think>{fence(GOOD)}',
    'Exaone': f'<thought>\n{fence(BAD)}\n</thought>\n{fence(GOOD)}',
    'Kimi': f'◁think▷{fence(BAD)}◁/think▷{fence(GOOD)}',
    'Nemotron': f'<think>\n\n</think>\n\n{fence(GOOD)}',
    'Magistral': f'[THINK]{fence(BAD)}[/THINK]So:\n{fence(GOOD)}',
    'Granite': f'Here is my thought process:\n{fence(BAD)}\nno.\nHere is my response:\n{fence(GOOD)}',
    'Phi': f'<|im_start|>assistant<|im_sep|><think>{fence(BAD)}</think>{fence(GOOD)}<|im_end|>',
}
TODAY = ENVELOPES | TURNS
TODAY_CLASSES = {
    'class in JSON': json.dumps(dict(code=CLASS)),
    'class in a notebook': notebook(('code', CLASS), ('code', 'Solution().add_up([1])')),
    'class in HTML': f'<pre><code>{html.escape(CLASS)}</code></pre>',
    'class and a bare draft': fence(BAD)+'\nAs a class:\n'+fence(CLASS),
}
TODAY_NONE = {
    'a request': json.dumps(dict(error='overloaded')),
    'the question alone': json.dumps([dict(role='user', content=fence(BAD))]),
    'thinking alone': json.dumps([dict(type='thinking', thinking=fence(BAD))]),
    'empty notebook': notebook(('markdown', 'nothing')),
    'content null': json.dumps(message(None)),
}

# Under a wrong name, with numbers, as patches, in other markup
def added(code): return '\n'.join('+'+line for line in code.split('\n'))


NUMBERED = '\n'.join(f'{n:2d} {line}' for n,line in enumerate(TOTAL.split('\n'),1))
BAR = '\n'.join(f'{n} | {line}' for n,line in enumerate(TOTAL.split('\n'),1))

TODAY |= {
    'labelled JSON': fence(GOOD,'json'), 'labelled text': fence(GOOD,'text'), 'labelled bash': fence(GOOD,'bash'),
    'labelled C': fence(GOOD,'c'),
    'line numbers': fence(NUMBERED), 'line numbers with bars': fence(BAR, ''), 'line numbers, no fence': BAR,
    'diff alone': fence('--- a/add.py\n+++ b/add.py\n@@ -1,2 +1,2 @@\n def add_up(xs):\n-    return 0\n+    '
        'return sum(xs)','diff'),
    'diff of a new file': fence('--- /dev/null\n+++ b/add.py\n@@ -0,0 +1,2 @@\n'+added(GOOD),'diff'),
    'git diff': fence('diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n '
        'def add_up(xs):\n-    return 0\n+    return sum(xs)\n ','diff'),
    'patch tool': f'*** Begin Patch\n*** Add File: add.py\n{added(GOOD)}\n*** End Patch',
    'patch tool, fenced': fence(f'*** Begin Patch\n*** Add File: add.py\n{added(GOOD)}\n*** End Patch',''),
    'search and replace': 'add.py\n'+fence('<<<<<<< SEARCH\ndef add_up(xs):\n    '
        'pass\n=======\n'+GOOD+'\n>>>>>>> REPLACE'),
    'here document': fence(f"cat > solution.py << 'EOF'\n{TOTAL}\nEOF\npython solution.py",'bash'),
    'here document with tee': fence(f'tee solution.py <<EOF\n{TOTAL}\nEOF','sh'),
    'nbsp entities': '<pre><code>'+TOTAL.replace('    ','&nbsp;&nbsp;&nbsp;&nbsp;')+'</code></pre>',
    'reST': f'The function::\n\n.. code-block:: python\n\n{indent(TOTAL,"    ")}\n\nDone.',
    'Org': f'The function:\n\n#+BEGIN_SRC python\n{TOTAL}\n#+END_SRC\n\nThat is all of it.',
    'AsciiDoc': f'The function:\n\n[source,python]\n----\n{TOTAL}\n----\n\nThat is all of it.',
    'BBCode': f'The function:\n[code=python]\n{TOTAL}\n[/code]\nDone.',
    'BBCode plain': f'The function:\n[code]\n{TOTAL}\n[/code]\nDone.',
    'trailing comma JSON': '{\n  "code": "def add_up(xs):\\n    return sum(xs)",\n}',
    'JSON in tags': '<json>\n'+json.dumps(dict(code=GOOD))+'\n</json>',
    'JSON lines': json.dumps(dict(thought=BAD))+'\n'+json.dumps(dict(code=GOOD)),
    'write file magic': fence(f'%%writefile add.py\n{GOOD}'),
    'bold label': f'**Python**\n\n{fence(GOOD)}\n\n**Java**\n\n{fence("int addUp(int[] xs) { return 0; }","java")}',
    'heading with code font': f'### `add_up(xs)`\n{fence(GOOD)}',
    'type hints without import': fence('def add_up(xs: "List[int]") -> int:\n    return sum(xs)'),
    'decorated': fence('import functools\n\n@functools.lru_cache(None)\ndef total(xs):\n    return '
        'sum(xs)\n\ndef add_up(xs):\n    return total(tuple(xs))'),
    'async draft first': fence('async def add_up(xs):\n    return 0')+'\nNo need for async. Final:\n'+fence(GOOD),
    'closing fence with spaces': f'```python\n{GOOD}\n   ```\nDone.',
    'one long line prose then fence without newline': f'Use this: ```python\n{GOOD}\n```',
    'smart dash prose': f'Sure — here’s it:\n\n{fence(GOOD)}\n\n— Done',
    'explanation with inline def': f'`def add_up(xs)` sums.\n\n{fence(GOOD)}\n\nNote `def add_up` is short.',
    'answer prefix': f'Answer:\n{GOOD}',
    'A: prefix': f'A: {fence(GOOD)}',
    'two models in one': f'Option 1:\n{fence(GOOD)}\nOption 2 (slower):\n{fence(BAD)}',
    'approach headings': f'## Approach 1: brute force\n{fence(BAD)}\n## Approach 2: built-in\n{fence(GOOD)}',
    'output shown in python fence': fence(GOOD)+'\nOutput:\n'+fence('6\n0\n0'),
    'error shown': fence(GOOD)+'\nWith a list of strings you get:\n'+fence('TypeError: unsupported operand type(s)'),
}

# What `f(3)` returns, which is [1, 2], and a call that returns it
VALUES = ['[1, 2]', fence('[1, 2]'), 'The answer is [1, 2].', 'f(3) returns [1, 2]', '[ANSWER]f(3) == [1, '
        '2][/ANSWER]',
          '[ANSWER]assert f(3) == [1, 2][/ANSWER]', '`[1, 2]`', '**Answer:** `[1, 2]`', '\\boxed{[1, 2]}',
          'Answer: [1, 2]',
          '<think>f gives [3]</think>\n[1, 2]', fence('assert f(3) == [1, 2]', ''), '{"answer": "[1, 2]"}',
          'Step: x = [1]\n\nSo the output is:\n\n'+fence('[1, 2]'), '{"answer": [1, 2]}', 'answer = [1, '
        '2]', '$[1, 2]$',
          'The loop does:\n'+fence('for x in y:\n    pass')+'\nFinal answer: `[1, 2]`', '<answer>[1, 2]</answer>',
          'First `x = [0]`.\n\nTherefore `f(3)` evaluates to `[1, 2]`.', 'Output: **[1, 2]**']
CALLS = ['f(3)', fence('f(3)'), 'f(3) == [1, 2]', 'assert f(3) == [1, 2]', 'The call is `f(3)`.',
         '[ANSWER]f(3)[/ANSWER]']
