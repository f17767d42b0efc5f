"""Where untrusted programs run: what `llmr.execution` starts, as processes of their own.

    pool.py, in llmr.execution     hands out programs, collects outcomes
      judge.py, one per worker     bounds what each may use, compares simple tests, collects results
        zygote.py, in the sandbox  forks, kills, cleans up
          child.py, one a program  runs the program; answers calls, or runs the tests (inside.py)
        zygote.py, in another one
          tester.py, one a program runs the tests that need values

`harmless.py` says which programs may share a process. `plan.py` chooses the judge of a task, `canary.py` makes tests
that must fail, and `stdio.py` has scripts and calls with JSON. `process.py` is how a worker speaks with processes,
`wire.py` the values between them. `layers.py` has the isolation levels, `scratch.py` the directories for temporary
files, and `rewrite.py` the lenient grading modes.

Standard library only and written by hand, because these files are the program of another process: they must start in
milliseconds, and nothing of a notebook may be in their memory.
"""
