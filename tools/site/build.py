"""The documentation site from executed notebooks of a run: Quarto through nbdev where it is installed, else mkdocs-material.

Pages are nbdev's processed notebooks (signatures, links between names) with the outputs of the run; order and titles come from `_quarto.yml`.
"""
import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml
from latex2mathml.converter import convert as mathml

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT/'tools'))
import readme  # noqa: E402

FENCE = re.compile(r'(^(`{3,}|~{3,}).*?^\2[ \t]*$|``[^\n]+?``|`[^`\n]+`)', re.M | re.S)
MATH = re.compile(r'\$\$(.+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\w)', re.S)
CALLOUT = re.compile(r'^::: *\{\.callout-(\w+)[^}]*\}\n(.*?)^:::[ \t]*$', re.M | re.S)
ANSI = re.compile(r'\x1b\[[0-9;]*m')


def stage(run, folder):
    "Copy the checkout's notebooks to `folder`/nbs, those of the run executed by it, the others executed here."
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT/'nbs', folder/'nbs', ignore=shutil.ignore_patterns('.*', 'experiments'))
    for name in ('settings.ini', '_quarto.yml'): shutil.copy(ROOT/name, folder)
    for path in sorted((folder/'nbs').glob('*.ipynb')):
        done = run/'nbs'/path.name
        notebook = nbformat.read(done, as_version=4) if done.exists() else readme.executed(path)
        notebook.cells = [cell for cell in notebook.cells if 'injected-parameters' not in cell.metadata.get('tags', ())]
        nbformat.write(notebook, path)


def process(folder):
    "nbdev's processing, in a process of its own, because nbdev finds its settings by the working directory."
    subprocess.run([sys.executable, '-c', 'from nbdev.serve import proc_nbs; proc_nbs(n_workers=0)'], cwd=folder, check=True)
    return folder/'_proc'


def outside_code(text, change):
    "Apply `change` to what is neither a code block nor inline code."
    return ''.join(part if i%3==1 else '' if i%3==2 else change(part) for i,part in enumerate(FENCE.split(text)))


def to_markdown(text, base):
    "Quarto's Markdown as mkdocs takes it: mathematics as MathML, callouts as admonitions, links between pages."
    def math(found): return mathml(found[1] or found[2], display='block' if found[1] else 'inline')
    def callout(found): return f'!!! {found[1]}\n\n'+''.join(f'    {line}\n' for line in found[2].splitlines())
    text = outside_code(text, lambda part: MATH.sub(math, part))
    text = re.sub(rf'\(({re.escape(base)}/)?(\w+)\.(?:html|ipynb)(#\w+)?\)', lambda m: f'({m[2].lstrip("0123456789_")}.md{m[3] or ""})' if m[1] or m[0][1:3].isdigit() else m[0], text)
    text = re.sub(r'^```python\n.*?^```', lambda m: re.sub(r'\[`([^`]+)`\]\([^)]+\)', r'\1', m[0]), text, flags=re.M | re.S)
    return CALLOUT.sub(callout, text)


def output(out, name, pictures):
    "Markdown of one output."
    if out.output_type=='stream': return '' if out.name=='stderr' else f'```{{ .text .output }}\n{ANSI.sub("", out.text).rstrip()}\n```'
    shown = out.get('data', {})
    if 'text/markdown' in shown: return shown['text/markdown']
    if 'image/png' in shown:
        (pictures/f'{name}.png').write_bytes(base64.b64decode(shown['image/png']))
        return f'![{name}](pictures/{name}.png)'
    if 'text/html' in shown: return f'<div class="table">{re.sub(r"<style.*?</style>", "", shown["text/html"], flags=re.S)}</div>'.replace('\n', '')
    return f'```{{ .text .output }}\n{ANSI.sub("", shown["text/plain"]).rstrip()}\n```' if 'text/plain' in shown else ''


def opening(notebook):
    "The table In / Out / Paper of the title cell, which nbdev takes for front matter and drops."
    return next(('\n'.join(line for line in cell.source.splitlines() if line.startswith('|')) for cell in notebook.cells if cell.source.startswith('# ')), '')


