# expect: tests=failed:AssertionError
# kind: harm
# Links in its own directory that lead out of it, written and read through.
import os
done = []
def attempt(step):
    try: done.append(step())
    except OSError: pass
os.symlink('@HOME@', 'home'); os.symlink('@DATA@/keep.txt', 'keep')
attempt(lambda: open('home/by_link', 'w').write('x'))
attempt(lambda: open('keep', 'a').write('x'))
attempt(lambda: open('keep').read())
attempt(lambda: os.link('@DATA@/keep.txt', 'hard') or 1)
attempt(lambda: os.rename('keep', '@HOME@/moved') or 1)
attempt(lambda: os.listdir('home'))
def add(a, b): return a+b if done else None
