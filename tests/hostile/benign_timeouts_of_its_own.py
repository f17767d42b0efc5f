# expect: 3 passed
# kind: benign
import signal, threading, concurrent.futures as cf, asyncio, time
def handler(*_): raise TimeoutError
def add(a, b):
    signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, .05)
    try: time.sleep(1)
    except TimeoutError: pass
    with cf.ThreadPoolExecutor(1) as pool:
        try: pool.submit(time.sleep, .1).result(timeout=.02)
        except cf.TimeoutError: pass
    async def go():
        try: await asyncio.wait_for(asyncio.sleep(1), .02)
        except asyncio.TimeoutError: return a+b
    return asyncio.run(go())
