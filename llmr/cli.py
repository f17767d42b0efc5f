"""The `llmr` command: names, arguments and exit codes. What it does is in the notebooks.

Nothing of the library is imported before a command needs it, so that `llmr --version` starts at once."""
import argparse
import json
import os
import shlex
import sys

from llmr import __version__
from llmr.cli_serve import add_serve
from llmr.cli_watch import (
    CODES, RAW, add_margin, add_register, add_registration, add_watch, check_question, finite, fraction, kept_to,
    planned_look, registered)

EPILOG = """profiles:
{profiles}

benchmarks:
{benchmarks}

examples:
  llmr reproduce                                     the whole paper from the shipped numbers, offline
  llmr reproduce --pairs 8B-70B --out runs/one       one pair, in a directory of its own
  LLMR_DATA=data llmr reproduce --profile recorded   execute the recorded completions anew
  llmr reproduce --param epochs=10                   change a parameter of a stage notebook
  llmr reproduce --profile sampled --small org/small --large org/large --sampler vllm --out runs/mine
                                                     sample two models on a GPU box, then run every stage
  llmr reproduce --profile sampled --small org/small --large org/large --benchmark livecodebench:from=2025-01-01
                                                     tasks that were published after a model's cut-off
  llmr reproduce --beyond                            the paper, then the stages beyond it

Re-run the same command to resume a run that was stopped or killed.
LLMR_DATA may name a folder of input files; it is searched before anything is downloaded.
Exit codes: 0 done; 2 invalid input (the message says what is wrong and how to fix it); 1 a defect of llmr."""
VERDICT_EPILOG = """examples:
  llmr verdict small_eval_results.json large_eval_results.json       two files of EvalPlus, or of another tool
  llmr verdict results.csv                                           a table of prompt, model, passed: every pair
  llmr verdict A=a/samples.jsonl B=b/samples.jsonl --benchmark humaneval+
                                                                     programs of two models, executed here
  llmr verdict logs/ --small A --large B --margin 0.02               a folder of logs, two of its models
  llmr verdict runs/shipped --small 8B --large 70B                   a pair of a finished run, with its router
  llmr verdict outcomes.jsonl --small A --large B --scores scores.jsonl --certify 0.05
  llmr verdict results.csv --decisions router_log.jsonl              judge another router by what it decided

Exit codes: 0 ROUTE; 3 DON'T; 4 NEED n MORE TASKS; 2 invalid input; 1 a defect of llmr.
What DEPARTED from a --registration is printed below the answer and does not change the code."""
TRAIN_EPILOG = """examples:
  llmr train results.csv --out router                                prompt, model, passed: a router for every pair
  llmr train tasks.jsonl outcomes.jsonl --small A --large B --out router --certify 0.05
  llmr train A=a/samples.jsonl B=b/samples.jsonl --benchmark humaneval --out router

Exit codes: 0 done; 2 invalid input; 1 a defect of llmr."""
ROUTE_EPILOG = """examples:
  llmr route router --share 0.4 "Sort a list of numbers."
  llmr route router --share 0.37 < prompts.jsonl > decisions.jsonl
  llmr route router --tau 0.2 @prompts.txt

Without --share or --tau, the threshold that was certified when the router was trained is used.
Exit codes: 0 done; 2 invalid input; 1 a defect of llmr."""


def names_for_help():
    "What the help shows and only the library knows."
    from llmr.registry import REGISTRY, benchmark_help
    from llmr.runs import PROFILES
    from llmr.selection import CANDIDATES
    return dict(benchmarks=benchmark_help(), benchmark_names=', '.join(REGISTRY),
                profiles='\n'.join(f'  {p.name:10}{p.about}' for p in PROFILES.values()),
                profile_names=', '.join(PROFILES), estimators=', '.join(CANDIDATES))


class Parser(argparse.ArgumentParser):
    "An argument parser whose help is completed with the library's names when it is printed."
    def format_help(self):
        "The help text."
        names = names_for_help()
        def fill(text):
            "Replace each `{name}`."
            for name,value in names.items(): text = text and text.replace(f'{{{name}}}', value)
            return text
        self.epilog = fill(self.epilog)
        for action in self._actions: action.help = fill(action.help)
        return super().format_help()


