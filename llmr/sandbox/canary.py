"""Tests that must fail: copies of a test with a wrong expected value.

Inside a program's process nothing is safe from the program. But it cannot know which of two runs has the right tests:
if a copy with a wrong value passes, then the passes of that program mean nothing.
"""
import ast
import random

_OPPOSITE = dict(assertTrue='assertFalse', assertEqual='assertNotEqual', assertIn='assertNotIn', assertIs='assertIsNot',
                 assertIsNone='assertIsNotNone', assertIsInstance='assertNotIsInstance',
                 assertAlmostEqual='assertNotAlmostEqual',
                 assertGreater='assertLessEqual', assertLess='assertGreaterEqual', assertRegex='assertNotRegex')
_OPPOSITE |= {other: name for name, other in _OPPOSITE.items()}
_SAME = '''assertEqual assertListEqual assertDictEqual assertTupleEqual assertSetEqual assertCountEqual
assertMultiLineEqual assertAlmostEqual'''.split()


_random = random.SystemRandom() # a program must not foresee the wrong value
_LETTERS = 'abcdefghijklmnopqrstuvwxyz'


def _other_letter(text):
    "A text of the same length with another letter somewhere; a letter in place of no text."
    if not text: return _random.choice(_LETTERS)
    place = _random.randrange(len(text))
    return text[:place]+_random.choice([letter for letter in _LETTERS if letter!=text[place].lower()])+text[place+1:]


class Wrong:
    """Wrong values in place of the constants of one program's tests. A constant has the same one in each test: a program
    that keeps what it hears in one test and says it in the next is right in its copies, too."""
    def __init__(self): self.values = {}

    def __call__(self, value):
        key = type(value), value
        if key not in self.values: self.values[key] = _wrong(value)
        return self.values[key]


def _wrong(value):
    "Another constant of the same type, and of the same parity or length: nothing tells it from a right one."
    if isinstance(value, bool): return not value
    if isinstance(value, int): return value+2*_random.randint(max(5, abs(value)), 3*max(5, abs(value)))
    if isinstance(value, float): return value+(1+_random.random())*1e6 if abs(value)<1e15 else _random.random()
    if isinstance(value, str): return _other_letter(value)
    if isinstance(value, bytes): return _other_letter(value.decode('latin-1')).encode('latin-1')
    return 'nothing' if value is None else 0


def _constants(node):
    "Constants that decide what an expression is worth: none in indices, conditions or arguments of functions."
    if isinstance(node, ast.Constant): yield node
    elif isinstance(node, ast.Call):
        name = getattr(node.func, 'id', getattr(node.func, 'attr', ''))
        if name[:1].isupper():
            yield from (found for part in (*node.args, *[k.value for k in node.keywords]) for found in _constants(part))
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        yield from (found for part in node.elts for found in _constants(part))
    elif isinstance(node, ast.Dict):
        yield from (found for part in (*node.keys, *node.values) if part for found in _constants(part))
    elif isinstance(node, ast.UnaryOp): yield from _constants(node.operand)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (*_constants(node.left), *_constants(node.right))


def _spoil(node, wrong):
    "Make an expected value wrong, in place. Returns whether there was a constant; an empty list gets an item."
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and not node.elts:
        node.elts.append(ast.Constant(0))
        return True
    found = list(_constants(node))
    if found: found[-1].value = wrong(found[-1].value)
    return bool(found)


def _spoiled_condition(node, wrong):
    "A condition that is false where the given one is true."
    last = node.values[-1] if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else node
    if isinstance(last, ast.Compare) and isinstance(last.ops[-1], ast.Eq):
        if _spoil(last.comparators[-1], wrong) or len(last.ops)==1 and _spoil(last.left, wrong): return node
    return ast.UnaryOp(ast.Not(), node)


def _expects(block):
    "Whether a block expects an exception: what follows it there never runs."
    names = [getattr(item.context_expr.func, 'attr', getattr(item.context_expr.func, 'id', '')) for item in block.items
             if isinstance(item.context_expr, ast.Call)]
    return any(name in ('assertRaises', 'assertRaisesRegex', 'raises') for name in names)


def _certain(tree, nodes):
    """Nodes in their order, without those that an expected exception leaves out, or a condition or a loop may; with
    the latter, if these guard each."""
    guarded = {id(inner) for node in ast.walk(tree) if isinstance(node, (ast.If, ast.For, ast.While))
               for part in (*node.body, *node.orelse) for inner in ast.walk(part)}
    skipped = {id(inner) for node in ast.walk(tree) if isinstance(node, (ast.With, ast.AsyncWith)) and _expects(node)
               for part in node.body for inner in ast.walk(part)}
    nodes = [node for node in nodes if id(node) not in skipped]
    ordered = sorted(nodes, key=lambda node: (node.lineno, node.col_offset))
    return [node for node in ordered if id(node) not in guarded] or ordered


def spoiled_test(test, wrong):
    "A test whose last assertion is wrong; one without assertions gets one."
    try: tree = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError): return test
    asserts = _certain(tree, [node for node in ast.walk(tree) if isinstance(node, ast.Assert)])
    if asserts and not (isinstance(asserts[-1].test, ast.Constant) and not asserts[-1].test.value):
        asserts[-1].test = _spoiled_condition(asserts[-1].test, wrong)
    else: tree.body += ast.parse('assert 1 == 2').body
    return ast.unparse(ast.fix_missing_locations(tree))


def _spoil_method(method, wrong):
    "Make the last assertion of a test method wrong."
    calls = [node for node in ast.walk(method) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
             and node.func.attr.startswith('assert') and getattr(node.func.value, 'id', '')=='self']
    calls = _certain(method, calls)
    last = calls[-1] if calls else None
    if last and last.func.attr in _SAME and len(last.args)>1 and any(_spoil(side, wrong) for side in last.args[1::-1]): return
    if last and last.func.attr in _OPPOSITE: last.func.attr = _OPPOSITE[last.func.attr]
    else: method.body += ast.parse('self.assertEqual(1, 2)').body


def spoiled_module(source, wrong):
    "Source of a test module in which each test method has a wrong assertion."
    try: tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError): return source
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith('test'):
            _spoil_method(node, wrong)
    return ast.unparse(ast.fix_missing_locations(tree))
