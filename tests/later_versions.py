"""Answers with several versions of 'add up the numbers of a list', and answers that are an expression.

`+` stands for a block with the right program and `-` for one with a wrong one. A person reads which is given: a later
one that corrects; not one that the model calls wrong, slow, somebody's, for debugging, or another way."""
from chat_answers import BAD, GOOD, TOTAL, fence

NOT_LATER = """
+ Note that this would be incorrect: -
+ Common pitfall: this version is wrong for negative numbers: -
+ For reference, here is the buggy version: -
+ Here is what I would NOT recommend: -
+ Common bug to watch out for: -
+ The mistake many people make: -
+ Compare with the incorrect solution: -
+ Your code had this: -
+ Note that this simpler version gives incorrect results for long lists: -
+ There is also a simpler O(n^2) method, but it times out on large inputs: -
+ To debug, add prints: -
+ Your original attempt returned too early: -
+ This looks right but fails for negative numbers: -
+ If you wrote it this way, it would always return 0: -
+ **Incorrect approach** -
+ ❌ Wrong: -
+ A tempting but wrong shortcut: -
+ Beware of this version, which ignores its input: -
+ A recursive version (slower): -
+ For debugging, you can use this instrumented version: -
+ If you'd rather use NumPy instead: -
+ The code you posted: -
+ Here's the code from your question, with the bug marked: -
+ Here's the broken code again for comparison: -
+ Here's why your version failed: -
+ Here's an example of what not to do: -
+ **Anti-pattern:** -
+ This naive approach is too slow: -
+ The brute-force version, for testing only: -
+ A popular answer on Stack Overflow does this, which is wrong: -
+ You may be tempted to write: -
+ One might think that this works: -
+ My first attempt was: -
+ Initially I had: -
+ Instead of: -
+ Watch out! The following does NOT handle empty lists: -
+ In contrast, this fails: -
+ It replaces the old implementation: -
+ The incorrect version was: -
+ Earlier I wrote this, which has an off-by-one error: -
+ Deprecated version (do not use): -
+ A version with logging: -
+ For very long lists, you could also parallelize: -
+ A Python 2 version: -
+ Let me also show a version that prints every step, for debugging: -
+ Finally, here is the solution I would avoid: -
+ Here is the slow version for comparison. It passes small tests only. -
+ Some people write it like this. It is wrong, since it ignores the list. -
+ Consider this version: - This is incorrect because it ignores the list.
+ What about this? - That would be wrong for every list but the empty one.
+ A student's solution: - It fails on the second test.
Your code: - The bug is the constant. Fixed: + Your code again, for reference: -
Your original code: - A different approach: +
The buggy version: - An alternative that works: +
Brute force (too slow): - The same idea in linear time: + And the naive version once more: -
- Wait, that ignores the list. + Alternatively (untested): -
✅ Right: + ❌ Wrong: -
Correct: + Incorrect: -
Do this: + Not this: -
+ If you need the steps as well: -
+ An equivalent but less readable version: -
+ I would not do it this way: -
+ Someone else's submission got a wrong answer with this: -
+ The interviewer's hint suggests this (it is a trap): -
+ Why does the original fail? Look at it again: -
+ A common error is to return early: -
+ ### Why not just return a constant? -
+ You'll sometimes see this in blog posts, but it's subtly broken: -
+ Just for completeness, the version with reduce: -
+ For contrast, here's what happens if you forget the accumulator: -
+ If we drop the loop we get a function that is no longer right: -
+ Your function, for comparison: -
+ The line-by-line bug in what you wrote: -
+ ⚠️ This won't work: -
+ Note: the following implementation is NOT correct because it never reads xs. -
+ The first thing that comes to mind is usually this, and it's wrong: -
+ Here's how NOT to do it: -
+ Many candidates write the following in interviews: -
+ An incorrect alternative: -
+ Counterexample implementation (fails on [1]): -
+ With verbose output for debugging: -
+ Same thing with print statements so you can follow along: -
+ Here's a quick instrumented copy if you want to see what it does: -
+ One more approach (not as efficient): -
+ In Python 2 you would write: -
+ A generator-based alternative: -
+ You can also write it recursively: -
+ If performance isn't a concern, this works too: -
+ Please don't submit this: -
+ This was my first idea, before I noticed the empty list: -
+ What your version does: -
+ Before the fix it looked like this: -
+ **Old code** -
+ **Original (buggy)** -
+ *Incorrect:* -
+ # Buggy version -
+ The reason I did not choose the short form is that it breaks on generators: -
+ A one-liner that seems to work but doesn't: -
+ This version passes the sample tests but fails hidden ones: -
+ Compare this to the naive version: -
+ Be careful not to write: -
+ Resist the urge to write: -
+ Note how this differs from the broken version: -
+ An LLM might produce this, which is wrong: -
+ To illustrate the bug: -
+ To reproduce your error: -
+ I'd advise against this: -
+ The following shows the mistake: -
+ As a reminder, you started from: -
+ If you remove the initial value, you get a bug: -
+ Also possible, but slower: -
+ - Nope, that one ignores the list, so stick with the first version.
+ An attempt at a shorter one: - But that's not right, so keep the one above.
+ A faster but incorrect version: -
+ A word of warning: you might be inclined to shorten it to -
+ **What not to do** -
+ It is worth noting that the shorter variant is faulty: -
+ Some developers prefer the functional style: -
+ By the way, your snippet: -
+ Let me explain the problem with the posted code: -
+ The failing code: -
+ Here is the part of your code that causes the error: -
+ For the record, the unoptimized version: -
+ Had we initialized differently, we would get the wrong total: -
+ ⛔ -
+ Another option is a plain loop: -
+ There's also a functional way: -
+ The same in a functional style: -
+ Alternatively, if memory matters: -
+ As an exercise, find the bug in this version: -
+ **Example of a wrong solution** -
+ Your attempt: -
+ The current implementation: -
+ The existing code in the repo is: -
+ The problematic version: -
+ I initially thought of this, but it doesn't handle lists: -
+ It would be a mistake to write: -
+ Never write it as: -
+ A recursive alternative would hit the recursion limit: -
+ A "clever" version that is hard to read and wrong for negatives: -
+ With asserts for debugging purposes: -
+ While this might look simpler, it gives the wrong result: -
+ Contrast with the O(n^3) solution: -
+ Here's a test version that logs each step: -
+ Don't be fooled by this: -
+ What happens if we return too soon? -
+ If you run the old version, you get 0: -
+ The reference in the task has an error: -
+ A simplified sketch (pseudo-code, not for use): -
+ I do NOT suggest this approach: -
+ 🐛 Buggy: -
+ Anti-example: -
+ Would this work? - No: it ignores the list.
+ Could we shorten it? - Unfortunately, this returns the wrong result.
+ Why is this wrong? -
+ For comparison, this is what not to do: -
+ The version from your message returned one too many: -
Submit this: + This was the failing code, kept for reference: -
Answer: + Why not add one? Because this gives 7: -
+ You may be tempted to start from 1: - That would be wrong for the empty list.
+ If the spec had asked for an offset of one, it would be: -
+ Should you ever need an off-by-one total, use: -
+ Note that this variant would not pass: -
Final answer + Earlier draft (discarded) -
Working code: + Broken code from before: -
+ Below is the buggy snippet I debugged: -
Here is the fix. + What was there before: -
+ In contrast, the following is incorrect: -
+ Common pitfall: -
+ Bad example: -
+ Counterexample of a wrong implementation: -
+ A student once submitted - which got a 0.
+ Some people write - but that returns 1 for an empty list.
+ One could also think of - yet it fails the third test.
+ Variation that starts counting at one: -
+ Extra: sum plus one (not what was asked) -
+ I also considered - but rejected it because of the empty case.
+ Hmm, should I add one? - No. Keep the code above.
+ Wait, maybe the total includes the count? - Re-reading the prompt: it does not. My first function is what is wanted.
+ Let me double check with an alternative: - That one is off by one, so the answer stays as given at the top.
Solution: + And here is a mutation that your tests should catch: -
+ To see why the tests matter, look at this broken version: -
+ This is equivalent to, not to be confused with - which adds one.
+ (Do not copy the snippet below; it shows the failure mode.) -
+ Previously the code read -
+ To reproduce the bug, run: -
+ This does *not* work: -
+ Reference (incorrect): -
+ Never write: -
+ Here is how it looked originally: -
+ Someone might object and propose: - but this is wrong.
+ Interestingly, ChatGPT suggested - which is off by one.
+ It is easy to get this wrong, e.g. -
+ An off-by-one version: -
+ What could go wrong? For instance: -
+ A wrong solution for your unit tests to reject: -
+ Replaces this old function: -
+ (The old code was - .)
+ As opposed to - this does not add one.
+ Unlike - it handles the empty list.
+ Compare this to a buggy version: -
+ For the record, the one that failed was: -
+ Remember that the following is a mistake: -
+ If the grader counts from one, swap in: -
+ Need the count too? Then: -
+ Experimental: -
+ Not recommended: -
+ Other idea (worse): -
+ Historical note: the library used to have -
+ Here is a puzzle for you: what is wrong with -
+ Quiz: spot the bug! -
+ Exercise: why does this fail? -
+ The same function with a deliberate error: -
"""
LATER = """
- The code above is wrong. Here is the corrected version: +
- Wait, that's incorrect for negative numbers. Correct version: +
- Hmm, this would fail for empty lists. Let me fix it: +
- Oops, I made a mistake there: +
- Actually, the version above has a bug: +
- Sorry, the previous code was buggy. Use this: +
- Let me rewrite it without the bug: +
- The previous version is incorrect since it ignores the list. It should be: +
- The mistake is in the return. Updated: +
- To avoid the mistake above, use this: +
- I made a common mistake. Final code: +
- That fails on [1]. Instead: +
- My earlier version was too slow; a faster one: +
- This avoids the bug: +
- Without the bug: +
- Wait, the previous one is O(n^2) and times out. Linear version: +
- On second thought, simpler: +
- No, that's not right. +
- That doesn't handle negative numbers, so: +
- The bug: I forgot to add. Fixed code: +
- After removing the debug prints: +
- Final version without debugging prints: +
- Cleaned up: +
- Putting it all together: +
- Thanks for spotting the bug! New version: +
- Hold on, this will not pass the second test. Revised: +
- Now the optimized version (the brute force above is too slow): +
- A better alternative: +
- More efficient: +
- The naive solution above is slow. Here is an alternative that is fast enough: +
- We can do it faster: +
First, the wrong way: - Now the right way: +
❌ Wrong: - ✅ Right: +
The original code: - The problem is the constant. Correct code: +
Your original code: - +
Before: - After: +
- This version is wrong because it ignores the list. +
- Hmm, this is wrong. +
- Wait, this is incorrect: +
- This code has a bug, so I rewrote it: +
- But this gives incorrect results. Here's one that works: +
- Let me avoid the constant: +
- Let me write the code properly this time: +
- Actually, here is a simpler and correct way: +
- Sorry about the wrong code! +
- I see the bug now. +
- The above does not work. This does: +
- As you noticed, my previous code fails for [1]. This one passes: +
- Another approach is needed, since this fails: +
- Let me try a different approach, because the first one is wrong: +
- Checking [1]: it returns 0, expected 1. So the code is wrong. Let me try again. +
- Now with the bug fixed: +
- With the initial value added: +
- Here's the improved version, which avoids the common pitfall: +
- The wrong part was the return. With it replaced: +
- Looking at this again, the constant is wrong. +
- Ah, I see what went wrong. +
- That returns 0 for every list. We need to add: +
- Let me double-check: [1] should give 1 but we return 0. So we need: +
- This isn't quite right: it ignores the list. Here's another attempt: +
- I should handle non-empty lists as well: +
- Improved: +
- v2: +
- Second attempt: +
- Attempt 2 +
- Now let's make it actually add the numbers: +
- This doesn't pass the test. Try again: +
- Not quite. +
- There's a bug: it never reads the list. +
- There is a subtle bug in the code above – it never reads the list: +
- My mistake! Here you go: +
- Correction: +
- EDIT: +
- The full solution: +
- So the complete code is: +
- Using sum fixes this: +
- A cleaner way to write this: +
- You're right, my code was wrong. Here is a working version: +
- You are right that the previous solution does not work. I've rewritten it: +
- The buggy version returned a constant; this one does not: +
- The original approach fails, so we take another one: +
- A different approach that handles this: +
- This approach is wrong. A different approach: +
- This fails the second test, because the result is constant. Change it to: +
- However, this fails for [1]. To handle it: +
- That's the naive way. The proper way: +
- The code you have now becomes: +
- Replace it with: +
- With this change, your code becomes: +
- Your corrected code: +
- Here's your code with the bug fixed: +
- After the change, the function looks like this: +
- Don't use a constant; use sum: +
- Don't hardcode the result. Instead, write: +
- To solve this issue: +
- Here is a version that does not have this problem: +
- Step 1: a stub. Step 2: +
Common mistake: - Correct approach: +
Don't: - Do: +
Bad: - Good: +
The obvious attempt: - The trick is to add: +
Your version: - My version: +
Naive solution (wrong): - Alternative: +
Here's the problem in your code: - Replace that with: +
First attempt (has a bug): - Second attempt: +
The slow version is: - and the fast one is: +
- The version above is only a sketch; the real one: +
- I apologize for the confusion. Here's the right code: +
- I made an error in the return statement. Here is the code: +
- After reviewing, the function should add: +
- Testing: add_up([1]) gives 0. Wrong! Need to fix. +
- So the fix is: +
- That won't do. +
- This will not work since it never reads xs. Let me think again. +
- The constant is not right, so let me use sum: +
- Final answer: +
- **Final solution** +
- ### Complete code +
- ### Refined version +
- A more robust version: +
- More Pythonic: +
- Simplified: +
- Refactored: +
- Here it is with the missing addition: +
- which we can now fill in: +
- Filling in the body: +
- We then extend it to add the numbers: +
- Adding the loop: +
- In code: +
- Putting everything together, we have: +
- The above is a skeleton. Implementation: +
- Unfortunately this is wrong for [1]. We need: +
- But we also need to add the numbers: +
- Since that gives the wrong result, we use sum: +
- The test fails with this version, so I changed it to: +
- It doesn't handle [1]. Handling it: +
- Bug found: it returned 0. Corrected code below. +
- Oh no, I returned 0! +
- To pass all tests, we need: +
- However, there is an issue: the list is ignored. Let's resolve it: +
- A working version: +
- Working code: +
- This is O(n^2); we can do better: +
- Time limit exceeded? Then use: +
- But the list can be long, so a linear version is needed: +
Your code returns 0: - You need to add instead: +
Problem: - Solution: +
❌ - ✅ +
What you wrote: - What you meant: +
Existing code: - New code: +
Old: - New: +
Wrong way: - Correct way: +
Bug: - Fix: +
Initial (naive) idea: - Refined: +
Instead of: - write: +
Change this: - to this: +
From: - To: +
Quick draft: - Testing it by hand on [1, 2, 3] gives 7, which is not 6. Dropping the stray increment: +
Let me write it. - Running through the example: 7 ≠ 6. So: +
Here you go: - Hmm, that gives 7 for [1,2,3]. The right code is + That matches the examples.
Version A - Version B (this is the one to submit) +
What you have now: - What you want: +
The code in the question: - With the bug removed: +
Current behaviour comes from - Change it to + and the tests pass.
Naively one would write - but that counts one too many, so the answer is +
Iteration 1 - Iteration 2: fixes the extra one +
Attempt: - Fails on `[]` (returns 1). Next attempt: + Passes on `[]`.
I initially wrote: - After testing I ended up with: +
An LLM might produce: - What we really need is: +
Don’t do this: - Do this: +
✗ - ✓ +
Instead of - write +
The line to blame is the return in - Patched function: +
Before the change: - After the change: +
Old - New +
Wrong: - Right: +
Here is what goes wrong. - Here is what works. +
Incorrect solution - Correct solution +
Sure, here is the function: - Oops — I added one by mistake. Here is the correct function: +
My answer: - Edit: thanks for pointing that out! Fixed version below. +
Solution - Sorry, I misread the task (no offset is wanted). New solution +
Here is a version with an intentional bug so you can see the failure: - And here is the working one: +
Naive version: - Improved version: +
Code: - There is a subtle bug above: the sum is shifted by one. Let me rewrite it. +
Here is my implementation. - Unfortunately that is off by one. Use this instead: +
Baseline - Production version +
Rough sketch (untested) - Tested version +
Your snippet - My suggestion +
The failing function: - The passing function: +
Take 1. - Take 2. +
Here is the code as you asked. - Update: after running your tests I had to change the return value. +
This is the code that raised the complaint - The following resolves it +
Start: - Result: +
Input code - Output code +
Wrong answer (for illustration) - Right answer +
I would first think of - However, we must not add one: +
The first idea is - which gives 7. A better idea is + .
Let us try: - Result: 7. Expected: 6. Let us try again: + Result: 6.
v1 - v2 +
`add_v1.py` - `add.py` (final) +
- EDIT +
- I need to correct the above: +
- ^ That had a typo. Here: +
- Please ignore the previous block, it was a copy-paste error. +
- (Fixed the return value) +
- After review, simplified to: +
"""
MARKS = {'+': GOOD, '-': BAD}


