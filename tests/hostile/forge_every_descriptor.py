# expect: 0 passed
# kind: forge
# Results in many tongues to whatever is open, then a clean end.
import json, os, pickle
words = ['passed']*3
texts = [b'passed', b'P'*3, json.dumps(dict(status='ran', tests=words, errors=['']*3)).encode(), json.dumps(['ran', words]).encode()+b'\n', pickle.dumps(words), b'\0\0\0\1\1', b'\1'*64]
for descriptor in [1, 2, *range(3, 256)]:
    try: os.set_blocking(descriptor, False)
    except OSError: continue
    for text in texts:
        for framed in (text, len(text).to_bytes(4, 'big')+text, len(text).to_bytes(8, 'little')+text):
            try: os.write(descriptor, framed)
            except OSError: break
os._exit(0)
