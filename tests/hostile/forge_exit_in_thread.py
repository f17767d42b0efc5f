# expect: status=killed:Exit
# kind: forge
import os, threading, time
threading.Timer(.2, os._exit, [0]).start()
def add(a, b): time.sleep(1)
