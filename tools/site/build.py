"""The documentation site from executed notebooks of a run: Quarto through nbdev where it is installed, else mkdocs-material.

Pages are nbdev's processed notebooks (signatures, links between names) with the outputs of the run; order and titles come from `_quarto.yml`.
A link, anchor or figure that leads nowhere fails the build.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import yaml

from llmr.core import InputError
from llmr.pipeline import finished_run

sys.path.insert(0, str(Path(__file__).resolve().parent))
import check  # noqa: E402
import execute  # noqa: E402
import pages  # noqa: E402

ROOT = execute.ROOT
BASE = 'https://llmr-project.github.io/llmr'
CODE = re.compile(r'<pre><code>(.*?)</code></pre>', re.S)


def stage(copies, folder):
    "Lay the executed notebooks, without what papermill put in, and the site's files into `folder`."
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT/'nbs', folder/'nbs', ignore=shutil.ignore_patterns('.*', 'experiments', '*.ipynb'))
    for name in ('settings.ini', '_quarto.yml'): shutil.copy(ROOT/name, folder)
    for stem,(path, _) in copies.items():
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if 'injected-parameters' not in cell.metadata.get('tags', ())]
        nbformat.write(notebook, folder/'nbs'/f'{stem}.ipynb')


def process(folder):
    "nbdev's processing, in a process of its own, because nbdev finds its settings by the working directory."
    subprocess.run([sys.executable, '-c', 'from nbdev.serve import proc_nbs; proc_nbs(n_workers=0)'], cwd=folder, check=True)
    return folder/'_proc'


def navigation(contents, titles):
    "`_quarto.yml`'s sidebar as mkdocs takes it."
    for entry in contents:
        if isinstance(entry, str): yield {titles[entry][0]: titles[entry][1]}
        elif 'section' in entry: yield {entry['section']: list(navigation(entry['contents'], titles))}
        else: yield {entry['text']: titles[entry['href']][1]}


def palette():
    "Light and dark, first as the reader's system has it."
    looks = (('light', 'default', 'weather-night', 'dark'), ('dark', 'slate', 'weather-sunny', 'light'))
    return [dict(media=f'(prefers-color-scheme: {now})', scheme=scheme, primary='indigo', accent='indigo', toggle=dict(icon=f'material/{icon}', name=f'Switch to {other} mode'))
            for now,scheme,icon,other in looks]


def settings(site, titles, out):
    "`mkdocs.yml`."
    features = ['navigation.tabs', 'navigation.tabs.sticky', 'navigation.indexes', 'navigation.top', 'navigation.footer', 'toc.follow', 'content.code.copy', 'search.highlight', 'search.suggest']
    extensions = ['admonition', 'attr_list', 'md_in_html', 'tables', 'footnotes', 'def_list', {'toc': dict(permalink=True, toc_depth=3)}, 'pymdownx.superfences', {'pymdownx.highlight': dict(use_pygments=True)}]
    return dict(site_name=site['title'], site_description=site['description'], docs_dir='docs', site_dir=str(out), use_directory_urls=False, plugins=['search', 'offline'],
                theme=dict(name='material', font=False, features=features, palette=palette()), markdown_extensions=extensions, extra_css=['assets/site.css'], extra_javascript=['assets/site.js'],
                extra=dict(generator=False, polyfills=['assets/vendor/iframe-worker.min.js']), nav=list(navigation(site['sidebar']['contents'], titles)),
                validation=dict(nav=dict(omitted_files='warn', not_found='warn'), links=dict(not_found='warn', anchors='warn', absolute_links='warn', unrecognized_links='warn')))


def write_pages(copies, work, run, contents):
    "Markdown of every page into `work`/docs; a page of no section gets the room of the empty side bar. Returns `{notebook: (title, page)}`."
    docs, titles = work/'docs', {}
    wide = {entry if isinstance(entry, str) else entry.get('href') for entry in contents}
    (docs/'pictures').mkdir(parents=True)
    for folder in ('assets', 'images'): shutil.copytree(ROOT/'nbs'/folder, docs/folder)
    for path in sorted(process(work).glob('*.ipynb')):
        before, how = pages.opening(nbformat.read(work/'nbs'/path.name, as_version=4)), copies[path.stem][1]
        front, text = pages.page(nbformat.read(path, as_version=4), BASE, docs/'pictures', run/'figures' if how=='run' else None, f'{before}\n\n{pages.NOTES.get(how, "")}')
        name = front.get('output-file', 'index.html').replace('.html', '.md')
        titles[path.name] = front.get('title', path.stem), name
        (docs/name).write_text(('---\nhide: [navigation]\n---\n\n' if path.name in wide else '')+text, encoding='utf-8')
    return titles


def lean_index(out):
    "Leave code and output out of the search index, but for definitions and the command's help: every page fetches it, and a search is for words and names."
    path = out/'search'/'search_index.json'
    index = json.loads(path.read_text(encoding='utf-8'))
    keep = lambda found: found[0] if found[1].lstrip().startswith(('def ', 'class ', 'usage: ')) else ''
    for entry in index['docs']: entry['text'] = CODE.sub(keep, entry['text'])
    text = json.dumps(index, separators=(',', ':'))
    path.write_text(text, encoding='utf-8')
    path.with_suffix('.js').write_text(f'var __index = {text}', encoding='utf-8')


def build(run, out, work, beyond=True):
    """Build the site of the run at `run` into `out`, `work` for scratch; without `beyond`, the stages beyond the paper are shown unexecuted.
    Raises: `InputError` where the run is none; `CalledProcessError` where a renderer fails."""
    copies = execute.executed(finished_run(run), work.with_name(f'{work.name}-cache'), beyond, on_progress=lambda stem: print(f'  {stem}', file=sys.stderr, flush=True))
    stage(copies, work)
    if shutil.which('quarto'):
        subprocess.run(['nbdev_docs', '--n_workers', '0'], cwd=work, check=True)
        shutil.rmtree(out, ignore_errors=True)
        return shutil.move(work/'_site', out)
    site = yaml.safe_load((ROOT/'_quarto.yml').read_text())['website']
    titles = write_pages(copies, work, run, site['sidebar']['contents'])
    (work/'mkdocs.yml').write_text(json.dumps(settings(site, titles, out)))
    subprocess.run([sys.executable, '-m', 'mkdocs', 'build', '--quiet', '--strict', '--clean'], cwd=work, env=os.environ | dict(NO_MKDOCS_2_WARNING='1'), check=True)
    lean_index(out)


def main():
    "Build into _site, and check what was built."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--run', type=Path, default=ROOT/'runs'/'shipped', help='a finished run, whose executed notebooks become pages')
    options.add_argument('--out', type=Path, default=ROOT/'_site')
    options.add_argument('--work', type=Path, default=ROOT/'runs'/'site', help='scratch folder')
    options.add_argument('--paper-only', action='store_true', help='do not execute the stages beyond the paper; their pages say so')
    given, start = options.parse_args(), time.monotonic()
    try: build(given.run.resolve(), given.out.resolve(), given.work.resolve(), not given.paper_only)
    except InputError as e: raise SystemExit(f'site: {e}') from None
    except subprocess.CalledProcessError as e: raise SystemExit(f'site: {e}') from None
    faults, weights = check.check_site(given.out)
    for fault in faults: print(f'site: {fault}', file=sys.stderr)
    print(f'{len(weights)} pages in {given.out}, {time.monotonic()-start:.0f} s; the heaviest has {max(weights.values(), default=0)/1e6:.2f} MB; {len(faults)} faults')
    raise SystemExit(bool(faults))


if __name__ == '__main__': main()
