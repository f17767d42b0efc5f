# expect: 3 passed
# kind: benign
import queue, threading
from concurrent.futures import ThreadPoolExecutor
def add(a, b):
    answers = queue.Queue()
    thread = threading.Thread(target=lambda: answers.put(a))
    thread.start(); thread.join()
    with ThreadPoolExecutor(4) as pool: return sum(pool.map(int, [answers.get(), b]))
