// The frontier of policies: the point under the mouse or the slider. All numbers come from the page. Needs charts.js.
(async () => {
  'use strict';
  const {element, chart, fill, follow, card, extent} = Charts;
  const root = document.getElementById('policy-frontier');
  const {frontier} = await Charts.numbers('looks-numbers');
  if (!frontier) return;
  const CASCADE = 'budgeted cascade';
  const part = name => element('div', {class: `explorer-${name}`});
  root.append(...['choices', 'sliders', 'numbers', 'chart', 'said'].map(part));
  root.querySelector('.explorer-said').setAttribute('aria-live', 'polite');
  const families = [...new Set(frontier.map(row => row.family))].filter(name => name !== CASCADE);
  const select = element('select', {id: 'f-line'});
  const slider = element('input', {id: 'f-point', type: 'range', min: 0, step: 1});
  const value = element('output', {id: 'f-point-value', for: 'f-point'});
  root.querySelector('.explorer-choices').append(
    element('label', {for: 'f-line'}, element('span', {}, 'Policies'), select));
  root.querySelector('.explorer-sliders').append(element('div', {class: 'explorer-slider'},
    element('label', {for: 'f-point'}, 'Operating point, by cost'), value, slider));
  const state = {line: null, at: null};

  // Lines to choose from: each pair's budgeted cascade, then each other family.
  const pairOf = row => row.policy.replace(/, budget.*$/, '');
  const cascades = [...new Set(frontier.filter(row => row.family === CASCADE).map(pairOf))];
  const lines = {};
  for (const pair of cascades) {
    lines[`${CASCADE}, ${pair}`] = frontier.filter(row => row.family === CASCADE && pairOf(row) === pair);
  }
  for (const family of families) lines[family] = frontier.filter(row => row.family === family);
  for (const rows of Object.values(lines)) rows.sort((a, b) => a.cost - b.cost);
  const front = frontier.filter(row => row.front).sort((a, b) => a.cost - b.cost);

  const cost = row => `${(100 * row.cost_ratio).toPrecision(3)}%`;
  const rate = number => `${number.toFixed(1)}%`;

  function verdict(row) {
    if (row.front) return 'no other policy passed as much for less on the tasks where settings are chosen';
    return row.dominated_by ? `${row.dominated_by} passed more for less on the tasks where settings are chosen` : '';
  }

  function cards(row) {
    root.querySelector('.explorer-numbers').replaceChildren(
      card('f-policy', row.family, row.policy.replace(/^.*, (?=budget)/, ''), row.policy),
      card('f-rate', 'Total pass rate', rate(row.total_pass_rate), `95%: ${rate(row.low)} to ${rate(row.high)}`),
      card('f-cost', 'Cost', cost(row), 'of the dearest model alone, tokens at their prices'),
      card('f-front', 'On the front', row.front ? 'yes' : 'no', verdict(row)));
  }

  function drawAll(marks, rows, row) {
    const ink = 'var(--x-ink)', router = 'var(--x-router)', ground = 'var(--md-default-bg-color)';
    const place = list => list.map(r => [100 * r.cost_ratio, r.total_pass_rate]);
    marks.dots(place(frontier), {fill: ink, 'fill-opacity': .22, r: 3});
    marks.line(place(front), {stroke: 'var(--x-best)', 'stroke-width': 1.5, 'stroke-dasharray': '5 4'});
    if (cascades.length && state.line.startsWith(CASCADE)) {
      marks.band(rows.map(r => [100 * r.cost_ratio, r.low, r.high]), {fill: router, 'fill-opacity': .12});
      marks.line(place(rows), {stroke: router, 'stroke-width': 2.5});
    }
    marks.dots(place(rows), {fill: router, r: 4, stroke: ground});
    marks.upright(100 * row.cost_ratio, {'stroke-opacity': .5});
    marks.dots(place([row]), {fill: ink, r: 8, stroke: ground, 'stroke-width': 2});
    for (const model of frontier.filter(r => r.family === 'one model')) {
      marks.text(100 * model.cost_ratio, model.total_pass_rate, model.policy, {fill: ink, dy: 20});
    }
  }

  let toCost = null;
  function draw() {
    const rows = lines[state.line], row = rows[state.at];
    slider.max = rows.length - 1;
    slider.value = state.at;
    value.textContent = row.policy;
    slider.setAttribute('aria-valuetext', `${row.policy}: ${rate(row.total_pass_rate)} at ${cost(row)} of the cost`);
    cards(row);
    const costs = frontier.map(r => 100 * r.cost_ratio);
    const rates = [...frontier.map(r => r.total_pass_rate), ...rows.flatMap(r => [r.low, r.high])];
    const costDomain = [.85 * Math.min(...costs), 1.15 * Math.max(...costs)];
    toCost = chart(place, {
      name: 'Total pass rate against cost of every policy',
      about: 'The slider above moves along the chosen policies; the cards say the numbers.',
      height: width => Math.min(440, Math.max(300, width * .5)),
      x: {label: 'cost, % of the dearest model alone', log: true, domain: costDomain},
      y: {label: 'total pass rate (%)', domain: extent(rates)}}, marks => drawAll(marks, rows, row));
    const passes = `${rate(row.total_pass_rate)} (${rate(row.low)} to ${rate(row.high)})`;
    root.querySelector('.explorer-said').textContent = `${row.policy} passes ${passes} at ${cost(row)} of the cost.`;
  }

  function choose() {
    state.line = fill(select, Object.keys(lines), state.line);
    state.at = Math.floor(lines[state.line].length / 2);
    draw();
  }

  const place = root.querySelector('.explorer-chart');
  select.addEventListener('change', () => { state.line = select.value; choose(); });
  slider.addEventListener('input', () => { state.at = +slider.value; draw(); });
  function point(event) {
    const wanted = Math.log(toCost(event.clientX - place.querySelector('svg').getBoundingClientRect().left));
    const at = Charts.nearest(lines[state.line].map(row => Math.log(100 * row.cost_ratio)), wanted);
    if (at !== state.at) { state.at = at; draw(); }
  }
  place.addEventListener('pointermove', point);
  place.addEventListener('pointerdown', point);
  choose();
  follow(place, draw);
})();
