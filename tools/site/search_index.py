"The site's search index: address, page, section and words of each section, loaded when a reader searches."
import html
import json
import re
from collections import Counter

from markdown.extensions.toc import slugify
from pages import HELD, TAGS

HEADING = re.compile(r'^(#{1,3}) +(.*?)(?: *\{ *#([\w.-]+) *\})? *$', re.M)
LINKED = re.compile(r'!?\[([^\]]*)\]\([^)\s]*\)')
MATHEMATICS = re.compile(r'<math.*?</math>', re.S)
MARKS = re.compile(r'[`*|]+|^\s*[-:| ]+$|^!!! \w+|^> ?', re.M)


def words(text, blocks):
    "The words of Markdown: no marks, addresses, code or mathematics; the command's help is kept."
    def kept(found):
        said = html.unescape(TAGS.sub('', blocks[int(found[1])]))
        return said if said.lstrip().startswith('usage: ') else ' '
    text = TAGS.sub(' ', MATHEMATICS.sub(' ', LINKED.sub(r'\1', text)))
    return ' '.join(MARKS.sub(' ', HELD.sub(kept, text)).split())


def sections(text, blocks):
    "`(anchor, heading, words)` of each section of a page; the anchors are those that mkdocs gives."
    pieces, used = HEADING.split(text), Counter()
    for level,title,given,body in zip(*(pieces[i::4] for i in range(1, 5))):
        heading = html.unescape(words(title, blocks))
        anchor = given or slugify(heading, '-')
        used[anchor] += 1
        if used[anchor]>1 and not given: anchor = f'{anchor}_{used[anchor]-1}'
        yield '' if level=='#' else anchor, heading, words(body, blocks)


def index(pages):
    "Rows `[address, page, section, words]` of `{name: (title, Markdown, blocks)}`."
    return [[f'{name}.html{"#"*bool(anchor)}{anchor}', title, heading, said]
            for name,(title, text, blocks) in pages.items() for anchor,heading,said in sections(text, blocks)]


def write_index(folder, pages, meanings):
    "Write the index as a script, since a page opened as a file may load no other kind of file."
    folder.mkdir(parents=True, exist_ok=True)
    of_words = [[f'glossary.html#{anchor}', 'Words', word, said] for word,(anchor, said) in meanings.items()]
    rows = json.dumps(index(pages)+of_words, separators=(',', ':'), ensure_ascii=False)
    (folder/'index.js').write_text(f'window.siteIndex={rows}', encoding='utf-8')
