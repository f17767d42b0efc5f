"""t* of Equation 4, side by side: this project's exact sweep, and a grid search in plain Python as in the paper.

The data are gaps of N = 374 tasks with M = 10 samples each, in thirds of a test, as MBPP's train split has them.
"""
import argparse
import time

import numpy as np

from llmr.labels import best_shift, label_spread


def grid_shift(gaps, grid):
    "Equation 4 as written: at each shift of the grid, the labels, then |y_i - y_j| over every pair of tasks."
    best, found, n = -1., None, len(gaps)
    for t in grid:
        y = [sum(gap>=t for gap in row)/len(row) for row in gaps]
        spread = sum(abs(a-b) for a in y for b in y)/n**2
        if spread>best: best, found = spread, t
    return found, best


def best_of(repeats, function, *arguments):
    "`(seconds, result)` of the fastest of some calls."
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function(*arguments)
        times.append(time.perf_counter()-start)
    return min(times), result


def main():
    "Print one line a method, and how many times faster the sweep is."
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--tasks', type=int, default=374)
    options.add_argument('--samples', type=int, default=10)
    options.add_argument('--points', type=int, default=100, help='shifts in the grid, evenly from -1 to 1')
    options.add_argument('--repeats', type=int, default=3)
    given = options.parse_args()
    rng = np.random.default_rng(0)
    shape = (given.tasks, given.samples)
    gaps = rng.integers(-3, 4, size=shape)/3+rng.normal(0, .05, size=shape)
    exact_s, (t, spread) = best_of(10*given.repeats, best_shift, gaps)
    points = np.linspace(-1, 1, given.points).tolist()
    grid_s, (grid_t, grid_spread) = best_of(given.repeats, grid_shift, gaps.tolist(), points)
    print(f'N = {given.tasks}, M = {given.samples}')
    print(f'{"exact sweep":24} {1000*exact_s:10.2f} ms   t* = {t:+.4f}   spread {spread:.6f}')
    print(f'{f"grid, {given.points} points":24} {1000*grid_s:10.2f} ms   t  = {grid_t:+.4f}   spread {grid_spread:.6f}')
    print(f'{"one point of the grid":24} {1000*grid_s/given.points:10.2f} ms')
    comparison = 'not below' if spread>=grid_spread-1e-12 else 'BELOW'
    print(f"the sweep is {grid_s/exact_s:.0f} times faster, and its spread is {comparison} the grid's")
    assert abs(spread-label_spread((gaps>=t).mean(1)))<1e-12


if __name__ == '__main__': main()
