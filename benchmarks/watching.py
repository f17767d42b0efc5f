"""Tasks up to an answer by three designs, and how often watching is wrong at the margin with a look after every task.

Simulated tasks that the small model wins, loses or ties; one operating point, a margin of 1 point, 2.5% a side.
"""
import argparse

import pandas as pd

from llmr.sequential import compare_designs, simulate_gaps, tasks_to_answer


def wrong_rows(simulations, margin=.01, batch=100):
    "Share of worlds at the margin in which watching ever says ROUTE, or DON'T, over 12,000 looks."
    rows = []
    for discordant in (.05, .25, .5):
        times = pd.concat(tasks_to_answer(simulate_gaps(-margin, discordant, n_simulations=batch, seed=seed), margin)
                          for seed in range(max(1, simulations//batch)))
        rows.append(dict(discordant=discordant, worlds=len(times), wrong_route=(times.route>0).mean(),
                         wrong_dont=(times.dont>0).mean()))
    return pd.DataFrame(rows)


def main():
    "Print both tables."
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--simulations', type=int, default=400, metavar='N', help='worlds each (default: 400)')
    args = parser.parse_args()
    for discordant in (.05, .25):
        print(f'\n{discordant:.0%} of the tasks solved by exactly one model; effect: true gap above the margin')
        effects = tuple(effect for effect in (.01, .03, .05, .08) if effect-.01<=discordant)
        print(compare_designs(effects, discordant, n_simulations=args.simulations).to_string(index=False))
    print('\nTrue gap at the margin, 12,000 looks: share of wrong answers (at most 0.025)')
    print(wrong_rows(args.simulations).to_string(index=False))


if __name__ == '__main__': main()
