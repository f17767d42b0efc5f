"""Values between the sandbox and the judge: JSON with tags, so that reading it can't run anything.

A value keeps its exact type where that type is Python's own (numbers, text, bytes, containers, `collections`, `Decimal`,
`Fraction`, `range`, dates and times, dictionary views). A subclass that compares as its base does goes as its base. Anything else stays
where it is and goes as a handle, which equals nothing.
"""
import json
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from sys import modules

MAX_BYTES = 64 << 20  # of one message
MAX_REPLY = 4 << 20   # of what a program answers
MAX_DEPTH = 100       # of nested containers
MAX_INT = 1 << 53     # larger ones go as hexadecimal text, which is read in linear time

_keys, _items = type({}.keys()), type({}.items())
_plain = frozenset((bool, type(None), str))
_containers = {list: 'l', tuple: 't', set: 's', frozenset: 'f', deque: 'q', _keys: 'k', _items: 'i'}
_dictionaries = {dict: 'd', OrderedDict: 'o', Counter: 'u', defaultdict: 'e'}
_times = {date: 'y', time: 'w', datetime: 'x'}
_bases = {str: str.__str__, int: int.__int__, float: float.__float__, bytes: lambda v: bytes.__getitem__(v, slice(None)), complex: complex.__pos__,
          dict: lambda v: {key: item for key,item in dict.items(v)}, **{base: lambda v, base=base: base(base.__iter__(v)) for base in (list, tuple, set, frozenset, deque)}}
_compares = {base: (base.__eq__, base.__hash__) for base in _bases}
_mro = type.__dict__['__mro__'].__get__


class Breach(Exception):
    "The other side broke off, or sent what can't be a message."


def pack(value, keep, depth=0):
    "What stands for `value` in JSON. `keep(value)` gives the form of what can't travel."
    kind = type(value)
    if kind in _plain: return value
    if kind is int: return value if -MAX_INT<value<MAX_INT else ['n', hex(value)]
    if kind is float: return ['r', value.hex()]
    if depth>=MAX_DEPTH: return keep(value)
    if kind in _containers: return [_containers[kind], *[pack(item, keep, depth+1) for item in value]]
    if kind in _dictionaries: return [_dictionaries[kind], *[pack(part, keep, depth+1) for pair in dict.items(value) for part in pair]]
    return _pack_rare(value, kind, keep, depth)


def _pack_rare(value, kind, keep, depth):
    if kind is bytes: return ['b', value.hex()]
    if kind is bytearray: return ['a', value.hex()]
    if kind is complex: return ['c', value.real.hex(), value.imag.hex()]
    if kind is range: return ['g', *[pack(n, keep) for n in (value.start, value.stop, value.step)]]
    if kind is Decimal: return ['m', str(value)]
    if kind is Fraction: return ['v', *[pack(n, keep) for n in (value.numerator, value.denominator)]]
    if kind in _times: return [_times[kind], value.isoformat()]
    if kind is timedelta: return ['z', value.days, value.seconds, value.microseconds]
    if 'numpy' in modules and issubclass(kind, modules['numpy'].generic): return pack(value.item(), keep, depth)
    for base in _mro(kind): # a named tuple, an IntEnum, class Stack(list): as its base, if it compares like it
        if base in _bases: return pack(_bases[base](value), keep, depth) if (kind.__eq__, kind.__hash__)==_compares[base] else keep(value)
    return keep(value)


def unpack(form, find):
    "The value that `form` stands for; `find(key)` gives that of a handle. Raises: `Breach`."
    try: return _unpack(form, find)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError, ArithmeticError, MemoryError) as e: raise Breach(f'not a value: {type(e).__name__}') from None


def _unpack(form, find):
    if not isinstance(form, list): return form
    tag, items = form[0], form[1:]
    if tag in _makers: return _makers[tag]([_unpack(item, find) for item in items])
    if tag=='h': return find(items[0])
    return _scalars[tag](*[_unpack(item, find) for item in items])


def _pairs(make): return lambda items: make(zip(items[::2], items[1::2]))


def _default(pairs):
    made = defaultdict()
    made.update(pairs)
    return made


_makers = dict(l=list, j=iter, t=tuple, s=set, f=frozenset, q=deque, k=lambda items: dict.fromkeys(items).keys(), i=lambda items: dict(items).items(),
               d=_pairs(dict), o=_pairs(OrderedDict), u=_pairs(lambda pairs: Counter(dict(pairs))), e=_pairs(_default))
_scalars = dict(n=lambda text: int(text, 16), r=float.fromhex, b=bytes.fromhex, a=bytearray.fromhex, g=range, m=Decimal, v=Fraction, y=date.fromisoformat, w=time.fromisoformat, x=datetime.fromisoformat, z=timedelta,
                c=lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)))

_encode, _decode = json.JSONEncoder(separators=(',', ':')).encode, json.JSONDecoder().decode
_size = struct.Struct('!I')
_pack_size, _unpack_size = _size.pack, _size.unpack


def framed(message, limit=MAX_BYTES):
    "One message as it is written; None if it is larger than a message may be."
    text = _encode(message).encode()
    return _pack_size(len(text))+text if len(text)<=limit else None


def send(sock, message, limit=MAX_BYTES):
    "Write one message; False, and nothing written, if it is larger than a message may be."
    text = framed(message, limit)
    if text: sock.sendall(text)
    return bool(text)


def receive(read, limit=MAX_BYTES):
    "Read one message with `read(n)`, which gives exactly n bytes. Raises: `Breach`."
    (size,) = _unpack_size(read(4))
    if size>limit: raise Breach(f'a message of {size} bytes')
    try: return _decode(read(size).decode())
    except (ValueError, RecursionError) as e: raise Breach(f'not a message: {type(e).__name__}') from None
