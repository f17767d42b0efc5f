"""Where untrusted programs run: what `llmr.execution` starts, as processes of their own.

    parent (llmr.execution) ── judge.py, one a worker ── zygote.py, inside the sandbox ── a child a program
             programs, outcomes        tests are run and judged      forks, kills, cleans       runs the program, answers calls

Standard library only and written by hand, because these files are the program of another process: they must start in
milliseconds, and nothing of a notebook may be in their memory.
"""
