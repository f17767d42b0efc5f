"""The command `serve`: names, arguments, and what they mean to `llmr.serve`.

Nothing of the library is imported before the command needs it."""
import argparse
import os

RAW = argparse.RawDescriptionHelpFormatter
SERVE_EPILOG = """examples:
  llmr serve --router router --small http://localhost:8001/v1/A --large http://localhost:8002/v1/B
  llmr serve --router router --small A=http://localhost:8001/v1/org/a-2026 --large B=https://api.openai.com/v1/gpt-x
  llmr serve --router router --small ... --large ... --log log --shadow 0.05   both models for 5% of the traffic
  llmr serve --router router --small ... --large ... --verify                  run the small model's program first

Clients ask for the model llmr (the threshold of --share, --tau or the certificate), llmr-TAU, llmr-small, llmr-large.
Keys come from the environment: LLMR_SMALL_KEY and LLMR_LARGE_KEY for the servers, LLMR_API_KEY for the clients.
Afterwards: llmr watch store.db log/outcomes --scores log/decisions --router router
Exit codes: 0 stopped; 2 invalid input; 1 a defect of llmr."""
TIMES = dict(connect='to connect', first_byte='to the first byte', idle='between two pieces', total='for an answer')


def prices(text):
    "`small=IN/OUT` or `small=BOTH` as `(side, (in, out))`."
    side, _, amounts = text.partition('=')
    parts = amounts.split('/')
    try: values = [float(part) for part in parts]
    except ValueError: values = []
    if side in ('small', 'large') and len(values) in (1, 2) and all(0<=value<float('inf') for value in values):
        return side, (values[0], values[-1])
    raise argparse.ArgumentTypeError(f'{text!r}: give small=IN/OUT or large=IN/OUT, dollars per million tokens of '
                                     'prompts and of answers, such as small=0.15/0.6')


def number(least, kind=float):
    "A parser of finite numbers from `least`."
    def parse(text):
        "The number."
        try: value = kind(text)
        except ValueError: value = None
        if value is not None and least<=value<float('inf'): return value
        raise argparse.ArgumentTypeError(f'{text!r} is not a {"whole " if kind is int else ""}number from {least}')
    return parse


def add_serve(commands):
    "`serve`."
    sub = commands.add_parser('serve', help='one OpenAI-compatible address for two models, with a log of decisions',
                              epilog=SERVE_EPILOG, formatter_class=RAW,
                              description='Stand in front of two OpenAI-compatible servers and send each request to '
                              'one of them. Needs llmr[serve].')
    sub.set_defaults(run=serve)
    sub.add_argument('--router', required=True, metavar='DIR', help='router directory, from `llmr train`')
    for side in ('small', 'large'):
        sub.add_argument(f'--{side}', required=True, metavar='[MODEL=]URL/NAME', help=f'where the {side} model is: '
                         'address up to /v1, then its name there; MODEL is what the router calls it')
    cut = sub.add_mutually_exclusive_group()
    cut.add_argument('--share', type=number(0), metavar='SHARE', help='share of prompts for the small model, 0 to 1')
    cut.add_argument('--tau', type=number(-1e300), metavar='T', help='threshold (default: the certified one)')
    sub.add_argument('--host', default='127.0.0.1', help='address to listen at (default: 127.0.0.1); another one needs '
                     'LLMR_API_KEY')
    sub.add_argument('--port', type=number(0, int), default=8000, metavar='N', help='port (default: 8000)')
    sub.add_argument('--name', default='llmr', help='what clients call the router (default: llmr)')
    add_evidence(sub)
    add_limits(sub)


def add_evidence(sub):
    "What is checked and written down."
    sub.add_argument('--log', metavar='DIR', help='write decisions and outcomes there (default: nowhere)')
    sub.add_argument('--log-prompts', action='store_true', help='write the text of prompts too, not only its hash')
    sub.add_argument('--spans', action='store_true', help='a span of OpenTelemetry for each request (gen_ai.*)')
    sub.add_argument('--shadow', type=number(0), default=0., metavar='SHARE', help='ask both models for this share of '
                     'the traffic; the client does not wait for the second (default: 0)')
    sub.add_argument('--verify', action='store_true', help="run the small model's program on the tests that the prompt "
                     'shows, and give its answer only if it passes')
    sub.add_argument('--budget', type=number(0), metavar='SHARE', help='with --verify and a budgeted cascade as '
                     'router: send at most this share to the large model')
    sub.add_argument('--unfamiliar', choices=('route', 'large'), default='route', help='where prompts go that score '
                     'unlike any of calibration (default: route, by their score)')
    sub.add_argument('--price', type=prices, action='append', default=[], metavar='SIDE=IN/OUT', help='dollars per '
                     'million tokens of prompts and answers, such as small=0.15/0.6')


def add_limits(sub):
    "Times and sizes."
    from_seconds = dict(connect=5., first_byte=120., idle=60., total=900.)
    for name,seconds in from_seconds.items():
        sub.add_argument(f'--{name.replace("_", "-")}', type=number(.001), default=seconds, metavar='S',
                         help=f'most seconds {TIMES[name]} (default: {seconds:g})')
    sub.add_argument('--tries', type=number(1, int), default=2, metavar='N', help='times that a server is asked before '
                     'the other one is (default: 2)')
    sub.add_argument('--most-at-once', type=number(1, int), default=512, metavar='N', help='requests in progress; '
                     'beyond that, status 429 (default: 512)')
    sub.add_argument('--most-body', type=number(1, int), default=32, metavar='MB', help='largest request (default: 32)')


def serve(args):
    "Serve until stopped. Returns nothing to print, and the exit code."
    from llmr.gateway import Options
    from llmr.serve import check_options, listen, make_service, serve
    from llmr.upstreams import Patience
    patience = Patience(args.connect, args.first_byte, args.idle, args.total, args.tries)
    options = check_options(Options(
        args.name, args.tau, os.environ.get('LLMR_API_KEY', '').strip(), args.shadow, args.unfamiliar, args.verify,
        args.budget, prices=dict(args.price), most_body=args.most_body*2**20, most_at_once=args.most_at_once,
        patience=patience, log_prompts=args.log_prompts, spans=args.spans), args.host)
    service = make_service(args.router, args.small, args.large, args.log, options, args.share)
    with listen(args.host, args.port) as place: serve(service, place)
    return None, 0
