"""Check the style of all text: pages, README and the like, docstrings.

proselint's checks and the project's own list, as `tools/style.json` sets them. Code, addresses and mathematics are left
out. Prints a line for each finding, with its place, and exits with 1 if there is one.
"""
import ast
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT/'tools'/'style.json'
FILES = 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'  # README.md is written from a notebook
NOT_PROSE = re.compile(r'^(`{3,}|~{3,}).*?^\1|^( {4}.*\n)+|<[^>\n]+>|\$[^$\n]+\$|https?://\S+', re.M | re.S)
CODE = re.compile(r'(`+)[^`\n]+\1')
ADDRESS = re.compile(r'\]\([^)\n]*\)')
HEADING = re.compile(r'^#+ .*[^.?!:]$', re.M)
PARTS = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef


@dataclass
class Text:
    "Text to check, and where it comes from."
    place: str  # File, with the cell of a notebook
    line: int   # Where it begins
    text: str


def prose(text):
    "Text with blanks for what is no prose: as many lines, and each code between backticks a word of its own."
    text = NOT_PROSE.sub(lambda found: re.sub(r'[^\n]', ' ', found[0]), text+'\n')
    codes = iter(range(len(text)))
    text = CODE.sub(lambda found: f'c{next(codes)}', ADDRESS.sub(']', text))
    return HEADING.sub(lambda found: f'{found[0]}.', text)


def of_notebook(path, name):
    "The Markdown cells of a notebook."
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [Text(f'{name}, cell {cell["id"]}', 1, ''.join(cell['source']))
            for cell in cells if cell['cell_type']=='markdown']


def of_module(path, name):
    "The docstrings of a module."
    parts = [part for part in ast.walk(ast.parse(path.read_text(encoding='utf-8'))) if isinstance(part, PARTS)]
    return [Text(name, part.body[0].lineno, ast.get_docstring(part)) for part in parts if ast.get_docstring(part)]


def every_text(root=ROOT):
    "All text of the project."
    texts = [Text(name, 1, (root/name).read_text(encoding='utf-8')) for name in FILES]
    for path in sorted((root/'nbs').glob('*.ipynb')): texts += of_notebook(path, f'nbs/{path.name}')
    modules = [*(root/'llmr').glob('*.py'), *(root/'tools').rglob('*.py')]
    for path in sorted(modules): texts += of_module(path, str(path.relative_to(root)))
    return texts


def by_list(text, instead):
    "`(start, end, what to do)` of each phrase of the project's own list."
    for pattern,better in instead.items():
        for found in re.finditer(pattern, text, re.I): yield *found.span(), f'{found[0]!r}: write {better!r}'


def by_proselint(text, switched):
    "`(start, end, what to do)` of proselint's findings, all text in one call."
    from proselint.checks import __register__
    from proselint.config import DEFAULT
    from proselint.registry import CheckRegistry
    from proselint.tools import LintFile
    if not CheckRegistry().checks: CheckRegistry().register_many(__register__)
    checks = dict(sorted((DEFAULT['checks'] | switched).items(), key=lambda one: -one[0].count('.')))
    for result in LintFile('text', text).lint(dict(max_errors=100_000, checks=checks)):
        start, end = (place-1 for place in result.check_result.span)  # It puts a line before the text
        yield start, end, f'{text[start:end].strip()!r}: {result.check_result.message}'


def findings(texts, settings):
    "Lines that say where something should be mended, and how."
    parts = [prose(one.text) for one in texts]
    whole, starts = '\n\n'.join(parts), [0]
    for part in parts: starts.append(starts[-1]+len(part)+2)
    every = [*by_list(whole, settings['instead']), *by_proselint(whole, settings['proselint'])]
    for start,_,said in sorted(every):
        i = next(i for i in range(len(parts)) if start<starts[i+1])
        line = texts[i].line+whole.count('\n', starts[i], start)
        yield f'{texts[i].place}, line {line}: {" ".join(said.split())}'


def main():
    "Print the findings. Exit code 1 if there is one."
    lines = list(findings(every_text(), json.loads(SETTINGS.read_text(encoding='utf-8'))))
    for line in lines: print(line)
    sys.exit(bool(lines))


if __name__ == '__main__': main()
