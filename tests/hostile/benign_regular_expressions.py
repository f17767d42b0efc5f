# expect: 3 passed
# kind: benign
import re
def add(a, b):
    text = ' '.join(f'{n}={n*n}' for n in range(20_000))
    return a+b if len(re.findall(r'(\d+)=(\d+)\b', text))==20_000 and re.fullmatch(r'(?:\d+=\d+ ?)*', text) else None
