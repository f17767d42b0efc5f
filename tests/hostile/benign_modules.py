# expect: 3 passed
# kind: benign
import array, bisect, calendar, copy, csv, datetime, email.message, functools, graphlib, heapq, html.parser, io, itertools, logging, operator, secrets, sqlite3, statistics, string, textwrap, typing, xml.etree.ElementTree, zlib
def add(a, b):
    base = sqlite3.connect(':memory:')
    assert datetime.date(2024, 1, 31).strftime('%A %B')=='Wednesday January' and xml.etree.ElementTree.fromstring('<a><b/></a>')[0].tag=='b'
    return base.execute('select ? + ?', (a, b)).fetchone()[0]
