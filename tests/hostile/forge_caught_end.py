# expect: tests=killed
# kind: forge
# Ends in a test that catches all there is.
# test: exec('try: add(1, 2)\nexcept: pass')
import os
def add(a, b): os._exit(0)