def parameter(text):
    "`NAME=VALUE` as a pair; the value is read as JSON where it is JSON, else as text."
    name, equals, value = text.partition('=')
    if not equals: raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VALUE')
    try: return name, json.loads(value)
    except ValueError: return name, value


def seed(text):
    "A whole number from 0 that every generator takes."
    if not text.isdecimal() or int(text)>=2**31:
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 to {2**31-1}')
    return int(text)


def price(text):
    "`MODEL=PRICE` as a pair."
    model, _, amount = text.partition('=')
    try: return model, float(amount)
    except ValueError:
        message = f'{text!r}: give MODEL=PRICE, such as 8B=0.2, per million tokens'
        raise argparse.ArgumentTypeError(message) from None


def parser():
    "The command line."
    about = 'Decide which coding tasks a small language model can take over from a large one, and prove it.'
    top = Parser(prog='llmr', description=about, formatter_class=RAW,
                 epilog=f'{EPILOG}\n`llmr reproduce --help` lists its options.')
    top.add_argument('--version', action='version', version=f'llmr {__version__}')
    commands = top.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for add in (add_reproduce, add_train, add_route, add_pack, add_verdict, add_watch, add_register, add_report,
                add_serve):
        add(commands)
    return top


def add_reproduce(commands):
    "`reproduce`."
    sub = commands.add_parser('reproduce', help='run every stage notebook: tables, figures, routers, audit',
                              epilog=EPILOG, formatter_class=RAW,
                              description='Run every stage notebook in order into a run directory.')
    sub.set_defaults(run=reproduce)
    sub.add_argument('--profile', default='shipped', metavar='NAME',
                     help='where completions and outcomes come from: {profile_names} (default: shipped)')
    sub.add_argument('--out', metavar='DIR', help='run directory (default: runs/PROFILE)')
    sub.add_argument('--pairs', nargs='+', metavar='SMALL-LARGE',
                     help='pairs of models, for example 8B-70B (default: all of the profile)')
    sub.add_argument('--seed', type=int, default=42, metavar='N', help='of everything random (default: 42)')
    sub.add_argument('--isolation', metavar='LEVEL', help='isolation of untrusted programs: auto, strict (namespaces '
                     'or an error), namespaces, landlock or rlimits (default: auto)')
    sub.add_argument('--workers', type=int, metavar='N', help='programs that run at a time (default: one a core)')
    sub.add_argument('--packages', nargs='*', metavar='NAME', help='installed packages that programs and tests may '
                     'import, by the names that they import (default: those of the benchmark)')
    sub.add_argument('--python', metavar='PATH', help='interpreter that runs programs (default: the one of llmr)')
    sub.add_argument('--beyond', action='store_true', help='run the stages beyond the paper too: selection of a '
                     'router, verdict, certified thresholds, ... (some minutes more)')
    sub.add_argument('--param', type=parameter, action='append', default=[], metavar='NAME=VALUE',
                     help='set a parameter of the stage notebooks, such as epochs, encoder or recordings (a folder); '
                     'may be repeated')
    group = sub.add_argument_group('sampling (profile sampled)')
    group.add_argument('--small', metavar='MODEL',
                       help='hub name (perhaps with @REVISION), folder, or name on a server')
    group.add_argument('--large', metavar='MODEL', help='the same for the large model')
    group.add_argument('--between', nargs='+', default=[], metavar='MODEL',
                       help='models between the two, small to large; every two of all are a pair')
    group.add_argument('--benchmark', metavar='NAME', help='{benchmark_names}, toy, or a file of tasks, one JSON '
                       'object a line (default: mbpp). NAME=FILE reads the tasks of NAME from a file; '
                       'NAME:from=DATE,to=DATE takes those of some days; livecodebench:release_v5 a release')
    group.add_argument('--sampler', metavar='NAME', help='vllm, transformers or openai (default: transformers); '
                       'its options by --param engine={...}')
    group.add_argument('--completions', metavar='FILE', help='replay a file made by `llmr pack`')
    add_cluster(sub)


