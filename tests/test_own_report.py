"The page of own files: what it says, that it stands alone, and that it fits."
import json
import re
from html.parser import HTMLParser

import pytest

from llmr.cli import main
from llmr.own_report import write_own_report


class Page(HTMLParser):
    "Headings, words, links and other references of a page."
    def __init__(self, text):
        super().__init__()
        self.headings, self.words, self.links, self.fetched, self.at = [], [], [], [], ''
        self.feed(text)
    def handle_starttag(self, tag, attributes):
        self.at, attributes = tag, dict(attributes)
        if tag=='a': self.links.append(attributes['href'])
        else: self.fetched += [attributes[name] for name in ('src', 'href', 'data') if name in attributes]
    def handle_data(self, text):
        if self.at in ('h1', 'h2', 'h3') and text.strip(): self.headings.append(text.strip())
        if self.at!='style': self.words.append(text)
        self.at = ''


def table(path, models, n=60, cost=True):
    "A CSV in which model j solves all but every (j+2)nd task."
    rows = [f'Prompt number {i}.,{model},{int(i%(j+2)>0)}'+(f',{.001*(j+1)},{1+j}' if cost else '')
            for i in range(n) for j,model in enumerate(models)]
    path.write_text('\n'.join([f'prompt,model,passed{",cost,seconds"*cost}', *rows]))
    return path


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp('own')
    path = table(folder/'own.csv', ('acme/small-2b', 'acme/large-70b'))
    return Page(write_own_report([path], folder/'page.html').read_text())


def test_sections_in_order(page):
    assert page.headings==['Can small-2b take tasks over from large-70b?', 'The answer', 'What small-2b would change',
                           'What could be gained', 'Tasks that differ', 'What to do next',
                           'What was read, and how it was computed']


def test_plain_words_short_names_and_costs(page):
    said = ' '.join(page.words)
    assert not re.search(r'\b(tied|McNemar|operating point|nan)\b', said, re.I)
    assert 'small-2b is short for acme/small-2b' in said and 'each end with 95% confidence' in said
    assert '$ per 1,000 tasks' in said and 'seconds per task' in said and 'per 1,000 tasks instead of $2' in said


def test_nothing_is_fetched_and_links_lead_to_the_site(page):
    assert page.fetched and all(source.startswith('data:image/svg+xml;base64,') for source in page.fetched)
    assert len(page.links)>3 and all(link.startswith('https://llmr-project.github.io/llmr/') for link in page.links)


def test_scores_bring_the_curve_and_files_without_costs_say_so(tmp_path):
    rows = [dict(task_id=f't{i}', model=model, passed=int(i%(j+2)>0)) for i in range(60) for j,model in enumerate('AB')]
    (tmp_path/'own.jsonl').write_text('\n'.join(map(json.dumps, rows)))
    scores = [dict(task_id=f't{i}', score=float(i%2)+.001*i) for i in range(60)]
    (tmp_path/'scores.jsonl').write_text('\n'.join(map(json.dumps, scores)))
    page = write_own_report([tmp_path/'own.jsonl'], tmp_path/'page.html', scores=tmp_path/'scores.jsonl').read_text()
    assert 'As other papers count' in page and 'APGR' in page and 'gain over random' in page
    assert 'The files do not say what an answer costs.' in page and 'of the calls of B.' in page


def test_a_log_comes_first_and_models_keep_one_name(tmp_path):
    own = table(tmp_path/'own.csv', ('acme/small-2b', 'acme/large-70b'))
    (tmp_path/'log.csv').write_text('prompt,model\n'+'\n'.join(
        f'Prompt number {i}.,acme/{"small-2b" if i%2 else "large-70b"}' for i in range(60)))
    page = Page(write_own_report([own], tmp_path/'page.html', log=tmp_path/'log.csv').read_text())
    assert page.headings[1:4]==['Is the router of the log worth using?', 'The answer', 'The router of the log']
    assert any('always small-2b' in word for word in page.words) and '60 tasks compared' in ' '.join(page.words)


def test_the_command_writes_the_page_and_json(tmp_path, capsys):
    own = str(table(tmp_path/'own.csv', 'AB'))
    assert main(['report', own, '--out', str(tmp_path/'x.html'), '--json'])==0
    facts = json.loads(capsys.readouterr().out)
    assert facts['report']==str(tmp_path/'x.html') and (tmp_path/'x.html').exists()
    assert facts['verdicts'][0]['small']=='A' and facts['verdicts'][0]['verdict'] in ('ROUTE', "DON'T", 'NEED')
    assert main(['report', own, '--out', f'{own}/x.html'])==2 and 'cannot be written' in capsys.readouterr().err