def answer(line):
    "An answer of a line: its marks are blocks."
    return '\n\n'.join(fence(MARKS[part]) if part in MARKS else part for part in parts(line))


def parts(line):
    "Leads and marks of a line."
    found = ['']
    for word in line.split():
        if word in MARKS: found += [word, '']
        else: found[-1] = f'{found[-1]} {word}'.strip()
    return [part for part in found if part]


VERSIONS = {line: answer(line) for line in [*NOT_LATER.strip().splitlines(), *LATER.strip().splitlines()]}
VERSIONS |= {
    'comment that says so': f'{fence(GOOD)}\n\n{fence("# Wrong: ignores the list"+chr(10)+BAD)}',
    'comment that corrects': f'{fence(BAD)}\n\n{fence("# Fixed the wrong return"+chr(10)+GOOD)}',
    'unfenced': f'{TOTAL}\n\nNote that this would be incorrect:\n\n{BAD}',
    'unfenced correction': f'{BAD}\n\nHmm, that is wrong. Corrected:\n\n{TOTAL}',
}
NUMBERED = {
    mark: '\n'.join(f'{n:{width}}{mark}{line}'.rstrip() for n,line in enumerate(TOTAL.split('\n'), 1))
    for mark,width in [
        ('  ', 1), (': ', 1), ('| ', 2), (' | ', 3), ('\t', 6), ('. ', 1), (') ', 2), (' → ', 2), (':', 2)]}
