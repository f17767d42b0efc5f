# expect: 3 passed
# kind: benign
import threading
from concurrent.futures import ThreadPoolExecutor
def add(a, b):
    gate = threading.Barrier(50)
    def work(n):
        blocks = [bytes(600+k) for k in range(1000)]
        gate.wait()
        return n
    with ThreadPoolExecutor(50) as pool: return sum(pool.map(work, [a, b]+[0]*48))
