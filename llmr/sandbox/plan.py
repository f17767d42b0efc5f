"""What is known of a task before any of its programs runs: which judge it needs, and which of its tests are simple.

- `values`: the tests run outside the program's process, and see what its functions return as plain data.
- `inside`: the tests run in the program's process. For tests of classes, printed text, threads, mocks and the like.

The choice looks at the tests and the setup code alone, so no program can have the weaker judge.
"""
import ast
import builtins
import json
import re
from functools import lru_cache
from types import SimpleNamespace

import layers
import wire

MANY_CALLS = 2000 # in one loop of a test; each costs a message
_FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
_IMPORTED = frozenset("""bisect cmath collections copy datetime decimal fractions functools heapq itertools json math
numbers operator random re statistics string time typing""".split()) # by tests of values
_LOOKS = frozenset('callable delattr dir getattr hasattr id input issubclass iter next open setattr vars'.split())
_LAZY = frozenset('iter map filter zip enumerate reversed open'.split())
_STATE = frozenset('seed getcontext setcontext setrecursionlimit'.split()) # the program's process must have it, too
_PLAIN = {name for kind in wire.TYPES.values() if not issubclass(kind, BaseException) for name in dir(kind)}
_OBJECT_TEXT = re.compile(r'^<|[A-Z]\w*\(')
CLASS = re.compile('[A-Z][A-Za-z0-9]*')
_INSIDE = (ast.ClassDef, ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom,
           ast.TryStar)


@lru_cache(64)
def _parsed(text):
    "Syntax tree of a test, not to be changed; None if it is not Python."
    try: return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError): return None


def _imported(tree):
    "Names that a piece of code imports."
    return {alias.asname or alias.name.split('.')[0] for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}


def _bound(tree):
    "Names that a piece of code binds."
    names = _imported(tree)
    names |= {node.name for node in ast.walk(tree) if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
                    and not isinstance(node.ctx, ast.Load)}


@lru_cache(64)
def _top_level(setup):
    "Names that setup code binds at its top level, and imports."
    of = lambda node: {node.name} if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) else _bound(node)
    return set().union(*map(of, (_parsed(setup) or ast.Module([], [])).body))


@lru_cache(1024)
def called_names(tests, setup):
    """Names that tests call and that are neither Python's own nor the task's helpers; if there are none, the first one
    that each test calls."""
    calls = []
    for tree in (part for test in filter(None, map(_parsed, tests)) for part in _with_inner(test)):
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)} | _top_level(setup)
        own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | _imported(tree)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        handed = [value.id for node in found if node.func.id in own for value in node.args
                  if isinstance(value, ast.Name)]
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        names = [*[node.func.id for node in found], *[name for name in handed if name not in stored]]
        calls.append([name for name in names if name not in own])
    foreign = [name for names in calls for name in names if not hasattr(builtins, name)]
    return tuple(dict.fromkeys(foreign or [names[0] for names in calls if names]))


