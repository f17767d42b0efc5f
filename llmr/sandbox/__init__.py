"""Where untrusted programs run: what `llmr.execution` starts, as processes of their own.

    pool.py, in llmr.execution     hands out programs, collects outcomes
      judge.py, one per worker     runs the tests and judges them
        zygote.py, in the sandbox  forks, kills, cleans up
          child.py, one a program  runs the program, answers calls

`layers.py` has the isolation levels, `scratch.py` the directories for temporary files, `wire.py` the values between
processes, and `rewrite.py` the lenient grading modes.

Standard library only and written by hand, because these files are the program of another process: they must start in
milliseconds, and nothing of a notebook may be in their memory.
"""
