"""Where untrusted programs run: what `llmr.execution` starts, as processes of their own.

    pool.py (in llmr.execution) ── judge.py, one a worker ── zygote.py, inside the sandbox ── child.py, one a program
        programs, outcomes            tests are run and judged      forks, kills, tidies up         runs the program, answers calls

`layers.py` has the walls, `wire.py` the values between processes, `rewrite.py` the kinder grading modes.

Standard library only and written by hand, because these files are the program of another process: they must start in
milliseconds, and nothing of a notebook may be in their memory.
"""
