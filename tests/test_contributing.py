"The guides for contributors are true: recipes run, targets, files and names exist, `make check` fails when it should."
import re
import signal
import subprocess
import sys
import time
from configparser import ConfigParser
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT

from llmr.execution import Limits
from llmr.pipeline import BEYOND, STAGES

sys.path.insert(0, str(ROOT/'tools'))
import make_check
import make_test

sys.path.insert(0, str(ROOT/'llmr'/'sandbox'))
from process import NAPS

GUIDES = ('CONTRIBUTING.md', 'SECURITY.md', '.github/PULL_REQUEST_TEMPLATE.md')
WORKFLOWS = sorted((ROOT/'.github'/'workflows').glob('*.yml'))


def text(name): return (ROOT/name).read_text(encoding='utf-8')
def quoted(name): return set(re.findall(r'`([^`\n]+)`', re.sub(r'```.*?```', '', text(name), flags=re.S)))
def targets():
    rules = re.findall(r'^([a-z][a-z -]*):', text('Makefile'), re.M)
    return {name for rule in rules for name in rule.split()}
def settings():
    config = ConfigParser(delimiters=['='])
    config.read(ROOT/'settings.ini', encoding='utf-8')
    return config['DEFAULT']


@pytest.mark.parametrize('name', [*GUIDES, *(str(path.relative_to(ROOT)) for path in WORKFLOWS)])
def test_make_targets_exist(name):
    commands = text(name) if name.endswith('.yml') else '\n'.join(quoted(name))
    assert set(re.findall(r'\bmake ([a-z][a-z-]*)(?=[`\n ,.]|$)', commands))<=targets()


@pytest.mark.parametrize('name', GUIDES)
def test_files_exist(name):
    "A path with `name` in it stands for any."
    folders = r'(?:llmr|nbs|tests|tools|benchmarks|\.github|\.ci)'
    path_in = re.compile(rf'(?<![\w./-]){folders}/[\w./-]+')
    paths = {path.rstrip('/') for quote in quoted(name) for path in path_in.findall(quote)}
    links = set(re.findall(r'\]\((?!http)([^)#]+)\)', text(name)))
    gone = sorted(path for path in paths | links if 'name' not in path.lower() and not (ROOT/path).exists())
    assert not gone


def test_names_exist():
    sources = [path for folder in ('llmr', 'tests') for path in sorted((ROOT/folder).glob('*.py'))]
    library = '\n'.join(path.read_text(encoding='utf-8') for path in sources)
    names = {name for name in quoted('CONTRIBUTING.md') if re.fullmatch(r'[A-Z]{4}[A-Z_]*', name)}
    assert len(names)>5 and not [name for name in names if not re.search(rf'\b{name}\b', library)]


def test_the_table_has_every_module():
    table = text('CONTRIBUTING.md').split('| notebooks |')[1].split('\n\n')[0]
    stems = re.findall(r'`(\d\d[a-z]?_\w+|pipeline)`', table)
    numbered = (path.stem for path in (ROOT/'nbs').glob('[0-9]*.ipynb'))
    assert sorted(stems)==sorted([*numbered, 'pipeline'])


