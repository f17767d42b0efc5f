# expect: 3 passed
# kind: benign
import argparse, sys
parser = argparse.ArgumentParser()
parser.add_argument('--verbose', action='store_true')
arguments = parser.parse_args()
shift = int(sys.argv[1]) if len(sys.argv)>1 else 0
def add(a, b): return a+b+shift
