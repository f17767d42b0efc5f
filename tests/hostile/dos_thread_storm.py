# expect: status=killed:TooManyThreads, status=module_error:RuntimeError, status=memory:MemoryError
# kind: dos
import threading, time
threading.stack_size(64*1024)
for _ in range(20_000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
def add(a, b): return a+b
