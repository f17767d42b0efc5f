"The `llmr` command: names, arguments and exit codes. What it does is in the notebooks."
import argparse
import json
import sys

from llmr import __version__
from llmr.core import DATA_ENV, PROFILES, InputError

PROFILE_HELP = '\n'.join(f'  {p.name:10}{p.about}' for p in PROFILES.values())
EPILOG = f"""profiles:
{PROFILE_HELP}

examples:
  llmr reproduce                                     the whole paper from the shipped numbers, offline
  llmr reproduce --pairs 8B-70B --out runs/one       one pair, into a directory of its own
  {DATA_ENV}=data llmr reproduce --profile recorded   execute the recorded completions anew
  llmr reproduce --param epochs=10                   change a parameter of a stage notebook

A run that was killed goes on where it stopped when the same line is given again.
{DATA_ENV} may name a folder of input files; it is looked at before anything is downloaded.
Exit codes: 0 done; 2 something in the input must be mended (the message says what); 1 a defect."""


def parameter(text):
    "`NAME=VALUE` as a pair; the value is read as JSON where it is JSON, else as text."
    name, equals, value = text.partition('=')
    if not equals: raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VALUE')
    try: return name, json.loads(value)
    except ValueError: return name, value


def parser():
    "The command line."
    about = 'Decide which coding tasks a small language model can take over from a large one, and prove it.'
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog='llmr', description=about, epilog=f'{EPILOG}\n`llmr reproduce --help` lists its options.', formatter_class=raw)
    top.add_argument('--version', action='version', version=f'llmr {__version__}')
    commands = top.add_subparsers(dest='command', required=True, metavar='COMMAND')
    sub = commands.add_parser('reproduce', help='run every stage notebook: tables, figures, routers, audit', epilog=EPILOG, formatter_class=raw,
                              description='Run every stage notebook in order into a run directory.')
    sub.add_argument('--profile', default='shipped', metavar='NAME', help=f'where completions and outcomes come from: {", ".join(PROFILES)} (default: shipped)')
    sub.add_argument('--out', metavar='DIR', help='run directory (default: runs/PROFILE)')
    sub.add_argument('--pairs', nargs='+', metavar='SMALL-LARGE', help='pairs of models, for example 8B-70B (default: all of the profile)')
    sub.add_argument('--seed', type=int, default=42, metavar='N', help='of everything random (default: 42)')
    sub.add_argument('--param', type=parameter, action='append', default=[], metavar='NAME=VALUE',
                     help='set a parameter of the stage notebooks, such as epochs, encoder or recordings (a folder); may be repeated')
    return top


def main(argv=None):
    "Entry point. Returns the exit code."
    args = parser().parse_args(argv)
    from llmr.reproduce import reproduce, summary
    try: run = reproduce(args.profile, args.out, args.pairs, args.seed, dict(args.param))
    except InputError as e:
        print(f'llmr: {e}', file=sys.stderr)
        return 2
    print(summary(run))
    return 0


if __name__ == '__main__': sys.exit(main())
