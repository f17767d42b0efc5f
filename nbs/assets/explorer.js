// The explorer: every number comes from the JSON on the page, made from the tables of the run. Needs d3 and Plot.
(() => {
  'use strict';
  const root = document.getElementById('routing-explorer');
  const numbers = JSON.parse(document.getElementById('explorer-numbers').textContent);
  const LABEL = {'head-strict': 'head, strict labels', 'head-inclusive': 'head, inclusive labels', 'head-shifted': 'head, shifted labels (t*)', 'head-hard': 'head, hard labels'};
  const state = {pair: null, quality: null, router: null, by: 'share', share: 20, cut: 0, price: null};
  let now = null; // the chosen router and what is derived from it

  const percent = (x, digits = 1) => `${(100 * x).toFixed(digits)}%`;
  const points = x => `${x >= 0 ? '+' : '−'}${Math.abs(100 * x).toFixed(1)}`;
  const between = (low, high) => `${points(low)} to ${points(high)}`;
  const unique = values => [...new Set(values)];
  const sum = values => values.reduce((a, b) => a + b, 0);
  const billions = model => { const found = /([\d.]+)\s*[bB]\b/.exec(model); return found ? +found[1] : null; };

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function choice(id, label) {
    const select = element('select', {id});
    root.querySelector('.explorer-choices').append(element('label', {for: id}, element('span', {}, label), select));
    return select;
  }

  function slider(id, label) {
    const input = element('input', {id, type: 'range', step: 1, min: 0});
    const value = element('output', {id: `${id}-value`, for: id});
    root.querySelector('.explorer-sliders').append(element('div', {class: 'explorer-slider'}, element('label', {for: id}, label), value, input));
    return {input, value};
  }

  function layout() {
    for (const name of ['choices', 'sliders', 'targets', 'numbers', 'chart', 'said']) root.append(element('div', {class: `explorer-${name}`}));
    root.querySelector('.explorer-said').setAttribute('aria-live', 'polite');
    root.append(element('div', {class: 'explorer-tables'}, element('div', {class: 'explorer-solves'}), element('div', {class: 'explorer-near'})));
  }

  function fill(select, values, chosen, label = value => value) {
    select.replaceChildren(...values.map(value => element('option', {value}, label(value))));
    select.value = values.includes(chosen) ? chosen : values[0];
    return select.value;
  }

  // After a router is chosen: its tasks in order of score, and one cut per distinct score.
  function choose() {
    const of = test => unique(numbers.routers.filter(test).map(r => r.quality));
    state.pair = fill(pairSelect, Object.keys(numbers.pairs), state.pair);
    state.quality = fill(qualitySelect, of(r => r.pair === state.pair), state.quality);
    const known = numbers.routers.filter(r => r.pair === state.pair && r.quality === state.quality).map(r => r.router);
    state.router = fill(routerSelect, known, state.router, name => LABEL[name] ?? name);
    const router = numbers.routers.find(r => r.pair === state.pair && r.quality === state.quality && r.router === state.router);
    const tasks = numbers.pairs[state.pair];
    const taus = unique(router.scores).sort((a, b) => b - a);
    const counts = [0, ...taus.map(tau => router.scores.filter(score => score >= tau).length)];
    now = {router, tasks, taus, counts, n: router.scores.length, grid: router.curve.cost_advantage};
    shareSlider.input.max = now.grid.length - 1;
    tauSlider.input.max = taus.length;
    state.share = Math.min(state.share, now.grid.length - 1);
    state.cut = Math.min(state.cut, taus.length);
    if (priceInput && state.price === null) priceInput.value = ratio().toFixed(3);
    targets();
    draw();
  }

  function ratio() {
    const small = billions(now.tasks.small), large = billions(now.tasks.large);
    return state.price ?? (small && large ? small / large : .1);
  }

  // The cut whose share is nearest to the target.
  const cutAt = share => d3.leastIndex(now.counts, (a, b) => Math.abs(a / now.n - share) - Math.abs(b / now.n - share));

  // All numbers at the current point.
  function measure() {
    const cut = state.by === 'share' ? cutAt(now.grid[state.share]) : state.cut;
    const tau = cut ? now.taus[cut - 1] : Infinity;
    const toSmall = now.router.scores.map(score => score >= tau);
    const pick = (small, large) => toSmall.map((yes, i) => yes ? now.tasks[small][i] : now.tasks[large][i]);
    const allLarge = sum(now.tasks.large_passed) / sum(now.tasks.large_tests), allSmall = sum(now.tasks.small_passed) / sum(now.tasks.small_tests);
    const counted = sum(pick('small_passed', 'large_passed')) / sum(pick('small_tests', 'large_tests'));
    const row = name => now.router.curve[name][state.share], byShare = state.by === 'share', cuts = now.router.cuts;
    const share = byShare ? row('cost_advantage') : now.counts[cut] / now.n;
    const gap = byShare ? row('performance_gap') : counted - allLarge;
    const price = ratio();
    const cost = sum(toSmall.map((yes, i) => yes ? price * now.tasks.small_tokens[i] : now.tasks.large_tokens[i])) / sum(now.tasks.large_tokens);
    return {cut, tau, toSmall, share, gap, cost, price, allLarge, allSmall, rate: byShare ? row('total_pass_rate') : counted,
            low: byShare ? row('low') : cuts.gap[0][cut] / 1e4, high: byShare ? row('high') : cuts.gap[1][cut] / 1e4,
            over: gap - share * (allSmall - allLarge), overLow: cuts.over[0][cut] / 1e4, overHigh: cuts.over[1][cut] / 1e4};
  }

  function card(id, title, value, below) {
    return element('div', {class: 'explorer-card'}, element('div', {class: 'explorer-title'}, title), element('div', {class: 'explorer-value', id}, value), element('div', {class: 'explorer-below', id: `${id}-below`}, below));
  }

  function cards(at) {
    const {small, large} = now.tasks;
    root.querySelector('.explorer-numbers').replaceChildren(
      card('x-rate', 'Total pass rate', percent(at.rate), `${large} alone ${percent(at.allLarge)}, ${small} alone ${percent(at.allSmall)}`),
      card('x-gap', `Gap to ${large} alone`, `${points(at.gap)} points`, `95%: ${between(at.low, at.high)}`),
      card('x-over', 'Over random, same share', `${points(at.over)} points`, `95%: ${between(at.overLow, at.overHigh)}`),
      card('x-share', `Answered by ${small}`, percent(at.share), `${at.toSmall.filter(Boolean).length} of ${now.n} tasks at this τ`),
      card('x-cost', 'Cost of completions', percent(at.cost, 0),
        `of ${large} for all tasks; a ${small} token costs ${at.price.toFixed(3)} ${large} tokens`));
  }

  function say(at) {
    const {small, large} = now.tasks, tau = Number.isFinite(at.tau) ? at.tau.toFixed(4) : 'above every score';
    const better = at.overLow > 0, worse = at.overHigh < 0;
    const verdict = better ? 'better than random' : worse ? 'worse than random' : 'indistinguishable from random';
    const gap = `${points(at.gap)} points (${between(at.low, at.high)})`;
    root.querySelector('.explorer-said').textContent =
      `τ = ${tau}: ${percent(at.share)} of the tasks go to ${small}. The gap to ${large} alone is ${gap}, ${verdict}.`;
  }

  function sliders(at) {
    const nearest = d3.leastIndex(now.grid, (a, b) => Math.abs(a - at.share) - Math.abs(b - at.share));
    const tau = Number.isFinite(at.tau) ? at.tau.toFixed(4) : 'above all';
    shareSlider.input.value = state.by === 'share' ? state.share : nearest;
    tauSlider.input.value = at.cut;
    shareSlider.value.textContent = percent(at.share);
    tauSlider.value.textContent = tau;
    shareSlider.input.setAttribute('aria-valuetext', `${percent(at.share)} of the tasks`);
    tauSlider.input.setAttribute('aria-valuetext', `tau ${tau}`);
  }

  function targets() {
    const {thresholds} = now.router;
    root.querySelector('.explorer-targets').replaceChildren(element('span', {}, 'Calibrated for a share of'), ...thresholds.target.map((target, i) => {
      const button = element('button', {type: 'button', class: 'md-button', 'data-target': target}, percent(target, 0));
      button.addEventListener('click', () => {
        const sent = now.router.scores.filter(score => score >= thresholds.tau[i]).length;
        Object.assign(state, {by: 'tau', cut: now.counts.indexOf(sent)});
        draw();
      });
      return button;
    }));
  }

  function chart(at) {
    const {curve, thresholds} = now.router, place = root.querySelector('.explorer-chart'), width = Math.max(280, place.clientWidth);
    const line = now.grid.map((x, i) => ({x: 100 * x, y: 100 * curve.performance_gap[i], low: 100 * curve.low[i], high: 100 * curve.high[i], best: 100 * numbers.oracle[state.pair][i]}));
    const end = 100 * (at.allSmall - at.allLarge), ink = 'var(--x-ink)', router = 'var(--x-router)', quiet = 'var(--x-quiet)', best = 'var(--x-best)';
    const printed = numbers.published.filter(p => p.pair === state.pair && p.quality === state.quality).map(p => ({x: 100 * p.cost_advantage, y: 100 * p.performance_gap}));
    const chosen = thresholds.target.map((_, i) => ({x: 100 * thresholds.cost_advantage[i], y: 100 * thresholds.performance_gap[i]}));
    const label = (x, y, text, fill, dy) => Plot.text([{x, y}], {x: 'x', y: 'y', text: () => text, fill, dy, stroke: 'var(--md-default-bg-color)', strokeWidth: 4, fontWeight: 600});
    const at50 = line[Math.round(line.length * .5)], at25 = line[Math.round(line.length * .3)];
    const drawn = Plot.plot({
      width, height: Math.min(420, Math.max(300, width * .5)), marginLeft: 44, marginBottom: 40, marginTop: 34, style: {background: 'transparent', color: ink, fontSize: '12px', overflow: 'visible'},
      ariaLabel: `Performance gap against the share of tasks for ${now.tasks.small}`, ariaDescription: 'The same numbers are shown above the chart, and the sliders move along the curve.',
      x: {label: `tasks answered by ${now.tasks.small} (%)`, domain: [0, 100], labelAnchor: 'center', labelArrow: false}, y: {label: `gap to ${now.tasks.large} alone (points)`, grid: true, labelArrow: false, nice: true, insetTop: 14},
      marks: [
        Plot.ruleY([0], {stroke: quiet}),
        Plot.areaY(line, {x: 'x', y1: 'low', y2: 'high', fill: router, fillOpacity: .18}),
        Plot.line(line, {x: 'x', y: 'best', stroke: best, strokeWidth: 1.5}),
        Plot.line([{x: 0, y: 0}, {x: 100, y: end}], {x: 'x', y: 'y', stroke: ink, strokeDasharray: '5 4', strokeOpacity: .7}),
        Plot.line(line, {x: 'x', y: 'y', stroke: router, strokeWidth: 2.5}),
        Plot.dot(printed, {x: 'x', y: 'y', stroke: ink, symbol: 'diamond', r: 5, fill: 'var(--md-default-bg-color)'}),
        Plot.dot(chosen, {x: 'x', y: 'y', fill: router, stroke: 'var(--md-default-bg-color)', r: 4.5}),
        Plot.ruleX([100 * at.share], {stroke: ink, strokeOpacity: .5}),
        Plot.dot([{x: 100 * at.share, y: 100 * at.gap}], {x: 'x', y: 'y', fill: ink, stroke: 'var(--md-default-bg-color)', strokeWidth: 2, r: 8}),
        label(at50.x, at50.best, 'oracle', best, -12), label(at25.x, at25.y, 'router', router, -14), label(78, .78 * end, 'random', ink, 15),
        ...(printed.length ? [label(printed[1].x, printed[1].y, 'published', ink, 16)] : [])]});
    drawn.setAttribute('role', 'img');
    for (const part of drawn.querySelectorAll('g')) part.removeAttribute('aria-label');
    place.replaceChildren(drawn);
    now.toShare = drawn.scale('x').invert;
  }

  function table(caption, head, rows) {
    const cell = (tag, content, first) => element(tag, first ? {class: 'explorer-name'} : {}, content);
    return element('table', {}, element('caption', {}, caption), element('thead', {}, element('tr', {}, ...head.map((text, i) => cell('th', text, !i)))),
      element('tbody', {}, ...rows.map(row => element('tr', row.look ? {class: row.look} : {}, ...row.cells.map((content, i) => cell('td', content, !i))))));
  }

  function solves(at) {
    const {small, large} = now.tasks, all = side => now.tasks[`${side}_passed`].map((passed, i) => passed === now.tasks[`${side}_tests`][i]);
    const bySmall = all('small'), byLarge = all('large');
    const kinds = [['both', (s, l) => s && l], [`only ${small}`, (s, l) => s && !l], [`only ${large}`, (s, l) => !s && l], ['neither', (s, l) => !s && !l]];
    const rows = kinds.map(([name, is]) => {
      const mine = bySmall.map((s, i) => is(s, byLarge[i])), sent = mine.filter((yes, i) => yes && at.toSmall[i]).length, total = mine.filter(Boolean).length;
      return {cells: [name, total, sent, total - sent], wrong: name === `only ${small}` ? total - sent : name === `only ${large}` ? sent : 0};
    });
    const lost = sum(rows.map(row => row.wrong));
    root.querySelector('.explorer-solves').replaceChildren(table('Who solves what (all tests passed)', ['solved by', 'tasks', `to ${small}`, `to ${large}`], rows),
      element('p', {}, `${lost} tasks are sent to a model that fails them although the other one solves them.`));
  }

  function near(at) {
    const {small, large} = now.tasks, tau = Number.isFinite(at.tau) ? at.tau : now.taus[0];
    const order = d3.range(now.n).sort((a, b) => Math.abs(now.router.scores[a] - tau) - Math.abs(now.router.scores[b] - tau)).slice(0, 10).sort((a, b) => now.router.scores[b] - now.router.scores[a]);
    const of = (side, i) => `${now.tasks[`${side}_passed`][i]} of ${now.tasks[`${side}_tests`][i]}`;
    root.querySelector('.explorer-near').replaceChildren(table('The ten tasks nearest to τ', ['task', 'score', 'sent to', `${small} passes`, `${large} passes`],
      order.map(i => ({look: at.toSmall[i] ? 'explorer-small' : '', cells: [now.tasks.ids[i], now.router.scores[i].toFixed(4), at.toSmall[i] ? small : large, of('small', i), of('large', i)]}))));
  }

  function draw() {
    const at = measure();
    for (const part of [sliders, cards, chart, say, solves, near]) part(at);
  }

  function drag(event) {
    const box = event.currentTarget.querySelector('svg').getBoundingClientRect();
    const share = Math.min(1, Math.max(0, now.toShare(event.clientX - box.left) / 100));
    Object.assign(state, {by: 'share', share: d3.leastIndex(now.grid, (a, b) => Math.abs(a - share) - Math.abs(b - share))});
    draw();
  }

  layout();
  const pairSelect = choice('x-pair', 'Pair'), qualitySelect = choice('x-quality', 'Quality'), routerSelect = choice('x-router', 'Router');
  const shareSlider = slider('x-by-share', 'Share of tasks for the small model'), tauSlider = slider('x-by-tau', 'Threshold τ');
  const priceInput = element('input', {id: 'x-price', type: 'number', min: 0, step: .01, inputmode: 'decimal'});
  root.querySelector('.explorer-choices').append(element('label', {for: 'x-price'}, element('span', {}, 'Price of a small token'), priceInput));
  for (const [select, name] of [[pairSelect, 'pair'], [qualitySelect, 'quality'], [routerSelect, 'router']]) select.addEventListener('change', () => { state[name] = select.value; choose(); });
  shareSlider.input.addEventListener('input', () => { Object.assign(state, {by: 'share', share: +shareSlider.input.value}); draw(); });
  tauSlider.input.addEventListener('input', () => { Object.assign(state, {by: 'tau', cut: +tauSlider.input.value}); draw(); });
  priceInput.addEventListener('input', () => { const typed = parseFloat(priceInput.value); state.price = typed >= 0 ? typed : null; draw(); });
  const place = root.querySelector('.explorer-chart');
  place.addEventListener('pointerdown', event => { place.setPointerCapture(event.pointerId); drag(event); });
  place.addEventListener('pointermove', event => { if (event.buttons) drag(event); });
  if (numbers.pairs['8B-70B']) state.pair = '8B-70B';
  choose();
  let width = place.clientWidth;
  new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; draw(); } }).observe(place);
})();
