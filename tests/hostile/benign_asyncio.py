# expect: 3 passed
# kind: benign
import asyncio
async def later(n):
    await asyncio.sleep(.01)
    return n
async def both(a, b): return sum(await asyncio.gather(later(a), later(b)))
def add(a, b): return asyncio.run(both(a, b))
