# expect: 0 passed
# kind: forge
# Says what the names of the tests are: Python's types, exceptions without an end, and what is no type.
# test: assert add(1, 2) == 3
# test: assert math.isclose(add(1, 2), 3)
# test: assert sum([add(1, 2)]) == 3 and isinstance(add(1, 2), int)
import json, os, stat, time
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
kinds = dict(add='bool', math='Counter', sum='int', isinstance='bool', int=['int', 'object'], E=['E', 'E', 'nothing', 'OSError', 'ValueError', 'StopIteration'], AssertionError=['AssertionError', 'Exception'])
text = json.dumps(['ready', ['add'], [], {}, kinds]).encode()
channel = next(d for d in range(3, 64) if is_socket(d))
for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
while True: time.sleep(.01)