class _Look:
    "What one test does with the program's names."
    def __init__(self, tree, program, own):
        self.tree, self.program, self.own = tree, set(program), own
        self.nodes = list(ast.walk(tree))
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self.functions = {node.name: node for node in self.nodes if isinstance(node, ast.FunctionDef)}
        for call in self.calls: self.follow(call)
        self.asked = [call for call in self.calls if self.is_program(call.func)]

    def is_program(self, node): return isinstance(node, ast.Name) and node.id in self.program

    def follow(self, call):
        "A function of the test's that is given one of the program's has a name for it."
        function = isinstance(call.func, ast.Name) and self.functions.get(call.func.id)
        if not function: return
        for parameter, value in zip(function.args.args, call.args):
            if self.is_program(value): self.program.add(parameter.arg)

    def uses_result(self, node): return any(call in self.asked for call in ast.walk(node) if isinstance(call, ast.Call))

    def needs_inside(self):
        "Whether the test needs more than plain values."
        return (any(isinstance(node, _INSIDE) for node in self.nodes) or self.imports_more() or self.names_more()
                or self.passes_more() or self.looks_closer() or self.uses_objects() or self.shares() or self.calls_often())

    def imports_more(self):
        names = [alias.name for node in self.nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or '' for node in self.nodes if isinstance(node, ast.ImportFrom)]
        return any(name.split('.')[0] not in _IMPORTED for name in names)

    def names_more(self):
        "Names of the program that are not just called: classes, variables, functions as values."
        takers = {*self.functions, 'map', 'filter'}
        handed = {id(value) for call in self.calls if isinstance(call.func, ast.Name) and call.func.id in takers
                  for value in call.args}
        just_called = {id(call.func) for call in self.calls} | handed
        known = lambda name: name in self.own or hasattr(builtins, name) or name in layers.COMMON
        loads = [node for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        return any(id(node) not in just_called for node in loads if node.id in self.program or not known(node.id))

    def passes_more(self):
        "Arguments that are not plain: functions, iterators."
        functions = set(self.functions) | {target.id for node in self.nodes if isinstance(node, ast.Assign)
                                           for target in node.targets if isinstance(target, ast.Name)
                                           and isinstance(node.value, (ast.Lambda, ast.GeneratorExp))}
        def strange(node):
            if isinstance(node, (ast.Lambda, ast.GeneratorExp)): return True
            if isinstance(node, ast.Name): return node.id in functions or (
                callable(getattr(builtins, node.id, None)) and node.id not in wire.TYPES and node.id not in self.own)
            if any(call in self.made() for call in ast.walk(node) if isinstance(call, ast.Call)): return True
            if isinstance(node, ast.Attribute): return not isinstance(node.value, ast.Constant)
            name = getattr(getattr(node, 'func', None), 'id', None)
            module = getattr(getattr(getattr(node, 'func', None), 'value', None), 'id', None)
            return name in _LAZY or module in ('operator', 'itertools', 'functools')
        values = [value for call in self.asked for value in (*call.args, *[word.value for word in call.keywords])]
        return any(map(strange, values))

    def uses_objects(self):
        """Whether what looks like a new object of a class is more than compared: printed, counted, indexed, called; or
        whether a result is printed where the test has the text of an object, such as `P(1)` or `<P>`: only the
        program's process can print it."""
        made = lambda node: any(self.of(part, self.made()) for part in
                                (node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]))
        printed = any(self.of(part, self.asked) for node in self.nodes for part in _printed(node))
        if printed and any(_OBJECT_TEXT.search(text) for text in self.texts()): return True
        for node in self.nodes:
            if isinstance(node, ast.UnaryOp): parts = [node.operand]
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)): parts = node.comparators
            elif isinstance(node, (ast.Subscript, ast.FormattedValue)): parts = [node.value]
            elif isinstance(node, ast.Call) and node not in self.asked: parts = [node.func, *node.args]
            else: continue
            if any(map(made, parts)): return True
        return False

    def looks_closer(self):
        "Whether the test uses what only an object of the program's has."
        for node in self.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func,
                                                         ast.Name) and node.func.id in _LOOKS-self.program-self.own:
                return True
            if isinstance(node, ast.With) and any(self.uses_result(item.context_expr) for item in node.items):
                return True
            if isinstance(node, ast.Attribute) and (node.attr in _STATE or self.of(node.value, self.asked)
                                                    and node.attr not in _PLAIN
                                                       or self.of(node.value, self.made())): return True
            if isinstance(node, (ast.Attribute, ast.Name)) and getattr(node, 'attr',
                getattr(node, 'id', '')) in ('getcontext', 'localcontext'):
                return True
            if isinstance(node, ast.Call) and getattr(node.func, 'id',
                                                      '')=='isinstance' and not self.plain_kinds(node.args[-1]):
                return True
            if isinstance(node, (ast.BinOp, ast.Compare)) and self.class_in(node): return True
        return False

    def texts(self): return [node.value for node in self.nodes if isinstance(node, ast.Constant)
                             and isinstance(node.value, str)]

    def bound_to(self, chosen):
        "Names that get the result of a call."
        return {target.id for assign in self.nodes if isinstance(assign, ast.Assign)
                and any(call in chosen for call in ast.walk(assign.value) if isinstance(call, ast.Call))
                for target in assign.targets if isinstance(target, ast.Name)}

    def of(self, node, chosen):
        "Whether an expression is the result of one of the calls, or a name for it."
        return node in chosen or isinstance(node, ast.Name) and node.id in self.bound_to(chosen)

    def made(self): return [call for call in self.asked if CLASS.fullmatch(call.func.id)]

    def plain_kinds(self, node):
        "Whether types in an `isinstance` are of plain data."
        names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        return all(name in wire.TYPES and not issubclass(wire.TYPES[name], BaseException)
                   for name in names) and not any(
            isinstance(part, ast.Attribute) for part in ast.walk(node))

    def class_in(self, node):
        "Whether an operator has objects on both sides that look like new ones of a class."
        made = self.made().__contains__
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.left, *node.comparators)
        return sum(bool(made(side)) for side in sides)>1 or isinstance(node, ast.BinOp) and any(map(made, sides))

    def shares(self):
        "Whether a value is bound to a name while the program is called again: it may keep and change the value."
        if len(self.asked)<2: return False
        stored = {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assigned = any(isinstance(node, (ast.Assign, ast.NamedExpr)) and self.uses_result(node.value)
                       for node in self.nodes)
        loops = {name.id for node in self.nodes if isinstance(node, (ast.comprehension, ast.For))
                 for name in ast.walk(node.target) if isinstance(name, ast.Name)}
        given = {value.id for call in self.asked for value in call.args if isinstance(value, ast.Name)}
        return assigned or bool(given & (stored-loops))

    def calls_often(self):
        "Whether a loop of the test asks for more messages than it is worth."
        def long(node):
            numbers = [part.value for part in ast.walk(node.iter) if isinstance(part, ast.Constant)
                       and type(part.value) is int]
            return bool(numbers) and max(numbers)>=MANY_CALLS
        loops = [node for node in self.nodes if isinstance(node,
                                                           (ast.For, ast.ListComp, ast.GeneratorExp, ast.SetComp))]
        return any(self.uses_result(node) and long(node if isinstance(node, ast.For) else node.generators[0])
                   for node in loops)


def _printed(node):
    "Expressions whose text a node asks for."
    if isinstance(node, ast.FormattedValue): return [node.value]
    is_text = isinstance(node, ast.Call) and getattr(node.func, 'id', '') in ('str', 'repr', 'format', 'ascii')
    return node.args[:1] if is_text else []


def _with_inner(tree):
    "A test, and the code in the texts that it executes."
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') in ('exec', 'eval') and node.args:
            inner = isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value,
                str) and _parsed(node.args[0].value)
            if inner: yield inner


