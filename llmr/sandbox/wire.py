"""Values between the sandbox and the judge: JSON with tags, so that reading it can't run anything.

A value keeps its exact type where that type is Python's own (numbers, text, bytes, containers, `collections`, `Decimal`,
`Fraction`, `range`, dates and times, dictionary views). A subclass that compares as its base does goes as its base, with a handle for
its other attributes. Anything else stays where it is and goes as a handle, which equals nothing that is not a handle.
"""
import json
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from sys import modules

MAX_BYTES = 64 << 20  # of one message
MAX_REPLY = 16 << 20  # of what a program answers
MAX_LISTS = 700_000   # in what a program answers: six bytes of one take the reader seven hundred
MAX_DEPTH = 100       # of nested containers
MAX_SAID = 1 << 16    # of what an exception carries
MAX_INT = 1 << 53     # larger ones go as hexadecimal text, which is read in linear time

_keys, _items = type({}.keys()), type({}.items())
_plain = frozenset((bool, type(None), str, float))
_containers = {list: 'l', tuple: 't', set: 's', frozenset: 'f', deque: 'q', _keys: 'k', _items: 'i'}
_dictionaries = {dict: 'd', OrderedDict: 'o', Counter: 'u', defaultdict: 'e'}
_times = {date: 'y', time: 'w', datetime: 'x'}
_bases = {str: str.__str__, int: int.__int__, float: float.__float__, bytes: lambda v: bytes.__getitem__(v, slice(None)), complex: complex.__pos__,
          dict: lambda v: {key: item for key,item in dict.items(v)}, **{base: lambda v, base=base: base(base.__iter__(v)) for base in (list, tuple, set, frozenset, deque)}}
_compares = {base: (base.__eq__, base.__hash__) for base in _bases}
_mro = type.__dict__['__mro__'].__get__
TYPES = {kind.__name__: kind for kind in (OrderedDict, Counter, defaultdict, deque, Decimal, Fraction, date, datetime, time, timedelta)} # that are the same on both sides, besides those of `builtins`


class Breach(Exception):
    "The other side broke off, or sent what can't be a message."


def pack(value, keep, depth=0):
    "What stands for `value` in JSON. `keep(value)` gives the form of what can't travel."
    kind = type(value)
    if kind in _plain: return value
    if kind is int: return value if -MAX_INT<value<MAX_INT else ['n', hex(value)]
    if depth>=MAX_DEPTH: return keep(value)
    if kind in _containers: return [_containers[kind], *_pack_all(value, keep, depth+1)]
    if kind in _dictionaries: return [_dictionaries[kind], *_factory(value, kind, keep), *_pack_all([part for pair in (OrderedDict if kind is OrderedDict else dict).items(value) for part in pair], keep, depth+1)]
    return _pack_rare(value, kind, keep, depth)


def _pack_all(items, keep, depth):
    "Forms of many values; those of all plain ones are themselves."
    kinds = set(map(type, items))
    if kinds<=_plain or kinds=={int} and -MAX_INT<min(items) and max(items)<MAX_INT: return items
    return [pack(item, keep, depth) for item in items]


def _factory(value, kind, keep):
    "What a `defaultdict` has for a missing key, if that can be kept."
    if kind is not defaultdict: return ()
    try: return value.default_factory and keep(value.default_factory),
    except TypeError: return None,


def _pack_rare(value, kind, keep, depth):
    if kind is bytes: return ['b', value.hex()]
    if kind is bytearray: return ['a', value.hex()]
    if kind is complex: return ['c', value.real.hex(), value.imag.hex()]
    if kind is range: return ['g', *[pack(n, keep) for n in (value.start, value.stop, value.step)]]
    if kind is slice: return ['r', *[pack(n, keep, depth+1) for n in (value.start, value.stop, value.step)]]
    if kind is Decimal: return ['m', str(value)]
    if kind is Fraction: return ['v', *[pack(n, keep) for n in (value.numerator, value.denominator)]]
    if kind in _times: return [_times[kind], value.isoformat()]
    if kind is timedelta: return ['z', value.days, value.seconds, value.microseconds]
    if 'numpy' in modules and issubclass(kind, modules['numpy'].generic): return pack(value.item(), keep, depth)
    if 'sympy' in modules and issubclass(kind, modules['sympy'].Integer): return pack(int(value), keep, depth)
    for base in _mro(kind): # a named tuple, an IntEnum, class Stack(list): as its base, if it compares like it
        if base in _bases: return _pack_as(base, value, kind, keep, depth) if (kind.__eq__, kind.__hash__)==_compares[base] else keep(value)
    return keep(value)


