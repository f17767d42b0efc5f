"""Build the documentation site from the executed notebooks of a run.

mkdocs-material renders the pages that tools/site/pages.py writes. Order and titles come from `_quarto.yml`. A broken
link, anchor or figure fails the build, and so does a cell.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import reference
import yaml
from check import check_site
from execute import executed
from machines import write_twins
from notebooks import NBS, ROOT, SITE, page_name
from pages import NOTES, Api, ForPrograms, ForSite, Pictures, fill, page
from search_index import write_index
from split import split_pages, with_pages
from words import Words, anchored, glossary

from llmr.core import InputError
from llmr.page import DARK, LIGHT, notebook_format
from llmr.pipeline import BEYOND, finished_run
from llmr.runs import read_record

FEATURES = ['navigation.tabs', 'navigation.tabs.sticky', 'navigation.indexes', 'navigation.top', 'navigation.footer',
            'navigation.prune', 'toc.follow', 'content.code.copy']
EXTENSIONS = ['admonition', 'attr_list', 'md_in_html', 'tables', 'footnotes', 'def_list', 'pymdownx.superfences',
              {'toc': dict(permalink=True, toc_depth=3)}, {'pymdownx.highlight': dict(use_pygments=True)}]
UNMARKED = 'index', 'glossary'  # Pages on which the glossary's words are not marked
MAKERS = {  # Tables that no stage writes
    'shipped/datasets.parquet': 'It comes with the package: make shipped',
    'router_costs.csv': 'Page router_cards writes it: make docs',
    'field_claims.csv': 'Function recount_claims makes it of nbs/assets/field_claims.csv: make docs',
    'field_pairs.csv': 'Function recount_pairs makes it of nbs/assets/field_pairs.csv: make docs'}
CHECKS = dict(nav=dict(omitted_files='warn', not_found='warn'),
              links=dict(not_found='warn', anchors='warn', absolute_links='warn', unrecognized_links='warn'))


@dataclass
class Written:
    "A page as it is given to mkdocs, and its plain twin."
    title: str
    said: str     # Its subtitle
    text: str     # Markdown for mkdocs
    blocks: list  # HTML that stands for `held-block-N-here`
    twin: str     # Plain Markdown


def website():
    "The section `website` of `_quarto.yml`."
    return yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))['website']


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
    "mkdocs-material, light or dark as the reader's system is, with this site's own header and search."
    palettes = [palette('light', 'default', 'dark', 'weather-night'),
                palette('dark', 'slate', 'light', 'weather-sunny')]
    own = str(Path(__file__).parent/'theme')
    return dict(name='material', custom_dir=own, font=False, features=FEATURES, palette=palettes)


def citation():
    "What the box at the end of a page says of the project, from CITATION.cff."
    said = yaml.safe_load((ROOT/'CITATION.cff').read_text(encoding='utf-8'))
    author = ' and '.join(one.get('name') or f'{one["given-names"]} {one["family-names"]}' for one in said['authors'])
    return dict(title=said['title'], author=author, version=said['version'], site=SITE)


def settings(site, titles, out):
    "The content of `mkdocs.yml`."
    return dict(
        site_name=site['title'], site_description=site['description'], docs_dir='docs', site_dir=str(out),
        use_directory_urls=False, plugins=[], theme=theme(), markdown_extensions=EXTENSIONS,
        extra_css=['assets/look.css', 'assets/site.css'], extra_javascript=['assets/site.js'],
        extra=dict(generator=False, citation=citation()),
        nav=list(navigation(site['sidebar']['contents'], titles)), validation=CHECKS)


def makers(run):
    "`{table: how to make it}` of every table that a stage of the run wrote."
    stages = read_record(run)['stages']
    said = {stem: f'Stage {stem} writes it: llmr reproduce{" --beyond"*(stem in BEYOND)}' for stem in stages}
    return MAKERS | {Path(name).name.removesuffix('.parquet'): said[stem]
                     for stem,facts in stages.items() for name in facts['writes']}


def write_page(notebook, api, source, pictures, writer):
    "The page of one executed notebook, and its twin."
    before = NOTES.get(source, '')
    title, said, text = page(notebook, api, pictures, writer, before)
    twin = page(notebook, api, pictures, ForPrograms(), before)[2]
    return Written(title, said, text, writer.blocks, twin)


def read_copies(copies):
    "`({stem: notebook}, {stem: stems of the pages that it makes})` of executed copies, those pages included."
    notebooks, children = {stem: notebook_format().read(path, as_version=4) for stem,(path, _) in copies.items()}, {}
    for stem in copies:
        made = split_pages(notebooks[stem])
        if not made: continue
        children[stem] = list(made)
        notebooks |= made
    return notebooks, children


def write_pages(notebooks, sources, run, folder):
    "`{stem: Written}` of every notebook, executed against the run in a folder; pictures go into `folder`."
    places, made, meanings = reference.names_of(notebooks), {}, glossary(notebooks['glossary'])
    folder.mkdir(parents=True)
    for cell in notebooks['glossary'].cells: cell.source = anchored(cell.source)
    for stem,notebook in notebooks.items():
        module, source = page_name(stem), sources.get(stem, 'run')
        pictures = Pictures(folder, run/'figures' if source in ('stage', 'results', 'run') else None)
        writer = ForSite(makers=makers(run), words=None if stem in UNMARKED else Words(meanings))
        api = Api(module, places, reference.module_lines(module))
        made[stem] = write_page(notebook, api, source, pictures, writer)
    return made


def look():
    "The colours that the site shares with the report; on paper always the light ones."
    dark = f'@media screen{{[data-md-color-scheme=slate]{{{DARK}}}}}'
    return f':root,[data-md-color-scheme=default]{{{LIGHT}}}\n{dark}\n'


def stage(made, work, contents):
    "Write what mkdocs needs into `work`/docs. A page outside of the sections has no side bar, so it gets that room."
    docs = work/'docs'
    wide = {entry if isinstance(entry, str) else entry.get('href') for entry in contents}
    for folder in ('assets', 'images'): shutil.copytree(NBS/folder, docs/folder)
    (docs/'assets'/'look.css').write_text(look())
    for stem,one in made.items():
        front = ['---', f'description: {json.dumps(one.said)}', f'twin: {page_name(stem)}.md']
        front += ['hide: [navigation]']*(f'{stem}.ipynb' in wide)+['---']
        (docs/f'{page_name(stem)}.md').write_text('\n'.join([*front, '', one.text]), encoding='utf-8')


def render(work, site, titles, out):
    "Let mkdocs render the pages of `work` into `out`."
    (work/'mkdocs.yml').write_text(json.dumps(settings(site, titles, out)))
    command = [sys.executable, '-m', 'mkdocs', 'build', '--quiet', '--strict', '--clean']
    subprocess.run(command, cwd=work, env=os.environ | dict(NO_MKDOCS_2_WARNING='1'), check=True)


def complete(made, out):
    "Put the blocks that were held back into the rendered pages, and write what belongs beside them."
    for stem,one in made.items():
        path = out/f'{page_name(stem)}.html'
        path.write_text(fill(path.read_text(encoding='utf-8'), one.blocks), encoding='utf-8')
    pages = {page_name(stem): (one.title, one.text, one.blocks) for stem,one in made.items()}
    write_index(out/'search', pages, glossary(notebook_format().read(NBS/'glossary.ipynb', as_version=4)))
    for left in [*out.glob('assets/**/*.map'), *out.glob('assets/javascripts/**/lunr*'), out/'sitemap.xml.gz']:
        if left.is_file(): left.unlink()


def build(run, out, work, quick=False):
    """Build the site of the run at `run` into `out`, with `work` as scratch folder.
    Raises: `InputError` if the run is not finished; `ChildProcessError` or `CalledProcessError` if a step fails."""
    copies = executed(finished_run(run), quick, lambda line: print(f'  {line}', file=sys.stderr, flush=True))
    shutil.rmtree(work, ignore_errors=True)
    notebooks, children = read_copies(copies)
    made = write_pages(notebooks, {stem: source for stem,(_, source) in copies.items()}, run, work/'docs'/'pictures')
    site = website()
    site['sidebar']['contents'] = contents = list(with_pages(site['sidebar']['contents'], children))
    stage(made, work, contents)
    render(work, site, {f'{stem}.ipynb': (one.title, f'{page_name(stem)}.md') for stem,one in made.items()}, out)
    complete(made, out)
    write_twins(out, site, contents, made)


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
    except (InputError, ChildProcessError, ValueError, subprocess.CalledProcessError) as e: sys.exit(f'site: {e}')
    faults, weights = check_site(given.out)
    for fault in faults: print(f'site: {fault}', file=sys.stderr)
    heaviest = max(weights.values(), default=0)/1e6
    print(f'{len(weights)} pages in {given.out}, {time.monotonic()-start:.0f} s, '
          f'up to {heaviest:.2f} MB each, {len(faults)} faults')
    sys.exit(bool(faults))


if __name__ == '__main__': main()
