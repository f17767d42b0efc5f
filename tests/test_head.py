"The paper's head: what it learns, what it refuses, and how its scores are evaluated."
from dataclasses import asdict

import numpy as np
import pytest
import torch

from llmr.core import InputError
from llmr.head import Hyperparameters, brier, build_head, ece, ema_decay, head_scores, soft_loss, train_head


@pytest.fixture(scope='module')
def learnable():
    "Features of which the first says the label."
    x = np.random.default_rng(0).normal(size=(240, 12)).astype(np.float32)
    return x, 1/(1+np.exp(-3*x[:, 0]))


def test_a_head_learns_and_repeats_itself(learnable):
    x, y = learnable
    state = torch.random.get_rng_state()
    runs = [train_head((x[:200], y[:200]), (x[200:], y[200:]), Hyperparameters(epochs=20), seed=seed)
            for seed in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's generator was moved"
    scores = [head_scores(head, x[200:]) for head,_ in runs]
    assert (scores[0]==scores[1]).all() and (scores[0]!=scores[2]).any()
    last = runs[0][1].query('split=="validation"').iloc[-1]
    assert last.loss<soft_loss(np.full(40, y[:200].mean()), y[200:])
    assert last.loss==pytest.approx(soft_loss(scores[0], y[200:]), rel=1e-5)


def by_torchs_classes(x, y, hyperparameters, seed):
    "Scores after training with torch's own optimiser and weight average, as the authors' code does."
    from torch.optim.swa_utils import AveragedModel
    x, y = torch.as_tensor((x-x.mean(0))/(x.std(0)+1e-6)), torch.as_tensor(y, dtype=torch.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = build_head(x.shape[1], hyperparameters.hidden, hyperparameters.dropout)
        decay = lambda old, new, step: torch.lerp(new, old, ema_decay(int(step), hyperparameters.ema))
        average, optimiser = AveragedModel(head, avg_fn=decay), torch.optim.AdamW(head.parameters(), lr=3e-4)
        for _ in range(hyperparameters.epochs):
            order = torch.randperm(len(x)*hyperparameters.copies).remainder(len(x))
            for rows in order.split(hyperparameters.batch_size):
                loss = torch.nn.functional.binary_cross_entropy(torch.sigmoid(head(x[rows])).squeeze(-1), y[rows])
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(head.parameters(), hyperparameters.clip)
                optimiser.step()
                average.update_parameters(head)
        with torch.inference_mode(): return torch.sigmoid(average.module.eval()(x)).squeeze(-1).double().numpy()


def test_training_is_torchs_adamw_and_average(learnable):
    x, y = learnable
    state, _ = train_head((x, y), learnable, Hyperparameters(epochs=3), seed=5)
    assert head_scores(state, x)==pytest.approx(by_torchs_classes(x, y, Hyperparameters(epochs=3), seed=5), abs=1e-6)


@pytest.mark.parametrize('change,message', [
    (lambda x, y: (x, np.append(y[1:], np.nan)), 'contain NaN'), (lambda x, y: (x*np.inf, y), 'NaN or infinity'),
    (lambda x, y: (x, 2*y+.5), 'lie in'), (lambda x, y: (x, y[1:]), 'one label per task')])
def test_what_no_head_can_be_trained_from(learnable, change, message):
    with pytest.raises(InputError, match=message): train_head(change(*learnable), learnable)
    with pytest.raises(InputError, match=message): train_head(learnable, change(*learnable))


def test_heads_need_tasks_of_one_width(learnable):
    x, y = learnable
    with pytest.raises(InputError, match='at least one task'): train_head((x[:0], y[:0]), learnable)
    with pytest.raises(InputError, match='12 features of a train task and 3'): train_head(learnable, (x[:, :3], y))


@pytest.mark.parametrize('name', ('epochs', 'hidden', 'batch_size', 'copies'))
def test_training_without_steps_is_refused(learnable, name):
    with pytest.raises(InputError, match=f'{name} is 0'): train_head(learnable, learnable, Hyperparameters(**{name: 0}))


def test_the_papers_hyperparameters():
    assert asdict(Hyperparameters())==dict(
        hidden=384, dropout=.2, epochs=5, learning_rate=3e-4, batch_size=32, clip=1., ema=.999, copies=4)
    assert [type(layer).__name__ for layer in build_head(8)]==['Linear', 'Dropout', 'Tanh', 'Linear']


def test_the_average_copies_first_and_then_slows():
    decays = [ema_decay(step) for step in range(40000)]
    assert decays[:22]==[0.]*22 and decays[22]>0
    assert all(a<=b for a,b in zip(decays, decays[1:])) and decays[-1]==.999


def test_measures_of_scores_by_hand():
    assert brier([.9, .2], [1, 0])==pytest.approx(.025)
    assert soft_loss([.5], [.3])==pytest.approx(np.log(2))
    assert ece([.1, .3, .9], [0, 1, 1], bins=2)==pytest.approx((2*abs(.2-.5)+abs(.9-1))/3)
    assert ece([1., 1.], [1., 1.])==0


def test_a_head_learns_from_versions_as_from_rows(learnable):
    x, y = learnable
    versions = np.stack([x, x+.1, x-.1], 1)
    flat, _ = train_head((versions.reshape(-1, 12), y.repeat(3)), learnable, Hyperparameters(copies=1))
    head, _ = train_head((versions, y), learnable)
    assert (head_scores(head, x)==head_scores(flat, x)).all()
    with pytest.raises(InputError, match='one label per task'): train_head((versions, y[1:]), learnable)


def test_a_task_without_copies_is_shown_as_often_whatever_the_shape(learnable):
    x, y = learnable
    alone, _ = train_head((x[:, None], y), learnable)
    assert (head_scores(alone, x)==head_scores(train_head(learnable, learnable)[0], x)).all()
