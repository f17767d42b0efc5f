"The `llmr` command: names, arguments and exit codes. What it does is in the notebooks."
import argparse
import json
import math
import shlex
import sys

from llmr import __version__
from llmr.core import DATA_ENV, InputError
from llmr.runs import PROFILES

PROFILE_HELP = '\n'.join(f'  {p.name:10}{p.about}' for p in PROFILES.values())
EPILOG = f"""profiles:
{PROFILE_HELP}

examples:
  llmr reproduce                                     the whole paper from the shipped numbers, offline
  llmr reproduce --pairs 8B-70B --out runs/one       one pair, into a directory of its own
  {DATA_ENV}=data llmr reproduce --profile recorded   execute the recorded completions anew
  llmr reproduce --param epochs=10                   change a parameter of a stage notebook
  llmr reproduce --profile sampled --small org/small --large org/large --sampler vllm --out runs/mine
                                                     sample two models on a GPU box, then the whole line
  llmr reproduce --beyond                            the paper, then what goes beyond it

A run that was killed goes on where it stopped when the same line is given again.
{DATA_ENV} may name a folder of input files; it is looked at before anything is downloaded.
Exit codes: 0 done; 2 something in the input must be mended (the message says what); 1 a defect."""


VERDICT_EPILOG = """examples:
  llmr verdict runs/shipped --small 8B --large 70B                          a pair of a finished run, with its router
  llmr verdict outcomes.jsonl --small A --large B --margin 0.02             own outcomes, no router: should the small model take over?
  llmr verdict outcomes.jsonl --small A --large B --scores scores.jsonl --certify 0.05

Exit codes: 0 ROUTE; 3 DON'T; 4 NEED n MORE TASKS; 2 something in the input must be mended; 1 a defect."""
CODES = {'ROUTE': 0, "DON'T": 3, 'NEED': 4}


def parameter(text):
    "`NAME=VALUE` as a pair; the value is read as JSON where it is JSON, else as text."
    name, equals, value = text.partition('=')
    if not equals: raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VALUE')
    try: return name, json.loads(value)
    except ValueError: return name, value


def seed(text):
    "A whole number from 0 that every generator takes."
    if not text.isdecimal() or int(text)>=2**31: raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 to {2**31-1}')
    return int(text)


def finite(text):
    "A number that is not infinite and not NaN."
    try: value = float(text)
    except ValueError: value = math.nan
    if not math.isfinite(value): raise argparse.ArgumentTypeError(f'{text!r} is not a finite number')
    return value


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
    sub.add_argument('--isolation', metavar='LEVEL', help='walls around untrusted programs: auto, strict (namespaces or an error), namespaces, landlock or rlimits (default: auto)')
    sub.add_argument('--workers', type=int, metavar='N', help='programs that run at a time (default: one a core)')
    sub.add_argument('--beyond', action='store_true', help='run the stages beyond the paper as well: routers compared, verdict, certified thresholds, ... (some minutes more)')
    sub.add_argument('--param', type=parameter, action='append', default=[], metavar='NAME=VALUE',
                     help='set a parameter of the stage notebooks, such as epochs, encoder or recordings (a folder); may be repeated')
    add_sampling_options(sub)
    add_router_commands(commands)
    sub = commands.add_parser('pack', help='one file of a run\'s completions that others can replay', description='Write the tasks and completions of a run, with a data card and checksums, into one zip.')
    sub.add_argument('run', metavar='RUN', help='run directory')
    sub.add_argument('--out', metavar='FILE', help='zip to write (default: NAME_OF_RUN.zip)')
    add_verdict_command(commands)
    add_report_command(commands)
    return top


