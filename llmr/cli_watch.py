"""The commands `watch` and `register`, and the options of a question that they share with `verdict`.

Nothing of the library is imported before a command needs it."""
import argparse
import json
import math

RAW = argparse.RawDescriptionHelpFormatter
WATCH_EPILOG = """examples:
  llmr watch store.db monday.jsonl --small A --large B --margin 0.02   make a store, add outcomes, answer
  llmr watch store.db tuesday.jsonl                                    add to it, answer again
  llmr watch store.db                                                  answer from what is in it
  llmr watch store.db judged.jsonl --scores decisions.jsonl --tau 0.3 --least-weight 0.1
                                                                       a router's traffic, a tenth of it judged

The answer holds at every look. What is in a store is never changed: re-run a command that was stopped.
Exit codes: 0 ROUTE; 3 DON'T; 4 CONTINUE; 2 invalid input; 1 a defect of llmr."""
REGISTER_EPILOG = """examples:
  llmr register question.json --small A --large B --margin 0.02 --tasks 800
  llmr register question.json outcomes.jsonl --small A --large B       seal a file that exists already
  llmr verdict outcomes.jsonl --registration question.json             afterwards
  llmr register plan.json --small A --large B --plan looks --looks 4 --tasks 800
                                                                       verdicts at about 200, 400, 600 and 800 tasks

Exit codes: 0 done; 2 invalid input; 1 a defect of llmr."""
CODES = {'ROUTE': 0, "DON'T": 3, 'NEED': 4, 'CONTINUE': 4}


def whole(text):
    "A whole number from 1."
    if not text.isdecimal() or int(text)<1: raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 1')
    return int(text)


def finite(text):
    "A number that is neither infinite nor NaN."
    try: value = float(text)
    except ValueError: value = math.nan
    if not math.isfinite(value): raise argparse.ArgumentTypeError(f'{text!r} is not a finite number')
    return value


def fraction(text):
    "A fraction, also in percent: `0.02` or `2%`."
    try: return finite(text[:-1])/100 if text.endswith('%') else finite(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f'{text!r} is not a finite number, such as 0.02 or 2%') from None


def add_margin(sub):
    "The options of a verdict."
    sub.add_argument('--margin', type=fraction, metavar='M',
                     help='acceptable loss of total pass rate: 0.02 or 2%% (default: 0.01, one point)')
    sub.add_argument('--min-share', type=fraction, metavar='SHARE',
                     help='smallest share for the small model that is worth routing (default: 0.1)')


def add_registration(sub):
    "A question that was registered."
    sub.add_argument('--registration', metavar='FILE', help='written by `llmr register`: answer that question, and say '
                     'whether it was kept to, or what DEPARTED from it; the exit code is the answer\'s either way')


def add_watch(commands):
    "`watch`."
    sub = commands.add_parser('watch', help="append outcomes to a store as they come: CONTINUE, ROUTE or DON'T",
                              epilog=WATCH_EPILOG, formatter_class=RAW,
                              description='Add outcomes of two models to a store on disk, and answer from all of it. '
                              'The answer stays valid however often it is asked for.')
    sub.set_defaults(run=watch)
    sub.add_argument('store', metavar='STORE', help='file of the store, made if it is not there')
    sub.add_argument('files', nargs='*', metavar='FILE', help='outcomes, as for `llmr verdict` (default: none are '
                     'added); a task counts once both models have one')
    for side in ('small', 'large'):
        sub.add_argument(f'--{side}', metavar='MODEL', help=f'name of the {side} model, when the store is made')
    add_margin(sub)
    sub.add_argument('--scores', metavar='FILE', help='log of decisions: task_id, score, and where known weight '
                     '(chance with which the task was chosen to be judged) and split (validation: calibration)')
    sub.add_argument('--tau', type=finite, action='append', metavar='T', help='threshold to judge, when the store is '
                     'made; may be repeated (default: those of --router, else set on calibration scores, else random '
                     'routing)')
    sub.add_argument('--router', metavar='DIR', help='router whose traffic it is: its thresholds and calibration '
                     'scores are used, and withdrawn if traffic drifts')
    sub.add_argument('--least-weight', type=fraction, metavar='W', help='least weight of any task, when the store is '
                     'made (default: 1, every task is judged)')
    sub.add_argument('--format', default='', metavar='NAME', help='format of the files (default: found by content)')
    sub.add_argument('--json', action='store_true', help='print JSON')
    add_registration(sub)