def page(notebook, pictures, base, table):
    "`(front matter, Markdown)` of one processed notebook."
    front, parts = {}, []
    for number,cell in enumerate(notebook.cells):
        if cell.cell_type=='raw' and cell.source.startswith('---'): front = yaml.safe_load(cell.source.strip().strip('-'))
        elif cell.cell_type=='markdown': parts.append(to_markdown(cell.source, base))
        elif cell.cell_type=='code' and readme.directive(cell.source, 'include')!='false':
            source = '\n'.join(line for line in cell.source.splitlines() if not line.startswith('#|')).strip()
            if readme.directive(cell.source, 'echo')!='false' and source: parts.append(f'```python\n{source}\n```')
            name = f'{front.get("output-file", "page").removesuffix(".html")}-{number}'
            parts += [to_markdown(output(out, f'{name}-{i}', pictures), base) for i,out in enumerate(cell.get('outputs', ()))]
    title = f'# {front.get("title", "llmr")}\n\n*{front["description"]}*' if front.get('description') else f'# {front.get("title", "llmr")}'
    return front, '\n\n'.join([title, table, *(part for part in parts if part and 'AUTOGENERATED' not in part)])+'\n'


def navigation(contents, titles):
    "`_quarto.yml`'s sidebar as mkdocs takes it."
    for entry in contents:
        if isinstance(entry, str): yield {titles[entry][0]: titles[entry][1]}
        elif 'section' in entry: yield {entry['section']: list(navigation(entry['contents'], titles))}
        else: yield {entry['text']: titles[entry['href']][1]}


def settings(site, titles, out):
    "`mkdocs.yml`."
    features = ['navigation.sections', 'navigation.indexes', 'navigation.top', 'toc.follow', 'content.code.copy', 'search.highlight']
    extensions = ['admonition', 'attr_list', 'md_in_html', 'tables', 'footnotes', {'toc': dict(permalink=True, toc_depth=3)}, 'pymdownx.superfences', {'pymdownx.highlight': dict(use_pygments=True)}]
    return dict(site_name=site['title'], site_description=site['description'], docs_dir='docs', site_dir=str(out), use_directory_urls=False, plugins=['search'],
                theme=dict(name='material', font=False, features=features, palette=dict(primary='indigo')), markdown_extensions=extensions, extra_css=['llmr.css'],
                nav=list(navigation(site['sidebar']['contents'], titles)))


def main():
    "Build into _docs."
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--run', type=Path, default=ROOT/'runs'/'shipped', help='a finished run, whose executed notebooks become pages')
    options.add_argument('--out', type=Path, default=ROOT/'_docs')
    options.add_argument('--work', type=Path, default=ROOT/'runs'/'site', help='scratch folder')
    given = options.parse_args()
    work, out = given.work.resolve(), given.out.resolve()
    stage(given.run.resolve(), work)
    if shutil.which('quarto'): raise SystemExit(subprocess.run(['nbdev_docs', '--n_workers', '0'], cwd=work).returncode)
    site, base = yaml.safe_load((ROOT/'_quarto.yml').read_text())['website'], 'https://llmr-project.github.io/llmr'
    docs, titles = work/'docs', {}
    (docs/'pictures').mkdir(parents=True)
    shutil.copytree(ROOT/'nbs'/'images', docs/'images')
    shutil.copy(Path(__file__).with_name('llmr.css'), docs)
    for path in sorted(process(work).glob('*.ipynb')):
        front, text = page(nbformat.read(path, as_version=4), docs/'pictures', base, opening(nbformat.read(work/'nbs'/path.name, as_version=4)))
        name = front.get('output-file', 'index.html').replace('.html', '.md')
        titles[path.name] = front.get('title', path.stem), name
        (docs/name).write_text(text, encoding='utf-8')
    (work/'mkdocs.yml').write_text(json.dumps(settings(site, titles, out)))
    raise SystemExit(subprocess.run([sys.executable, '-m', 'mkdocs', 'build', '--quiet', '--strict', '--clean'], cwd=work, env=os.environ | dict(NO_MKDOCS_2_WARNING='1')).returncode)


if __name__ == '__main__': main()
