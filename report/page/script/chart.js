// What all charts have: colours, axes, the numbers beside them, keys, zoom and cursor.
const light = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#333333'];
const dark = ['#4AA8E0', '#FF8C42', '#2FCB9C', '#E39AC4', '#F0B43C', '#8CD0F7', '#DDDDDD'];
const media = window.matchMedia('(prefers-color-scheme: dark)');
const colour = n => (media.matches ? dark : light)[n % light.length];
const property = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const charts = new Set(); // all that are drawn, see show

function element(name, className, text) {
  const e = document.createElement(name);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

// number is what a cell says; null where it is empty.
const number = text => text === '' ? null : Number(text);

// numbers are a figure's table: the places, and a series for each other column.
function numbers(figure) {
  const table = figure.querySelector('table.numbers');
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const series = heads.map((h, i) => ({
    mode: h.dataset.mode, name: h.dataset.name, panel: h.dataset.panel, unit: h.dataset.unit || '',
    look: Number(h.dataset.look), base: 'base' in h.dataset,
    texts: rows.map(r => r.cells[i + 1] ? r.cells[i + 1].textContent : ''),
  }));
  const modes = new Set(series.map(s => s.mode));
  for (const s of series) { s.values = s.texts.map(number); s.lone = modes.size < 2; }
  const limits = [...figure.querySelectorAll('[data-limit]')].map(l => ({ at: Number(l.dataset.limit), panel: l.dataset.panel, text: l.textContent }));
  return { places: rows.map(r => r.cells[0].textContent), series, limits, until: number(table.dataset.until || '') };
}

// lasting is a number of seconds for an axis.
function lasting(s) {
  if (s === 0) return '0';
  const a = Math.abs(s), brief = v => String(Number(v.toPrecision(4)));
  if (a >= 7200) return brief(s / 3600) + ' h';
  if (a >= 600) return brief(s / 60) + ' min';
  if (a >= 1) return brief(s) + ' s';
  if (a >= 1e-3) return brief(s * 1e3) + ' ms';
  if (a >= 1e-6) return brief(s * 1e6) + ' µs';
  return brief(s * 1e9) + ' ns';
}

const perUnit = { s: 1, ms: 1e-3, 'µs': 1e-6, ns: 1e-9 };
const spelled = unit => unit in perUnit ? v => lasting(v * perUnit[unit]) : v => v.toLocaleString('en', { maximumSignificantDigits: 4 });

// percentile is the name of a tail, 1/(1-p).
function percentile(tail) {
  if (tail < 1.0001) return '0 %';
  const p = 100 * (1 - 1 / tail);
  return Number(p.toFixed(Math.max(0, Math.ceil(Math.log10(tail)) - 1))) + ' %';
}

// apart are the marks of an axis that have room for a label beside the one before.
function apart(u, all) {
  let last = -Infinity;
  return all.map(v => {
    const at = u.valToPos(v, 'x');
    if (at - last < 46) return null;
    last = at;
    return v;
  });
}

const dashes = { service: [2, 3], gap: [2, 3], started: [6, 4], asked: [1, 3], p50: [], p90: [6, 3], 'in the queue': [6, 3], dropped: [1, 2], failed: [2, 2] };
const widths = { p99: 1.6, response: 2.2, service: 2.2, 'first event': 2.2, gap: 2.2 };

function line(s) {
  const stroke = s.name === 'failed' && s.lone ? property('--bad') : colour(s.look);
  return {
    label: s.mode + ' ' + s.name, scale: 'y', stroke, width: s.base ? 1 : widths[s.name] || 1.4,
    dash: s.base ? [4, 4] : dashes[s.name] || [], alpha: s.base ? 0.65 : 1,
    points: { show: false }, spanGaps: false,
  };
}

function axes(x, y, unit, title) {
  const stroke = property('--ink'), grid = { stroke: property('--grid'), width: 1 };
  const ticks = { stroke: property('--faint'), width: 1, size: 5 };
  const font = '12px system-ui, sans-serif';
  return [
    { stroke, grid, ticks, font, size: 34, ...x },
    { stroke, grid, ticks, font, size: 66, label: title, labelFont: font, labelSize: 18, splits: round, filter: (u, all) => all, values: (u, all) => all.map(v => v === null ? '' : spelled(unit)(v)), ...y },
  ];
}

// round are the places of the marks of an axis: of a logarithmic one 1, 2 and 5 of each
// power of ten, as many as there is room for.
function round(u, axis, low, high, step, space) {
  if (u.scales.y.distr !== 3) {
    const all = [];
    for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-9); i++) all.push(Number((i * step).toPrecision(12)));
    return all;
  }
  const decades = Math.log10(high / low), of = decades > 5 ? [1] : decades > 2.5 ? [1, 3] : decades > 0.8 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
  const all = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) for (const m of of) all.push(Number((m * 10 ** e).toPrecision(6)));
  return all.filter(v => v >= low * 0.9999 && v <= high * 1.0001);
}