def _pack_as(base, value, kind, keep, depth):
    "A value as its base, with a handle where it can be kept; one that came with a handle as that."
    try: handle = keep(value)
    except TypeError: handle = None
    if handle and Likeness in _mro(kind): return handle
    form = pack(_bases[base](value), keep, depth)
    return ['p', form, handle] if handle else form


class Likeness:
    "A value of a program's own class: its base's value here, whatever else it has there."
    def __getattr__(self, name):
        if name=='_kept' or name.startswith('__'): raise AttributeError(name)
        return getattr(self._kept, name)
    def unchanged(self): return '_came' not in vars(self) or self==self._came


_likenesses = {base: type(base.__name__, (base, Likeness), {}) for base in _bases}


def _like(value, kept):
    made = _likenesses[type(value)](value)
    made._kept, made._came = kept, value
    return made


def unpack(form, find):
    "The value that `form` stands for; `find(key)` gives that of a handle. Raises: `Breach`."
    try: return _unpack(form, find)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError, ArithmeticError, MemoryError) as e: raise Breach(f'not a value: {type(e).__name__}') from None


def _unpack(form, find):
    if not isinstance(form, list): return form
    tag, items = form[0], form[1:]
    if tag in _makers: return _makers[tag]([_unpack(item, find) for item in items] if list in set(map(type, items)) else items)
    if tag=='h': return find(*items)
    if tag=='p': return _like(_unpack(items[0], find), _unpack(items[1], find))
    return _scalars[tag](*[_unpack(item, find) for item in items])


def _pairs(make): return lambda items: make(zip(items[::2], items[1::2]))


def _going_on(more, *items):
    "An iterator over items and, if there are `more` to ask for, over those."
    yield from items
    while more and (items := more()): yield from items


def refill(value, other):
    "Make a container what another of its type holds."
    value.clear()
    (value.update if hasattr(value, 'update') else value.extend)(other)


REFILLED = frozenset((list, dict, set, bytearray, deque, OrderedDict, Counter, defaultdict))
_makers = dict(l=list, j=lambda items: _going_on(*items), t=tuple, s=set, f=frozenset, q=deque, k=lambda items: dict.fromkeys(items).keys(), i=lambda items: dict(items).items(),
               d=_pairs(dict), o=_pairs(OrderedDict), u=_pairs(lambda pairs: Counter(dict(pairs))), e=lambda items: defaultdict(items[0], zip(items[1::2], items[2::2])))
_scalars = dict(n=lambda text: int(text, 16), b=bytes.fromhex, a=bytearray.fromhex, g=range, r=slice, m=Decimal, v=Fraction, y=date.fromisoformat, w=time.fromisoformat, x=datetime.fromisoformat, z=timedelta,
                c=lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)))

BINARY = 'eq ne lt le gt ge add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift'.split() # of `operator`, between two things of a program
OPERATORS = (*BINARY, 'neg', 'pos', 'invert', 'index', 'getitem', 'setitem', 'delitem')
REMOTE_NAMES = frozenset('__name__ __qualname__ __dict__ __annotations__ __defaults__ __bases__ __wrapped__ __members__'.split()) # of Python's own attributes, those that tests look at

_encode, _decode = json.JSONEncoder(separators=(',', ':')).encode, json.JSONDecoder().decode
_size = struct.Struct('!I')
_pack_size, _unpack_size = _size.pack, _size.unpack


def framed(message, limit=MAX_BYTES):
    "One message as it is written; None if it is larger than a message may be."
    text = _encode(message).encode()
    return _pack_size(len(text))+text if len(text)<=limit and not (limit<=MAX_REPLY and _crowded(text)) else None


def _crowded(text): return len(text)>MAX_LISTS and text.count(b'[')+text.count(b'{')>MAX_LISTS


def send(sock, message, limit=MAX_BYTES):
    "Write one message; False, and nothing written, if it is larger than a message may be."
    text = framed(message, limit)
    if text: sock.sendall(text)
    return bool(text)


def receive(read, limit=MAX_BYTES):
    "Read one message with `read(n)`, which gives exactly n bytes. Raises: `Breach`."
    (size,) = _unpack_size(read(4))
    if size>limit: raise Breach(f'a message of {size} bytes')
    text = read(size)
    if limit<=MAX_REPLY and _crowded(text): raise Breach('more lists than a message may have')
    try: return _decode(text.decode())
    except (ValueError, RecursionError) as e: raise Breach(f'not a message: {type(e).__name__}') from None
