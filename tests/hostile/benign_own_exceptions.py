# expect: 8 passed
# kind: benign
# What a test catches, and what it reads in it.
# test: exec('try: add(-1, 0)\nexcept ValueError as e: caught = type(e).__name__, str(e), e.args'); assert caught==('ValueError', 'negative', ('negative',))
# test: exec('try: withdraw(5)\nexcept Low as e: caught = e.need, str(e), isinstance(e, BankError)'); assert caught==(5, '5 is missing', True)
# test: exec('try: withdraw(6)\nexcept BankError as e: caught = e.need'); exec('try: withdraw(7)\nexcept ValueError as e: again = e.need'); assert (caught, again)==(6, 7)
# test: exec('try: parse("{")\nexcept ValueError as e: caught = type(e).__name__'); exec('try: lookup("a")\nexcept LookupError as e: key = e.args'); assert (caught, key)==('JSONDecodeError', ('a',))
# test: exec('try: opened()\nexcept OSError as e: number = e.errno'); exec('try: stopped()\nexcept SystemExit as e: code = e.code'); assert (number, code)==(2, 'bad')
# test: exec('try: refused()\nexcept Low: caught = 0\nexcept BankError: caught = 1'); assert caught==1 and issubclass(Low, BankError) and (Low.__name__, BankError.__name__)==('Low', 'BankError')
# test: exec('try: withdraw(5)\nexcept Low as e: caught = e.need'); made = Low(3); assert (caught, made.need, str(made), made.args)==(5, 3, '3 is missing', ('3 is missing',))
# test: exec('try: raise Low(4)\nexcept BankError as e: caught = e.need, e.rate, type(e) is Low'); assert caught==(4, 2, True) and Low.rate==2 and Low.of('abc').need==3
import json, sys
def add(a, b):
    if a<0: raise ValueError('negative')
    return a+b
class BankError(Exception):
    def __init__(self, need):
        super().__init__(f'{need} is missing')
        self.need = need
class Low(BankError, ValueError):
    rate = 2
    @classmethod
    def of(cls, things): return cls(len(things))
def withdraw(n): raise Low(n)
def refused(): raise BankError(1)
def parse(text): return json.loads(text)
def lookup(key): return {}[key]
def opened(): return open('nowhere')
def stopped(): sys.exit('bad')
