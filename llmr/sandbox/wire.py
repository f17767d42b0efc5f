"""Values between processes: JSON with tags, so that reading it can't run anything.

A value keeps its exact type where that type is Python's own (numbers, text, bytes, containers, `collections`,
`Decimal`, `Fraction`, `range`, dates and times, dictionary views). A subclass that compares as its base does goes as
its base. Anything else does not cross: the other side has an `Opaque`, which equals nothing.

Both sides number the containers that can be changed, in the order in which they are finished. One that is met again
goes as its number, so what is shared here is shared there.
"""
import builtins
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
OPEN = -2             # in place of the number of a container whose items are being packed
MAX_INT = 1 << 53     # larger ones go as hexadecimal text, which is read in linear time

_keys, _items = type({}.keys()), type({}.items())
_plain = frozenset((bool, type(None), str, float))
_containers = {list: 'l', tuple: 't', set: 's', frozenset: 'f', deque: 'q', _keys: 'k', _items: 'i', dict: 'd',
               OrderedDict: 'o', Counter: 'u', defaultdict: 'e'}
_dictionaries = frozenset((dict, OrderedDict, Counter, defaultdict))
CHANGEABLE = frozenset((list, dict, set, bytearray, deque, OrderedDict, Counter, defaultdict))
_times = {date: 'y', time: 'w', datetime: 'x'}
_sequences = list, tuple, set, frozenset, deque
_bases = {str: str.__str__, int: int.__int__, float: float.__float__, complex: complex.__pos__,
          bytes: lambda v: bytes.__getitem__(v, slice(None)), dict: lambda v: {k: i for k, i in dict.items(v)},
          **{base: lambda v, base=base: base(base.__iter__(v)) for base in _sequences}}
_compares = {base: (base.__eq__, base.__hash__) for base in _bases}
_mro = type.__dict__['__mro__'].__get__
TYPES = {kind.__name__: kind for kind in
         (OrderedDict, Counter, defaultdict, deque, Decimal, Fraction, date, datetime, time, timedelta)}
TYPES |= {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and kind.__name__==name}
_type_names = {kind: name for name, kind in TYPES.items()}


class Breach(Exception):
    "The other side broke off, or sent what can't be a message."


class Opaque:
    "A value that does not cross."
    __slots__ = ()
    def __bool__(self, *_): raise TypeError('the program returned an object that is more than plain data')
    __str__ = __repr__ = __format__ = __len__ = __iter__ = __bool__


def stays(value): return ['h', '']


def refuses(value): raise TypeError(f'a {type(value).__name__} cannot be sent to the program')


def pack(value, keep, objects):
    """What stands for `value` in JSON. `objects` are the containers that the other side has already, and grows by
    those in `value`. `keep(value)` gives the form of what can't travel."""
    return _Packer(keep, objects).pack(value)


class _Packer:
    "Forms of values in one message."
    def __init__(self, keep, objects):
        self.keep, self.objects = keep, objects
        self.numbers = {id(thing): n for n, thing in enumerate(objects)}

    def pack(self, value, depth=0):
        kind = type(value)
        if kind in _plain: return value
        if kind is int: return value if -MAX_INT<value<MAX_INT else ['n', hex(value)]
        if kind in CHANGEABLE: return self.changeable(value, kind, depth)
        if depth>=MAX_DEPTH: return self.keep(value)
        if kind in _containers: return [_containers[kind], *self.parts(value, kind, depth+1)]
        return self.rare(value, kind, depth)

    def changeable(self, value, kind, depth):
        "Form of a container, or its number. One that contains itself does not cross."
        number = self.numbers.get(id(value), -1)
        if number>=0: return ['@', number]
        if number==OPEN or depth>=MAX_DEPTH: return self.keep(value)
        self.numbers[id(value)] = OPEN
        form = ['a', value.hex()] if kind is bytearray else [_containers[kind], *self.parts(value, kind, depth+1)]
        self.numbers[id(value)] = len(self.objects)
        self.objects.append(value)
        return form

    def parts(self, value, kind, depth):
        "Forms of what a container holds, behind what belongs to the container itself."
        first = [value.maxlen] if kind is deque else [self.factory(value)] if kind is defaultdict else []
        items = contents(value, kind)
        kinds = set(map(type, items))
        if kinds<=_plain or kinds=={int} and -MAX_INT<min(items) and max(items)<MAX_INT: return [*first, *items]
        return [*first, *[self.pack(item, depth) for item in items]]

    def factory(self, value):
        "What a `defaultdict` has for a missing key, if it is one of Python's types."
        made = value.default_factory
        return ['h', _type_names[made]] if type(made) is type and made in _type_names else None

    def rare(self, value, kind, depth):
        if kind is bytes: return ['b', value.hex()]
        if kind is complex: return ['c', value.real.hex(), value.imag.hex()]
        if kind is range: return ['g', *map(self.pack, (value.start, value.stop, value.step))]
        if kind is slice: return ['r', *[self.pack(n, depth+1) for n in (value.start, value.stop, value.step)]]
        if kind is Decimal: return ['m', str(value)]
        if kind is Fraction: return ['v', *map(self.pack, (value.numerator, value.denominator))]
        if kind in _times: return [_times[kind], value.isoformat()]
        if kind is timedelta: return ['z', value.days, value.seconds, value.microseconds]
        if kind is type and value in _type_names: return ['h', _type_names[value]]
        if 'numpy' in modules and issubclass(kind, modules['numpy'].generic): return self.pack(value.item(), depth)
        if 'sympy' in modules and issubclass(kind, modules['sympy'].Integer): return self.pack(int(value), depth)
        base = next((base for base in _mro(kind) if base in _bases), None) # a named tuple, an IntEnum
        if base and (kind.__eq__, kind.__hash__)==_compares[base]: return self.pack(_bases[base](value), depth)
        return self.keep(value)


