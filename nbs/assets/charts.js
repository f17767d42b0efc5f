// Small charts as SVG, for the explorer: axes, lines, bands, dots and words. Colours come from the page's style sheet.
const Charts = (() => {
  'use strict';
  const SPACE = 'http://www.w3.org/2000/svg', GROUND = 'var(--md-default-bg-color)';
  const LEFT = 48, RIGHT = 14, TOP = 30, BOTTOM = 42;

  function set(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  const element = (tag, attributes = {}, ...children) => set(document.createElement(tag), attributes, children);
  const mark = (tag, attributes = {}, ...children) => set(document.createElementNS(SPACE, tag), attributes, children);
  const round = value => Math.round(100 * value) / 100;

  // Round numbers between two ends, about `count` of them; powers of ten on a logarithmic axis.
  function ticks(low, high, count, log) {
    if (log) {
      const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
      const step = Math.max(1, Math.ceil((last - first + 1) / count)), found = [];
      for (let power = first; power <= last; power += step) found.push(10 ** power);
      return found;
    }
    const rough = (high - low) / count || 1, base = 10 ** Math.floor(Math.log10(rough));
    const step = base * [1, 2, 5, 10].find(times => times * base >= rough - 1e-12), found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9; at++) found.push(at * step);
    return found;
  }

  function scale([low, high], [from, to], log = false) {
    const bend = log ? Math.log10 : x => x, unbend = log ? x => 10 ** x : x => x;
    const a = bend(low), b = bend(high) === bend(low) ? bend(low) + 1 : bend(high);
    const to_pixels = value => from + (to - from) * (bend(value) - a) / (b - a);
    return Object.assign(to_pixels, {invert: pixels => unbend(a + (b - a) * (pixels - from) / (to - from))});
  }

  // The lowest and highest of many values, with some room.
  function extent(values, room = .06) {
    const low = Math.min(...values), high = Math.max(...values), more = room * (high - low || 1);
    return [low - more, high + more];
  }

  function axes(svg, {x, y, width, height}, toX, toY) {
    const words = {fill: 'currentColor', 'font-size': 12};
    const say = axis => axis.say ?? (value => String(round(value)));
    for (const at of ticks(...y.domain, Math.max(3, height / 70), y.log)) {
      const line = {x1: LEFT, x2: width - RIGHT, y1: toY(at), y2: toY(at), stroke: 'currentColor'};
      svg.append(mark('line', {...line, 'stroke-opacity': .12}),
        mark('text', {...words, x: LEFT - 7, y: toY(at) + 4, 'text-anchor': 'end'}, say(y)(at)));
    }
    for (const at of ticks(...x.domain, Math.max(3, width / 90), x.log)) {
      const line = {x1: toX(at), x2: toX(at), y1: height - BOTTOM, y2: height - BOTTOM + 5, stroke: 'currentColor'};
      svg.append(mark('line', {...line, 'stroke-opacity': .6}),
        mark('text', {...words, x: toX(at), y: height - BOTTOM + 19, 'text-anchor': 'middle'}, say(x)(at)));
    }
    svg.append(mark('text', {...words, x: (LEFT + width - RIGHT) / 2, y: height - 4, 'text-anchor': 'middle'}, x.label),
      mark('text', {...words, x: 2, y: 14}, y.label));
  }

  // What can be drawn into a chart; points are [x, y] pairs.
  function marks(svg, toX, toY) {
    const at = ([x, y]) => `${round(toX(x))},${round(toY(y))}`;
    const path = points => `M${points.map(at).join('L')}`;
    const add = (tag, attributes, ...children) => svg.append(mark(tag, attributes, ...children));
    return {
      line: (points, look) => points.length && add('path', {d: path(points), fill: 'none', 'stroke-width': 2, ...look}),
      band: (points, look) => points.length && add('path', {
        d: path([...points.map(([x, low]) => [x, low]), ...points.map(([x, , high]) => [x, high]).reverse()]),
        stroke: 'none', 'fill-opacity': .18, ...look}),
      dots: (points, look) => points.forEach(([x, y]) => add('circle', {cx: toX(x), cy: toY(y), r: 4, ...look})),
      diamonds: (points, look) => points.forEach(([x, y]) => add('path', {
        d: `M${toX(x)},${toY(y) - 6}l6,6l-6,6l-6,-6z`, ...look})),
      across: (y, look) => add('line', {
        x1: LEFT, x2: toX.end, y1: toY(y), y2: toY(y), stroke: 'currentColor', ...look}),
      upright: (x, look) => add('line', {
        x1: toX(x), x2: toX(x), y1: TOP, y2: toY.end, stroke: 'currentColor', ...look}),
      text: (x, y, text, look) => add('text', {
        x: toX(x), y: toY(y), 'text-anchor': 'middle', 'font-size': 12, 'font-weight': 600, stroke: GROUND,
        'stroke-width': 4, 'paint-order': 'stroke', 'stroke-linejoin': 'round', ...look}, text)};
  }

  // Draw into `place`. `frame` has x and y ({domain, label, log, say}), height, name, about; `draw` gets marks.
  function chart(place, frame, draw) {
    const width = Math.max(280, place.clientWidth), height = frame.height(width);
    const words = `${frame.name}. ${frame.about}`;
    const svg = mark('svg', {width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words});
    const toX = scale(frame.x.domain, [LEFT, width - RIGHT], frame.x.log);
    const toY = scale(frame.y.domain, [height - BOTTOM, TOP], frame.y.log);
    Object.assign(toX, {end: width - RIGHT});
    Object.assign(toY, {end: height - BOTTOM});
    axes(svg, {...frame, width, height}, toX, toY);
    draw(marks(svg, toX, toY));
    place.replaceChildren(svg);
    return toX.invert;
  }

  // Numbers that a page carries, packed.
  async function numbers(id) {
    const text = atob(document.getElementById(id).textContent);
    const packed = new Blob([Uint8Array.from(text, letter => letter.charCodeAt(0))]);
    return new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).json();
  }

  function fill(select, values, chosen, label = value => value) {
    select.replaceChildren(...values.map(value => element('option', {value}, label(value))));
    select.value = values.map(String).includes(String(chosen)) ? chosen : values[0];
    return select.value;
  }

  // Call `draw` whenever `place` gets another width.
  function follow(place, draw) {
    let width = place.clientWidth;
    const changed = () => {
      if (place.clientWidth === width) return;
      width = place.clientWidth;
      draw();
    };
    new ResizeObserver(changed).observe(place);
  }

  function card(id, title, value, below) {
    return element('div', {class: 'explorer-card'},
      element('div', {class: 'explorer-title'}, title),
      element('div', {class: 'explorer-value', id}, value),
      element('div', {class: 'explorer-below', id: `${id}-below`}, below));
  }

  const nearest = (values, wanted) => values.reduce(
    (best, value, at) => Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? at : best, 0);
  const percent = (x, digits = 1) => `${(100 * x).toFixed(digits)}%`;
  const points = x => `${x >= 0 ? '+' : '−'}${Math.abs(100 * x).toFixed(1)}`;
  const between = (low, high) => `${points(low)} to ${points(high)}`;
  return {element, chart, numbers, fill, follow, card, extent, nearest, percent, points, between};
})();