def add_cluster(sub):
    "Where sampling and execution run."
    group = sub.add_argument_group('cluster (sampling and execution on Ray)')
    group.add_argument('--cluster', metavar='ADDRESS', help='sample and execute on a Ray cluster: auto (the one that '
                       'this machine belongs to), local, or HOST:PORT of its head node')
    group.add_argument('--replicas', type=int, metavar='N', help='engines of a model on the cluster (default: as many '
                       'as there is room for)')
    group.add_argument('--gpus-per-replica', type=float, metavar='K', help="GPUs of each (default: what the engine's "
                       'options need)')


def add_inputs(sub):
    "Files of outcomes, and the models to compare in them."
    sub.add_argument('files', nargs='+', metavar='FILE',
                     help='what an evaluation tool wrote: the small model\'s file, then '
                     'the large one\'s; or a folder, archive or table of any number of models; or the directory of a '
                     'finished run. NAME=FILE names the model')
    sub.add_argument('--small', metavar='MODEL', help='name of the small model (default: every pair, or the first '
                     'file)')
    sub.add_argument('--large', metavar='MODEL', help='name of the large model')
    sub.add_argument('--format', default='', metavar='NAME', help='format of the files (default: found by content)')
    sub.add_argument('--benchmark', default='', metavar='NAME', help='execute programs that have no verdicts on the '
                     'tests of a benchmark: NAME or NAME=PATH, or a file of tasks, one JSON object a line')
    sub.add_argument('--json', action='store_true', help='print JSON')


def add_decisions(sub):
    "A log of another router, and prices."
    sub.add_argument('--decisions', metavar='LOG', help='judge another router by its log (litellm, RouterArena, '
                     'LLMRouter, or a table of task and chosen model): single models, random routing and the oracle '
                     'at the same cost; FILEs have the outcomes of every model')
    sub.add_argument('--price', type=price, action='append', default=[], metavar='MODEL=PRICE',
                     help='for --decisions: price per million tokens, or of an answer where tokens are unknown; one '
                     'for each model (default: the cost in the files)')


def add_train(commands):
    "`train`."
    sub = commands.add_parser('train', help='train a router on your own tasks and outcomes of two or more models',
                              epilog=TRAIN_EPILOG, formatter_class=RAW,
                              description='Choose, fit, calibrate and save a router for each pair of models.')
    sub.set_defaults(run=train)
    add_inputs(sub)
    sub.add_argument('--out', required=True, metavar='DIR', help='router directory to write; with several pairs it '
                     'holds one for each')
    sub.add_argument('--encoder', default='minilm', metavar='NAME',
                     help='minilm, hashing (needs nothing), a hub name or a local folder (default: minilm)')
    sub.add_argument('--estimators', nargs='+', metavar='NAME',
                     help='estimators to choose among (default: {estimators})')
    sub.add_argument('--hold-out', type=fraction, metavar='N', help='tasks, or a fraction of them, that take no part '
                     'in training: thresholds are set and certified on them alone (default: planned, or split '
                     'validation)')
    sub.add_argument('--certify', type=fraction, metavar='ALPHA', help='certify a threshold on the tasks held out: its '
                     'risk is at most ALPHA, a fraction')
    add_promise(sub)
    sub.add_argument('--seed', type=seed, default=42, metavar='N', help='of everything random (default: 42)')


def add_promise(sub):
    "What a certificate promises."
    sub.add_argument('--risk', default='harm', help='for --certify: harm (tasks that come out worse) or loss (of tests '
                     'passed, averaged over tasks) (default: harm)')
    sub.add_argument('--delta', type=fraction, default=.1, metavar='D',
                     help='for --certify: chance that the certificate is wrong (default: 0.1)')


