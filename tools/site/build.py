"""Build the documentation site from the executed notebooks of a run.

nbdev adds signatures and links to the notebooks, mkdocs-material renders them. Order and titles of pages come from
`_quarto.yml`. A broken link, anchor or figure fails the build.
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
from check import check_site
from execute import executed, in_fork
from notebooks import NBS, ROOT, has_tag
from pages import NOTES, Pictures, opening, page

from llmr.core import InputError
from llmr.pipeline import finished_run

CODE = re.compile(r'<pre><code>(.*?)</code></pre>', re.S)
MARKS = re.compile(r'<p>source</p>|</?(?:p|code)>')
NAMES = re.compile(r'^\s*(?:def|class) (\w+)', re.M)
FEATURES = ['navigation.tabs', 'navigation.tabs.sticky', 'navigation.indexes', 'navigation.top', 'navigation.footer',
            'toc.follow', 'content.code.copy', 'search.highlight', 'search.suggest']
EXTENSIONS = ['admonition', 'attr_list', 'md_in_html', 'tables', 'footnotes', 'def_list', 'pymdownx.superfences',
              {'toc': dict(permalink=True, toc_depth=3)}, {'pymdownx.highlight': dict(use_pygments=True)}]
CHECKS = dict(nav=dict(omitted_files='warn', not_found='warn'),
              links=dict(not_found='warn', anchors='warn', absolute_links='warn', unrecognized_links='warn'))


def website():
    "The section `website` of `_quarto.yml`."
    return yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))['website']


def stage(copies, folder):
    "Copy the executed notebooks, without what papermill inserted, and the site's files into `folder`."
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(NBS, folder/'nbs', ignore=shutil.ignore_patterns('.*', 'experiments', '*.ipynb'))
    for name in ('settings.ini', '_quarto.yml'): shutil.copy(ROOT/name, folder)
    for stem,(path, _) in copies.items():
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if not has_tag(cell, 'injected-parameters')]
        nbformat.write(notebook, folder/'nbs'/f'{stem}.ipynb')


def process(folder):
    "Let nbdev add signatures and links to the notebooks of `folder`, whose settings it finds in the working directory."
    from nbdev.serve import proc_nbs
    os.chdir(folder)
    proc_nbs(n_workers=0)


def navigation(contents, titles):
    "`_quarto.yml`'s sidebar as mkdocs takes it, from `{notebook: (title, page)}`."
    for entry in contents:
        if isinstance(entry, str): yield {titles[entry][0]: titles[entry][1]}
        elif 'section' in entry: yield {entry['section']: list(navigation(entry['contents'], titles))}
        else: yield {entry['text']: titles[entry['href']][1]}


def palette(scheme, colours, other, icon):
    "One of mkdocs-material's two palettes, with the button that switches to the other one."
    toggle = dict(icon=f'material/{icon}', name=f'Switch to {other} mode')
    media = f'(prefers-color-scheme: {scheme})'
    return dict(media=media, scheme=colours, primary='indigo', accent='indigo', toggle=toggle)


def theme():
    "mkdocs-material, light or dark as the reader's system is."
    palettes = [palette('light', 'default', 'dark', 'weather-night'),
                palette('dark', 'slate', 'light', 'weather-sunny')]
    return dict(name='material', font=False, features=FEATURES, palette=palettes)


def settings(site, titles, out):
    "The content of `mkdocs.yml`."
    return dict(
        site_name=site['title'], site_description=site['description'], docs_dir='docs', site_dir=str(out),
        use_directory_urls=False, plugins=['search', 'offline'], theme=theme(), markdown_extensions=EXTENSIONS,
        extra_css=['assets/site.css'], extra_javascript=['assets/site.js'],
        extra=dict(generator=False, polyfills=['assets/vendor/iframe-worker.min.js']),
        nav=list(navigation(site['sidebar']['contents'], titles)), validation=CHECKS)


def write_page(path, original, source, pictures):
    "Write the Markdown of one processed notebook beside its pictures. Returns `(title, page)` and the text."
    before = '\n\n'.join(filter(None, [opening(nbformat.read(original, as_version=4)), NOTES.get(source)]))
    front, text = page(nbformat.read(path, as_version=4), pictures, before)
    return (front.get('title', path.stem), Path(front.get('output-file', 'index.html')).with_suffix('.md').name), text


def write_pages(copies, work, figures, contents):
    """Write the Markdown of every page into `work`/docs. Returns `{notebook: (title, page)}`.
    A page outside of the sections has no side bar, so it gets that room."""
    docs, titles = work/'docs', {}
    wide = {entry if isinstance(entry, str) else entry.get('href') for entry in contents}
    (docs/'pictures').mkdir(parents=True)
    for folder in ('assets', 'images'): shutil.copytree(NBS/folder, docs/folder)
    for path in sorted((work/'_proc').glob('*.ipynb')):
        source = copies[path.stem][1]
        pictures = Pictures(docs/'pictures', figures if source in ('stage', 'results', 'run') else None)
        titles[path.name], text = write_page(path, work/'nbs'/path.name, source, pictures)
        front = '---\nhide: [navigation]\n---\n\n' if path.name in wide else ''
        (docs/titles[path.name][1]).write_text(front+text, encoding='utf-8')
    return titles


def render(work, site, titles, out):
    "Let mkdocs render the pages of `work` into `out`."
    (work/'mkdocs.yml').write_text(json.dumps(settings(site, titles, out)))
    command = [sys.executable, '-m', 'mkdocs', 'build', '--quiet', '--strict', '--clean']
    subprocess.run(command, cwd=work, env=os.environ | dict(NO_MKDOCS_2_WARNING='1'), check=True)


def searched(found):
    "What the search index keeps of a code block: the command's help, and the names that it defines."
    if found[1].startswith('usage: '): return found[0]
    names = NAMES.findall(found[1])
    return f'<pre><code>{" ".join(names)}</code></pre>' if names else ''


def shorten_index(out):
    "Leave most code, printed output and marks out of the search index, since every page loads the whole index."
    path = out/'search'/'search_index.json'
    index = json.loads(path.read_text(encoding='utf-8'))
    for entry in index['docs']:
        entry['text'] = re.sub(' {2,}', ' ', MARKS.sub('', CODE.sub(searched, entry['text'])))
    text = json.dumps(index, separators=(',', ':'), ensure_ascii=False)
    path.write_text(text, encoding='utf-8')
    path.with_suffix('.js').write_text(f'var __index = {text}', encoding='utf-8')


def build(run, out, work, quick=False):
    """Build the site of the run at `run` into `out`, with `work` as scratch folder.
    Raises: `InputError` if the run is not finished; `ChildProcessError` or `CalledProcessError` if a step fails."""
    copies = executed(finished_run(run), quick, lambda line: print(f'  {line}', file=sys.stderr, flush=True))
    stage(copies, work)
    in_fork(process, work)
    site = website()
    render(work, site, write_pages(copies, work, run/'figures', site['sidebar']['contents']), out)
    shorten_index(out)


def options():
    "The command's options."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=ROOT/'runs'/'shipped', help='a finished run (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=ROOT/'_site', help='folder of the site (default: %(default)s)')
    parser.add_argument('--work', type=Path, default=ROOT/'runs'/'site', help='scratch folder (default: %(default)s)')
    parser.add_argument('--quick', action='store_true', help='execute no lessons and no stages beyond the paper')
    return parser.parse_args()


def main():
    "Build the site and check it. Exit code 1 if a step fails or the check finds a fault."
    given, start = options(), time.monotonic()
    try: build(given.run.resolve(), given.out.resolve(), given.work.resolve(), given.quick)
    except (InputError, ChildProcessError, subprocess.CalledProcessError) as e: sys.exit(f'site: {e}')
    faults, weights = check_site(given.out)
    for fault in faults: print(f'site: {fault}', file=sys.stderr)
    heaviest = max(weights.values(), default=0)/1e6
    print(f'{len(weights)} pages in {given.out}, {time.monotonic()-start:.0f} s, '
          f'up to {heaviest:.2f} MB each, {len(faults)} faults')
    sys.exit(bool(faults))


if __name__ == '__main__': main()
