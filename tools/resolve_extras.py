"""Resolve every documented combination of extras with pip, without installing anything, and print a table.

    python tools/resolve_extras.py               every combination, as pip and the package index see it today
    python tools/resolve_extras.py '' ray        some of them: names of extras, separated by commas
    python tools/resolve_extras.py --out FILE    the table as CSV too

What cannot be resolved shows the first line that says why. Resolving vLLM downloads its metadata and may take minutes.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
COMBINATIONS = '', 'minilm', 'serve', 'ray', 'vllm', 'vllm,ray', 'vllm,minilm'
SHOWN = 'torch', 'transformers', 'vllm', 'ray', 'sentence-transformers', 'starlette'


def resolve(extras, more):
    "A row: versions that pip would install, or why it cannot."
    target, start = f'{ROOT}[{extras}]' if extras else str(ROOT), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder)/'report.json'
        command = [sys.executable, '-m', 'pip', 'install', '--dry-run', '--ignore-installed', '--quiet',
                   '--disable-pip-version-check', '--report', str(report), target, *more]
        done = subprocess.run(command, capture_output=True, text=True)
        names = {}
        if not done.returncode:
            names = {part['metadata']['name'].lower(): part['metadata']['version']
                     for part in json.loads(report.read_text())['install']}
    errors = [line for line in done.stderr.splitlines() if 'ERROR' in line] or [done.stderr.strip()[-200:]]
    return dict(extras=extras or '(none)', resolves='yes' if names else 'no', packages=len(names),
                seconds=round(time.monotonic()-start), why='' if names else errors[0][:160]) | {
                    name: names.get(name, '') for name in SHOWN}


def main():
    "Print the table."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('extras', nargs='*', default=COMBINATIONS, help='combinations (default: the documented ones)')
    parser.add_argument('--out', help='CSV to write')
    parser.add_argument('--constraints', default='', help='a file for pip -c, such as constraints.txt')
    args = parser.parse_args()
    rows = []
    for extras in args.extras:
        rows.append(resolve(extras, ['-c', args.constraints] if args.constraints else []))
        print(pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows)==1), flush=True)
        if args.out: pd.DataFrame(rows).to_csv(args.out, index=False)
    return 0 if all(row['resolves']=='yes' for row in rows) else 1


if __name__=='__main__': sys.exit(main())