def add_route(commands):
    "`route`."
    sub = commands.add_parser('route', help='say which model should answer each prompt',
                              epilog=ROUTE_EPILOG, formatter_class=RAW,
                              description='Score prompts with a trained router. One JSON line for each names its '
                              'model, in order, as soon as the prompt has come.')
    sub.set_defaults(run=route_prompts)
    sub.add_argument('words', nargs='*', metavar='DIR [PROMPT ...]',
                     help='router directory, from `llmr train` or heads/ of a run; then prompts, @FILE for those of a '
                     'file, or none to read standard input: a prompt a line, or JSON lines with prompt, text or '
                     'messages')
    sub.add_argument('--router', metavar='DIR', help='the router directory; then every word is a prompt')
    sub.add_argument('--small', metavar='MODEL', help='the small model, if the directory holds several pairs')
    sub.add_argument('--large', metavar='MODEL', help='the large model, if the directory holds several pairs')
    cut = sub.add_mutually_exclusive_group()
    cut.add_argument('--share', '--target', dest='share', type=fraction, metavar='SHARE',
                     help='share of prompts for the small model, any from 0 to 1')
    cut.add_argument('--tau', type=finite, metavar='T', help='threshold: scores of at least T go to the small model '
                     '(default: the certified one, if there is one)')


def add_pack(commands):
    "`pack`."
    sub = commands.add_parser('pack', help="one file of a run's completions that others can replay",
                              description='Write the tasks and completions of a run, a data card and checksums to '
                              'a zip.')
    sub.set_defaults(run=pack)
    sub.add_argument('folder', metavar='RUN', help='run directory')
    sub.add_argument('--out', metavar='FILE', help='zip to write (default: NAME_OF_RUN.zip)')


def add_verdict(commands):
    "`verdict`."
    sub = commands.add_parser('verdict', help="ROUTE, DON'T or NEED n MORE TASKS, from outcomes of two models",
                              epilog=VERDICT_EPILOG, formatter_class=RAW,
                              description='Say whether routing between two models is worth it, from their outcomes '
                              'on the same tasks.')
    sub.set_defaults(run=verdict)
    add_inputs(sub)
    add_margin(sub)
    add_decisions(sub)
    sub.add_argument('--split', help='which tasks, where the outcomes name a split (default: test, or the only one)')
    sub.add_argument('--votes', metavar='NAME', help='what has one vote in the pass rate: task, or test as in the '
                     'paper (default: task)')
    sub.add_argument('--scores', metavar='FILE', help='scores of a router that was not trained on these tasks: '
                     'task_id, score; split `validation` sets thresholds (default: those of the run that were not '
                     'fitted on these tasks; else random routing)')
    sub.add_argument('--router', metavar='NAME', help='which router, where the scores have several (default in a run: '
                     'the one that stage 09 chose, else head-strict)')
    sub.add_argument('--certify', type=fraction, metavar='ALPHA',
                     help='also look for a threshold whose risk is at most ALPHA, a fraction; needs scores')
    add_promise(sub)
    sub.add_argument('--seed', type=seed, default=42, metavar='N', help='of the resamples (default: 42)')
    add_registration(sub)


def add_report(commands):
    "`report`."
    sub = commands.add_parser('report', help='one HTML page for the decision, from files of outcomes or a finished run',
                              description='Make one self-contained HTML page: the answer, the curve, the cost, the '
                              'tasks '
                              'that differ, what to do next.')
    sub.set_defaults(run=report)
    add_inputs(sub)
    sub.add_argument('--out', metavar='FILE', help='file to write (default: report.html, in a run in its directory)')
    sub.add_argument('--scores', metavar='FILE', help='scores of a router that was not trained on these tasks: '
                     'task_id, '
                     'score (not for a run)')
    sub.add_argument('--decisions', metavar='LOG', help='log of another router, judged first on the page')
    add_margin(sub)
    sub.add_argument('--price', type=price, action='append', default=[], metavar='MODEL=PRICE',
                     help='price of a model per million tokens; repeat for each model of the run')


def sampling_parameters(args):
    "Parameters of the sampling options. Raises: `InputError` on half of a pair, or models beside a pack."
    from llmr.core import InputError
    options = dict(tasks_source=args.benchmark, sampler=args.sampler)
    given = {name: value for name,value in options.items() if value is not None}
    models = [model for model in (args.small, *args.between, args.large) if model is not None]
    if models and None in (args.small, args.large):
        raise InputError('half of a pair given. Give both --small and --large.')
    if args.completions is None: return given | (dict(models=models) if models else {})
    if models or given:
        raise InputError('--completions brings its own models and tasks. '
                         'Leave --small, --large, --benchmark and --sampler out.')
    from llmr.sampling import read_pack
    own = dict(models=read_pack(args.completions)[1].model.unique().tolist()) if args.profile=='sampled' else {}
    return own | dict(recordings=args.completions, tasks_source=args.completions)


