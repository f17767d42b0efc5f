"""Programs whose syntax alone shows that nothing of them outlives them: the next such program may have their process.

A fork takes several times as long as most programs. A harmless program defines functions, calls Python's pure ones and
uses plain data: it has no classes, stores no attributes, names none that begins with an underscore or that is not on the
list below, imports only what is on it, and uses no built-in function that reads, opens, executes or looks up by name.
So it can change no object but its own, and learn nothing of what ran before it. Whatever is not known to be harmless
is not: it gets a process of its own, in which no other program has run.
"""
import ast
import builtins
import re
from collections import Counter, OrderedDict, defaultdict, deque
from string import Formatter

MAX_SOURCE = 20_000
_MODULES = dict(
    math='', cmath='', itertools='', heapq='heappush heappop heapify nlargest nsmallest heappushpop heapreplace merge',
    re='compile match search findall finditer sub subn split fullmatch escape error I IGNORECASE M MULTILINE S DOTALL',
    collections='Counter OrderedDict defaultdict deque', sys='maxsize', copy='copy deepcopy',
    functools='reduce lru_cache cache cmp_to_key partial', operator='itemgetter add sub mul truediv floordiv mod xor',
    bisect='bisect bisect_left bisect_right insort insort_left insort_right',
    string='ascii_lowercase ascii_uppercase ascii_letters digits hexdigits punctuation whitespace printable capwords',
    typing='Any Callable Deque Dict FrozenSet Generator Iterable Iterator List Mapping Optional Sequence Set Tuple Union')
MODULES = {name: frozenset(names.split() or [word for word in dir(__import__(name)) if word[0]!='_'])
           for name, names in _MODULES.items()}
_TYPES = (str, bytes, bytearray, list, tuple, dict, set, frozenset, int, float, complex, range, deque, Counter,
          OrderedDict, defaultdict, re.Pattern, re.Match)
ATTRIBUTES = frozenset(name for kind in _TYPES for name in dir(kind) if name[0]!='_').union(*MODULES.values())
ATTRIBUTES -= {'format', 'format_map', 're', 'string', 'scanner'} # a format looks up attributes by name
_FUNCTIONS = frozenset("""abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter
float frozenset hash hex int isinstance issubclass iter len list map max min next oct ord pow print range repr reversed
round set slice sorted str sum tuple zip Ellipsis NotImplemented""".split())
_ERRORS = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}
_SUPPLIED = {'os', 'random', 'json', 'datetime', 'decimal', 'fractions', 'statistics', 'namedtuple', 'Type'} # by modes
REFUSED = (frozenset(vars(builtins))-_FUNCTIONS-_ERRORS-{'__name__'}) | _SUPPLIED | {'exit', 'quit'} # names
# of programs that read standard input: their streams are new for each case, and in memory
_SCRIPT_NAMES = frozenset(('input', 'exit', 'quit', 'SystemExit'))
_SCRIPT_SYS = frozenset(('stdin', 'stdout', 'stderr', 'exit', 'setrecursionlimit')) # the limit is set back
SCRIPT_ATTRIBUTES = _SCRIPT_SYS | frozenset('read readline readlines write writelines flush buffer'.split())
_NODES = frozenset(getattr(ast, name) for name in """Module Expr Pass Break Continue Return Assign AugAssign AnnAssign If
IfExp For While alias Raise Assert Delete Global Nonlocal Lambda arguments Call keyword Starred BoolOp And Or
BinOp UnaryOp Compare Subscript Slice List Tuple Dict Set ListComp SetComp DictComp GeneratorExp comprehension Yield
YieldFrom JoinedStr FormattedValue NamedExpr Load Store Del Constant Add Sub Mult Div FloorDiv Mod Pow LShift RShift
BitOr BitXor BitAnd MatMult Invert Not UAdd USub Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn""".split())
_YIELDS = ast.Yield, ast.YieldFrom
_parse, _walk, _Load = ast.parse, ast.walk, ast.Load


def _is_name(name, script=False):
    return (name not in REFUSED or script and name in _SCRIPT_NAMES) and (name[:2]!='__' or name=='__name__')


def _formats(text):
    "Whether a text formats its arguments alone: it looks at no attributes, items or nested fields."
    try: fields = list(Formatter().parse(text))
    except ValueError: return False
    return not any(set(name or '') & set('.[') or '{' in (spec or '') for _, name, spec, _ in fields)


def _attribute(node):
    if type(node.ctx) is not _Load: return False
    if node.attr!='format': return node.attr in ATTRIBUTES
    return type(node.value) is ast.Constant and isinstance(node.value.value, str) and _formats(node.value.value)


def _ends_at_once(node):
    "Whether nothing of a `try` can run later than its function: a generator that is thrown away runs its `finally`."
    return not any(type(part) in _YIELDS for part in _walk(node))


def _import(node):
    return all(alias.name in MODULES and _is_name(alias.asname or alias.name) for alias in node.names)


def _import_from(node):
    names = MODULES.get(node.module, ()) if not node.level else ()
    return all(alias.name in names and _is_name(alias.asname or alias.name) for alias in node.names)


_RULES = {ast.Name: lambda node: _is_name(node.id), ast.Attribute: _attribute, ast.Import: _import,
          ast.ImportFrom: _import_from, ast.FunctionDef: lambda node: _is_name(node.name),
          ast.Try: _ends_at_once, ast.arg: lambda node: _is_name(node.arg), ast.ExceptHandler: lambda node: _is_name(node.name or '')}


def _in_script(node):
    "Whether a name, an attribute or an import is harmless in a script, though not in a module."
    kind = type(node)
    if kind is ast.Name: return _is_name(node.id, True)
    if kind is ast.Attribute: return type(node.ctx) is _Load and node.attr in SCRIPT_ATTRIBUTES
    return (kind is ast.ImportFrom and node.module=='sys' and not node.level
            and all(alias.name in _SCRIPT_SYS and _is_name(alias.asname or alias.name, True) for alias in node.names))


def is_harmless(source, script=False):
    "Whether a program can change nothing but its own objects. One that does not compile is not."
    if len(source)>MAX_SOURCE or 'class' in source and re.search(r'^[ \t]*class\b', source, re.M): return False
    try: nodes = [_parse(source)]
    except (SyntaxError, ValueError, MemoryError, RecursionError): return False
    while nodes:
        node = nodes.pop()
        kind = type(node)
        if kind in _RULES:
            if not (_RULES[kind](node) or script and _in_script(node)): return False
        elif kind not in _NODES: return False
        for name in node._fields:
            part = getattr(node, name, None)
            if type(part) is list: nodes += [one for one in part if isinstance(one, ast.AST)]
            elif isinstance(part, ast.AST): nodes.append(part)
    return True
