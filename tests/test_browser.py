"The site in a browser: errors, network, figures, search, the explorer, phones, dark mode, accessibility."
import base64
import functools
import gzip
import http.server
import json
import re
import shutil
import threading
from statistics import median

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NBS, require
from playwright.sync_api import sync_playwright

FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync']
WIDE, NARROW = dict(width=1280, height=800), dict(width=400, height=860)
HEAVIEST = 1_000_000
AT_ONCE = 8  # Pages that load side by side
COLOURS = 'css => [...new Set([...document.querySelectorAll(css)].map(e => getComputedStyle(e).color))]'
LOADED = """['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))
            .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
ROWS = 'rows => rows.map(row => [...row.cells].map(cell => cell.innerText))'


class Quiet(http.server.SimpleHTTPRequestHandler):
    "Serves files and prints nothing."
    def log_message(self, *_): pass


@pytest.fixture(scope='module')
def browser():
    "Chromium, for all tests of this file."
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    require('chromium', chromium, 'no Chromium on PATH; on Debian: apt-get install chromium')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def address(browser, site):
    "Where the site is served. It asks for the browser first, since building a site takes longer than missing one."
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(site[0])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def listen(page, address):
    "Collect what a page complains about in `complaints`."
    page.complaints = []
    def on_console(message):
        if message.type in ('error', 'warning'): page.complaints.append(message.text)
    def on_request(request):
        if not request.url.startswith((address, 'data:', 'blob:')): page.complaints.append(f'asks for {request.url}')
    page.on('console', on_console)
    page.on('request', on_request)
    page.on('pageerror', lambda error: page.complaints.append(str(error)))


@pytest.fixture
def start(browser, address):
    "`start(name, mode)`: begin to load a page, for a system in light or dark mode. A test's pages share a cache."
    contexts = {}
    def begin(name, mode='light'):
        if mode not in contexts: contexts[mode] = browser.new_context(color_scheme=mode)
        page = contexts[mode].new_page()
        page.set_viewport_size(WIDE)
        listen(page, address)
        page.goto(f'{address}/{name}', wait_until='commit')
        return page
    yield begin
    for context in contexts.values(): context.close()


@pytest.fixture
def tab(start):
    "`tab(name, mode)`: load a page and wait until the network is quiet."
    def load(name, mode='light'):
        page = start(name, mode)
        page.wait_for_load_state('networkidle')
        return page
    return load


def names(site): return sorted(path.name for path in site[0].glob('*.html') if path.name!='404.html')


def check_loaded(name, page):
    "No complaint, nothing from the network, every figure there, one heading, not heavy, no sideways scroll on a phone."
    page.wait_for_load_state('networkidle')
    assert not page.complaints, (name, page.complaints)
    broken = page.evaluate('[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)')
    assert not broken, (name, broken)
    assert page.locator('h1').count()==1, name
    loaded = page.evaluate(LOADED)
    assert page.evaluate('document.documentElement.innerHTML.length')<loaded<HEAVIEST, (name, loaded)
    page.set_viewport_size(NARROW)
    assert page.evaluate('document.documentElement.scrollWidth')<=NARROW['width'], name
    page.close()


def test_every_executed_page(site, start):
    all_names = [name for name in names(site) if 'Not executed' not in (site[0]/name).read_text(encoding='utf-8')]
    assert len(all_names)>=20
    for at in range(0, len(all_names), AT_ONCE):
        some = all_names[at:at+AT_ONCE]
        for name,page in zip(some, [start(name) for name in some]): check_loaded(name, page)


def channels(colour):
    "Red, green, blue and opacity of `rgb(...)` or `rgba(...)`."
    *rgb, alpha = (*(float(found) for found in re.findall(r'[\d.]+', colour)), 1.)[:4]
    return rgb, alpha


def luminance(colour, ground=(255, 255, 255)):
    "WCAG relative luminance of a colour on a ground."
    rgb, alpha = channels(colour)
    mixed = [(alpha*part+(1-alpha)*under)/255 for part,under in zip(rgb, ground)]
    linear = [part/12.92 if part<=.03928 else ((part+.055)/1.055)**2.4 for part in mixed]
    return sum(weight*part for weight,part in zip((.2126, .7152, .0722), linear))


def contrast(colour, ground):
    "WCAG contrast of a text's colour with the ground of the page."
    text, under = luminance(colour, channels(ground)[0]), luminance(ground)
    return (max(text, under)+.05)/(min(text, under)+.05)


def check_contrast(page, name, is_dark):
    "Running text, headings, code and captions can be read."
    ground = page.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (luminance(ground)<.1)==is_dark
    colours = {tag: page.evaluate(COLOURS, f'.md-content {tag}') for tag in ('p', 'h1', 'h2', 'li', 'figcaption', 'td')}
    assert colours['p'] and colours['h1']
    low = [(tag, colour) for tag in colours for colour in colours[tag] if contrast(colour, ground)<4.5]
    assert not low, (name, low)


def check_with_axe(page, **options):
    "axe finds nothing serious or critical."
    found = Axe().run(page, options=options).response
    assert found['passes']
    serious = [fault for fault in found['violations'] if fault['impact'] in ('serious', 'critical')]
    assert not serious, {fault['id']: [node['html'][:120] for node in fault['nodes'][:3]] for fault in serious}


@pytest.mark.parametrize('name', ['index.html', 'labels.html', 'explorer.html', 'guide_litellm.html', 'recounted.html'])
def test_accessibility(tab, name):
    "All rules in light mode; in dark mode those on colours, which alone depend on it."
    light, dark = tab(name), tab(name, 'dark')
    check_contrast(light, name, is_dark=False)
    check_with_axe(light)
    check_contrast(dark, name, is_dark=True)
    check_with_axe(dark, runOnly=['color-contrast'])


def test_the_readers_switch_to_dark(tab):
    page = tab('index.html')
    page.locator('label[title="Switch to dark mode"]').click()
    assert page.evaluate('document.body.dataset.mdColorScheme')=='slate'


def search(page, word):
    "Names of the pages that the search finds."
    page.locator('.md-search__input').click()
    page.keyboard.type(word)
    results = page.locator('.md-search-result__link')
    results.first.wait_for(timeout=60_000)
    return {re.search(r'(\w+\.html)', link)[1] for link in results.evaluate_all('links => links.map(l => l.href)')}


def test_search_finds_best_shift(tab): assert 'labels.html' in search(tab('index.html'), 'best_shift')


def test_the_search_index_waits_for_a_reader(tab):
    "Its file is loaded when the field is used, by the key `/`; arrows walk through what is found."
    page = tab('index.html')
    loaded = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('search/index.js')).length"
    assert page.evaluate(loaded)==0
    page.keyboard.press('/')
    page.keyboard.type('cost_advantage')
    page.locator('.md-search-result__link').first.wait_for()
    assert page.evaluate(loaded)==1
    page.keyboard.press('ArrowDown')
    assert page.evaluate('document.activeElement.matches(".md-search-result__link")')
    page.keyboard.press('Escape')
    assert not page.is_checked('#__search')


def test_a_number_says_where_it_comes_from(tab):
    "On hover, and by keyboard; Escape closes."
    page = tab('evaluation.html')
    number, tip = page.locator('.result data.cited').first, page.locator('.tip')
    number.hover()
    assert tip.inner_text().startswith('gains: pair=') and 'llmr reproduce' in tip.inner_text()
    page.mouse.move(0, 0)
    assert tip.is_hidden()
    number.focus()
    assert tip.is_visible() and number.get_attribute('aria-describedby')=='tip'
    page.keyboard.press('Escape')
    assert tip.is_hidden()


@pytest.mark.parametrize('name,table', [('recounted', 'field_claims.csv'), ('router_cards', 'router_costs.csv')])
def test_numbers_of_tables_say_so_too(tab, name, table):
    "On the pages of claims and of routers."
    page = tab(f'{name}.html')
    page.locator(f'.md-content td data.cited[data-table^="{table}"]').first.hover()
    assert page.locator('.tip').inner_text().startswith(f'{table}: ')


def test_a_word_says_what_it_means(tab):
    page = tab('evaluation.html')
    page.locator('a.term').first.focus()
    assert len(page.locator('.tip').inner_text())>20


def test_a_stage_opens_with_its_result(tab):
    "The sentence and the figure come before any code, which wraps; what is said of functions folds."
    page = tab('evaluation.html')
    assert page.locator('.result').bounding_box()['y']<WIDE['height']/2
    wide = """css => [...document.querySelectorAll(css)].filter(e => e.scrollWidth > e.clientWidth+1).length"""
    assert page.evaluate(wide, '.highlight:not(.output) pre > code')==0
    assert page.locator('details.api').count()>20 and not page.locator('details.api[open]').count()


def test_on_paper(tab):
    "Printed, a page has neither navigation nor search."
    page = tab('evaluation.html')
    page.emulate_media(media='print')
    assert page.locator('.md-header').is_hidden() and page.locator('.md-sidebar--secondary').is_hidden()
    assert page.locator('.result').is_visible()
    marks = 'css => [...document.querySelectorAll(css)].every(e => getComputedStyle(e).textDecorationLine === "none")'
    assert page.evaluate(marks, '.md-content [data-tip]')


def test_on_paper_from_the_dark(tab):
    "Dark ink on white, and pictures as they are."
    page = tab('evaluation.html', 'dark')
    page.emulate_media(media='print', color_scheme='dark')
    ink, ground = page.evaluate('[getComputedStyle(document.querySelector("h1")).color, '
                                'getComputedStyle(document.body).backgroundColor]')
    assert luminance(ink)<.1 and (channels(ground)[1]==0 or luminance(ground)>.9)
    assert page.evaluate('getComputedStyle(document.querySelector("figure img")).filter')=='none'


@pytest.mark.parametrize('width,height', [tuple(WIDE.values()), tuple(NARROW.values())])
def test_home_says_what_for_whom_and_what_next(tab, width, height):
    "All on the first screen."
    page = tab('index.html')
    page.set_viewport_size(dict(width=width, height=height))
    texts = ['Can the small model take over', 'pay for the large one', 'llmr verdict', 'your EvalPlus results']
    if width==WIDE['width']: texts += ['ROUTE at cost advantage', 'What it saves:']
    for text in texts:
        box = page.get_by_text(text).first.bounding_box()
        assert box['y']+box['height']<=height, text


PAINTED = """() => new Promise(done => {
    const first = entries => entries.find(entry => entry.name === 'first-contentful-paint')
    const seen = first(performance.getEntriesByType('paint'))
    if (seen) return done(seen.startTime)
    new PerformanceObserver(list => { const one = first(list.getEntries()); if (one) done(one.startTime) })
      .observe({type: 'paint', buffered: true})
})"""


def first_paint(browser, path):
    "Milliseconds until a page that is opened from disk shows something, in a context without a cache."
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(path.as_uri(), wait_until='commit')
    painted = page.evaluate(PAINTED)
    context.close()
    return painted


def test_first_paint_from_disk(site, browser):
    "Under a second, as the median of three: home, and the heaviest page."
    heaviest = max(site[0].glob('*.html'), key=lambda path: path.stat().st_size)
    for path in (site[0]/'index.html', heaviest):
        painted = [first_paint(browser, path) for _ in range(3)]
        assert median(painted)<1000, (path.name, painted)


def test_a_site_opened_as_files(site, browser):
    "Search and explorer work without any server."
    page = browser.new_context().new_page()
    page.goto((site[0]/'index.html').as_uri())
    assert 'labels.html' in search(page, 'best_shift')
    page.goto((site[0]/'explorer.html').as_uri())
    assert page.locator('#x-gap').inner_text().endswith(' points')
    page.context.close()


def points(text): return float(re.match(r'[+−]?[\d.]+', text)[0].replace('−', '-'))


def interval(text): return [float(found.replace('−', '-')) for found in re.findall(r'[+−][\d.]+', text)]


def shown(page):
    "The numbers on the cards, by name, and the interval below the gap."
    cards = {name: page.locator(f'#x-{name}').inner_text() for name in ('rate', 'gap', 'share', 'cost', 'over')}
    return cards | dict(interval=interval(page.locator('#x-gap-below').inner_text()))


def chosen(page): return tuple(page.input_value(f'#x-{name}') for name in ('pair', 'quality', 'router'))


def rows_of(table, choice):
    "Rows of a table for one pair, quality and router."
    pair, quality, router = choice
    rows = table[(table.pair==pair) & (table['quality']==quality) & (table.router==router)].reset_index(drop=True)
    assert len(rows)
    return rows


def check_cards(page, row, rounding):
    "The cards show a row of `curves` or `thresholds`, to one decimal of a point."
    cards = shown(page)
    assert (cards['rate'], cards['share'])==(f'{100*row.total_pass_rate:.1f}%', f'{100*row.cost_advantage:.1f}%')
    assert points(cards['gap'])==pytest.approx(100*row.performance_gap, abs=.0501)
    assert cards['interval']==[pytest.approx(100*bound, abs=rounding) for bound in (row.low, row.high)]


@pytest.fixture(scope='module')
def read(site):
    "A reader of the run's tables."
    return lambda name: pd.read_parquet(site[1]/f'{name}.parquet')


def test_the_share_slider_by_keyboard(tab, read):
    page = tab('explorer.html')
    rows = rows_of(read('curves'), chosen(page))
    page.focus('#x-by-share')
    for key,step in (('Home', 0), ('ArrowRight', 1), ('ArrowRight', 2), ('ArrowLeft', 1), ('End', len(rows)-1)):
        page.keyboard.press(key)
        check_cards(page, rows.loc[step], .0501)


def test_the_share_slider_shows_the_curves_table(tab, read):
    "For each pair and quality, at shares along the curve."
    page, curves = tab('explorer.html'), read('curves')
    for pair in curves.pair.unique():
        page.select_option('#x-pair', pair)
        for quality in curves['quality'].unique():
            page.select_option('#x-quality', quality)
            rows = rows_of(curves, chosen(page))
            for step in sorted({*range(0, len(rows), 10), *range(1, len(rows), 10)}):
                page.fill('#x-by-share', str(step))
                check_cards(page, rows.loc[step], .0501)
    assert not page.complaints


def test_calibrated_thresholds_show_the_thresholds_table(tab, read):
    page = tab('explorer.html')
    for row in rows_of(read('thresholds'), chosen(page)).itertuples():
        page.locator(f'button[data-target="{row.target}"]').click()
        check_cards(page, row, .0601)
        assert points(shown(page)['over'])==pytest.approx(100*(row.performance_gap-row.random_gap), abs=.0501)


def table_cells(page, css): return page.locator(f'{css} tbody tr').evaluate_all(ROWS)


def outcomes_by_model(outcomes, tasks):
    "`{model: whether it solves each test task}`, in the order of `tasks`."
    test = outcomes[outcomes.split=='test']
    solved = test.assign(solved=test.n_passed==test.n_tests).set_index('task_id').groupby('model').solved
    return {model: values.reindex(tasks) for model,values in solved}


@pytest.fixture
def at_the_seventh_score(tab, read):
    "The explorer with its threshold at the seventh score from above: `(page, pair, scores, tau)`."
    page = tab('explorer.html')
    page.fill('#x-by-tau', '7')
    scores = read('scores')
    rows = rows_of(scores[scores.split=='test'], chosen(page)).set_index('task_id').score
    return page, chosen(page)[0], rows, rows.sort_values(ascending=False).unique()[6]


def test_who_solves_what(at_the_seventh_score, read):
    "Counted again from the outcomes."
    page, pair, scores, tau = at_the_seventh_score
    small, large = pair.split('-')
    solved, sent = outcomes_by_model(read('outcomes'), scores.index), scores>=tau
    expected = {'both': solved[small] & solved[large], f'only {small}': solved[small] & ~solved[large],
                f'only {large}': ~solved[small] & solved[large], 'neither': ~solved[small] & ~solved[large]}
    rows = {name: list(map(int, counts)) for name,*counts in table_cells(page, '.explorer-solves')}
    assert rows=={name: [which.sum(), (which & sent).sum(), (which & ~sent).sum()] for name,which in expected.items()}


def test_the_nearest_tasks(at_the_seventh_score):
    page, pair, scores, tau = at_the_seventh_score
    small, large = pair.split('-')
    near = {cells[0]: cells[2] for cells in table_cells(page, '.explorer-near')}
    nearest = (scores-tau).abs().sort_values(kind='stable').index[:10]
    assert near=={str(task): small if scores[task]>=tau else large for task in nearest}


def test_dragging_on_the_curve(tab):
    page = tab('explorer.html')
    before = shown(page)
    page.locator('#routing-explorer .explorer-chart').scroll_into_view_if_needed()
    box = page.locator('#routing-explorer .explorer-chart svg').bounding_box()
    middle = box['y']+.5*box['height']
    page.mouse.move(box['x']+.3*box['width'], middle)
    page.mouse.down()
    page.mouse.move(box['x']+.8*box['width'], middle, steps=5)
    page.mouse.up()
    share = shown(page)['share']
    assert share!=before['share'] and float(share.rstrip('%'))>60


def test_the_price_of_a_token(tab):
    page = tab('explorer.html')
    page.focus('#x-by-share')
    page.keyboard.press('End')
    page.fill('#x-price', '0')
    assert shown(page)['cost']=='0%'
    page.focus('#x-by-share')
    page.keyboard.press('Home')
    assert shown(page)['cost']=='100%'


def seen(page):
    "The cards of the tasks seen, by name."
    return {name: page.locator(f'#s-{name}').inner_text() for name in ('answer', 'share', 'gap', 'seen-value')}


def chosen_looks(page):
    "The looks of the chosen pair, policy, margin and order, as the page carries them."
    wanted = {name: page.input_value(f'#s-{name}') for name in ('pair', 'policy', 'margin', 'order')}
    return next(look for look in page.evaluate("Charts.numbers('looks-numbers')")['looks']
                if all(str(look[name])==value for name,value in wanted.items()))


def check_look(page, at):
    "The cards show one look, and the picture ends there."
    look, cards = chosen_looks(page), seen(page)
    words = {'NEED': f'NEED {look["more"][at]:,} MORE' if look['more'][at]<look['most_tasks'] else 'NEED MORE'}
    assert cards['answer']==words.get(look['word'][at], look['word'][at])
    assert cards['seen-value']==f'{look["tasks"][at]} of {look["tasks"][-1]}'
    assert points(cards['gap'])==pytest.approx(100*look['gap'][at], abs=.0501)
    assert cards['share']==f'{100*look["share"][at]:.0f}%'
    drawn = page.locator('#tasks-seen svg path').first.get_attribute('d')
    assert drawn.count('L')==at


def test_tasks_seen_by_keyboard(tab):
    page = tab('explorer.html')
    page.focus('#s-seen')
    last = len(chosen_looks(page)['tasks'])-1
    for key,at in (('Home', 0), ('ArrowRight', 1), ('ArrowRight', 2), ('ArrowLeft', 1), ('End', last)):
        page.keyboard.press(key)
        check_look(page, at)
    assert seen(page)['answer'] in page.get_attribute('#s-seen', 'aria-valuetext')
    assert not page.complaints


def test_tasks_seen_for_every_choice(tab):
    "Each pair, each policy: the answer at the end is the table's; another order comes to the same gap."
    page = tab('explorer.html')
    for pair in page.locator('#s-pair option').all_inner_texts():
        page.select_option('#s-pair', pair)
        for policy in page.locator('#s-policy option').all_inner_texts():
            page.select_option('#s-policy', policy)
            page.focus('#s-seen')
            page.keyboard.press('End')
            check_look(page, len(chosen_looks(page)['tasks'])-1)
            gap = seen(page)['gap']
            page.select_option('#s-order', page.locator('#s-order option').last.get_attribute('value'))
            assert seen(page)['gap']==gap
    assert not page.complaints


def test_tasks_seen_by_dragging_on_a_phone(tab):
    page = tab('explorer.html')
    page.set_viewport_size(NARROW)
    page.locator('#tasks-seen .explorer-chart').scroll_into_view_if_needed()
    box = page.locator('#tasks-seen svg').bounding_box()
    assert box['width']<=NARROW['width']
    for part,at_least in ((.9, .7), (.3, 0)):
        page.mouse.move(box['x']+part*box['width'], box['y']+100)
        page.mouse.down()
        page.mouse.up()
        now, of = map(int, seen(page)['seen-value'].split(' of '))
        assert at_least<=now/of<=part+.1


FRONTIER = [('one model', 'S', 10., .1, 40., True, ''), ('one model', 'L', 100., 1., 60., False, 'S > L, budget 40%'),
            ('budgeted cascade', 'S > L, budget 20%', 30., .3, 55., True, ''),
            ('budgeted cascade', 'S > L, budget 40%', 50., .5, 62., True, ''),
            ('budgeted cascade', 'S > L, budget 60%', 80., .8, 63., False, 'chain')]


@pytest.fixture
def frontier(browser, tmp_path):
    "The picture of the frontier alone, with made-up policies, so that no stage beyond the paper is needed."
    columns = 'family', 'policy', 'cost', 'cost_ratio', 'total_pass_rate', 'front', 'dominated_by'
    rows = [dict(zip(columns, row)) | dict(low=row[4]-3, high=row[4]+3) for row in FRONTIER]
    packed = base64.b64encode(gzip.compress(json.dumps(dict(looks=[], frontier=rows)).encode())).decode()
    scripts = ''.join(f'<script src="{(NBS/"assets"/name).as_uri()}" defer></script>'
                      for name in ('charts.js', 'frontier.js'))
    (tmp_path/'page.html').write_text(
        f'<meta charset="utf-8"><body style="width:600px"><div id="policy-frontier" class="explorer"></div>'
        f'<script id="looks-numbers" type="application/gzip">{packed}</script>{scripts}')
    page = browser.new_context().new_page()
    listen(page, 'file:')
    page.goto((tmp_path/'page.html').as_uri())
    page.locator('#policy-frontier svg').wait_for()
    yield page
    page.context.close()


def shown_policy(page): return page.locator('#f-policy-below').inner_text()


def test_the_frontier_by_keyboard_and_mouse(frontier):
    page = frontier
    assert page.locator('#f-line option').all_inner_texts()==['budgeted cascade, S > L', 'one model']
    page.focus('#f-point')
    for key,row in (('Home', 2), ('ArrowRight', 3), ('End', 4), ('ArrowLeft', 3)):
        page.keyboard.press(key)
        family, policy, _, ratio, rate, front, dominated = FRONTIER[row]
        assert shown_policy(page)==policy and page.locator('#f-rate').inner_text()==f'{rate:.1f}%'
        assert float(page.locator('#f-cost').inner_text().rstrip('%'))==pytest.approx(100*ratio)
        assert page.locator('#f-front').inner_text()==('yes' if front else 'no')
        assert dominated in page.locator('#f-front-below').inner_text()
        assert policy in page.get_attribute('#f-point', 'aria-valuetext')
    box = page.locator('#policy-frontier svg').bounding_box()
    for part,row in ((.1, 2), (.99, 4)):
        page.mouse.move(box['x']+part*box['width'], box['y']+.5*box['height'])
        assert shown_policy(page)==FRONTIER[row][1]
    page.select_option('#f-line', 'one model')
    assert shown_policy(page) in ('S', 'L') and not page.complaints
