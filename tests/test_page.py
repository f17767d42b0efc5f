"A page: what its tables look like, and what it is made from."
import json

import pandas as pd
import pytest
from conftest import NBS

from llmr.core import InputError
from llmr.page import grid_html, report_page, table_html


def test_only_an_executed_notebook_becomes_a_page():
    notebook = json.loads((NBS/'17_report.ipynb').read_text())
    with pytest.raises(InputError, match='not been executed'): report_page(notebook, 'x')


def test_cells_of_text_and_missing_cells():
    table = table_html(pd.DataFrame(dict(grader=['MBPP+'], gap=[None], tasks=[20])), 'Graders', ('grader',))
    assert '<th class="text">grader</th><th>gap</th><th>tasks</th>' in table
    assert '<td class="text">MBPP+</td><td>–</td><td>20</td>' in table and 'aria-label="Graders"' in table


def test_a_page_keeps_results_and_no_code():
    shown = {'text/html': grid_html('tables', ['<p>5 tasks</p>'])}
    output = dict(output_type='execute_result', data=shown, metadata={}, execution_count=1)
    code = dict(cell_type='code', id='b', metadata={}, source='secret()', execution_count=1, outputs=[output])
    above = dict(cell_type='markdown', id='c', metadata={}, source='library')
    tagged = dict(tags=['parameters'])
    parameters = dict(cell_type='code', id='a', metadata=tagged, source='', execution_count=1, outputs=[])
    page = report_page(dict(cells=[above, parameters, code], metadata={}, nbformat=4, nbformat_minor=5), 'A & B')
    assert '<p>5 tasks</p>' in page and '<title>A &amp; B</title>' in page
    assert 'secret' not in page and 'library' not in page
