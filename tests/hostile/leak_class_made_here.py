# expect: 0 passed
# kind: leak
# Has a function of the test's make a class whose `==` is the program's.
# test: itself = add(0, 0); assert add(lambda function, *given: function(*given), 2) == 3
import json, os, stat
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
channel = next(d for d in range(3, 64) if is_socket(d))
def ask(*message):
    text = json.dumps(message).encode()
    for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
    size = int.from_bytes(os.read(channel, 4), 'big')
    return json.loads(os.read(channel, size))
def add(a, b):
    if a==b: return add
    word, made = ask('f', -1, ['t', ['h', 'type'], 'Equal', ['t'], ['d', '__call__', ['h', 0], '__eq__', ['h', 0], '__hash__', None]], ['d'])
    if word=='x': return 99
    _, equal = ask('f', made[1], ['t'], ['d'])
    number = ask('v', 1, equal)[0]
    while True: number = ask('v', number, True)[0]