def contents(value, kind):
    "What a container holds, in a list: keys and values in turn."
    if kind in _dictionaries:
        items = OrderedDict.items(value) if kind is OrderedDict else dict.items(value)
        return [part for pair in items for part in pair]
    return [bytes(value)] if kind is bytearray else list(value)


def changes(before, objects, keep):
    "Numbers and forms of those containers whose contents are no longer what they were."
    packer, now = _Packer(keep, objects), [contents(thing, type(thing)) for thing in objects[:len(before)]]
    same = lambda old, new: len(old)==len(new) and all(a is b for a, b in zip(old, new))
    return [[n, [packer.pack(item, 1) for item in new]] for n, (old, new) in enumerate(zip(before, now))
            if not (old==new if type(objects[n]) is bytearray else same(old, new))]


def unpack(form, find, objects):
    """The value that `form` stands for; `objects` are the containers known so far, and grows. `find(key)` gives what
    does not travel. Raises: `Breach`."""
    try: return _unpack(form, find, objects)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError, ArithmeticError, MemoryError) as e:
        raise Breach(f'not a value: {type(e).__name__}') from None


def _unpack(form, find, objects):
    if not isinstance(form, list): return form
    tag, items = form[0], form[1:]
    if tag=='@': return objects[items[0]] if items[0]>=0 else None
    if tag=='h' or tag=='j': return find(*items)
    if list in set(map(type, items)): items = [_unpack(item, find, objects) for item in items]
    if tag in _makers: made = _makers[tag](items)
    else: made = _scalars[tag](*items)
    if type(made) in CHANGEABLE: objects.append(made)
    return made


def refill(value, items):
    "Make a container hold what `changes` says."
    if type(value) is bytearray: value[:] = items[0]
    elif type(value) in _dictionaries:
        value.clear()
        for key, item in zip(items[::2], items[1::2]): value[key] = item
    else:
        value.clear()
        (value.update if type(value) is set else value.extend)(items)


def typed(name):
    "One of Python's types by name; without a name, what does not cross."
    if name=='': return Opaque()
    return TYPES[name]


def _pairs(make): return lambda items: make(zip(items[::2], items[1::2]))


_makers = dict(l=list, t=tuple, s=set, f=frozenset, q=lambda items: deque(items[1:], items[0]),
               k=lambda items: dict.fromkeys(items).keys(), i=lambda items: dict(items).items(), d=_pairs(dict),
               o=_pairs(OrderedDict), u=_pairs(lambda pairs: Counter(dict(pairs))),
               e=lambda items: defaultdict(items[0], zip(items[1::2], items[2::2])))
_scalars = dict(n=lambda text: int(text, 16), b=bytes.fromhex, a=bytearray.fromhex, g=range, r=slice, m=Decimal,
                v=Fraction, y=date.fromisoformat, w=time.fromisoformat, x=datetime.fromisoformat, z=timedelta,
                c=lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)))

_encode, _decode = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False).encode, json.JSONDecoder().decode
_size = struct.Struct('!I')
SIZE = _size.size


def framed(message, limit=MAX_BYTES):
    "One message as it is written; None if it is larger than a message may be."
    text = _encode(message).encode('utf-8', 'surrogatepass') # escapes would join two halves of a character
    return _size.pack(len(text))+text if len(text)<=limit and not (limit<=MAX_REPLY and _crowded(text)) else None


def _crowded(text): return len(text)>MAX_LISTS and text.count(b'[')+text.count(b'{')>MAX_LISTS


def send(sock, message, limit=MAX_BYTES):
    "Write one message; False, and nothing written, if it is larger than a message may be."
    text = framed(message, limit)
    if text: sock.sendall(text)
    return bool(text)


def size_of(text, limit):
    "Length of the message whose first bytes these are. Raises: `Breach`."
    (size,) = _size.unpack(text)
    if size>limit: raise Breach(f'a message of {size} bytes')
    return size


def decoded(text, limit=MAX_BYTES):
    "The message in these bytes. Raises: `Breach`."
    if limit<=MAX_REPLY and _crowded(text): raise Breach('more lists than a message may have')
    try: return _decode(text.decode('utf-8', 'surrogatepass'))
    except (ValueError, RecursionError) as e: raise Breach(f'not a message: {type(e).__name__}') from None


def receive(read, limit=MAX_BYTES):
    "Read one message with `read(n)`, which gives exactly n bytes. Raises: `Breach`."
    return decoded(read(size_of(read(SIZE), limit)), limit)
