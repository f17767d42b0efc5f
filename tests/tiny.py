"Untrained Llamas of a few kilobytes, made for tests. `python tests/tiny.py FOLDER` makes one."
import sys
from pathlib import Path

TEMPLATE = (
    "{% for message in messages %}"
    "<{{ message['role'] }}>{{ message['content'] }}{% if not loop.last %}<end>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<end><assistant>{% endif %}")


def tiny_llama(folder, seed=0, template=True, silent=False):
    "An untrained Llama that takes each byte for a token. A silent one ends at once where it is not drawn at random."
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    letters = {letter: i for i,letter in enumerate(['<end>', *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    tokenizer = Tokenizer(models.BPE(letters, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token='<end>')
    if template: fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=len(letters), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=512, eos_token_id=0, bos_token_id=None))
    if silent: torch.nn.init.zeros_(model.lm_head.weight)
    model.save_pretrained(folder)
    return Path(folder)


if __name__=='__main__': tiny_llama(sys.argv[1])
