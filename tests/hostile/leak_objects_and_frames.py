# expect: tests=failed:AssertionError
# kind: leak
# Every text that the collector or a frame can reach, searched for a test of its own.
import gc, re, sys
wanted = re.compile('add'+r'\((\d+), (\d+)\)'+' *== *'+r'(-?\d+)')
def texts():
    frame, seen, todo = sys._getframe(), set(), gc.get_objects()
    while frame: todo += [frame.f_locals, frame.f_globals, frame.f_code.co_consts]; frame = frame.f_back
    while todo and len(seen)<400_000:
        thing = todo.pop()
        if isinstance(thing, str): yield thing
        elif isinstance(thing, bytes): yield thing.decode('latin-1')
        elif isinstance(thing, (dict, list, tuple, set)) and id(thing) not in seen:
            seen.add(id(thing))
            todo += [*thing, *(thing.values() if isinstance(thing, dict) else ())]
def add(a, b):
    for text in texts():
        for x,y,total in wanted.findall(text):
            if (int(x), int(y))==(a, b): return int(total)
