"""Grading modes: what each changes in a program before it runs.

- `strict`: nothing.
- `names_bound`: a lone function is also bound to the name that the tests call.
- `self_tests_dropped`: module-level statements that neither define nor import anything are left out.
- `lenient`: both.
"""
import ast

MODES = ('strict', 'names_bound', 'self_tests_dropped', 'lenient')
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Try)


def drop_self_tests(tree):
    "Leave out module-level asserts, prints, loops and whatever else defines nothing; whether there was any."
    kept = [node for node in tree.body if isinstance(node, _DEFINING)]
    changed = len(kept)<len(tree.body)
    tree.body = kept
    return changed


def bind_lone_function(tree, called):
    "Bind the only function to each called name that the module does not define; whether there was one."
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef)} | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    missing = [name for name in called if name not in defined and functions and name!=functions[0].name]
    if len(functions)!=1 or not missing: return False
    place = dict(lineno=functions[0].lineno, col_offset=0, end_lineno=functions[0].lineno, end_col_offset=0)
    targets = [ast.Name(name, ast.Store(), **place) for name in missing]
    tree.body.insert(tree.body.index(functions[0])+1, ast.Assign(targets, ast.Name(functions[0].name, ast.Load(), **place), **place))
    return True


def compiled(source, mode, called):
    "`(code object, whether the mode changed the program)`. Raises: `SyntaxError`, `ValueError`, `MemoryError`, `RecursionError` on what does not compile."
    if mode=='strict': return compile(source, '<program>', 'exec'), False
    tree = ast.parse(source, '<program>')
    changed = [mode in ('self_tests_dropped', 'lenient') and drop_self_tests(tree), mode in ('names_bound', 'lenient') and bind_lone_function(tree, called)]
    return compile(tree if any(changed) else source, '<program>', 'exec'), any(changed)