@lru_cache(64)
def _free(setup):
    "Names that setup code needs at its top level and does not define."
    tree = _parsed(setup) or ast.Module([], [])
    nodes = [part for node in tree.body if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)) for part in ast.walk(node)]
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return {name for name in names if not hasattr(builtins, name)}-_top_level(setup)


def _choose(tests, setup, called):
    "The judge that tests need."
    trees = [part for tree in map(_parsed, tests) if tree for part in _with_inner(tree)]
    own = _top_level(setup).union(*map(_bound, trees))
    if _free(setup)-own: return 'inside' # it needs what the program defines
    classes = {node.name for node in ast.walk(_parsed(setup) or ast.Module([], [])) if isinstance(node, ast.ClassDef)}
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if classes & names: return 'inside'
    return 'inside' if any(_Look(tree, called, own).needs_inside() for tree in trees) else 'values'


def _simple(test, called):
    "`(name, args, kwargs, expected)` of a test that compares one call on literals with a literal; None for others."
    tree = _parsed(test)
    if tree is None or len(tree.body)!=1 or not isinstance(tree.body[0], ast.Assert): return None
    node = tree.body[0].test
    if not (isinstance(node, ast.Compare) and len(node.ops)==1 and isinstance(node.ops[0], ast.Eq)): return None
    call = node.left
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            and (called is None or call.func.id in called)):
        return None
    if any(word.arg is None for word in call.keywords): return None
    try:
        args = list(map(ast.literal_eval, call.args))
        return call.func.id, args, {word.arg: ast.literal_eval(word.value)
                                    for word in call.keywords}, ast.literal_eval(node.comparators[0])
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError): return None


