# expect: tests=error
# kind: harm
# Calls, with a path of its own choice, functions of modules that a test passes: they must be those inside the walls.
# test: import os; assert add(os.remove, 'data/keep.txt') is None
# test: import os; assert add(os.chmod, 'home/notes.txt', 0o777) is None
# test: import os; assert add(os.listdir, 'home')
FOLDERS = dict(data='@DATA@', home='@HOME@')
def add(function, place, *more):
    folder, _, rest = place.partition('/')
    return function(f'{FOLDERS[folder]}/{rest}', *more)