const logarithmic = values => ({ distr: 3, range: () => {
  const all = values().flat().filter(v => v > 0);
  if (!all.length) return [0.1, 1];
  const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
  return [10 ** (Math.log10(low) - 0.05), 10 ** (Math.log10(high) + 0.05)];
} });

const fromZero = values => ({ range: () => {
  const high = values().flat().reduce((most, v) => Math.max(most, v), 0);
  return [0, high > 0 ? high * 1.08 : 1];
} });

// promised draws the limits of a panel as lines with their texts.
const promised = limits => u => {
  const { ctx } = u, { left, width, top, height } = u.bbox, ratio = devicePixelRatio || 1;
  ctx.save();
  const ink = ctx.fillStyle = property('--ink'), paper = property('--paper');
  ctx.lineJoin = 'round';
  ctx.font = 11 * ratio + 'px system-ui, sans-serif';
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  for (const l of limits) {
    const y = u.valToPos(l.at, 'y', true);
    if (y < top - 1 || y > top + height + 1) continue;
    ctx.strokeStyle = ink;
    ctx.lineWidth = ratio;
    ctx.setLineDash([8 * ratio, 3 * ratio, 2 * ratio, 3 * ratio]);
    ctx.beginPath(); ctx.moveTo(left, y); ctx.lineTo(left + width, y); ctx.stroke();
    ctx.strokeStyle = paper; // a curve under the text shall not cross it out
    ctx.lineWidth = 3 * ratio;
    ctx.setLineDash([]);
    ctx.strokeText(l.text, left + 4 * ratio, y - 4 * ratio);
    ctx.fillText(l.text, left + 4 * ratio, y - 4 * ratio);
  }
  ctx.restore();
};

// options are what all charts have alike.
function options(box, height, more) {
  return Object.assign({
    width: Math.max(260, box.clientWidth), height, legend: { show: false }, pxAlign: 0,
  }, more);
}

// ofClass is the colour of a class of errors, none of the first modes'.
const ofClass = n => colour(n + 3);

// swatch is how a line looks, for its key.
function swatch(stroke, dash) {
  const space = 'http://www.w3.org/2000/svg', svg = document.createElementNS(space, 'svg'), path = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 26 8');
  svg.setAttribute('width', 26);
  svg.setAttribute('height', 8);
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', 'M0 4H26');
  path.setAttribute('stroke', stroke);
  path.setAttribute('stroke-width', 2.4);
  if (dash && dash.length) path.setAttribute('stroke-dasharray', dash.join(' '));
  svg.append(path);
  return svg;
}

// show puts a lively chart in the place of the picture: keys that switch lines, the
// plots, and what is under the cursor, which the keyboard moves too. Of is what it is
// of: its series, where its places begin and end, all of the axis, what a place is
// called, and build, which makes the plots.
function show(figure, of) {
  const { series } = of, still = figure.querySelector('.still');
  const box = element('div', 'lively'), keys = element('div', 'keys'), read = element('output', 'read');
  const caption = figure.querySelector('figcaption b');
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-roledescription', 'interactive chart');
  box.setAttribute('aria-label', (caption ? caption.textContent : 'chart') + ': arrow keys move along it, plus and minus zoom, 0 shows all');
  read.setAttribute('aria-live', 'polite');
  const off = new Set(), hidden = s => off.has('mode ' + s.mode) || off.has('name ' + s.name) || s.base && off.has('base');
  const chart = { plots: [], hidden, at: null, ...of };
  chart.tell = at => {
    chart.at = at === null || at === undefined || !chart.pieces.length ? null : Math.min(at, chart.pieces.length - 1);
    if (chart.at === null) { read.textContent = ''; return; }
    const parts = series.filter(s => !hidden(s) && s.texts[chart.at] !== '').map(s => s.mode + (s.base ? ' (base) ' : ' ') + s.name + ' ' + s.texts[chart.at] + (s.unit ? ' ' + s.unit : ''));
    read.textContent = chart.named(chart.at) + ': ' + (parts.join(' · ') || 'nothing');
  };
  chart.reach = (min, max) => { for (const p of chart.plots) p.setScale('x', { min, max }); };
  chart.draw = () => {
    recolour();
    const scale = chart.plots[0] && chart.plots[0].scales.x, range = scale && scale.min !== null ? [scale.min, scale.max] : chart.whole;
    for (const p of chart.plots) p.destroy();
    box.textContent = '';
    chart.plots = chart.build(box, chart);
    chart.reach(...range);
  };
  // renew shows what of has become: all of it, unless somebody looks at a part.
  chart.renew = () => {
    const { min, max } = chart.plots[0].scales.x, all = min === chart.whole[0] && max === chart.whole[1];
    of.settle();
    chart.pieces = of.pieces;
    chart.whole = of.whole;
    for (const p of chart.plots) p.setData(p.fill(), false);
    chart.reach(...(all ? chart.whole : [min, max]));
    if (chart.at !== null) chart.tell(chart.at);
  };
  const observer = new ResizeObserver(() => {
    for (const p of chart.plots) if (Math.abs(p.width - box.clientWidth) > 1 && box.clientWidth > 0) p.setSize({ width: box.clientWidth, height: p.height });
  });
  chart.destroy = () => {
    observer.disconnect();
    charts.delete(chart);
    for (const p of chart.plots) p.destroy();
  };
  const recolour = switches(keys, series, off, () => chart.draw());
  const lively = [keys, box, read, element('p', 'hint', 'Drag to zoom, double-click for all; or arrow keys, + − 0.')];
  if (still) { still.before(...lively); still.classList.add('hidden'); } else figure.querySelector('figcaption').after(...lively);
  chart.draw();
  box.addEventListener('keydown', e => press(e, chart));
  charts.add(chart);
  observer.observe(box);
  return chart;
}