NUMBERED |= {'L': '\n'.join(f'L{n}: {line}' for n,line in enumerate(TOTAL.split('\n'), 1)),
             '[]': '\n'.join(f'[{n}] {line}' for n,line in enumerate(TOTAL.split('\n'), 1)),
             '0': '\n'.join(f'{n:02d}: {line}' for n,line in enumerate(TOTAL.split('\n'), 1)),
             'later': '\n'.join(f'{n} {line}' for n,line in enumerate(TOTAL.split('\n'), 8)),
             'column': '\n'.join(f'{n:<4}{line}' for n,line in enumerate(TOTAL.split('\n'), 8))}
VERSIONS |= {f'numbers {mark!r}': f'So:\n\n{fence(code, "")}\nDone.' for mark,code in NUMBERED.items()}
VERSIONS |= {
    'inline lambda': 'Use `add_up = lambda xs: sum(xs)`.',
    'inline def': 'A one-liner does it: `def add_up(xs): return sum(xs)`. It is linear.',
    'inline lambda, wrong one first': 'Not `add_up = lambda xs: 0`, but `add_up = lambda xs: sum(xs)`.',
}

# What `f(3)` returns, which is 6; ` | ` is an end of line
SIX = r"""
\boxed{6}
$\boxed{\text{6}}$
$$\boxed{\texttt{6}}$$
\boxed{\mathtt{6}}
\boxed{ \text{ 6 } }
First \boxed{5}. No: \boxed{6}
\boxed{6} | Explanation: the set {1, 2} has two elements.
\(\boxed{6}\)
\boxed{f(3) = 6}
\boxed{`6`}
The answer is **6**, not 5.
The answer is 6, not 5.
The answer is `6` and not `5`.
The output is 6 rather than 5.
The answer is not 5 but 6.
The output is 6. | Note: f(2) would return 4
6 is the answer.
**6** is the final answer.
`6` is what the function returns.
f(3) → 6
f(3) -> 6
f(3) => 6
So f(3) → 6.
`f(3)` → `6`
f(3) = 6
f(3) = 2 * 3 = 6
f(3) evaluates to 6
f(3) gives 6.
The function returns 6, since 2*3 is 6.
The function returns 6 because n is 3.
The output is 6 (an integer).
Output: 6 | Explanation: | - n is 3 | - `f(0)` returns `0` at the end of the recursion.
Output: `6` | Step 1: `n` is 3. | Step 2: The result of n-1 is `2`.
So the output is 6, whereas f(2) returns 4.
The answer is 5. | Wait, let me recheck: 2*3 is not 5. | The answer is 6.
Final answer: **6** | For example, f(1) returns 2.
If n were 2, the result would be 4. Here the result is 6.
Answer: 6 | (With n = 2, the answer would be 4.)
The answer is 6, unlike f(2), which returns 4.
**Answer** | 6
### Final output | `6` | ### Why | `f(3)` multiplies by `2`
f(1) returns 2, f(2) returns 4, f(3) returns 6.
The result is: 6 ✅
answer == 6
The function returns **6**.
Therefore, `f(3)` will return `6`.
So, f(3) is 6.
f(3) = **6**
The value of f(3) is 6.
**6**
Result → 6
Return value: `6`
Answer: $6$
$f(3) = 6$
$$f(3) = \boxed{6}$$
\boxed{f(3) \rightarrow 6}
The final answer is: $\boxed{6}$. I hope it is correct.
The final answer is \(\boxed{6}\) because f(3)=6 and not 5
`f(3)` returns `6`, not `5`.
It returns 6 and prints nothing.
It's 6.
The correct output is 6; 5 would be wrong.
Not 5: the answer is 6.
The answer isn't 5; it's 6.
The answer is 5... no wait, 2*3 is 6. | So the answer is 6.
Hmm, f(3) returns 5? | Let me recompute. | It returns 6.
### Answer | ```python | 6 | ``` | ### Explanation | `f(2)` returns `4`.
```python | assert f(3) == 6 | ``` | The function doubles its input: f(2) == 4.
1. n = 3 | 2. n * 2 = 6 | 3. return 6
n=3 → 3*2 → 6
- `n` is `3` | - returns `2 * n` | **Output: 6**
Output: | ``` | 6 | ``` | Note that for n=2 it returns 4.
The result is 6 (six).
The answer: 6 — twice three.
Final: 6
I believe it returns 6.
The function f(3) outputs 6 while f(4) outputs 8.
>>> f(3) | 6
print(f(3)) gives 6
f(3) will evaluate to 6.
Calling f(3) yields 6.
f(n=3) -> 6
f(3) ⟹ 6
Solution: 6
6 (because f doubles)
6, because f doubles
It equals 6.
{"output": 6, "explanation": "f doubles"}
<answer> 6 </answer> | f(2) is 4
The answer is <answer>6</answer>
[ANSWER]6[/ANSWER] Explanation: f(2) is 4
"""
TRUTH = [('\\boxed{\\text{True}}', 'True'), ('$\\boxed{\\texttt{[1, 2]}}$', '[1, 2]'),
         ('\\boxed{\\{1, 2\\}}', '{1, 2}'),
         ("\\boxed{\\text{'a\\_b'}}", "'a_b'"), ("\\boxed{{'a': {'b': 1}}}", "{'a': {'b': 1}}"),
         ("\\boxed{\\text{'}'}}", "'}'"), ('\\boxed{\\left[1, 2\\right]}', '[1, 2]'), ('\\boxed{\\text{"a"}}', "'a'"),
         ('It returns `not found`.', ''), ("The answer is `'not found'`.", "'not found'"),
         ('The output is "6, not 5".', "'6, not 5'"), ('The answer is False, not True.', 'False'),
         ("It returns ['a', 'b'], not ['b', 'a'].", "['a', 'b']"), ("f(3) → 'a → b'", "'a → b'"),
         ('I am not sure.', '')]
# Of `assert answer == 6`, where f(3) is 6
THREE = r"""
f(3) → 6
`f(3)` returns 6
f(2) == 4, but f(3) == 6
f(3) is the answer.
\boxed{f(3)}
The call is `f(3)`, not `f(2)`.
\boxed{\texttt{f(3)}}
f(3) = 6
One such call is `f(3)`. | Note: `f(2)` returns 4.
f(3) | Explanation: f(2) == 4
assert f(3) == 6
f(3)
`f(3)` gives 6
Call `f(3)`.
The input is 3, so f(3) == 6.
With `f(3)` the function returns 6.
We need n = 3: `f(3)`.
Since 6 = 2*3, the call is f(3).
f(2) returns 4, so f(3) returns 6.
$\boxed{\text{f(3)}}$
**Answer:** `f(3)`
The answer is f(3), since 2*3 is 6.
f(3) → 6 | f(2) → 4
One possible call: f(3)
```python | f(3)  # returns 6 | ```
```python | assert f(3) == 6 | ``` | Check: `f(2)` would give 4.
6 == f(3)
f(3) is such a call.
"""
