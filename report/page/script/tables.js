// Long tables can be sorted and filtered, and steps chosen.

const units = { ns: 1e-9, 'µs': 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, kB: 1e3, MB: 1e6, GB: 1e9 };

// sortable gives the heads of a long table buttons, and a field to filter its rows.
function sortable(table) {
  const body = table.tBodies[0], order = [...body.rows];
  const value = (row, i) => {
    const c = row.cells[i];
    const text = c ? [...c.childNodes].filter(n => n.nodeName !== 'SUP').map(n => n.textContent).join('') : '';
    const told = text.match(/^[≥<>~ ]*([-+]?[0-9][0-9.,]*(?:e[-+]?[0-9]+)?)\s*(\S*)/);
    return { text, n: told ? Number(told[1].replace(/,/g, '')) * (units[told[2]] || 1) : NaN };
  };
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const b = element('button');
    b.type = 'button';
    b.append(...head.childNodes);
    head.append(b);
    b.addEventListener('click', () => {
      const falling = head.getAttribute('aria-sort') === 'descending', sign = falling ? 1 : -1;
      for (const h of table.tHead.rows[0].cells) h.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', falling ? 'ascending' : 'descending');
      const keyed = [...body.rows].map(row => ({ row, ...value(row, i) }));
      keyed.sort((a, b) => {
        const an = Number.isNaN(a.n), bn = Number.isNaN(b.n);
        if (an && bn) return sign * a.text.localeCompare(b.text);
        return an !== bn ? (an ? 1 : -1) : sign * (a.n - b.n);
      });
      body.append(...keyed.map(k => k.row));
    });
  });
  if (order.length <= 10) return;
  const label = element('label', 'filter', 'Only rows with '), field = element('input');
  field.type = 'search';
  label.append(field);
  table.parentElement.before(label);
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase();
    for (const row of order) row.classList.toggle('hidden', !row.textContent.toLowerCase().includes(words));
  });
}

// steps shows the curve and the course of the row that is chosen.
function steps(table) {
  const rows = [...table.tBodies[0].rows].filter(r => r.dataset.q);
  if (!rows.length) return;
  const place = element('div');
  table.parentElement.after(place);
  let drawn = [];
  const choose = row => {
    for (const c of drawn) c.destroy();
    for (const r of rows) r.classList.toggle('chosen', r === row);
    place.textContent = '';
    const name = row.cells[0].textContent;
    const points = row.dataset.q.split(' ');
    place.append(figureOf('curve', 'Percentiles of ' + name, 'percentile', points.map((v, i) => [String(100 * (1 - 10 ** (-3 * i / 39))), v]), [{ name: 'response', panel: 'response time', unit: 'ms' }]));
    if (row.dataset.w) {
      const all = row.dataset.w.split(',').map(w => w.split(' '));
      place.append(figureOf('course', name + ' over time', 's', all, [
        { name: 'ended well', panel: 'rate', unit: 'calls/s' }, { name: 'failed', panel: 'rate', unit: 'calls/s' },
        { name: 'p50', panel: 'response time', unit: 'ms' }, { name: 'p99', panel: 'response time', unit: 'ms' }]));
    }
    drawn = [...place.children].map(draw);
  };
  for (const row of rows) {
    const head = row.cells[0], b = element('button');
    b.type = 'button';
    b.append(...head.childNodes);
    head.append(b);
    row.addEventListener('click', () => choose(row));
  }
}

// figureOf is a figure with its table, of numbers that the page has elsewhere.
function figureOf(kind, title, axis, rows, columns) {
  const f = element('figure');
  f.dataset.draw = kind;
  const caption = element('figcaption');
  caption.append(element('b', '', title));
  const table = element('table', 'numbers hidden'), head = table.createTHead().insertRow(), body = table.createTBody();
  head.append(element('th', '', axis));
  for (const c of columns) {
    const th = element('th', '', c.name);
    Object.assign(th.dataset, { mode: '', look: 0, ...c });
    head.append(th);
  }
  for (const r of rows) {
    const tr = body.insertRow();
    tr.append(element('th', '', r[0]));
    for (const v of r.slice(1)) tr.append(element('td', '', v));
  }
  f.append(caption, element('div', 'still'), table);
  return f;
}