def add_sampling_options(sub):
    "Which models to sample, on what, by which engine."
    group = sub.add_argument_group('sampling (profile sampled)')
    group.add_argument('--small', metavar='MODEL', help='hub name (perhaps with @REVISION), folder, or name on a server')
    group.add_argument('--large', metavar='MODEL', help='the same for the large model')
    group.add_argument('--between', nargs='+', default=[], metavar='MODEL', help='models between the two, small to large; every two of all are a pair')
    group.add_argument('--benchmark', metavar='NAME', help='mbpp, mbpp-hub, humaneval, toy, or a file of tasks, one JSON object a line (default: mbpp)')
    group.add_argument('--sampler', metavar='NAME', help='vllm, transformers or openai (default: transformers); options of it by --param engine={...}')
    group.add_argument('--completions', metavar='FILE', help='replay a file made by `llmr pack`')


def sampling_parameters(args):
    "Parameters of the sampling options, with the models where there are any. Raises: `InputError` on half of a pair, or models beside a pack."
    named = {name: value for name,value in dict(tasks_source=args.benchmark, sampler=args.sampler).items() if value is not None}
    models = [model for model in (args.small, *args.between, args.large) if model is not None]
    if models and None in (args.small, args.large): raise InputError('half of a pair given. Give both --small and --large.')
    if args.completions is None: return named | (dict(models=models) if models else {})
    from llmr.sampling import read_pack
    if models or named: raise InputError('--completions brings its own models and tasks. Leave --small, --large, --benchmark and --sampler out.')
    own = dict(models=read_pack(args.completions)[1].model.unique().tolist()) if args.profile=='sampled' else {}
    return own | dict(recordings=args.completions, tasks_source=args.completions)


def add_router_commands(commands):
    "`train` and `route`."
    sub = commands.add_parser('train', help='train a router on own tasks and outcomes of two models', description='Choose, fit, calibrate and keep a router for own data.')
    sub.add_argument('tasks', help='.parquet or .jsonl: task_id, text; where the models see them, tests')
    sub.add_argument('outcomes', help='.parquet or .jsonl: task_id, model, n_tests, n_passed; sample where there are several')
    sub.add_argument('--small', required=True, metavar='MODEL', help='name of the small model in the outcomes')
    sub.add_argument('--large', required=True, metavar='MODEL', help='name of the large model')
    sub.add_argument('--out', required=True, metavar='DIR', help='router directory to write')
    sub.add_argument('--encoder', default='minilm', metavar='NAME', help='minilm, hashing (needs nothing), a hub name or a local folder (default: minilm)')
    sub.add_argument('--kinds', nargs='+', metavar='KIND', help='kinds of router to choose among (default: all but the slow heads)')
    sub.add_argument('--seed', type=seed, default=42, metavar='N', help='of everything random (default: 42)')
    sub = commands.add_parser('route', help='say which model should answer a prompt', description='Score prompts with a trained router and send each to a model, one JSON line a prompt.')
    sub.add_argument('prompts', nargs='+', metavar='PROMPT', help='text of a task, with its asserts where the models see them')
    sub.add_argument('--router', required=True, metavar='DIR', help='router directory, from `llmr train` or heads/ of a run')
    cut = sub.add_mutually_exclusive_group()
    cut.add_argument('--tau', type=finite, metavar='T', help='threshold: scores from T up go to the small model')
    cut.add_argument('--target', type=finite, default=.6, metavar='SHARE', help='share of tasks for the small model, one that the router was calibrated for (default: 0.6)')


