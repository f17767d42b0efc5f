"Models, prompts and tables that tests of engines share."
from llmr.engines import Settings

PROMPTS = ['Double a number.', 'Halve a number that is even, and double one that is odd.', 'Add.',
           'Write the digits of a number backwards.']
SHORT = Settings(max_tokens=12)


def drawn(sampler, prompts=PROMPTS, n=3, seed=42):
    "Completions by prompt and sample."
    return {(request.prompt, request.sample): completion for request,completion in sampler(prompts, n, seed)}


def texts(completions): return {key: completion.text for key,completion in completions.items()}
