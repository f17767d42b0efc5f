"Scores from a thread, whatever the router does; metrics in Prometheus' form."
import asyncio
import re
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from llmr.deciding import Metrics, Scorer, Traffic


def scoring(work, router, **options):
    "The result of a coroutine that gets a scorer."
    async def run():
        "With a scorer that ends."
        scorer = Scorer(SimpleNamespace(score=router), **options)
        try: return await work(scorer)
        finally: scorer.close()
    return asyncio.run(run())


def test_what_waits_is_scored_together_and_the_loop_goes_on():
    batches, threads = [], set()
    def router(texts):
        "Slow."
        batches.append(len(texts))
        threads.add(threading.current_thread().name)
        time.sleep(.1)
        return np.arange(len(texts))
    async def work(scorer):
        "A hundred texts, and ticks meanwhile."
        ticks, all_ = 0, asyncio.ensure_future(asyncio.gather(*[scorer.score(str(i)) for i in range(100)]))
        while not all_.done():
            await asyncio.sleep(.01)
            ticks += 1
        return ticks
    assert scoring(work, router)>5 and sum(batches)==100 and max(batches)==32 and threads=={'llmr-scores'}


def test_a_router_that_fails_fails_for_those_texts_alone():
    calls = []
    def router(texts):
        "Fails the first time."
        calls.append(texts)
        if len(calls)==1: raise RuntimeError('broken')
        return [float('nan') if text=='nan' else 1. for text in texts]
    async def work(scorer):
        "Fail, then score."
        with pytest.raises(RuntimeError): await scorer.score('a')
        with pytest.raises(ValueError, match='score nan'): await scorer.score('nan')
        return await scorer.score('a')
    assert scoring(work, router)==1.


def test_whoever_leaves_does_not_take_the_score_along():
    release = threading.Event()
    def router(texts):
        "Waits."
        release.wait(5)
        return [1.]*len(texts)
    async def work(scorer):
        "Two wait for one text, and one of them leaves."
        first, second = (asyncio.ensure_future(scorer.score('a')) for _ in range(2))
        await asyncio.sleep(.02)
        first.cancel()
        release.set()
        return await second
    assert scoring(work, router)==1.


def test_half_a_character_and_very_long_texts():
    seen = []
    def router(texts):
        "Notes."
        seen.extend(texts)
        return [1.]*len(texts)
    async def work(scorer): return await scorer.score('\ud800'+'x'*10**6)
    scoring(work, router, longest=10)
    assert seen==['?'+'x'*9]


def test_traffic_without_calibration():
    for calibration in (None, np.array([])):
        traffic = Traffic(calibration)
        assert traffic.add('a', 5.) is False and traffic.log_wealth()==0


def test_metrics_are_in_prometheus_form():
    metrics = Metrics()
    for i in range(3): metrics.count('a_total', model='x\n"\\', status=i)
    for seconds in (0., 1e-9, .5, 1e9): metrics.time('b_seconds', seconds)
    metrics.set('c', 1.5)
    lines = metrics.text().splitlines()
    label = r'(\{(\w+="(\\.|[^"\\])*",?)*\})?'
    assert all(re.fullmatch(rf'# TYPE \w+ \w+|\w+{label} [-+\d.e]+', line) for line in lines), lines
    assert 'b_seconds_count 4' in lines and 'b_seconds_bucket{le="+Inf"} 4' in lines
    assert sum('TYPE' in line for line in lines)==3
