"The site in a browser: no errors, nothing from the network, search, figures, the explorer, phones, dark mode, accessibility."
import functools
import http.server
import re
import shutil
import threading

import pandas as pd
import pytest

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
try: from playwright.sync_api import sync_playwright
except ImportError: sync_playwright = None
pytestmark = [pytest.mark.skipif(not CHROMIUM, reason='no Chromium on PATH; on Debian: apt-get install chromium'),
              pytest.mark.skipif(sync_playwright is None, reason='no playwright; pip install "llmr[dev]"')]
FLAGS = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split()
WIDE, NARROW = dict(width=1280, height=800), dict(width=400, height=860)


class Quiet(http.server.SimpleHTTPRequestHandler):
    "Serves files and keeps silent."
    def log_message(self, *_): pass


@pytest.fixture(scope='module')
def address(site):
    "Where the site is served."
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(site[0])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


@pytest.fixture(scope='module')
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, address):
    "Opener of a page: `tab(name, viewport, light or dark)`. What the page complains about is in its `complaints`, what it loaded in its `responses`."
    opened = []
    def go(name, viewport=WIDE, light='light'):
        "Open one page and wait until it is quiet."
        context = browser.new_context(viewport=viewport, color_scheme=light)
        page = context.new_page()
        page.complaints, page.responses = [], []
        page.on('response', lambda response: page.responses.append(response))
        page.on('console', lambda said: page.complaints.append(said.text) if said.type in ('error', 'warning') else None)
        page.on('pageerror', lambda error: page.complaints.append(str(error)))
        page.on('request', lambda request: page.complaints.append(f'asks for {request.url}') if not request.url.startswith((address, 'data:', 'blob:')) else None)
        page.goto(f'{address}/{name}', wait_until='networkidle')
        opened.append(context)
        return page
    yield go
    for context in opened: context.close()


def names(site): return sorted(path.name for path in site[0].glob('*.html') if path.name!='404.html')


def test_every_page(site, tab):
    "No complaint, nothing from the network, every figure there, one heading, no more than 1.5 MB, and no sideways scroll when it becomes a phone's."
    for name in names(site):
        page = tab(name)
        assert not page.complaints, (name, page.complaints)
        broken = page.evaluate('[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)')
        assert not broken, (name, broken)
        assert page.locator('h1').count()==1, name
        loaded = sum(len(response.body()) for response in page.responses if response.ok)
        assert loaded<1_500_000, (name, loaded)
        page.set_viewport_size(NARROW)
        assert page.evaluate('document.documentElement.scrollWidth')<=NARROW['width'], name
        page.context.close()


def luminance(colour, ground=(255, 255, 255)):
    "WCAG relative luminance of `rgb(...)` or `rgba(...)` on a ground."
    *parts, alpha = (*(float(found) for found in re.findall(r'[\d.]+', colour)), 1.)[:4]
    mixed = [(alpha*part+(1-alpha)*under)/255 for part,under in zip(parts, ground)]
    return sum(weight*(part/12.92 if part<=.03928 else ((part+.055)/1.055)**2.4) for weight,part in zip((.2126, .7152, .0722), mixed))


@pytest.mark.parametrize('light', ['light', 'dark'])
def test_text_can_be_read(site, tab, light):
    "Contrast of running text, headings, code and captions with the ground of the page."
    for name in ('index.html', 'labels.html', 'explorer.html', 'pictures.html'):
        page = tab(name, WIDE, light)
        ground = page.evaluate('getComputedStyle(document.body).backgroundColor')
        under = [float(found) for found in re.findall(r'[\d.]+', ground)][:3]
        assert (luminance(ground)<.1)==(light=='dark')
        for selector in ('p', 'h1', 'h2', 'li', 'figcaption', 'td'):
            for colour in page.evaluate('s => [...new Set([...document.querySelectorAll(`.md-content ${s}`)].map(e => getComputedStyle(e).color))]', selector):
                seen = luminance(colour, under), luminance(ground)
                assert (max(seen)+.05)/(min(seen)+.05)>=4.5, (name, selector, colour)
        page.context.close()


def test_the_readers_switch_to_dark(tab):
    page = tab('index.html')
    page.locator('label[title="Switch to dark mode"]').click()
    assert page.evaluate('document.body.dataset.mdColorScheme')=='slate'


def test_search_finds_best_shift(tab):
    page = tab('index.html')
    page.locator('.md-search__input').click()
    page.keyboard.type('best_shift')
    first = page.locator('.md-search-result__link').first
    first.wait_for(timeout=20_000)
    assert 'labels.html' in {link.split('?')[0].split('#')[0].rsplit('/', 1)[-1] for link in page.locator('.md-search-result__link').evaluate_all('links => links.map(l => l.href)')}


def test_search_works_from_a_folder(site, browser):
    "Opened as files, without any server."
    page = browser.new_context().new_page()
    page.goto((site[0]/'index.html').as_uri())
    page.locator('.md-search__input').click()
    page.keyboard.type('best_shift')
    page.locator('.md-search-result__link').first.wait_for(timeout=20_000)
    page.goto((site[0]/'explorer.html').as_uri())
    page.locator('#x-gap').wait_for()
    page.context.close()


def points(text): return float(re.match(r'[+−]?[\d.]+', text)[0].replace('−', '-'))


def shown(page): return {name: page.locator(f'#x-{name}').inner_text() for name in ('rate', 'gap', 'share', 'cost', 'over')} | dict(below=page.locator('#x-gap-below').inner_text())


@pytest.fixture
def curves(site): return pd.read_parquet(site[1]/'curves.parquet')


