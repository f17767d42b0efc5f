// The slider of tasks seen: what the data say as tasks are revealed. All numbers come from the page. Needs charts.js.
(async () => {
  'use strict';
  const {element, chart, fill, follow, card, percent, points, between} = Charts;
  const root = document.getElementById('tasks-seen');
  const {looks} = await Charts.numbers('looks-numbers');
  const state = {pair: null, policy: null, margin: null, order: null, look: 0};
  const CHOICES = {pair: 'Pair', policy: 'Who answers', margin: 'Acceptable loss', order: 'Order of the tasks'};
  const LABEL = {policy: name => name, pair: name => name, order: at => `random order ${+at + 1}`,
                 margin: margin => `${+(100 * margin).toFixed(2)} ${+margin === .01 ? 'point' : 'points'}`};
  const unique = values => [...new Set(values)];
  const part = name => element('div', {class: `explorer-${name}`});

  root.append(...['choices', 'sliders', 'numbers', 'chart', 'said'].map(part));
  root.querySelector('.explorer-said').setAttribute('aria-live', 'polite');
  const selects = Object.fromEntries(Object.entries(CHOICES).map(([name, label]) => {
    const select = element('select', {id: `s-${name}`});
    select.addEventListener('change', () => { state[name] = select.value; choose(); });
    root.querySelector('.explorer-choices').append(
      element('label', {for: `s-${name}`}, element('span', {}, label), select));
    return [name, select];
  }));
  const slider = element('input', {id: 's-seen', type: 'range', min: 0, step: 1});
  const seen = element('output', {id: 's-seen-value', for: 's-seen'});
  root.querySelector('.explorer-sliders').append(
    element('div', {class: 'explorer-slider'}, element('label', {for: 's-seen'}, 'Tasks seen'), seen, slider));
  slider.addEventListener('input', () => { state.look = +slider.value; draw(); });
  let now = null;

  function choose() {
    let rows = looks;
    for (const name of Object.keys(CHOICES)) {
      state[name] = fill(selects[name], unique(rows.map(row => row[name])), state[name], LABEL[name]);
      rows = rows.filter(row => String(row[name]) === String(state[name]));
    }
    [now] = rows;
    slider.max = now.tasks.length - 1;
    state.look = Math.min(state.look, now.tasks.length - 1);
    draw();
  }

  // The answer in the words of the verdict.
  function words(at) {
    if (now.word[at] !== 'NEED') return now.word[at];
    const more = now.more[at];
    return more >= now.most_tasks ? 'NEED MORE' : `NEED ${more.toLocaleString('en-US')} MORE`;
  }

  function cards(at) {
    const small = now.pair.split('-')[0], answered = now.word[at] !== 'NEED';
    const below = answered ? 'the answer holds, whenever one looks' : 'tasks, if those to come are like these';
    const which = now.word[at] === 'ROUTE' ? 'the most that is shown' : 'where an answer is nearest';
    const wealth = value => value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);
    root.querySelector('.explorer-numbers').replaceChildren(
      card('s-answer', 'Answer so far', words(at), below),
      card('s-share', 'Share of tasks', percent(now.share[at], 0), `to ${small}, ${which}`),
      card('s-gap', 'Gap there', `${points(now.gap[at])} points`,
        `at any time, 95%: ${between(now.low[at], now.high[at])}`),
      card('s-for', 'Wealth of the bet on ROUTE', wealth(10 ** now.log_for[at]),
        `ROUTE at ${wealth(10 ** now.needed_for)}`),
      card('s-against', 'Wealth of the bet on DON’T', wealth(10 ** now.log_against[at]),
        `DON’T at ${wealth(10 ** now.needed_against)}`));
  }

  function curves(marks, at, clip) {
    const shown = now.tasks.slice(0, at + 1), power = logs => shown.map((tasks, i) => [tasks, 10 ** clip(logs[i])]);
    const look = {for: 'var(--x-router)', against: 'var(--x-best)'};
    for (const side of ['for', 'against']) {
      marks.across(10 ** now[`needed_${side}`], {stroke: look[side], 'stroke-dasharray': '3 4', 'stroke-width': 1.5});
      marks.line(power(now[`log_${side}`]), {stroke: look[side], 'stroke-width': 2.5});
      marks.dots(power(now[`log_${side}`]).slice(-1), {fill: look[side], r: 6, stroke: 'var(--md-default-bg-color)'});
    }
    const end = now.tasks[now.tasks.length - 1];
    marks.text(end, 10 ** now.needed_for, 'ROUTE', {fill: look.for, 'text-anchor': 'end', dy: -6});
    marks.text(end, 10 ** now.needed_against, 'DON’T', {fill: look.against, 'text-anchor': 'end', dy: 16});
  }

  function picture(at) {
    const logs = [...now.log_for, ...now.log_against, now.needed_for, now.needed_against];
    const low = Math.max(Math.min(...logs), -3), high = Math.min(Math.max(...logs), 8);
    const clip = value => Math.min(Math.max(value, low), high);
    return chart(root.querySelector('.explorer-chart'), {
      name: 'Wealth of the bets on ROUTE and on DON’T against the tasks seen',
      about: 'Each bet starts with 1; when its wealth reaches the dotted line, there is an answer.',
      height: width => Math.min(360, Math.max(280, width * .42)),
      x: {label: 'tasks seen', domain: [0, now.tasks[now.tasks.length - 1]]},
      y: {label: 'wealth (start: 1)', domain: [10 ** (low - .2), 10 ** (high + .4)], log: true,
          say: value => value >= 1 ? value.toLocaleString('en-US') : String(value)}}, marks => curves(marks, at, clip));
  }

  let toTasks = null;
  function draw() {
    const at = state.look, n = now.tasks[at];
    slider.value = at;
    seen.textContent = `${n} of ${now.tasks[now.tasks.length - 1]}`;
    slider.setAttribute('aria-valuetext', `${n} tasks: ${words(at)}`);
    cards(at);
    toTasks = picture(at);
    const small = now.pair.split('-')[0];
    const rest = {NEED: ' tasks.', ROUTE: `, ${percent(now.share[at], 0)} to ${small}.`, "DON'T": '.'};
    root.querySelector('.explorer-said').textContent = `After ${n} tasks: ${words(at)}${rest[now.word[at]]}`;
  }

  const place = root.querySelector('.explorer-chart');
  function drag(event) {
    const tasks = toTasks(event.clientX - place.querySelector('svg').getBoundingClientRect().left);
    state.look = Charts.nearest(now.tasks, tasks);
    draw();
  }
  place.addEventListener('pointerdown', event => { place.setPointerCapture(event.pointerId); drag(event); });
  place.addEventListener('pointermove', event => { if (event.buttons) drag(event); });
  if (looks.some(row => row.pair === '8B-70B')) state.pair = '8B-70B';
  choose();
  follow(place, draw);
})();
