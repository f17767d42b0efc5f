"""Strict and lenient grading modes: what is changed in a program before it runs. Tables have these names.

- `strict`: nothing.
- `names_bound`: the only function is also bound to the name that the tests call.
- `self_tests_dropped`: module-level statements that neither define nor import anything are left out.
- `lenient`: both; also, a method of the only class is bound to the name that the tests call, and the usual imports
  are added where a program uses their names.
"""
import ast
import re

MODES = ('strict', 'names_bound', 'self_tests_dropped', 'lenient')
_NAMES = dict(typing='List Dict Set Tuple Optional Union Any Callable Iterable Iterator Sequence FrozenSet Deque Type',
              collections='Counter OrderedDict defaultdict deque namedtuple',
              itertools='accumulate combinations permutations product chain groupby',
              functools='lru_cache cache reduce cmp_to_key', heapq='heappush heappop heapify',
              bisect='bisect_left bisect_right insort',
              math='inf gcd sqrt ceil floor')
SUPPLIED:dict = {name: module for module, names in _NAMES.items() for name in names.split()}
SUPPLIED |= dict.fromkeys('''typing math collections itertools functools heapq bisect re sys os string random operator
copy json datetime decimal fractions statistics'''.split())
NEWER = {(3, 12): r'^\s*(async )?(def|class)\s+\w+\[|^\s*type\s+\w+.*=|\bf"[^"{\n]*\{[^}"\n]*"[^"\n]*"[^}\n]*\}',
         (3, 14): r'''\bt["']'''}
_FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
_DEFINING = *_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Try


def defined_names(source):
    "Names that code binds at its top level other than by an import."
    body = ast.parse(source).body
    named = {node.name for node in body if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    return named | {part.id for node in body if not isinstance(node, (*_FUNCTIONS, ast.ClassDef))
                    for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def drop_self_tests(tree):
    "Remove module-level asserts, prints, loops and whatever else defines nothing. Returns whether there was any."
    defining = [node for node in tree.body if isinstance(node, _DEFINING)]
    changed = len(defining)<len(tree.body)
    tree.body = defining
    return changed


def _defined(tree):
    "Names of the classes of a module, and of the variables anywhere in it."
    stored = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {*stored, *(node.name for node in tree.body if isinstance(node, ast.ClassDef))}


def bind_lone_function(tree, called):
    "Bind the only function to each called name that the module does not define. Returns whether there was one."
    functions = [node for node in tree.body if isinstance(node, _FUNCTIONS)]
    if len(functions)!=1: return False
    function, defined = functions[0], _defined(tree)
    missing = [name for name in called if name not in defined and name!=function.name]
    if not missing: return False
    place = dict(lineno=function.lineno, col_offset=0, end_lineno=function.lineno, end_col_offset=0)
    targets = [ast.Name(name, ast.Store(), **place) for name in missing]
    binding = ast.Assign(targets, ast.Name(function.name, ast.Load(), **place), **place)
    tree.body.insert(tree.body.index(function)+1, binding)
    return True


def bind_method(tree, called):
    "Bind the called names to methods of the only class that has them. Returns whether there was one."
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    names = {node.name for node in tree.body if isinstance(node, (*_FUNCTIONS, ast.ClassDef))} | _defined(tree)
    if len(classes)!=1: return False
    methods = {node.name for node in classes[0].body if isinstance(node, _FUNCTIONS)}
    missing = [name for name in called if name in methods and name not in names]
    for name in missing:
        tree.body += ast.parse(f'def {name}(*args, **kwargs): return {classes[0].name}().{name}(*args, **kwargs)').body
    return bool(missing)


def add_imports(tree):
    "Import what a program uses, and what most programs mean by it. Returns whether there was any."
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {alias.asname or alias.name.split('.')[0] for node in ast.walk(tree)
             if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    bound |= {node.name for node in tree.body if isinstance(node, _FUNCTIONS)} | {node.arg
        for node in ast.walk(tree) if isinstance(node, ast.arg)} | _defined(tree)
    stars = any(alias.name=='*' for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names)
    missing = [] if stars else sorted(name for name in used-bound if name in SUPPLIED)
    lines = [f'from {SUPPLIED[name]} import {name}' if SUPPLIED[name] else f'import {name}' for name in missing]
    first = next((n for n, node in enumerate(tree.body) if not (isinstance(node, ast.ImportFrom)
                                                                and node.module=='__future__')
                  and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))), 0)
    tree.body[first:first] = ast.parse('\n'.join(lines)).body
    return bool(missing)


def compiled(source, mode, called):
    """`(code object, what the mode changed)`. Raises: `SyntaxError`, `ValueError`, `MemoryError`, `RecursionError` on
    what does not compile."""
    if mode=='strict': return compile(source, '<program>', 'exec'), []
    tree, lenient = ast.parse(source, '<program>'), mode=='lenient'
    done = dict(
        self_tests_dropped=mode in ('self_tests_dropped', 'lenient') and drop_self_tests(tree),
        names_bound=mode in ('names_bound', 'lenient') and bind_lone_function(tree, called),
        method_bound=lenient and bind_method(tree, called), imports_added=lenient and add_imports(tree))
    changed = [word for word, was in done.items() if was]
    return compile(ast.fix_missing_locations(tree) if changed else source, '<program>', 'exec'), changed


def method_error(source, called):
    "What a `NameError` of a test means where the program has the called function as a method; '' if it has not."
    try: body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError): return ''
    methods = [(inner.name, node.name) for node in body if isinstance(node, ast.ClassDef)
               for inner in node.body if isinstance(inner, _FUNCTIONS) and inner.name in called]
    if not methods: return ''
    name, owner = methods[0]
    return f'NameError: tests call {name}, the program defines {owner}.{name}'[:100]


def named_error(error, source, python):
    "Name of a syntax error; with the interpreter's where the program looks as if it were written for a newer one."
    newer = any(python<version and re.search(pattern, source, re.M) for version, pattern in NEWER.items())
    return f'{error} under Python {python[0]}.{python[1]}' if newer and error=='SyntaxError' else error
