# expect: tests=error:FileNotFoundError, tests=error:PermissionError
# kind: leak
import json
def add(a, b):
    with open('@DATA@/tests.json') as file: return json.load(file)[f'{a},{b}']
