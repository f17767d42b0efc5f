// Search: the index is loaded when the field is first used.
const field = document.querySelector('.md-search__input');
const list = document.querySelector('.md-search-result__list');
const said = document.querySelector('.md-search-result__meta');
const opened = document.getElementById('__search');
const base = field ? new URL(field.dataset.index, location.href).href.replace(/search\/index\.js$/, '') : '';
const plain = text => text.toLowerCase();

function withIndex(then) {
  if (window.siteIndex) return then();
  if (!document.getElementById('site-index')) {
    const script = Object.assign(document.createElement('script'), {src: field.dataset.index, id: 'site-index'});
    script.onerror = () => { said.textContent = 'The search index could not be loaded.'; };
    document.head.append(script);
  }
  document.getElementById('site-index').addEventListener('load', then, {once: true});
}

// How well a section answers: every word must be in it, and one in its heading counts most.
function worth([, page, heading, text], words) {
  const title = plain(page), head = plain(heading), body = plain(text);
  let sum = 0;
  for (const word of words) {
    const points = head === word ? 60 : head.startsWith(word) ? 30 : head.includes(word) ? 20
      : title === word ? 18 : title.includes(word) ? 8 : body.includes(word) ? 1 : 0;
    if (!points) return 0;
    sum += points;
  }
  return sum;
}

function around(text, words) {
  const at = Math.max(0, Math.min(...words.map(word => plain(text).indexOf(word)).filter(i => i >= 0), text.length) - 60);
  return (at > 0 ? '… ' : '') + text.slice(at, at + 180);
}

function entry([address, page, heading, text], words) {
  const link = Object.assign(document.createElement('a'), {className: 'md-search-result__link', href: base + address});
  const name = document.createElement('strong'), more = document.createElement('span');
  name.textContent = heading === page ? page : `${page} › ${heading}`;
  more.textContent = around(text, words);
  link.append(name, more);
  const item = document.createElement('li');
  item.className = 'md-search-result__item';
  item.append(link);
  return item;
}

function search() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  if (!words.length) { list.replaceChildren(); said.textContent = 'Type to search'; return; }
  const rows = window.siteIndex.map(row => [worth(row, words), row]).filter(([points]) => points)
    .sort((a, b) => b[0] - a[0]);
  said.textContent = `${rows.length || 'No'} section${rows.length === 1 ? '' : 's'} found`;
  list.replaceChildren(...rows.slice(0, 40).map(([, row]) => entry(row, words)));
}

field?.addEventListener('focus', () => { opened.checked = true; withIndex(() => field.value && search()); });
field?.addEventListener('input', () => withIndex(search));
opened?.addEventListener('change', () => opened.checked && field.focus());
document.addEventListener('keydown', event => {
  const typing = event.target.matches('input, select, textarea');
  if (event.key === '/' && !typing && field) { event.preventDefault(); field.focus(); }
  if (event.key === 'Escape' && opened?.checked) { opened.checked = false; field.blur(); }
  if (!opened?.checked || !['ArrowDown', 'ArrowUp'].includes(event.key)) return;
  const links = [field, ...list.querySelectorAll('a')], at = links.indexOf(document.activeElement);
  const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at >= 0 && next) { event.preventDefault(); next.focus(); }
});

// Where a number comes from, and what a word means: shown on hover and on focus.
const tip = Object.assign(document.createElement('div'), {className: 'tip', id: 'tip', hidden: true});
tip.setAttribute('role', 'tooltip');
document.body.append(tip);

function show(event) {
  const on = event.target.closest?.('[data-tip]');
  if (!on) return;
  tip.textContent = on.dataset.tip;
  tip.hidden = false;
  on.setAttribute('aria-describedby', 'tip');
  const box = on.getBoundingClientRect(), width = tip.offsetWidth, below = box.bottom + tip.offsetHeight + 12 < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8))}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
}

function hide(event) {
  event.target.closest?.('[data-tip]')?.removeAttribute('aria-describedby');
  tip.hidden = true;
}

for (const name of ['mouseover', 'focusin', 'click']) document.addEventListener(name, show);
for (const name of ['mouseout', 'focusout']) document.addEventListener(name, hide);
document.addEventListener('keydown', event => { if (event.key === 'Escape') tip.hidden = true; });
addEventListener('scroll', () => { tip.hidden = true; }, {passive: true});

// A table that is wider than its frame scrolls by keyboard too.
function reachTables() {
  for (const frame of document.querySelectorAll('.md-typeset__scrollwrap')) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute('tabindex');
  }
}
for (const name of ['load', 'resize']) addEventListener(name, reachTables);

// Tables of the report: hide the rows without the words.
document.addEventListener('input', event => {
  if (!event.target.matches('.find')) return;
  const words = plain(event.target.value).split(/\s+/);
  for (const row of event.target.parentNode.querySelectorAll('tbody tr'))
    row.hidden = !words.every(word => plain(row.textContent).includes(word));
});
