// The explorer. Its numbers come from the packed JSON on the page, made from the run's tables. Needs charts.js.
(async () => {
  'use strict';
  const {element, chart: drawChart, fill, follow, card, extent, nearest, percent, points, between} = Charts;
  const root = document.getElementById('routing-explorer');
  const numbers = await Charts.numbers('explorer-numbers');
  const LABEL = {'head-strict': 'head, strict labels', 'head-inclusive': 'head, inclusive labels',
                 'head-shifted': 'head, shifted labels (t*)', 'head-hard': 'head, hard labels'};
  const state = {pair: null, quality: null, router: null, by: 'share', share: 20, cut: 0, price: null};
  let now = null; // the chosen router with what follows from it

  const unique = values => [...new Set(values)];
  const sum = values => values.reduce((a, b) => a + b, 0);
  const billions = model => { const found = /([\d.]+)\s*[bB]\b/.exec(model); return found ? +found[1] : null; };

  function choice(id, label) {
    const select = element('select', {id});
    root.querySelector('.explorer-choices').append(element('label', {for: id}, element('span', {}, label), select));
    return select;
  }

  function slider(id, label) {
    const input = element('input', {id, type: 'range', step: 1, min: 0});
    const value = element('output', {id: `${id}-value`, for: id});
    const box = element('div', {class: 'explorer-slider'}, element('label', {for: id}, label), value, input);
    root.querySelector('.explorer-sliders').append(box);
    return {input, value};
  }

  function layout() {
    const part = (name, ...children) => element('div', {class: `explorer-${name}`}, ...children);
    root.append(...['choices', 'sliders', 'targets', 'numbers', 'chart', 'said'].map(name => part(name)));
    root.querySelector('.explorer-said').setAttribute('aria-live', 'polite');
    root.append(part('tables', part('solves'), part('near')));
  }

  // What follows from the choice of a router: tasks in order of score, one cut for each distinct score.
  function choose() {
    state.pair = fill(pairSelect, Object.keys(numbers.pairs), state.pair);
    const qualities = unique(numbers.routers.filter(r => r.pair === state.pair).map(r => r.quality));
    state.quality = fill(qualitySelect, qualities, state.quality);
    const routers = numbers.routers.filter(r => r.pair === state.pair && r.quality === state.quality);
    state.router = fill(routerSelect, routers.map(r => r.router), state.router, name => LABEL[name] ?? name);
    const router = routers.find(r => r.router === state.router);
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

  // The cut that sends the share nearest to a wanted one.
  const cutAt = share => nearest(now.counts, share * now.n);

  // Total pass rate of one model, and of the routed system.
  const rateOf = side => sum(now.tasks[`${side}_passed`]) / sum(now.tasks[`${side}_tests`]);

  function routed(toSmall) {
    const pick = what => toSmall.map((yes, i) => now.tasks[`${yes ? 'small' : 'large'}_${what}`][i]);
    return sum(pick('passed')) / sum(pick('tests'));
  }

  function costOf(toSmall, price) {
    const {small_tokens: small, large_tokens: large} = now.tasks;
    return sum(toSmall.map((yes, i) => yes ? price * small[i] : large[i])) / sum(large);
  }

  // Share, pass rate and gap: a row of the table of curves, or counted at a cut.
  function position(cut, toSmall, allLarge) {
    const {curve, cuts} = now.router, row = name => curve[name][state.share];
    if (state.by === 'share') {
      return {share: row('cost_advantage'), rate: row('total_pass_rate'), gap: row('performance_gap'),
              low: row('low'), high: row('high')};
    }
    const rate = routed(toSmall);
    return {share: now.counts[cut] / now.n, rate, gap: rate - allLarge,
            low: cuts.gap[0][cut] / 1e4, high: cuts.gap[1][cut] / 1e4};
  }

  // All numbers at the present point.
  function measure() {
    const cut = state.by === 'share' ? cutAt(now.grid[state.share]) : state.cut;
    const tau = cut ? now.taus[cut - 1] : Infinity;
    const toSmall = now.router.scores.map(score => score >= tau);
    const allLarge = rateOf('large'), allSmall = rateOf('small'), price = ratio(), {over} = now.router.cuts;
    const at = position(cut, toSmall, allLarge);
    return {...at, cut, tau, toSmall, allLarge, allSmall, price, cost: costOf(toSmall, price),
            over: at.gap - at.share * (allSmall - allLarge), overLow: over[0][cut] / 1e4, overHigh: over[1][cut] / 1e4};
  }

  function cards(at) {
    const {small, large} = now.tasks;
    const alone = `${large} alone ${percent(at.allLarge)}, ${small} alone ${percent(at.allSmall)}`;
    const sent = `${at.toSmall.filter(Boolean).length} of ${now.n} tasks at this τ`;
    const prices = `of ${large} alone; a token of ${small} costs ${at.price.toFixed(3)} of one of ${large}`;
    root.querySelector('.explorer-numbers').replaceChildren(
      card('x-rate', 'Total pass rate', percent(at.rate), alone),
      card('x-gap', `Gap to ${large} alone`, `${points(at.gap)} points`, `95%: ${between(at.low, at.high)}`),
      card('x-over', 'Gain over random, same share', `${points(at.over)} points`,
        `95%: ${between(at.overLow, at.overHigh)}`),
      card('x-share', `Answered by ${small}`, percent(at.share), sent),
      card('x-cost', 'Cost of output tokens', percent(at.cost, 0), prices));
  }

  function comparison(at) {
    if (at.overLow > 0) return 'better than random routing';
    return at.overHigh < 0 ? 'worse than random routing' : 'indistinguishable from random routing';
  }

  function say(at) {
    const tau = Number.isFinite(at.tau) ? at.tau.toFixed(4) : 'above every score';
    const gap = `${points(at.gap)} points (${between(at.low, at.high)})`;
    root.querySelector('.explorer-said').textContent = `τ = ${tau}: ${percent(at.share)} of the tasks go to ` +
      `${now.tasks.small}, the gap is ${gap}, ${comparison(at)}.`;
  }

  function sliders(at) {
    const step = nearest(now.grid, at.share);
    const tau = Number.isFinite(at.tau) ? at.tau.toFixed(4) : 'above all';
    shareSlider.input.value = state.by === 'share' ? state.share : step;
    tauSlider.input.value = at.cut;
    shareSlider.value.textContent = percent(at.share);
    tauSlider.value.textContent = tau;
    shareSlider.input.setAttribute('aria-valuetext', `${percent(at.share)} of the tasks`);
    tauSlider.input.setAttribute('aria-valuetext', `tau ${tau}`);
  }

  function targetButton(target, tau) {
    const button = element('button', {type: 'button', class: 'md-button', 'data-target': target}, percent(target, 0));
    button.addEventListener('click', () => {
      const sent = now.router.scores.filter(score => score >= tau).length;
      Object.assign(state, {by: 'tau', cut: now.counts.indexOf(sent)});
      draw();
    });
    return button;
  }

  function targets() {
    const {target, tau} = now.router.thresholds;
    root.querySelector('.explorer-targets').replaceChildren(
      element('span', {}, 'Calibrated for a share of'), ...target.map((share, i) => targetButton(share, tau[i])));
  }

  // Points of the chart, in percent: the router's calibrated thresholds, the published points.
  const inPercent = (xs, ys) => xs.map((x, i) => [100 * x, 100 * ys[i]]);
  const publishedPoints = () => {
    const rows = numbers.published.filter(p => p.pair === state.pair && p.quality === state.quality);
    return inPercent(rows.map(row => row.cost_advantage), rows.map(row => row.performance_gap));
  };

  function drawCurves(marks, best, end, printed) {
    const ink = 'var(--x-ink)', router = 'var(--x-router)', other = 'var(--x-best)', {curve} = now.router;
    const line = inPercent(now.grid, curve.performance_gap);
    const at50 = best[Math.round(line.length * .5)], at25 = line[Math.round(line.length * .3)];
    marks.across(0, {'stroke-opacity': .35});
    marks.band(now.grid.map((x, i) => [100 * x, 100 * curve.low[i], 100 * curve.high[i]]), {fill: router});
    marks.line(best, {stroke: other, 'stroke-width': 1.5});
    marks.line([[0, 0], [100, end]], {stroke: ink, 'stroke-dasharray': '5 4', 'stroke-opacity': .7});
    marks.line(line, {stroke: router, 'stroke-width': 2.5});
    marks.diamonds(printed, {stroke: ink, fill: 'var(--md-default-bg-color)'});
    marks.text(...at50, 'best possible', {fill: other, dy: -9});
    marks.text(...at25, 'router', {fill: router, dy: -11});
    marks.text(78, .78 * end, 'random', {fill: ink, dy: 18});
    if (printed.length) marks.text(...printed[1], 'as published', {fill: ink, dy: 19});
  }

  function drawPoint(marks, at) {
    const ground = 'var(--md-default-bg-color)', ink = 'var(--x-ink)', {thresholds} = now.router;
    marks.dots(inPercent(thresholds.cost_advantage, thresholds.performance_gap),
      {fill: 'var(--x-router)', stroke: ground, r: 4.5});
    marks.upright(100 * at.share, {'stroke-opacity': .5});
    marks.dots([[100 * at.share, 100 * at.gap]], {fill: ink, stroke: ground, 'stroke-width': 2, r: 8});
  }

  function chart(at) {
    const {small, large} = now.tasks, {curve} = now.router, end = 100 * (at.allSmall - at.allLarge);
    const best = inPercent(now.grid, numbers.oracle[state.pair]), printed = publishedPoints();
    const heights = [...best.map(([, y]) => y), ...printed.map(([, y]) => y), 0, end, 100 * at.gap,
                     ...curve.low.map(low => 100 * low), ...curve.high.map(high => 100 * high)];
    now.toShare = drawChart(place, {
      name: `Performance gap against the share of tasks for ${small}`,
      about: 'Shows the numbers above the chart; the sliders move the point along the curve.',
      height: width => Math.min(420, Math.max(300, width * .5)),
      x: {label: `tasks answered by ${small} (%)`, domain: [0, 100]},
      y: {label: `gap to ${large} alone (points)`, domain: extent(heights)}},
    marks => { drawCurves(marks, best, end, printed); drawPoint(marks, at); });
  }

  function row(tag, cells, attributes = {}) {
    const cell = (content, i) => element(tag, i ? {} : {class: 'explorer-name'}, content);
    return element('tr', attributes, ...cells.map(cell));
  }

  function table(caption, head, rows) {
    return element('table', {}, element('caption', {}, caption), element('thead', {}, row('th', head)),
      element('tbody', {}, ...rows.map(({cells, look}) => row('td', cells, look ? {class: look} : {}))));
  }

  const solvedBy = side => now.tasks[`${side}_passed`].map((passed, i) => passed === now.tasks[`${side}_tests`][i]);

  function solves(at) {
    const {small, large} = now.tasks, bySmall = solvedBy('small'), byLarge = solvedBy('large');
    const count = (s, l, sent) => at.toSmall.filter(
      (toSmall, i) => bySmall[i] === s && byLarge[i] === l && toSmall === sent).length;
    const groups = [['both', true, true], [`only ${small}`, true, false], [`only ${large}`, false, true],
                    ['neither', false, false]];
    const rows = groups.map(([name, s, l]) => {
      const toSmall = count(s, l, true), toLarge = count(s, l, false);
      return {cells: [name, toSmall + toLarge, toSmall, toLarge]};
    });
    const wrong = count(true, false, false) + count(false, true, true);
    root.querySelector('.explorer-solves').replaceChildren(
      table('Who solves what (all tests passed)', ['solved by', 'tasks', `to ${small}`, `to ${large}`], rows),
      element('p', {}, `${wrong} tasks go to the model that fails although the other one solves them.`));
  }

  function near(at) {
    const {small, large, ids} = now.tasks, {scores} = now.router, tau = Number.isFinite(at.tau) ? at.tau : now.taus[0];
    const distance = i => Math.abs(scores[i] - tau);
    const close = [...scores.keys()].sort((a, b) => distance(a) - distance(b)).slice(0, 10);
    const passes = (side, i) => `${now.tasks[`${side}_passed`][i]} of ${now.tasks[`${side}_tests`][i]}`;
    const rows = close.sort((a, b) => scores[b] - scores[a]).map(i => ({
      look: at.toSmall[i] ? 'explorer-small' : '',
      cells: [ids[i], scores[i].toFixed(4), at.toSmall[i] ? small : large, passes('small', i), passes('large', i)]}));
    root.querySelector('.explorer-near').replaceChildren(
      table('The ten tasks nearest to τ', ['task', 'score', 'goes to', `${small} passes`, `${large} passes`], rows));
  }

  function draw() {
    const at = measure();
    for (const part of [sliders, cards, chart, say, solves, near]) part(at);
  }

  function move(change) {
    Object.assign(state, change);
    draw();
  }

  function drag(event) {
    const box = event.currentTarget.querySelector('svg').getBoundingClientRect();
    const share = Math.min(1, Math.max(0, now.toShare(event.clientX - box.left) / 100));
    move({by: 'share', share: nearest(now.grid, share)});
  }

  layout();
  const pairSelect = choice('x-pair', 'Pair'), qualitySelect = choice('x-quality', 'Quality');
  const routerSelect = choice('x-router', 'Router');
  const shareSlider = slider('x-by-share', 'Share of tasks for the small model');
  const tauSlider = slider('x-by-tau', 'Threshold τ');
  const priceInput = element('input', {id: 'x-price', type: 'number', min: 0, step: .01, inputmode: 'decimal'});
  const priceLabel = element('label', {for: 'x-price'}, element('span', {}, 'Price of a small token'), priceInput);
  root.querySelector('.explorer-choices').append(priceLabel);
  for (const [select, name] of [[pairSelect, 'pair'], [qualitySelect, 'quality'], [routerSelect, 'router']]) {
    select.addEventListener('change', () => { state[name] = select.value; choose(); });
  }
  shareSlider.input.addEventListener('input', () => move({by: 'share', share: +shareSlider.input.value}));
  tauSlider.input.addEventListener('input', () => move({by: 'tau', cut: +tauSlider.input.value}));
  priceInput.addEventListener('input', () => {
    const typed = parseFloat(priceInput.value);
    move({price: typed >= 0 ? typed : null});
  });
  const place = root.querySelector('.explorer-chart');
  place.addEventListener('pointerdown', event => { place.setPointerCapture(event.pointerId); drag(event); });
  place.addEventListener('pointermove', event => { if (event.buttons) drag(event); });
  if (numbers.pairs['8B-70B']) state.pair = '8B-70B';
  choose();
  follow(place, draw);
})();
