"Hostile programs of every kind of tests, and unusual honest ones, at both levels of isolation."
import subprocess

import pytest
from kinds_attack import HONEST, HOSTILE

from llmr.execution import Limits, isolation_levels, run_programs

LEVELS = [level for level in isolation_levels() if level!='rlimits']
SHORT = Limits(cpu_s=.3, wall_s=.4)


def grades(programs, level, limits=Limits()):
    return dict(zip(programs, run_programs(programs.values(), limits, 1, level)))


@pytest.mark.parametrize('level', LEVELS)
def test_hostile_programs_of_every_kind_are_held(level):
    found = grades(HOSTILE, level, SHORT)
    assert {name: grade for name, grade in found.items() if set(grade.tests)=={'passed'}}=={}
    assert {name: grade for name, grade in found.items() if 'Lost' in grade.error or grade.cpu_s>SHORT.cpu_s+2.5}=={}
    left = subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True).stdout
    assert 'sleep 4321' not in left


@pytest.mark.parametrize('level', LEVELS)
def test_unusual_honest_programs_of_every_kind_pass(level):
    found = grades(HONEST, level)
    assert {name: grade for name, grade in found.items() if set(grade.tests)!={'passed'}}=={}
