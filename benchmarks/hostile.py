"""What hostile programs cost the honest ones: every tenth program is hostile, in one worker.

    python benchmarks/hostile.py [--honest 300] [--isolation namespaces]

Honest programs run alone, then with a program of `tests/hostile` after every ninth. Each outcome is timed when it
comes. A hostile program may hold its worker for its limits (1.5 s of processor time, or 3 s of idleness at a stretch)
and one second more; honest programs must get the same grades, and between the hostile ones the same throughput. On a
busy machine, seconds say little; the processor time of the worker and all of its processes does not depend on others.
"""
import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from llmr.execution import Limits, Program, run_programs

sys.path.insert(0, str(Path(__file__).parents[1]/'tests'))
import hostile_run

KINDS = 'dos', 'forge', 'leak', 'harm', 'contaminate'
HONEST = ['def add(a, b): return a+b', 'import math\ndef add(a, b): return int(math.fsum([a, b]))',
          'import sys\ndef add(a, b):\n    sys.stdout.write("x")\n    return a+b',
          'class Adder:\n    def add(self, a, b): return a+b\nadd = Adder().add']


def used_below(pid):
    "Processor seconds of all processes below one, and of those that they have waited for."
    ticks, parents = 0, [pid]
    while parents:
        try: pids = Path(f'/proc/{parents[-1]}/task/{parents.pop()}/children').read_text().split()
        except OSError: continue
        for child in pids:
            try: ticks += sum(map(int, Path(f'/proc/{child}/stat').read_text().rpartition(') ')[2].split()[11:15]))
            except OSError: pass # it has ended
        parents += pids
    return ticks/os.sysconf('SC_CLK_TCK')


def timed(programs, level):
    "Outcomes, and the seconds and processor seconds that each took to come, in one worker."
    results, last = [], None
    for grade in run_programs([Program(HONEST[0], hostile_run.TESTS), *programs], Limits(), 1, level):
        now = time.monotonic(), used_below(os.getpid())
        if last: results.append((grade, now[0]-last[0], now[1]-last[1]))
        last = now
    return results


def hostile(folder):
    "Hostile programs by name: `(source, tests)`; honest loads among the files are left out."
    hostile_run.make_canaries(folder)
    (folder/'data'/'victim.pid').write_text('1')
    made = hostile_run.programs(folder, 9, 1)
    return {name: (source, tests) for name,(_, tests, source) in made.items() if name.split('_')[0] in KINDS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--honest', type=int, default=300)
    parser.add_argument('--isolation', default='auto')
    args = parser.parse_args()
    honest = [Program(HONEST[n%len(HONEST)], hostile_run.TESTS) for n in range(args.honest)]
    with tempfile.TemporaryDirectory() as folder:
        attackers = list(hostile(Path(folder)).items())
        chosen = [attackers[k*len(attackers)*9//args.honest%len(attackers)] for k in range(args.honest//9)]
        mixed = []
        for n,program in enumerate(honest, 1):
            mixed.append((None, program))
            if n%9==0: mixed.append((chosen[n//9-1][0], Program(*chosen[n//9-1][1])))
        alone = timed(honest, args.isolation)
        beside = timed([program for _,program in mixed], args.isolation)
    own = [seconds for (name, _),(_, seconds, _) in zip(mixed, beside) if name is None]
    wrong = sum(set(grade.tests)!={'passed'} for (name, _),(grade, *_) in zip(mixed, beside) if name is None)
    costs = [(seconds-grade.wall_s, seconds, name, grade, cpu)
             for (name, _),(grade, seconds, cpu) in zip(mixed, beside) if name]
    before = len(alone)/sum(seconds for _,seconds,_ in alone)
    print(f'honest programs alone: {before:.0f} a second; between hostile ones, one in ten: {len(own)/sum(own):.0f} a '
          f'second (medians {1000*statistics.median(s for _,s,_ in alone):.1f} and {1000*statistics.median(own):.1f} '
          f'ms); '
          f'{wrong} of {len(own)} graded wrong')
    held, most = sum(cost[1] for cost in costs), Limits().cpu_s+Limits().wall_s
    print(f'{len(costs)} hostile programs held the worker for {held:.1f} s in all, {max(c[1] for c in costs):.2f} s at '
          f'most; beyond what they themselves used {max(c[0] for c in costs):.2f} s at most')
    print(f'in processor seconds of the worker and its processes: {max(c[4] for c in costs):.2f} at most, and beyond '
          f'those of the program {max(c[4]-c[3].cpu_s for c in costs):.2f} at most')
    for _,seconds,name,grade,cpu in sorted(costs, key=lambda cost: -cost[1]):
        if seconds>most+1 or cpu>Limits().cpu_s+1:
            print(f'    {name}: {seconds:.2f} s, {cpu:.2f} processor seconds, {grade.status} {grade.error}')


if __name__=='__main__': main()
