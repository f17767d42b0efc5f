"Figures: the project's style, colours by position, names beside lines."
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest

from llmr.plotting import colours, label_line, panels


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close('all')


def test_panels_are_in_the_style_whatever_was_set_before():
    plt.rcParams['axes.spines.top'] = True
    figure, axes = panels(2, 3, squeeze=False, figsize=(4, 3))
    assert axes.shape==(2, 3) and figure.get_size_inches().tolist()==[4, 3]
    assert not axes[0, 0].spines['top'].get_visible() and figure.get_constrained_layout()


def test_a_figure_has_the_same_bytes_each_time(tmp_path):
    "And its text stays text."
    for name in 'ab':
        figure, axes = panels()
        label_line(axes, .5, .5, 'the name of a line')
        figure.savefig(tmp_path/f'{name}.svg', metadata=dict(Date=None))
    assert (tmp_path/'a.svg').read_bytes()==(tmp_path/'b.svg').read_bytes()
    assert 'the name of a line' in (tmp_path/'a.svg').read_text()


def test_a_name_keeps_its_colour_while_others_are_added():
    two, three = colours(['a', 'b']), colours(['a', 'b', 'c'])
    assert list(three)==['a', 'b', 'c'] and two.items()<=three.items() and len(set(three.values()))==3


def test_the_name_of_a_line_stands_beside_its_end_in_its_colour():
    axes = panels()[1]
    label_line(axes, 1, 2, 'large', 'red', (0, -7))
    text, = axes.texts
    assert text.get_text()=='large' and text.xy==(1, 2) and text.get_color()=='red' and text.get_position()==(0, -7)


def test_matplotlib_is_loaded_by_the_first_figure():
    "Not by the import, nor by an annotation."
    code = ('import sys\nfrom llmr.plotting import Figure, panels\nassert "matplotlib" not in sys.modules\n'
            'panels()\nassert "matplotlib" in sys.modules')
    subprocess.run([sys.executable, '-c', code], check=True)