def add_verdict_command(commands):
    "`verdict`."
    sub = commands.add_parser('verdict', help='ROUTE, DON\'T or NEED n MORE TASKS, from outcomes of two models', epilog=VERDICT_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                              description='Say whether routing between two models is worth it, from their outcomes on the same tasks.')
    sub.add_argument('outcomes', help='.parquet or .jsonl: task_id, model, n_tests, n_passed; sample and split where there are several; or the directory of a finished run')
    sub.add_argument('--small', required=True, metavar='MODEL', help='name of the small model in the outcomes')
    sub.add_argument('--large', required=True, metavar='MODEL', help='name of the large model')
    sub.add_argument('--margin', type=float, default=.01, metavar='M', help='loss of total pass rate that is acceptable, a fraction (default: 0.01, one point)')
    sub.add_argument('--min-share', type=float, default=.1, metavar='SHARE', help='smallest share for the small model that is worth the trouble (default: 0.1)')
    sub.add_argument('--split', help='which tasks, where the outcomes name a split (default: test, or the only one that there is)')
    sub.add_argument('--scores', metavar='FILE', help='scores of a router that was not trained on these tasks: task_id, score; split `validation` sets thresholds (default: those of the run that were not fitted on these tasks; else random routing)')
    sub.add_argument('--router', metavar='NAME', help='which router, where the scores hold several (default in a run: the one that stage 09 chose, else head-strict)')
    sub.add_argument('--certify', type=float, metavar='ALPHA', help='also look for a threshold whose risk is at most ALPHA, a fraction; needs scores')
    sub.add_argument('--risk', default='harm', help='for --certify: harm (tasks that come out worse) or loss (of tests passed, averaged over tasks) (default: harm)')
    sub.add_argument('--delta', type=float, default=.1, metavar='D', help='for --certify: chance that the certificate is wrong (default: 0.1)')
    sub.add_argument('--seed', type=seed, default=42, metavar='N', help='of the resamples (default: 42)')


def price(text):
    "`MODEL=PRICE` as a pair."
    model, equals, amount = text.partition('=')
    try: return model, float(amount)
    except ValueError: raise argparse.ArgumentTypeError(f'{text!r}: give MODEL=PRICE, such as 8B=0.2, per million tokens') from None


def add_report_command(commands):
    "`report`."
    sub = commands.add_parser('report', help='one HTML page for whoever decides, from a finished run', description='Make one self-contained HTML page of a finished run: the answer, the curve, the cost, the tasks that move, what to do next.')
    sub.add_argument('run', metavar='RUN', help='directory of a finished run, such as runs/shipped')
    sub.add_argument('--out', metavar='FILE', help='file to write (default: report.html in the run)')
    sub.add_argument('--margin', type=float, default=.01, metavar='M', help='loss of total pass rate that is acceptable, a fraction (default: 0.01, one point)')
    sub.add_argument('--min-share', type=float, default=.1, metavar='SHARE', help='smallest share for the small model that is worth the trouble (default: 0.1)')
    sub.add_argument('--price', type=price, action='append', default=[], metavar='MODEL=PRICE', help='price of a model per million tokens; repeat for each model of the run')


def report(args):
    "Make the page. Returns what to print."
    from llmr.pipeline import write_report
    return str(write_report(args.run, args.out, dict(margin=args.margin, min_share=args.min_share, prices=dict(args.price))))


def train(args):
    "Train a router. Returns what to print."
    from llmr.runs import Pair
    from llmr.own_data import read_own
    from llmr.own_data import train_router
    from llmr.selection import CANDIDATES
    tasks, outcomes = read_own(args.tasks, args.outcomes)
    table = train_router(tasks, outcomes, Pair(args.small, args.large), args.encoder, args.out, dict(seed=args.seed, kinds=tuple(args.kinds or CANDIDATES)))
    chosen, nested = table.router[table.selected].iloc[0], table[table.router=='nested'].iloc[0]
    told = 'these tasks show that the router beats random routing' if nested.low>0 else 'these tasks do not show that the router beats random routing'
    lines = [table[['router', 'gain', 'low', 'high']].to_string(index=False, float_format='{:+.2f}'.format), '', f'chosen: {chosen}; believe the row `nested`: {told}. Router in {args.out}',
             f'What it would lose or win: llmr verdict {shlex.join([args.outcomes, "--small", args.small, "--large", args.large, "--scores", f"{args.out}/scores.parquet"])}']
    return '\n'.join(lines)


