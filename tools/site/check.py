"Check a built site: broken links, anchors and pictures, figures without text, files from the network, heavy pages."
import argparse
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

HEAVIEST = 1_000_000  # Bytes of a page with everything it loads
LOADED = {('script', 'src'), ('link', 'href'), ('img', 'src'), ('source', 'src'), ('iframe', 'src'), ('object', 'data')}
CODE = re.compile(r'<pre\b.*?</pre>', re.S)  # Has thousands of elements, none of them a link
LITERAL = {'pre', 'code', 'script', 'style'}
NOT_LOADED = {'canonical', 'next', 'prev', 'alternate', 'edit'}


class Links(HTMLParser):
    "Anchors and links of one page, what it loads, its pictures without text, and Markdown left in its text."
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.no_alt, self.markdown = set(), [], [], [], []
        self.literal = 0  # How many elements are open that show their text as it is
        self.feed(CODE.sub('<pre></pre>', text))

    def handle_starttag(self, tag, attrs):
        "Note one element."
        attributes = {name: value or '' for name,value in attrs}
        self.literal += tag in LITERAL
        self.ids |= {attributes[name] for name in ('id', 'name') if attributes.get(name) and (name=='id' or tag=='a')}
        if tag=='a' and 'href' in attributes: self.links.append(attributes['href'])
        if tag=='img': self._note_image(attributes)
        if tag=='link' and attributes.get('rel') in NOT_LOADED: return
        self.loads += [attributes[name] for element,name in LOADED if element==tag and attributes.get(name)]

    def _note_image(self, attributes):
        "Note a picture without alternative text; the theme's icons need none."
        icon = 'twemoji' in attributes.get('class', '')
        if not attributes.get('alt', '').strip() and not icon: self.no_alt.append(attributes.get('src', ''))

    def handle_endtag(self, tag):
        "Note the end of an element."
        self.literal -= tag in LITERAL

    def handle_data(self, text):
        "Note Markdown that was not turned into a link."
        if not self.literal and '](' in text: self.markdown.append(' '.join(text.split())[:80])


def target(page, link, root):
    "The file that a link on `page` leads to, None for another site."
    parts = urlsplit(link)
    if parts.scheme or parts.netloc: return None
    if not parts.path: return page
    base = root if parts.path.startswith('/') else page.parent
    path = base/unquote(parts.path).lstrip('/')
    return (path/'index.html' if path.is_dir() else path).resolve()


def link_faults(page, pages, root):
    "Links of a page whose file or anchor does not exist."
    for link in pages[page].links:
        path, anchor = target(page, link, root), unquote(urlsplit(link).fragment)
        if path and not path.exists(): yield f'link to {link}: no such file'
        elif path in pages and anchor and anchor not in pages[path].ids: yield f'link to {link}: no such anchor'


def load_faults(loads):
    "What a page loads from the network, or from a missing or empty file; `loads` is `{link: file}`."
    for link,path in loads.items():
        if path is None: yield f'loads {link} from the network'
        elif not path.is_file() or not path.stat().st_size: yield f'loads {link}: missing or empty'


def check_page(page, pages, root):
    "`(faults, bytes)` of one page; the bytes include everything it loads."
    links = pages[page]
    loads = {link: target(page, link, root) for link in links.loads if not link.startswith('data:')}
    faults = [*link_faults(page, pages, root), *load_faults(loads),
              *(f'picture {source} has no alternative text' for source in links.no_alt),
              *(f'shows Markdown as text: {text}' for text in links.markdown)]
    files = {path for path in loads.values() if path and path.is_file()}
    return faults, page.stat().st_size+sum(path.stat().st_size for path in files)


def check_site(root):
    "`(faults, {page: bytes})` of all pages below `root`; the search index is loaded when a reader searches."
    root = Path(root).resolve()
    paths = [path for path in sorted(root.rglob('*.html')) if path.name!='404.html']
    pages = {path: Links(path.read_text(encoding='utf-8')) for path in paths}
    faults, weights = ([] if pages else [f'{root}: no pages']), {}
    for page in pages:
        name = str(page.relative_to(root))
        page_faults, size = check_page(page, pages, root)
        weights[name] = size
        if weights[name]>HEAVIEST: page_faults.append(f'has {weights[name]:,} bytes, more than {HEAVIEST:,}')
        faults += [f'{name}: {fault}' for fault in page_faults]
    return faults, weights


def main():
    "Print the faults and the heaviest page. Exit code 1 if there is a fault."
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('site', type=Path, help='folder of a built site')
    faults, weights = check_site(parser.parse_args().site)
    for fault in faults: print(fault, file=sys.stderr)
    name = max(weights, key=weights.get, default=None)
    if name: print(f'{len(weights)} pages, {len(faults)} faults; the heaviest, {name}, has {weights[name]/1e6:.2f} MB')
    sys.exit(bool(faults))


if __name__ == '__main__': main()
