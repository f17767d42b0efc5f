# expect: 3 passed
# kind: benign
import os, pathlib, tempfile
def add(a, b):
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile('w+') as file:
        file.write(str(a)); file.flush()
        (pathlib.Path(folder)/'b.txt').write_text(str(b))
        with open('scratch.txt', 'w') as scratch: scratch.write(open(file.name).read()+' '+(pathlib.Path(folder)/'b.txt').read_text())
    return sum(map(int, pathlib.Path('scratch.txt').read_text().split()))
