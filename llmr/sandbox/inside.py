"""Tests in the program's own process. What a test says is kept here, in names that a program has no use for.

An assertion that failed stays failed, whoever catches its exception. Python's own functions are those from before the
program. A program that means harm can still reach all of this: see `canary.py`.
"""
import ast
import builtins
import os

_BUILTINS = {name: value for name, value in vars(builtins).items() if name!='super' and not name.startswith('__')}
_compile, _exec, _eval, _parse, _fix = compile, exec, eval, ast.parse, ast.fix_missing_locations
_type_name = type.__dict__['__name__'].__get__


class _Asserts(ast.NodeTransformer):
    "Has assertions report, and Python's functions found by names of ours."
    def __init__(self, mark, kept): self.mark, self.kept, self.caught = mark, kept, 0

    def visit_Assert(self, node):
        self.generic_visit(node)
        load = lambda name: ast.Name(f'{self.mark}{name}', ast.Load())
        check = ast.Call(load('check'), [node.test, ast.Constant(bool(self.caught))], [])
        error = ast.Call(load('AssertionError'), [node.msg] if node.msg else [], [])
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), check), [ast.Raise(error)], []), node)

    def visit_Try(self, node):
        "An assertion may fail where the test itself expects an `AssertionError`."
        named = [part.id for handler in node.handlers if handler.type for part in ast.walk(handler.type)
                 if isinstance(part, ast.Name)]
        self.caught += 'AssertionError' in named
        node.body = [self.visit(part) for part in node.body]
        self.caught -= 'AssertionError' in named
        for handler in node.handlers:
            if isinstance(handler.type, ast.Name) and handler.type.id not in self.kept:
                handler.type = ast.Call(ast.Name(self.mark+'narrow', ast.Load()), [handler.type], [])
        for field in ('handlers', 'orelse', 'finalbody'):
            setattr(node, field, [self.visit(part) for part in getattr(node, field)])
        return node

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.kept: node.id = self.mark+node.id
        return node


def _stored(tree):
    "Names that a test binds itself."
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {alias.asname or alias.name for node in ast.walk(tree)
              if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    return names | {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def _patched(tree):
    "Python's functions that a test replaces: its own code means the replacements, too."
    return {node.value[9:] for node in ast.walk(tree) if isinstance(node, ast.Constant)
            and isinstance(node.value, str) and node.value.startswith('builtins.')}


class Tests:
    "Runs the tests of a program, and says what came of each."
    def __init__(self, names, called, report, pack):
        self.names, self.called, self.report, self.pack = names, called, report, pack
        self.mark, self.failed = f'_{os.urandom(8).hex()}_', []

    def code(self, text, mode):
        "A test as code of ours."
        tree = _parse(text, '<test>', mode)
        kept = {name for name in _BUILTINS if name not in self.called}-_stored(tree)-_patched(tree)
        return _compile(_fix(_Asserts(self.mark, kept).visit(tree)), '<test>', mode)

    def check(self, value, caught=False):
        value = bool(value)
        if not value and not caught: self.failed.append(1)
        return value

    def narrow(self, kind):
        "What a test catches by a name of the program's: not everything that there is."
        return () if kind in (Exception, BaseException) else kind

    def prepare(self):
        self.names.update({self.mark+name: value for name, value in _BUILTINS.items()})
        self.names |= {self.mark+'check': self.check, self.mark+'narrow': self.narrow}

    def one(self, text, values):
        "`(word, error, value)` of one test."
        self.failed.clear()
        try:
            code = self.code(text, 'eval' if values else 'exec')
            value = self.pack(_eval(code, self.names)) if values else _exec(code, self.names)
        except AssertionError: return 'failed', 'AssertionError', None
        except MemoryError: return 'memory', 'MemoryError', None
        except BaseException as e: return 'error', _type_name(type(e))[:80], None
        return ('failed', 'AssertionError', None) if self.failed else ('passed', '', value)

    def run(self, tests, values):
        self.prepare()
        for test in tests: self.report(*self.one(test, values))


def prepare_unittest():
    "What `unittest` is before the program. Imported for such tests alone: it takes as long as ten forks."
    import unittest
    import unittest.mock # the program's own import costs nothing then
    kinds = unittest.TestCase, unittest.TestResult, unittest.TestLoader, unittest.TestSuite
    kinds += unittest.case._Outcome, unittest.case._AssertRaisesContext
    return unittest, [(kind, dict(vars(kind))) for kind in kinds]


def _restore(saved):
    "Undo what a program changed in the classes of `unittest`."
    for kind, before in saved:
        for name in set(vars(kind))-set(before): delattr(kind, name)
        for name, value in before.items():
            if vars(kind).get(name) is not value: setattr(kind, name, value)


class UnitTests(Tests):
    "Runs the test methods of a module."
    def module(self, source, unittest, saved):
        "`(word, error, value)`: all methods must pass, and there must be one. The value names those that passed."
        self.prepare()
        failed, passed = self.failed, []
        class Failure(AssertionError):
            def __init__(self, *args):
                super().__init__(*args)
                failed.append(1)
        try: _exec(self.code(source, 'exec'), self.names)
        except BaseException as e: return 'error', _type_name(type(e))[:80], []
        _restore(saved)
        kinds = [kind for kind in list(self.names.values()) if isinstance(kind, type)
                 and issubclass(kind, unittest.TestCase) and kind is not unittest.TestCase]
        word, error, loader = 'passed', '', unittest.TestLoader()
        for kind in dict.fromkeys(kinds): kind.failureException = Failure
        for kind in dict.fromkeys(kinds):
            for name in loader.getTestCaseNames(kind):
                failed.clear()
                one = unittest.TestResult()
                try: unittest.TestSuite([kind(name)]).run(one)
                except BaseException as e: one.errors.append((name, _type_name(type(e))))
                wrong = one.failures or one.errors or one.unexpectedSuccesses or failed and not one.expectedFailures
                fine = one.testsRun==1 and not wrong
                if fine and not (one.skipped or one.expectedFailures): passed.append(f'{_type_name(kind)}.{name}')
                if not fine: word, error = self.worse(word, one, bool(failed))
        if word=='passed' and not passed: word, error = 'failed', 'NoTests'
        return word, error, passed

    def worse(self, word, one, failed):
        if one.failures or failed or word=='failed': return 'failed', 'AssertionError'
        text = one.errors[0][1] if one.errors else ''
        name = text.strip().rpartition('\n')[2].partition(':')[0].rpartition('.')[2] or 'Error'
        return 'error', name if name.isidentifier() else 'Error'
