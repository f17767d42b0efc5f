"""What pages say about functions and classes, read from the notebooks' source: nothing is executed.

A definition of an exported cell becomes a heading with its docstring, and its signature, or where the cell asks for it
(`#| exports`) its whole source, in a block that folds.
"""
import ast
import re
from dataclasses import dataclass

from notebooks import ROOT, directives, page_name

from llmr import _modidx

SOURCE = f'{_modidx.d["settings"]["git_url"]}/blob/{_modidx.d["settings"]["branch"]}/llmr'
DEFINITIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
NAMED = re.compile(r'`((?:\w+\.)*(\w+))(\(\))?`(?!\])')
FENCE = re.compile(r'^ {0,3}(`{3,}|~{3,})')


@dataclass
class Definition:
    "An exported function or class."
    name: str    # Without its module
    doc: str     # Its docstring
    code: str    # What is shown of it
    source: str  # Address of its source


def definitions(cell):
    "The public functions and classes that an exported cell defines."
    if not {'export', 'exports'} & directives(cell.source): return []
    return [node for node in ast.parse(cell.source).body if isinstance(node, DEFINITIONS) and node.name[0]!='_']


def _lines(source, node):
    "The lines of a definition, decorators included."
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return source.splitlines()[first-1:node.end_lineno]


def _head(source, node):
    "The lines of a function before its body, comments on its arguments included; a body on the same line is shown."
    lines, body = _lines(source, node), node.body[0]
    count = len(lines)-(node.end_lineno-body.lineno)-1
    starts_line = not source.splitlines()[body.lineno-1].encode()[:body.col_offset].strip()
    return lines[:count+(not starts_line)]


def signature(source, node):
    "A function before its body; of a class its fields, and its public methods in the same way."
    if not isinstance(node, ast.ClassDef): return '\n'.join(_head(source, node))
    lines, every = [_lines(source, node)[i] for i in range(len(node.decorator_list)+1)], source.splitlines()
    for part in node.body:
        if isinstance(part, (ast.Assign, ast.AnnAssign)): lines += every[part.lineno-1:part.end_lineno]
        elif isinstance(part, DEFINITIONS) and part.name[0]!='_': lines += _head(source, part)
    return '\n'.join(lines)


def defined(cell, module, lines):
    "Each `Definition` of a cell; `lines` are those of its module's file by name."
    whole = 'exports' in directives(cell.source)
    for node in definitions(cell):
        code = '\n'.join(_lines(cell.source, node)) if whole else signature(cell.source, node)
        place = f'{SOURCE}/{module}.py#L{lines.get(node.name, 1)}'
        yield Definition(node.name, ast.get_docstring(node) or '', code, place)


def module_lines(module):
    "`{name: line}` of the definitions in a module's file."
    path = ROOT/'llmr'/f'{module}.py'
    if not path.exists(): return {}
    every = ast.parse(path.read_text(encoding='utf-8')).body
    return {node.name: node.lineno for node in every if isinstance(node, DEFINITIONS)}


def names_of(notebooks):
    "`{name: 'page.md#anchor'}` of all definitions, from `{stem: notebook}`; the first of several pages wins."
    places = {}
    for stem,notebook in notebooks.items():
        for cell in notebook.cells:
            if cell.cell_type!='code': continue
            for node in definitions(cell):
                place = f'{page_name(stem)}.md#{node.name.lower()}'
                places.setdefault(node.name, place)
                places[f'llmr.{page_name(stem)}.{node.name}'] = place
    return places


def linked(text, places, own=''):
    "Markdown with a link around each name in backticks that has a place, those of the page `own` first."
    def link(found):
        place = places.get(f'llmr.{own}.{found[1]}') or places.get(found[1])
        return f'[{found[0]}]({place})' if place else found[0]
    lines, fence = text.splitlines(), ''
    for i,line in enumerate(lines):
        mark = FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)): fence = '' if fence else mark[1]
        elif not fence and not line.startswith('    '): lines[i] = NAMED.sub(link, line)
    return '\n'.join(lines)
