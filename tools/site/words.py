"The words of the glossary on other pages: the first of each on a page says on hover and on focus what it means."
import html
import re

from markdown.extensions.toc import slugify

ROW = re.compile(r'^\| (.+?) \|.*\| (.+?) \|$', re.M)
PIECES = re.compile(r'(\[[^\]]*\]\([^)]*\)|<[^>]+>|\*+[^*\n]+\*+|`[^`\n]*`)')
PROSE = re.compile(r'[A-Z*`(]')  # How a line of a paragraph begins; not a heading, a list, a table or a quotation
TELLING = 8  # Letters of a single word that is marked outside of code: short ones are ordinary English too


def glossary(notebook):
    "`{word: (anchor, meaning)}` of the glossary's table; a row may name several words."
    text = '\n'.join(cell.source for cell in notebook.cells if cell.cell_type=='markdown')
    rows = [row for row in ROW.findall(text) if row[0]!='word']
    return {name.strip(' `'): (anchor(words), _plain(said)) for words,said in rows for name in words.split(',')}


def _plain(said): return re.sub(r'[`*]', '', re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', said))


def anchor(words):
    "The anchor of a row: its first word."
    return slugify(words.split(',')[0].strip(' `'), '-')


def anchored(text):
    "The glossary's own table, each row with its anchor."
    def named(found):
        if set(found[1])<=set('- ') or found[1]=='word': return found[0]
        return found[0].replace('| ', f'| <span id="{anchor(found[1])}"></span>', 1)
    return ROW.sub(named, text)


def term(shown, place, meaning):
    "A link to the glossary that says what a word means."
    return f'<a class="term" href="glossary.html#{place}" data-tip="{html.escape(meaning)}">{shown}</a>'


class Words:
    "Marks words on one page, each once."
    def __init__(self, meanings):
        self.left = dict(meanings)
        self.pattern = self._pattern()

    def _pattern(self):
        telling = [name for name in self.left if len(name)>=TELLING or re.search('[ _]', name)]
        names = sorted(telling, key=len, reverse=True)
        spoken = [re.escape(name).replace('_', '[_ ]') for name in names]
        return re.compile(rf'\b({"|".join(spoken)})\b') if names else None

    def mark(self, text):
        "Markdown with the first of each word that is left marked, in paragraphs only."
        return '\n\n'.join(self._paragraph(part) for part in text.split('\n\n'))

    def _paragraph(self, text):
        if not PROSE.match(text) or not self.left: return text
        pieces = PIECES.split(text)
        return ''.join(self._code(piece) if i%2 else self._prose(piece) for i,piece in enumerate(pieces))

    def _code(self, piece):
        name = piece.strip('`')
        if piece[0]!='`' or name not in self.left: return piece
        return term(f'<code>{name}</code>', *self._take(name))

    def _prose(self, piece):
        def mark(found):
            name = found[1] if found[1] in self.left else found[1].replace(' ', '_')
            return term(found[0], *self._take(name)) if name in self.left else found[0]
        return self.pattern.sub(mark, piece) if self.pattern else piece

    def _take(self, name):
        "Meaning of a word, which is not marked again, nor are the others of its row."
        place, meaning = self.left[name]
        self.left = {other: said for other,said in self.left.items() if said[0]!=place}
        return place, meaning
