# expect: tests=failed:AssertionError
# kind: forge
import ast, builtins
real = builtins.compile
builtins.compile = lambda source, name='', mode='exec', *args, **kwargs: real('True' if mode=='eval' else 'pass', name, mode)
builtins.exec = builtins.eval = lambda *args, **kwargs: True
builtins.__import__ = lambda *args, **kwargs: builtins
ast.parse = lambda *args, **kwargs: ast.Module([], [])
def add(a, b): return None
