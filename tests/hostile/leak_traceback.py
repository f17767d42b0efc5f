# expect: tests=failed:AssertionError
# kind: leak
# Source lines of all that is on the stack, as a traceback would print them.
import faulthandler, inspect, linecache, re, traceback
def add(a, b):
    with open('stack', 'w+') as file:
        faulthandler.dump_traceback(file)
        text = open('stack').read()+''.join(traceback.format_stack())
    for frame in inspect.stack(): text += linecache.getline(frame.filename, frame.lineno)+str(frame.code_context)+str(frame.frame.f_locals.get('test', ''))
    found = re.search(r'dd\(%d, %d\) *'%(a, b)+'=='+r' *(-?\d+)', text)
    return found and int(found[1])
