"""Strict and lenient grading modes: what is changed in a program before it runs. Tables have these names.

- `strict`: nothing.
- `names_bound`: the only function is also bound to the name that the tests call.
- `self_tests_dropped`: module-level statements that neither define nor import anything are left out.
- `lenient`: both.
"""
import ast

MODES = ('strict', 'names_bound', 'self_tests_dropped', 'lenient')
_FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
_DEFINING = *_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Try


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


def compiled(source, mode, called):
    """`(code object, whether the mode changed the program)`. Raises: `SyntaxError`, `ValueError`, `MemoryError`,
    `RecursionError` on what does not compile."""
    if mode=='strict': return compile(source, '<program>', 'exec'), False
    tree = ast.parse(source, '<program>')
    dropped = mode in ('self_tests_dropped', 'lenient') and drop_self_tests(tree)
    bound = mode in ('names_bound', 'lenient') and bind_lone_function(tree, called)
    changed = dropped or bound
    return compile(tree if changed else source, '<program>', 'exec'), changed