// switches are buttons that take lines off a chart, and show which is which. What they
// return gives them the colours that hold by then, light or dark.
function switches(keys, series, off, changed) {
  const coloured = [], recolour = () => { for (const [path, colour] of coloured) path.setAttribute('stroke', colour()); };
  const key = (id, text, mark, dash) => {
    const b = element('button');
    b.type = 'button';
    if (mark) {
      b.append(swatch(mark(), dash));
      coloured.push([b.querySelector('path'), mark]);
    }
    b.append(text);
    b.setAttribute('aria-pressed', 'true');
    b.addEventListener('click', () => {
      if (off.has(id)) off.delete(id); else off.add(id);
      b.setAttribute('aria-pressed', String(!off.has(id)));
      changed();
    });
    keys.append(b);
  };
  const kinds = series.map(s => s.panel), panels = [...series].sort((a, b) => kinds.indexOf(a.panel) - kinds.indexOf(b.panel)); // from above to below
  const modes = new Map(series.map(s => [s.mode, s.look])), names = [...new Set(panels.map(s => s.name))], classes = classesOf(series);
  if (modes.size > 1) for (const [mode, look] of modes) key('mode ' + mode, mode, () => colour(look));
  if (names.length > 1) for (const name of names) {
    const nth = classes.indexOf(name), one = { ...series.find(s => s.name === name), base: false }, bad = one.name === 'failed' && one.lone;
    key('name ' + name, name, () => nth >= 0 ? ofClass(nth) : property(bad ? '--bad' : '--ink'), line(one).dash);
  }
  if (series.some(s => s.base)) key('base', 'base');
  return recolour;
}

// classesOf are the classes of errors of a chart, whose colours they have in all panels.
const classesOf = series => [...new Set(series.filter(s => s.panel === 'errors').map(s => s.name))];

// press moves the cursor to the middle of a place, or zooms around it.
function press(e, chart) {
  const plot = chart.plots[0], { min, max, distr } = plot.scales.x, pieces = chart.pieces;
  const f = distr === 3 ? Math.log : v => v, g = distr === 3 ? Math.exp : v => v;
  const middle = at => {
    const { min, max } = plot.scales.x;
    return g((f(Math.max(pieces[at][0], min)) + f(Math.min(pieces[at][1], max))) / 2);
  };
  const point = at => {
    plot.setCursor({ left: plot.valToPos(middle(at), 'x'), top: plot.over.clientHeight / 2 });
    chart.tell(at);
  };
  const zoom = (low, high) => {
    const at = chart.at;
    chart.reach(low, high);
    if (at !== null) queueMicrotask(() => point(at)); // when the plots have it, who leave the cursor where it was
  };
  const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[e.key];
  if (step !== undefined) {
    const inside = pieces.map((p, i) => i).filter(i => pieces[i][1] > min && pieces[i][0] < max || pieces[i][0] >= min && pieces[i][1] <= max);
    if (!inside.length) return;
    const first = inside[0], last = inside[inside.length - 1];
    const from = chart.at === null ? (step > 0 ? first - 1 : last + 1) : chart.at;
    point(Math.min(Math.max(from + step, first), last));
  } else if (e.key === '+' || e.key === '=' || e.key === '-') {
    const around = chart.at === null ? (f(min) + f(max)) / 2 : f(middle(chart.at));
    const half = (f(max) - f(min)) / 2 * (e.key === '-' ? 2 : 0.5);
    zoom(Math.max(g(around - half), chart.whole[0]), Math.min(g(around + half), chart.whole[1]));
  } else if (e.key === '0' || e.key === 'Escape') {
    zoom(...chart.whole);
  } else return;
  e.preventDefault();
}

// all shows everything again, wherever the zoom is.
const all = chart => ({ dblclick: u => () => { chart.reach(...chart.whole); return null; } });