def known_scores(args, pair):
    "Scores of the router that is to be judged, None for random routing."
    from pathlib import Path
    from llmr.runs import is_current
    from llmr.own_data import read_scores
    run = Path(args.outcomes)
    if args.scores: return read_scores(args.scores, pair, args.router, args.split)
    if is_current(run, '09_selection') and not args.router: return read_scores(run/'selected.parquet', pair)
    if run.is_dir() and args.split!='train': return read_scores(args.outcomes, pair, args.router or 'head-strict')
    if run.is_dir() and args.router: raise InputError(f'{args.router} was trained on split train, and would be judged by what it has seen. Choose another --split, or no --router.')
    if args.router or args.certify is not None: raise InputError('--router and --certify need scores of a router that was not trained on these tasks. Give --scores FILE.')
    return None


def judge_pair(args):
    "The verdict, and a certificate where one is asked for. Returns what to print, and the exit code."
    from llmr.runs import Pair
    from llmr.own_data import read_outcomes
    from llmr.certify import certify, task_risk
    from llmr.verdict import decide, headroom, operating_points, pair_tasks, verdict_text
    pair, outcomes = Pair(args.small, args.large), read_outcomes(args.outcomes)
    args.split = args.split or (outcomes.split.iloc[0] if outcomes.split.nunique()==1 else 'test')
    pair_tasks(outcomes, pair, args.split)
    scores = known_scores(args, pair)
    points = operating_points(outcomes, pair, scores, args.split, seed=args.seed)
    verdict = decide(points, args.margin, args.min_share)
    text = verdict_text(verdict, points, headroom(outcomes, pair, args.split, args.seed), pair, args.margin)
    if args.certify is not None:
        paired = pair_tasks(outcomes, pair, args.split)
        known = scores[scores.split==args.split].set_index('task_id').score.loc[paired.index]
        text += f'\n\n{certify(known, task_risk(paired, args.risk), args.certify, args.delta, args.risk, args.seed)}'
    return text, CODES[verdict.word]


def send(args):
    "Route prompts. Returns what to print."
    from llmr.problem import route
    from llmr.router import Router
    router = Router.load(args.router)
    known, tau, share = router.card.get('thresholds', {}), args.tau, f'{args.target:g}'
    if tau is None:
        if share not in known: raise InputError(f'{args.router}: not calibrated for a share of {share}; there are {", ".join(known) or "none"}. Give one of them, or --tau.')
        tau = known[share]
    models, scores = (router.card.get('large', 'large'), router.card.get('small', 'small')), router.score(args.prompts)
    lines = [dict(model=models[int(small)], score=float(score), tau=tau) for score,small in zip(scores, route(scores, tau))]
    return '\n'.join(map(json.dumps, lines))


def pack(args):
    "Pack a run. Returns what to print."
    from llmr.pipeline import pack_run
    out = pack_run(args.run, args.out)
    return f'{out}: {out.stat().st_size/1e6:.1f} MB. Replay: llmr reproduce --profile sampled --completions {out}'


def main(argv=None):
    "Entry point. Returns the exit code."
    args = parser().parse_args(argv)
    if args.command in ('train', 'route', 'verdict', 'report', 'pack'):
        try:
            text, code = judge_pair(args) if args.command=='verdict' else (dict(train=train, route=send, report=report, pack=pack)[args.command](args), 0)
            print(text)
        except InputError as e:
            print(f'llmr: {e}', file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print('llmr: stopped. Nothing was written.', file=sys.stderr)
            return 130
        return code
    from llmr.pipeline import reproduce, summary
    named = {name: value for name,value in dict(isolation=args.isolation, workers=args.workers).items() if value is not None}
    try:
        run = reproduce(args.profile, args.out, args.pairs, args.seed, sampling_parameters(args) | named | dict(args.param), args.beyond)
    except InputError as e:
        print(f'llmr: {e}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('llmr: stopped. The same line goes on where this one was.', file=sys.stderr)
        return 130
    print(summary(run))
    return 0


if __name__ == '__main__': sys.exit(main())
