# expect: tests=error:Evil
# kind: forge
# An exception that fights back wherever it is looked at.
class Meta(type):
    def __instancecheck__(cls, thing): return True
    def __subclasscheck__(cls, other): return True
    def __getattribute__(cls, name): raise SystemExit(0)
    def __repr__(cls): raise SystemExit(0)
    def __eq__(cls, other): return True
    def __hash__(cls): return 0
class Evil(BaseException, metaclass=Meta):
    def __str__(self): raise SystemExit(0)
    def __repr__(self): return '<passed>'
    def __reduce__(self): raise SystemExit(0)
    def __getattribute__(self, name): raise SystemExit(0)
    def __eq__(self, other): return True
    def __hash__(self): return 0
def add(a, b): raise Evil
