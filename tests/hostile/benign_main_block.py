# expect: 3 passed
# kind: benign
import sys, unittest
def add(a, b): return a+b
class TestAdd(unittest.TestCase):
    def test_add(self): self.assertEqual(add(1, 1), 2)
if __name__=='__main__':
    print(add(1, 1))
    if len(sys.argv)>5: unittest.main()
