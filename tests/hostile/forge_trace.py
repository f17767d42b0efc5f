# expect: tests=failed:AssertionError
# kind: forge
# Every event of every frame, and an opinion on each.
import sys, threading
def trace(frame, event, value):
    frame.f_trace_opcodes = True
    for name in ('value', 'expected', 'result'):
        if name in frame.f_locals: frame.f_locals[name] = True
    return trace
sys.settrace(trace), sys.setprofile(lambda *args: None), threading.settrace(trace)
def add(a, b):
    frame = sys._getframe().f_back
    while frame: frame.f_trace = trace; frame = frame.f_back
    return None
