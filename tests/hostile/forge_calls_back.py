# expect: 0 passed
# kind: forge
# Calls functions of the test's that it never got, in forms that are none, without waiting for what they say.
# test: assert add(1, 2) == 3
# test: assert add(lambda n: n, 2) == 3
# test: x = [1]; assert add(x, 2) == 3
import json, os, stat
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
channel = next(d for d in range(3, 64) if is_socket(d))
def say(message):
    text = json.dumps(message).encode()
    for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
def add(a, b):
    for key in (-1, 0, 5, 'add', None, [1], 1.5, -10**30, True, {'a': 1}):
        for message in (['f', key, ['t', 3], ['d']], ['f', key, ['t']], ['f', key, 3, 4], ['f']): say(message)
    if type(a) is list: say(['v', 0, None, [[0, ['l', 3]], [1, ['l']], ['x', 3], [None, 1], [10**9, 1], [0]]])
    while callable(a): say(['f', -1, ['t', 1], ['d']])
    return 99