def test_the_slider_shows_the_curves_table(site, tab, curves):
    "For each pair and quality, at shares along the curve, by the keyboard."
    page = tab('explorer.html')
    for pair in curves.pair.unique():
        page.select_option('#x-pair', pair)
        for quality in curves['quality'].unique():
            page.select_option('#x-quality', quality)
            router = page.input_value('#x-router')
            mine = curves[(curves.pair==pair) & (curves['quality']==quality) & (curves.router==router)].reset_index(drop=True)
            page.focus('#x-by-share')
            page.keyboard.press('Home')
            for step in range(len(mine)):
                if step: page.keyboard.press('ArrowRight')
                if step%10 not in (0, 1): continue
                row, says = mine.iloc[step], shown(page)
                assert (says['rate'], says['share'])==(f'{100*row.total_pass_rate:.1f}%', f'{100*row.cost_advantage:.1f}%')
                assert points(says['gap'])==pytest.approx(100*row.performance_gap, abs=.0501)
                low, high = (float(found.replace('−', '-')) for found in re.findall(r'[+−][\d.]+', says['below']))
                assert (low, high)==(pytest.approx(100*row.low, abs=.0501), pytest.approx(100*row.high, abs=.0501))
    assert not page.complaints


def test_calibrated_thresholds_show_the_thresholds_table(site, tab):
    thresholds = pd.read_parquet(site[1]/'thresholds.parquet')
    page = tab('explorer.html')
    pair, quality, router = (page.input_value(f'#x-{name}') for name in ('pair', 'quality', 'router'))
    for row in thresholds[(thresholds.pair==pair) & (thresholds['quality']==quality) & (thresholds.router==router)].itertuples():
        page.locator(f'button[data-target="{row.target}"]').click()
        says = shown(page)
        assert says['share']==f'{100*row.cost_advantage:.1f}%' and says['rate']==f'{100*row.total_pass_rate:.1f}%'
        assert points(says['gap'])==pytest.approx(100*row.performance_gap, abs=.0501)
        low, high = (float(found.replace('−', '-')) for found in re.findall(r'[+−][\d.]+', says['below']))
        assert (low, high)==(pytest.approx(100*row.low, abs=.0601), pytest.approx(100*row.high, abs=.0601))
        assert points(says['over'])==pytest.approx(100*(row.performance_gap-row.random_gap), abs=.0501)


def test_who_solves_what_and_the_nearest_tasks(site, tab):
    "Counted again from the outcomes, at a threshold set by the second slider."
    outcomes, scores = (pd.read_parquet(site[1]/f'{name}.parquet') for name in ('outcomes', 'scores'))
    page = tab('explorer.html')
    pair, quality, router = (page.input_value(f'#x-{name}') for name in ('pair', 'quality', 'router'))
    page.focus('#x-by-tau')
    page.keyboard.press('Home')
    for _ in range(7): page.keyboard.press('ArrowRight')
    small, large = pair.split('-')
    mine = scores[(scores.pair==pair) & (scores['quality']==quality) & (scores.router==router) & (scores.split=='test')].set_index('task_id').score
    solved = {model: rows.set_index('task_id').eval('n_passed==n_tests').reindex(mine.index) for model,rows in outcomes[outcomes.split=='test'].groupby('model')}
    tau = mine.sort_values(ascending=False).unique()[6]
    sent = mine>=tau
    rows = {cells[0]: [int(cell) for cell in cells[1:]] for cells in page.locator('.explorer-solves tbody tr').evaluate_all('rows => rows.map(r => [...r.cells].map(c => c.innerText))')}
    for name,which in {'both': solved[small] & solved[large], f'only {small}': solved[small] & ~solved[large], f'only {large}': ~solved[small] & solved[large], 'neither': ~solved[small] & ~solved[large]}.items():
        assert rows[name]==[which.sum(), (which & sent).sum(), (which & ~sent).sum()]
    near = page.locator('.explorer-near tbody tr').evaluate_all('rows => rows.map(r => [...r.cells].map(c => c.innerText))')
    assert {cells[0] for cells in near}=={str(task) for task in (mine-tau).abs().sort_values(kind='stable').index[:10]}
    for cells in near: assert cells[2]==(small if mine[int(cells[0])]>=tau else large)


def test_dragging_on_the_curve(tab):
    page = tab('explorer.html')
    before = shown(page)
    page.locator('.explorer-chart').scroll_into_view_if_needed()
    box = page.locator('.explorer-chart svg').bounding_box()
    page.mouse.move(box['x']+.3*box['width'], box['y']+.5*box['height'])
    page.mouse.down()
    page.mouse.move(box['x']+.8*box['width'], box['y']+.5*box['height'], steps=5)
    page.mouse.up()
    assert shown(page)['share']!=before['share'] and float(shown(page)['share'].rstrip('%'))>60


def test_the_price_of_a_token(tab):
    page = tab('explorer.html')
    page.focus('#x-by-share')
    page.keyboard.press('End')
    page.fill('#x-price', '0')
    assert shown(page)['cost']=='0%'
    page.keyboard.press('Tab')
    page.focus('#x-by-share')
    page.keyboard.press('Home')
    assert shown(page)['cost']=='100%'


@pytest.mark.parametrize('light', ['light', 'dark'])
@pytest.mark.parametrize('name', ['index.html', 'labels.html', 'explorer.html', 'own_models.html'])
def test_accessibility(tab, name, light):
    "axe finds nothing serious or critical."
    axe = pytest.importorskip('axe_playwright_python.sync_playwright', reason='no axe; pip install "llmr[dev]"').Axe()
    found = axe.run(tab(name, WIDE, light)).response['violations']
    bad = {fault['id']: [node['html'][:120] for node in fault['nodes'][:3]] for fault in found if fault['impact'] in ('serious', 'critical')}
    assert not bad