def test_recipes_run():
    blocks = re.findall(r'```python\n(.*?)```', text('CONTRIBUTING.md'), re.S)
    assert len(blocks)==3
    done = subprocess.run([sys.executable, '-c', '\n'.join(blocks)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stderr


def test_yaml_is_valid():
    files = [*(ROOT/'.github').rglob('*.yml'), ROOT/'.pre-commit-config.yaml']
    assert len(files)>=8 and all(isinstance(yaml.safe_load(path.read_text(encoding='utf-8')), dict) for path in files)


def test_workflows_call_what_is_described():
    jobs = [job for path in WORKFLOWS for job in yaml.safe_load(path.read_text(encoding='utf-8'))['jobs'].values()]
    steps = [step for job in jobs for step in job['steps']]
    assert {'bash .ci/run', 'make check ALL=1', 'make docs'}<={step.get('run') for step in steps}
    assert all(re.fullmatch(r'actions/[\w-]+@v\d+', step['uses']) for step in steps if 'uses' in step)
    assert all('timeout-minutes' in job for job in jobs)


def test_versions_agree():
    citation = yaml.safe_load(text('CITATION.cff'))
    assert citation['version']==settings()['version'] and citation['repository-code'].endswith(settings()['repo'])
    assert 'nbdev==2.4' in settings()['dev_requirements'] and 'nbdev==2.4' in text('constraints.txt')


def test_limits_of_the_sandbox_are_those_described():
    limits, page = Limits(), text('SECURITY.md')
    described = (f'{limits.cpu_s:g} s of processor time, {limits.wall_s:g} s of idle time at a stretch '
                 f'and {NAPS*limits.wall_s:g} s in all, '
                 f'{limits.memory_mb/1024:g} GiB of address space, {limits.file_mb} MiB per file, '
                 f'{limits.tmp_mb} MiB of temporary files')
    assert described in page


def test_a_wheel_has_the_types_and_every_stage(tmp_path):
    command = [sys.executable, 'setup.py', '-q', 'build_py', '--build-lib', str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stderr
    assert (tmp_path/'llmr'/'py.typed').exists()
    assert set(STAGES+BEYOND)<={path.stem for path in (tmp_path/'llmr'/'notebooks').glob('*.ipynb')}


@pytest.mark.parametrize('path,module', [
    ('nbs/05b_features.ipynb', 'features'), ('nbs/pipeline.ipynb', 'pipeline'), ('llmr/own_data.py', 'own_data'),
    ('tests/test_cli.py', 'cli'), ('llmr/sandbox/judge.py', 'execution'), ('.github/workflows/ci.yml', 'contributing'),
    ('CITATION.cff', 'contributing'), ('nbs/experiments/toy_pair.ipynb', ''), ('llmr/data/registry.txt', ''),
    ('tools/site/build.py', ''), ('LICENSE', '')])
def test_check_knows_the_module_of_a_file(path, module): assert make_check.module_of(path)==module


def test_check_takes_unit_tests_only(tmp_path):
    for name in ('llmr/core.py', 'llmr/runs.py', 'tests/test_core.py', 'tests/test_site.py',
                 'tests/test_contributing.py'):
        (tmp_path/name).parent.mkdir(exist_ok=True)
        (tmp_path/name).touch()
    modules = {'core', 'runs', 'site', 'faq', 'contributing'}
    assert make_check.unit_tests(modules, tmp_path)==(['tests/test_contributing.py', 'tests/test_core.py'], ['runs'])


def test_check_leaves_out_what_needs_a_run(tmp_path):
    (tmp_path/'conftest.py').write_text(text('tests/conftest.py'))
    (tmp_path/'test_two.py').write_text('def test_unit(): pass\ndef test_run(toy_run): assert False\n')
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'make_check', '-p', 'no:cacheprovider', str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=make_check.environment(), capture_output=True, text=True)
    assert done.returncode==0 and '1 passed, 1 deselected' in done.stdout, done.stdout


@pytest.mark.parametrize('codes,expected', [((0, 0), 0), ((0, 3), 1), ((3, 0), 1)])
def test_check_fails_where_a_step_does(codes, expected, monkeypatch, capfd):
    program = 'print("ran"); raise SystemExit({})'.format
    steps = [(f'step {i}', [sys.executable, '-c', program(code)]) for i,code in enumerate(codes)]
    monkeypatch.setattr(make_check, 'steps', lambda tests: steps)
    monkeypatch.setattr(make_check, 'changed_files', lambda base: [])
    assert make_check.main([])==expected
    assert capfd.readouterr().out.count('ran\n')==2, 'a failed step hid the next'


SAYS = """import sys, time
for i in range(3):
    print("{name}", i, file=sys.{stream}, flush=True)
    time.sleep(.02)
raise SystemExit({code})"""


@pytest.mark.parametrize('codes,expected', [((0, 0, 0), 0), ((0, 3, 0), 1), ((0, 0, 5), 1)])
def test_parts_are_run_side_by_side_and_told_apart(codes, expected, monkeypatch, capfd):
    "What is not shown at once comes in one piece, standard error included; the last lines say what became of each."
    names = 'types', 'notebooks', make_test.SHOWN
    program = lambda name,code: SAYS.format(name=name, code=code, stream='stderr' if code else 'stdout')
    commands = {name: [sys.executable, '-c', program(name, code)] for name,code in zip(names, codes)}
    monkeypatch.setattr(make_test, 'parts', lambda workers, every: commands)
    assert make_test.main([])==expected
    out, err = capfd.readouterr()
    for name in names[:2]: assert f'== {name}\n{name} 0\n{name} 1\n{name} 2\n' in out
    assert f'{names[2]} 2\n' in (err if codes[2] else out)
    for name,code in zip(names, codes): assert f'== {name}: {"failed" if code else "passed"} in 0 s' in out


def test_no_part_is_left_when_make_test_is_stopped(monkeypatch):
    def stop(_): raise InterruptedError
    started, start = [], subprocess.Popen
    monkeypatch.setattr(make_test.subprocess, 'Popen',
                        lambda *given, **how: started.append(start(*given, **how)) or started[-1])
    monkeypatch.setattr(make_test, 'time', SimpleNamespace(sleep=stop, monotonic=time.monotonic))
    sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']
    with pytest.raises(InterruptedError): make_test.run({'types': sleeper, make_test.SHOWN: sleeper})
    assert [process.wait(10) for process in started]==[-signal.SIGTERM]*2


def test_an_unknown_base_is_named():
    with pytest.raises(SystemExit, match="cannot compare with 'no-such-branch'"):
        make_check.changed_files('no-such-branch')