def _all_simple(tests, called):
    "What `_simple` says of each test; None if one of them is not simple."
    found = []
    for test in tests:
        found.append(_simple(test, called))
        if found[-1] is None: return None
    return found or None


def _called_simply(simple, setup):
    "Names that simple tests call, where `called_names` would say the same; None for it to decide."
    names = tuple(dict.fromkeys(test[0] for test in simple or ()))
    own = _top_level(setup)
    return None if any(name in own or hasattr(builtins, name) for name in names) else names


def _without_answers(setup, tests):
    "Setup code as the program sees it: without the constants that only the tests use."
    tree = _parsed(setup)
    if tree is None: return setup
    constants = [node for node in tree.body if isinstance(node, ast.Assign)]
    if not constants: return setup
    loads = lambda root: {node.id for node in ast.walk(root) if isinstance(node, ast.Name)
                          and isinstance(node.ctx, ast.Load)}
    asked = set().union(*[loads(test) for test in map(_parsed, tests) if test])
    others = set().union(*[loads(node) for node in tree.body if node not in constants])
    hidden = [node for node in constants if _bound(node)<=asked-others]
    if not hidden: return setup
    return ast.unparse(ast.Module([node for node in tree.body if node not in hidden], []))


def _loaded(tests):
    "Names that tests use and that are not Python's own."
    names = {node.id for tree in filter(None, map(_parsed, tests)) for part in _with_inner(tree)
             for node in ast.walk(part) if isinstance(node, ast.Name)}
    return {name for name in names if not hasattr(builtins, name)}


def _call(text, entry_point):
    "A case of kind `call` as a simple test: arguments by place or by name, and every value that is right."
    case = json.loads(text)
    args, kwargs = ([], case['input']) if isinstance(case['input'], dict) else (case['input'], {})
    return entry_point, args, kwargs, [case['output'], *case.get('or', ())]


def _as_call(test, name):
    "A test in which a name that stood for a value calls it."
    class Calls(ast.NodeTransformer):
        def visit_Name(self, node):
            return ast.Call(node, [], []) if node.id==name and isinstance(node.ctx, ast.Load) else node
    if _parsed(test) is None: return test
    return ast.unparse(ast.fix_missing_locations(Calls().visit(ast.parse(test))))


def _imports(setup):
    tree = _parsed(setup) or ast.Module([], [])
    return ast.unparse(ast.Module([node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))], []))


@lru_cache(1024)
def plan(kind, tests, setup, entry_point, judge, values):
    "How the programs of a task are judged. `setup` is for the program, `simple` is None unless all tests are."
    entries = tuple(name.strip() for name in (entry_point or '').split(',') if name.strip())
    made = SimpleNamespace(kind=kind, judge='values', called=entries, tests=tests, setup=setup, simple=None,
                           task_setup=setup)
    if kind=='call': made.simple = [_call(test, entries[0]) for test in tests]
    if kind=='unittest': made.judge = 'inside'
    if kind=='expression':
        made.called = entries or ('answer',)
        made.tests, made.setup = tuple(_as_call(test, made.called[0]) for test in tests), _imports(setup)
    if kind=='assert':
        made.simple = _all_simple(tests, entries or None)
        made.called = entries or _called_simply(made.simple, setup) or called_names(tests, setup)
        plain = made.simple and not _free(setup)
        made.judge = judge or ('values' if plain else _choose(tests, setup, made.called))
        made.setup = _without_answers(setup, tests)
    if kind=='expression': made.simple = _all_simple(made.tests, made.called)
    asked = kind=='call' or {test[0] for test in made.simple or ()}<=set(made.called)
    if made.judge=='inside' or values or not asked: made.simple = None
    made.free = [] if made.simple else sorted(_loaded(made.tests))
    if made.judge=='inside':
        made.setup = setup
        if not entries: made.called = tuple(name for name in made.called if not hasattr(builtins, name))
    return made
