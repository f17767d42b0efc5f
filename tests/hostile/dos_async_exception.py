# expect: 0 passed, status=killed, status=timeout
# kind: dos
# Throws exceptions into the thread that answers.
import ctypes, threading, time
main = threading.main_thread().ident
def go():
    while True:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(SystemExit)); time.sleep(1e-5)
threading.Thread(target=go, daemon=True).start()
def add(a, b): return None