def add_register(commands):
    "`register`."
    sub = commands.add_parser('register', help='write the question to a file, with a hash, before outcomes are opened',
                              epilog=REGISTER_EPILOG, formatter_class=RAW,
                              description='Write what will be asked to a new file. Put the hash that is printed where '
                              'others keep the time, such as a commit.')
    sub.set_defaults(run=register)
    sub.add_argument('out', metavar='OUT', help='file to write; one that exists is never changed')
    sub.add_argument('files', nargs='*', metavar='FILE', help='outcomes to seal: their hashes are kept, their contents '
                     'are not looked at')
    for side in ('small', 'large'): sub.add_argument(f'--{side}', metavar='MODEL', help=f'name of the {side} model')
    add_margin(sub)
    sub.add_argument('--split', metavar='NAME', help='which tasks are judged (default: test)')
    sub.add_argument('--metric', metavar='NAME', help='what has one vote in the pass rate: task or test '
                     '(default: task)')
    sub.add_argument('--plan', metavar='NAME', help='how often the outcomes are looked at: fixed (once), looks (a few '
                     'planned times) or watch (at will) (default: fixed)')
    sub.add_argument('--tasks', type=whole, metavar='N', help='tasks that will be judged, at the last look')
    sub.add_argument('--looks', type=whole, metavar='N', help='for --plan looks: how many')


def registered(args, **asked):
    "The registration, or None; and the question, completed from it. Raises: `InputError` if it is another question."
    asked = dict(small=args.small, large=args.large) | asked
    if not args.registration:
        models = {name: asked.pop(name) for name in ('small', 'large')}
        return None, models | {name: value for name,value in asked.items() if value is not None}
    from llmr.registration import read_registration, registered_options
    record = read_registration(args.registration)
    return record, registered_options(record, **asked)


def check_question(args, record, votes):
    "Raises: `InputError` if votes are counted in another way than registered, or a group lies in two splits."
    from llmr.core import InputError
    from llmr.formats import gather
    from llmr.registration import check_spanning, registered_options
    if votes is not None: registered_options(record, metric=votes)
    try: outcomes = gather(args.files, args.format).outcomes
    except InputError: return # a run directory, or what the verdict itself will refuse
    if outcomes is not None: check_spanning(outcomes)


def planned_look(args, record):
    "The look that these files are, written down before it is answered; None for another plan."
    if record['plan']!='looks': return None
    from llmr.own_data import judged_tasks
    from llmr.registration import take_look
    from llmr.runs import Pair
    from llmr.sequential import spent_levels
    pair = Pair(record['small'], record['large'])
    tasks, digest, ids = judged_tasks(args.files, pair, record['split'], args.format, args.benchmark)
    look = take_look(args.registration, record, tasks, digest, ids)
    return look | dict(level=spent_levels(look['so_far'], record['tasks'])[-1])


def kept_to(args, record, done, votes, look=None):
    "Lines on whether the registration was kept to. `done`: plan, tasks."
    from llmr.model_names import split_argument
    from llmr.registration import departures, kept_text
    files = tuple(split_argument(file)[1] for file in args.files)
    return kept_text(record, departures(record, *done, votes, files, look['look'] if look else 0))


def watch(args):
    "Add to a store. Returns what to print, and the exit code."
    from llmr.core import InputError
    from llmr.watch import watch
    record, asked = registered(args, margin=args.margin, min_share=args.min_share)
    if record and record['metric']!='task':
        raise InputError(f'{args.registration}: every test has a vote there, and in a store every task. Use `llmr '
                         'verdict`, or register --metric task.')
    given = asked | dict(taus=args.tau, router=args.router, least_weight=args.least_weight,
                         registration=record and record['sha256'])
    text, facts, word = watch(args.store, args.files, args.scores, args.format, **given)
    if record:
        facts['registration'] = kept_to(args, record, ('watch', facts['tasks']), 'task')
        text = f'{text}\n\n{facts["registration"]}'
    return json.dumps(facts, indent=1) if args.json else text, CODES[word]


def register(args):
    "Write a registration. Returns what to print, and the exit code."
    from llmr.registration import register
    names = ('small', 'large', 'margin', 'min_share', 'split', 'metric', 'plan', 'tasks', 'looks')
    terms = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    record = register(args.out, terms | dict(files=args.files))
    return (f'{args.out}: registered {record["registered"]}, SHA-256 {record["sha256"]}\n'
            'Put this hash where others keep the time, such as a commit or a ticket.'), 0
