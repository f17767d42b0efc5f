"What would disappoint a reader of a built site: links, anchors and pictures that lead nowhere, figures without words, anything from the network, heavy pages."
import argparse
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

HEAVIEST = 1_500_000
LOADED = {('script', 'src'), ('link', 'href'), ('img', 'src'), ('source', 'src'), ('iframe', 'src'), ('object', 'data')}
LITERAL = {'pre', 'code', 'script', 'style'}
NOT_LOADED = {'canonical', 'next', 'prev', 'alternate', 'edit'}


class Links(HTMLParser):
    "Of one page: its anchors, where it links to, what it loads, its pictures without words."
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.wordless, self.markup, self.literal = set(), [], [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        "Note one element."
        given = {name: value or '' for name,value in attrs}
        self.literal += tag in LITERAL
        self.ids |= {given[name] for name in ('id', 'name') if given.get(name) and (name=='id' or tag=='a')}
        if tag=='a' and 'href' in given: self.links.append(given['href'])
        if tag=='img' and not given.get('alt', '').strip() and 'twemoji' not in given.get('class', ''): self.wordless.append(given.get('src', ''))
        if tag=='link' and given.get('rel') in NOT_LOADED: return
        self.loads += [given[name] for kind,name in LOADED if kind==tag and given.get(name)]

    def handle_endtag(self, tag):
        "Note the end of an element that shows its text as it is."
        self.literal -= tag in LITERAL

    def handle_data(self, text):
        "Note Markdown that was not turned into links."
        if not self.literal and '](' in text: self.markup.append(' '.join(text.split())[:80])


def target(page, link, root):
    "File that a link of a page means, None for another site's."
    parts = urlsplit(link)
    if parts.scheme or parts.netloc: return None
    path = (root/unquote(parts.path).lstrip('/') if parts.path.startswith('/') else page.parent/unquote(parts.path)) if parts.path else page
    return (path/'index.html' if path.is_dir() else path).resolve()


def check_page(page, pages, root):
    "Faults of one page, and what it weighs with all that it loads."
    held, faults, weight = pages[page], [], page.stat().st_size
    for link in held.links:
        path, anchor = target(page, link, root), unquote(urlsplit(link).fragment)
        if path is None: continue
        if not path.exists(): faults.append(f'link to {link}: not there')
        elif anchor and path in pages and anchor not in pages[path].ids: faults.append(f'link to {link}: no such anchor')
    for link in dict.fromkeys(held.loads):
        path = target(page, link, root)
        if link.startswith('data:'): continue
        if path is None: faults.append(f'loads {link} from the network')
        elif not path.is_file() or not path.stat().st_size: faults.append(f'loads {link}: missing or empty')
        else: weight += path.stat().st_size
    faults += [f'picture {source} has no alternative text' for source in held.wordless]
    faults += [f'shows Markdown as text: {text}' for text in held.markup]
    return faults, weight


def check_site(root):
    "`(faults, {page: bytes})` of every page below `root`; the search index counts on each page, since every page fetches it."
    root = Path(root).resolve()
    pages = {path: Links(path.read_text(encoding='utf-8')) for path in sorted(root.rglob('*.html')) if path.name!='404.html'}
    index = sum(path.stat().st_size for path in root.glob('search/search_index.json'))
    faults, weights = ([] if pages else [f'{root}: no page']), {}
    for page in pages:
        name = str(page.relative_to(root))
        mine, weights[name] = check_page(page, pages, root)
        weights[name] += index
        if weights[name]>HEAVIEST: mine.append(f'weighs {weights[name]:,} bytes, more than {HEAVIEST:,}')
        faults += [f'{name}: {fault}' for fault in mine]
    return faults, weights


def main():
    "Print what is wrong, and the heaviest page. Exit code 1 if anything is wrong."
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('site', type=Path)
    faults, weights = check_site(options.parse_args().site)
    for fault in faults: print(fault, file=sys.stderr)
    heaviest = max(weights, key=weights.get, default=None)
    if heaviest: print(f'{len(weights)} pages checked, {len(faults)} faults; the heaviest, {heaviest}, weighs {weights[heaviest]/1e6:.2f} MB')
    return bool(faults)


if __name__ == '__main__': sys.exit(main())