def cluster_options(args):
    "Options about a cluster. Raises: `InputError` before any stage starts, if one is wrong or nothing answers."
    from llmr.cluster import as_cluster, check_cluster
    cluster = as_cluster(args.cluster, args.replicas, args.gpus_per_replica)
    if cluster: check_cluster(cluster)
    return dict(cluster=args.cluster, replicas=args.replicas, gpus_per_replica=args.gpus_per_replica)


def reproduce(args):
    "Run the stages. Returns what to print, and the exit code."
    from llmr.pipeline import reproduce, summary
    options = dict(isolation=args.isolation, workers=args.workers, packages=args.packages, python=args.python)
    options |= cluster_options(args)
    given = {name: value for name,value in options.items() if value is not None}
    if args.packages or args.python:
        from llmr.execution import program_versions
        program_versions(tuple(args.packages or ()), args.python)
    parameters = sampling_parameters(args) | given | dict(args.param)
    return summary(reproduce(args.profile, args.out, args.pairs, args.seed, parameters, args.beyond)), 0


def train(args):
    "Train a router for each pair. Returns what to print, and the exit code."
    from llmr.training import check_choice, read_training, train_routers, training_text
    names = ('seed', 'estimators', 'hold_out', 'certify', 'risk', 'delta')
    choice = check_choice({name: getattr(args, name) for name in names})
    tasks, outcomes, pairs = read_training(args.files, args.small, args.large, args.format, args.benchmark)
    trained, refused = train_routers(tasks, outcomes, pairs, args.encoder, args.out, choice)
    if args.json: return json.dumps([trained_facts(one, args) for one in trained], indent=1, default=str), 0
    parts = [f'{training_text(one)}\n\nRouter in {one.folder}\nNext: {next_command(one, args)}' for one in trained]
    return '\n\n'.join([*parts, *refused]), 0


def next_command(trained, args):
    "The verdict on a trained router, as a command line."
    options = ['--small', trained.pair.small, '--large', trained.pair.large, '--scores',
               str(trained.folder/'scores.parquet'), *(['--benchmark', args.benchmark] if args.benchmark else [])]
    return shlex.join(['llmr', 'verdict', *args.files, *options])


def trained_facts(trained, args):
    "What training found as what JSON can hold."
    certificate = str(trained.certificate) if trained.certificate else None
    return dict(router=str(trained.folder), small=trained.pair.small, large=trained.pair.large,
                gains=trained.gains.to_dict('records'), shares=trained.shares.to_dict('records'),
                held_out=trained.held, certificate=certificate, like_this=trained.like,
                forecast=list(trained.forecast), next=next_command(trained, args))


def judge_log(args):
    "Judge another router by its log. Returns what to print, and the exit code."
    from llmr.core import InputError
    from llmr.decisions import decisions_on_files
    given = dict(scores=args.scores, router=args.router, certify=args.certify, split=args.split,
                 registration=args.registration)
    for name in (name for name,value in given.items() if value is not None):
        raise InputError(f'--{name} is about scores, --decisions about a log. Give one of them.')
    text, facts, word = decisions_on_files(args.files, args.decisions, (args.small, args.large), dict(args.price),
                                           args.seed, form=args.format, benchmark=args.benchmark)
    return json.dumps(facts, indent=1) if args.json else text, CODES[word]


