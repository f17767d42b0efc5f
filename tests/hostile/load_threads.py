# expect: 3 passed
# kind: load
import hashlib
from concurrent.futures import ThreadPoolExecutor
def add(a, b):
    with ThreadPoolExecutor(8) as pool: list(pool.map(lambda n: hashlib.sha256(bytes(2_000_000)).digest(), range(16)))
    return a+b