def verdict(args):
    "What was read, and the verdicts. Returns what to print, and the exit code."
    if args.decisions: return judge_log(args)
    if args.price:
        from llmr.core import InputError
        raise InputError('--price goes with --decisions. Leave it out.')
    from llmr.own_data import VERDICT_OPTIONS, verdicts_on_inputs
    from llmr.registration import look_text
    options = {name: getattr(args, name) for name in VERDICT_OPTIONS if getattr(args, name, None) is not None}
    record, asked = registered(args, margin=args.margin, min_share=args.min_share, split=args.split)
    small, large = asked.pop('small'), asked.pop('large')
    look = None
    if record:
        check_question(args, record, options.get('votes'))
        options['votes'], look = record['metric'], planned_look(args, record)
        if look: options['level'] = 1-look['level']
    text, facts, word = verdicts_on_inputs(args.files, small, large, args.format, args.benchmark,
                                           **options | asked)
    if record:
        done = 'looks' if look else 'fixed', facts['verdicts'][0]['headroom']['tasks']
        facts['registration'] = kept_to(args, record, done, options['votes'], look)
        facts['look'] = look and look | dict(text=look_text(look, record, word))
        text = '\n\n'.join([text, *([facts['look']['text']] if look else []), facts['registration']])
    return json.dumps(facts, indent=1) if args.json else text, CODES[word]


def route_prompts(args):
    "Route prompts, printing as they come. Returns nothing more to print, and the exit code."
    from llmr.core import InputError
    from llmr.routing import choose_threshold, given_prompts, load_router, route_stream
    words = args.words if args.router else args.words[1:]
    if not args.router and not args.words:
        raise InputError('no router. Give its directory: llmr route DIR --share 0.4 "A prompt."')
    router = load_router(args.router or args.words[0], args.small, args.large)
    tau = choose_threshold(router, args.tau, args.share)
    if not words and sys.stdin.isatty(): print('llmr: prompts, one a line; end with Ctrl-D', file=sys.stderr)
    for answers in route_stream(router, tau, given_prompts(words)):
        print('\n'.join(map(json.dumps, answers)), flush=True)
    return None, 0


def report(args):
    "Make the page. Returns what to print, and the exit code."
    options = {name: getattr(args, name) for name in ('margin', 'min_share') if getattr(args, name) is not None}
    one_run = len(args.files)==1 and os.path.exists(os.path.join(args.files[0], 'run.json'))
    return (report_on_run if one_run else report_on_files)(args, options), 0


def report_on_run(args, options):
    "Make the page of a finished run. Returns what to print."
    from llmr.pipeline import write_report
    out = write_report(args.files[0], args.out, options | dict(prices=dict(args.price)))
    return json.dumps(dict(report=str(out))) if args.json else str(out)


def report_on_files(args, options):
    "Make the page of own files. Returns what to print."
    from llmr.core import InputError
    from llmr.own_data import verdicts_on_inputs
    from llmr.own_report import write_own_report
    if args.price and not args.decisions:
        raise InputError('--price goes with a finished run or --decisions. Give files with a column cost_usd instead.')
    options |= dict(scores=args.scores, prices=dict(args.price))
    out = write_own_report(args.files, args.out or 'report.html', (args.small, args.large), args.format, args.decisions,
                           args.benchmark, **options)
    if not args.json: return str(out)
    _, facts, _ = verdicts_on_inputs(args.files, args.small, args.large, args.format, args.benchmark, **options)
    return json.dumps(dict(report=str(out)) | facts, indent=1)


def pack(args):
    "Pack a run. Returns what to print, and the exit code."
    from llmr.pipeline import pack_run
    out = pack_run(args.folder, args.out)
    size = f'{out.stat().st_size/1e6:.1f} MB'
    return f'{out}: {size}. Replay: llmr reproduce --profile sampled --completions {out}', 0


def arguments(argv):
    "The parsed command line. Prompts may also stand behind the options of `route`."
    top = parser()
    args, more = top.parse_known_args(argv)
    if more and (args.command!='route' or any(word.startswith('-') and word!='-' for word in more)):
        top.error(f'unrecognized arguments: {" ".join(more)}')
    if more: args.words += more
    return args


def main(argv=None):
    "Entry point. Returns the exit code."
    args = arguments(argv)
    from llmr.core import InputError
    try:
        text, code = args.run(args)
        if text is not None: print(text, flush=True)
        return code
    except BrokenPipeError: # whoever read the answers has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except InputError as e:
        print(f'llmr: {e}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumed = args.command in ('reproduce', 'watch')
        after = 'Re-run the same command to resume.' if resumed else 'What was not finished was not written.'
        print(f'llmr: stopped. {after}', file=sys.stderr)
        return 130


if __name__ == '__main__': sys.exit(main())
