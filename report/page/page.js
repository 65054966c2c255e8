'use strict';
// Draws the charts of a page anew, out of the tables beside them, to be looked at
// closer; sorts and filters long tables. Without it nothing is missing but that.
// Nothing here makes markup out of a text: texts are set as texts.
var plimsoll = (() => {
  const light = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#333333'];
  const dark = ['#4AA8E0', '#FF8C42', '#2FCB9C', '#E39AC4', '#F0B43C', '#8CD0F7', '#DDDDDD'];
  const media = window.matchMedia('(prefers-color-scheme: dark)');
  const colour = n => (media.matches ? dark : light)[n % light.length];
  const property = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = new Set(); // {plots, build} of all that is drawn

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
    for (const s of series) s.values = s.texts.map(number);
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

  const dashes = { service: [2, 3], started: [6, 4], asked: [1, 3], p50: [], p90: [6, 3], 'in the queue': [6, 3], held: [3, 3], dropped: [1, 2], failed: [2, 2] };
  const widths = { p99: 1.6, response: 2.2, service: 2.2 };

  function line(s) {
    const stroke = s.name === 'failed' ? property('--bad') : colour(s.look);
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
    const all = values.flat().filter(v => v > 0);
    if (!all.length) return [0.1, 1];
    const low = Math.min(...all), high = Math.max(...all);
    return [10 ** (Math.log10(low) - 0.05), 10 ** (Math.log10(high) + 0.05)];
  } });

  const fromZero = values => ({ range: () => {
    const high = Math.max(0, ...values.flat().filter(v => v !== null));
    return [0, high > 0 ? high * 1.08 : 1];
  } });

  // promised draws the limits of a panel as lines with their texts.
  const promised = limits => u => {
    const { ctx } = u, { left, width, top, height } = u.bbox, ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = property('--ink');
    ctx.font = 11 * ratio + 'px system-ui, sans-serif';
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    ctx.setLineDash([8 * ratio, 3 * ratio, 2 * ratio, 3 * ratio]);
    ctx.lineWidth = ratio;
    for (const l of limits) {
      const y = u.valToPos(l.at, 'y', true);
      if (y < top - 1 || y > top + height + 1) continue;
      ctx.beginPath(); ctx.moveTo(left, y); ctx.lineTo(left + width, y); ctx.stroke();
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
  // plots, and what is under the cursor, which the keyboard moves too.
  function show(figure, series, build, places, whole, named) {
    const still = figure.querySelector('.still');
    const box = element('div', 'lively'), keys = element('div', 'keys'), read = element('output', 'read');
    const caption = figure.querySelector('figcaption b');
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-roledescription', 'interactive chart');
    box.setAttribute('aria-label', (caption ? caption.textContent : 'chart') + ': arrow keys move along it, plus and minus zoom, 0 shows all');
    read.setAttribute('aria-live', 'polite');
    const off = new Set(), hidden = s => off.has('mode ' + s.mode) || off.has('name ' + s.name) || s.base && off.has('base');
    const chart = { plots: [], hidden, places, whole };
    const key = (id, text, mark, dash) => {
      const b = element('button', '', undefined);
      b.type = 'button';
      if (mark) b.append(swatch(mark, dash));
      b.append(text);
      b.setAttribute('aria-pressed', 'true');
      b.addEventListener('click', () => {
        if (off.has(id)) off.delete(id); else off.add(id);
        b.setAttribute('aria-pressed', String(!off.has(id)));
        chart.draw();
      });
      keys.append(b);
    };
    const keysOf = () => {
      keys.textContent = '';
      const modes = new Map(series.map(s => [s.mode, s.look])), names = [...new Set(series.map(s => s.name))];
      if (modes.size > 1) for (const [mode, look] of modes) key('mode ' + mode, mode, colour(look));
      const classes = [...new Set(series.filter(s => s.panel === 'errors').map(s => s.name))];
      if (names.length > 1) for (const name of names) {
        const nth = classes.indexOf(name), one = line({ ...series.find(s => s.name === name), base: false });
        key('name ' + name, name, nth >= 0 && classes.length > 1 ? ofClass(nth) : name === 'failed' ? property('--bad') : property('--ink'), one.dash);
      }
      if (series.some(s => s.base)) key('base', 'base');
      for (const b of keys.children) b.setAttribute('aria-pressed', 'true');
      off.clear();
    };
    chart.tell = at => {
      if (at >= places.length) at = places.length - 1;
      if (at === null || at === undefined) { read.textContent = ''; return; }
      const parts = series.filter(s => !hidden(s) && s.texts[at] !== '').map(s => s.mode + (s.base ? ' (base) ' : ' ') + s.name + ' ' + s.texts[at] + (s.unit ? ' ' + s.unit : ''));
      read.textContent = named(at) + ': ' + (parts.join(' · ') || 'nothing');
      read.dataset.at = at;
    };
    chart.draw = () => {
      const scale = chart.plots[0] && chart.plots[0].scales.x, range = scale && scale.min !== null ? [scale.min, scale.max] : whole;
      for (const p of chart.plots) p.destroy();
      box.textContent = '';
      chart.plots = build(box, chart);
      for (const p of chart.plots) p.setScale('x', { min: range[0], max: range[1] });
    };
    keysOf();
    const lively = [keys, box, read, element('p', 'hint', 'Drag to zoom, double-click for all; or arrow keys, + − 0.')];
    if (still) { still.before(...lively); still.classList.add('hidden'); } else figure.querySelector('figcaption').after(...lively);
    chart.draw();
    box.addEventListener('keydown', e => press(e, chart));
    charts.add(chart);
    new ResizeObserver(() => {
      for (const p of chart.plots) if (Math.abs(p.width - box.clientWidth) > 1 && box.clientWidth > 0) p.setSize({ width: box.clientWidth, height: p.height });
    }).observe(box);
    return chart;
  }

  // press moves the cursor by a place, or zooms around it.
  function press(e, chart) {
    const plot = chart.plots[0], xs = chart.places;
    let at = plot.cursor.idx === null || plot.cursor.idx === undefined ? null : Math.floor(plot.cursor.idx * xs.length / plot.data[0].length);
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -xs.length, End: xs.length }[e.key];
    if (step !== undefined) {
      const inside = xs.map((x, i) => i).filter(i => xs[i] >= plot.scales.x.min && xs[i] <= plot.scales.x.max);
      if (!inside.length) return;
      at = at === null || at === undefined ? (step > 0 ? inside[0] : inside[inside.length - 1]) : at + step;
      at = Math.min(Math.max(at, inside[0]), inside[inside.length - 1]);
      plot.setCursor({ left: plot.valToPos(xs[at], 'x'), top: plot.over.clientHeight / 2 });
    } else if (e.key === '+' || e.key === '=' || e.key === '-') {
      const { min, max } = plot.scales.x, log = plot.scales.x.distr === 3;
      const f = log ? Math.log : v => v, g = log ? Math.exp : v => v;
      const middle = at === null || at === undefined ? (f(min) + f(max)) / 2 : f(xs[at]);
      const half = (f(max) - f(min)) / 2 * (e.key === '-' ? 2 : 0.5);
      const low = Math.max(g(middle - half), chart.whole[0]), high = Math.min(g(middle + half), chart.whole[1]);
      for (const p of chart.plots) p.setScale('x', { min: low, max: high });
    } else if (e.key === '0' || e.key === 'Escape') {
      for (const p of chart.plots) p.setScale('x', { min: chart.whole[0], max: chart.whole[1] });
    } else return;
    e.preventDefault();
  }

  // all shows everything again, wherever the zoom is.
  const all = chart => ({ dblclick: u => () => { for (const p of chart.plots) p.setScale('x', { min: chart.whole[0], max: chart.whole[1] }); return null; } });

  function curve(figure) {
    const n = numbers(figure);
    const xs = n.places.map(p => 1 / (1 - Number(p) / 100));
    const build = (box, chart) => {
      const shown = n.series.filter(s => !chart.hidden(s));
      const values = shown.map(s => s.values.map(v => v > 0 ? v : null));
      const limits = n.limits.filter(l => l.at > 0);
      const ends = [1, 2, 4, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
      return [new uPlot(options(box, 356, {
        scales: { x: { time: false, distr: 3, range: (u, low, high) => [low, high > low ? high : low * 10] }, y: logarithmic([...values, limits.map(l => l.at)]) },
        axes: axes({ label: 'percentile of calls', labelSize: 18, values: (u, all) => apart(u, all).map(v => v === null ? '' : percentile(v)), splits: u => ends.filter(t => t >= u.scales.x.min * 0.999 && t <= u.scales.x.max * 1.001), filter: (u, s) => s }, {}, n.series[0].unit, 'latency'),
        series: [{}, ...shown.map(line)],
        cursor: { bind: all(chart), drag: { x: true, y: false } },
        hooks: { setCursor: [u => chart.tell(u.cursor.idx)], draw: [promised(limits)] },
      }), [xs, ...values], box)];
    };
    return show(figure, n.series, build, xs, [xs[0], Math.max(xs[xs.length - 1], 2)], at => 'p' + n.places[at]);
  }

  let synced = 0;
  function course(figure) {
    const n = numbers(figure), xs = n.places.map(Number);
    const panels = [...new Set(n.series.map(s => s.panel))], key = 'course' + synced++;
    const end = n.until === null ? xs[xs.length - 1] + (xs.length > 1 ? xs[1] - xs[0] : 1) : n.until;
    // Each piece of time has a beginning and an end, so that one beside a gap is seen.
    const along = xs.flatMap((x, i) => [x, i + 1 < xs.length ? xs[i + 1] : end]), held = values => values.flatMap(v => [v, v]);
    const build = (box, chart) => panels.map((panel, i) => {
      const shown = n.series.filter(s => s.panel === panel && !chart.hidden(s)), log = panel === 'response time' || panel === 'lateness';
      const values = shown.map(s => log ? s.values.map(v => v > 0 ? v : null) : s.values);
      const stacked = panel === 'errors' && shown.length > 1;
      if (stacked) for (let j = 1; j < shown.length; j++) values[j] = values[j].map((v, k) => (v || 0) + (values[j - 1][k] || 0));
      const last = i === panels.length - 1, limited = n.limits.filter(l => l.panel === panel).map(l => l.at);
      const bands = stacked ? shown.slice(1).map((s, j) => ({ series: [j + 2, j + 1], fill: ofClass(j + 1) + '55' })) : [];
      shown.forEach((s, j) => {
        const low = shown.findIndex(o => o.mode === s.mode && o.base === s.base && o.name === 'p50');
        if ((s.name === 'p99' || s.name === 'p90') && low >= 0) bands.push({ series: [j + 1, low + 1], fill: colour(s.look) + '22' });
      });
      const unit = (shown[0] || n.series.find(s => s.panel === panel)).unit;
      return new uPlot(options(box, (panel === 'response time' ? 190 : panel === 'lateness' ? 110 : 140) + (last ? 52 : 0), {
        scales: { x: { time: false, range: (u, low, high) => [low, high] }, y: log ? logarithmic([...values, limited]) : fromZero([...values, limited]) },
        axes: axes({ size: last ? 34 : 8, label: last ? 'time since the trial began' : undefined, labelSize: last ? 18 : 0, values: (u, all) => all.map(v => last ? lasting(v) : '') }, {}, unit, panel === 'rate' ? unit : panel === 'errors' ? 'errors/s' : panel),
        series: [{}, ...shown.map((s, j) => ({ ...line(s), ...(stacked ? { stroke: ofClass(j), fill: j === 0 ? ofClass(j) + '55' : undefined } : {}) }))],
        bands,
        cursor: { bind: all(chart), drag: { x: true, y: false }, sync: { key, setSeries: false, scales: ['x', null] } },
        hooks: {
          setCursor: [u => { if (i === 0 || u.cursor.event) chart.tell(u.cursor.idx === null || u.cursor.idx === undefined ? null : u.cursor.idx >> 1); }],
          draw: [promised(n.limits.filter(l => l.panel === panel))],
          setScale: [(u, scale) => {
            if (scale !== 'x') return;
            for (const p of chart.plots) if (p !== u && (p.scales.x.min !== u.scales.x.min || p.scales.x.max !== u.scales.x.max)) p.setScale('x', { min: u.scales.x.min, max: u.scales.x.max });
          }],
        },
      }), [along, ...values.map(held)], box);
    });
    return show(figure, n.series, build, xs, [Math.min(0, xs[0]), end], at => 'from ' + lasting(xs[at]));
  }

  // heat draws the cells of a heat map.
  function heat(figure) {
    const table = figure.querySelector('table.numbers'), look = Number(figure.dataset.look);
    const bins = [...table.tHead.rows[0].cells].slice(1).map(h => ({ low: Number(h.dataset.low), high: Number(h.dataset.high), name: h.textContent }));
    const rows = [...table.tBodies[0].rows].map(r => ({
      from: Number(r.cells[0].textContent), to: Number(r.cells[0].dataset.until),
      cells: [...r.cells].slice(1).map((c, i) => ({ bin: i, calls: number(c.textContent), level: Number(c.dataset.level) })).filter(c => c.calls),
    }));
    const xs = rows.map(r => r.from), end = rows[rows.length - 1].to;
    const top = rows.map(r => r.cells.length ? bins[r.cells[r.cells.length - 1].bin].high : null);
    const paint = u => {
      const { ctx } = u, { left, top, width, height } = u.bbox;
      ctx.save();
      ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
      ctx.fillStyle = colour(look);
      for (const r of rows) for (const c of r.cells) {
        const x = u.valToPos(r.from, 'x', true), y = u.valToPos(bins[c.bin].high, 'y', true);
        ctx.globalAlpha = c.level / 7;
        ctx.fillRect(x, y, u.valToPos(r.to, 'x', true) - x, u.valToPos(bins[c.bin].low, 'y', true) - y);
      }
      ctx.restore();
    };
    const build = (box, chart) => [new uPlot(options(box, 256, {
      scales: { x: { time: false, range: (u, low, high) => [low, high] }, y: { distr: 3, range: () => [bins[0].low, bins[bins.length - 1].high] } },
      axes: axes({ label: 'time since the trial began', labelSize: 18, values: (u, all) => all.map(lasting) }, {}, 's', 'response time'),
      series: [{}, { scale: 'y', stroke: 'transparent', points: { show: false }, paths: () => null }],
      cursor: { bind: all(chart), drag: { x: true, y: false }, points: { show: false } },
      hooks: {
        draw: [paint], setCursor: [u => chart.tell(u.cursor.idx)],
      },
    }), [xs, top], box)];
    const texts = rows.map(r => r.cells.map(c => c.calls + ' of ' + bins[c.bin].name).join(', '));
    return show(figure, [{ mode: '', name: '', unit: '', look, texts }], build, xs, [Math.min(0, xs[0]), end], at => 'from ' + lasting(rows[at].from) + ' to ' + lasting(rows[at].to));
  }

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
    const choose = row => {
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
      for (const f of place.children) draw(f);
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

  const drawers = { curve, course, heat };
  const draw = figure => figure.dataset.draw && drawers[figure.dataset.draw](figure);

  // begin makes what is in an element lively, piece by piece, when there is time: the
  // page can be read meanwhile. What is looked at comes first.
  function begin(root) {
    const work = [];
    for (const f of root.querySelectorAll('figure[data-draw]')) work.push({ at: f, do: () => draw(f) });
    for (const t of root.querySelectorAll('table[data-sorts]')) work.push({ at: t, do: () => { sortable(t); steps(t); } });
    const later = window.requestIdleCallback || (f => setTimeout(() => f({ timeRemaining: () => 5 }), 1));
    const far = w => { const b = w.at.getBoundingClientRect(); return Math.max(0, b.top - innerHeight, -b.bottom); };
    const go = deadline => {
      do {
        if (!work.length) { document.documentElement.dataset.ready = 'true'; return; }
        let next = 0, least = Infinity;
        work.forEach((w, i) => { const d = far(w); if (d < least) { least = d; next = i; } });
        work.splice(next, 1)[0].do();
      } while (deadline.timeRemaining() > 2);
      later(go, { timeout: 200 });
    };
    later(go, { timeout: 200 });
  }

  // live shows what events tell while a run goes on, until one brings the report, which
  // then takes the page's place.
  function live(main) {
    const source = new EventSource('events' + location.search), about = document.querySelector('.about');
    const done = element('div'), now = element('div');
    main.append(now, done);
    let trial = null, rows = [], whole = null, held = false;
    const columns = [
      { name: 'ended well', panel: 'rate', unit: 'calls/s' }, { name: 'failed', panel: 'rate', unit: 'calls/s' }, { name: 'dropped', panel: 'rate', unit: 'calls/s' },
      { name: 'p50', panel: 'response time', unit: 'ms' }, { name: 'p99', panel: 'response time', unit: 'ms' }, { name: 'in flight', panel: 'in flight', unit: '' }];
    const table = (title, heads, lines) => {
      const t = element('table'), head = t.createTHead().insertRow(), body = t.createTBody();
      for (const h of heads) head.append(element('th', '', h));
      for (const line of lines) { const r = body.insertRow(); line.forEach((v, i) => r.append(element(i ? 'td' : 'th', '', String(v)))); }
      const box = element('div', 'scroll');
      box.tabIndex = 0;
      box.append(t);
      return [element('h3', '', title), box];
    };
    const showDone = all => {
      if (all.length) done.replaceChildren(...table('Trials that have ended', ['trial', 'ended', 'succeeded', 'failed', 'a second', 'p50 (ms)', 'p99 (ms)'], all.map(d => [d.trial, d.ended, d.ok, d.failed, d.per_s, d.p50, d.p99])));
    };
    // A chart that somebody looks at closer stays as it is.
    now.addEventListener('mouseover', () => { held = true; });
    now.addEventListener('mouseleave', () => { held = false; });
    const paint = () => {
      if (!trial) { now.replaceChildren(); return; }
      about.textContent = 'trial ' + trial.nth + ' of ' + trial.of + (trial.length_s ? ', ' + lasting(whole ? whole.at_s : 0) + ' of ' + lasting(trial.length_s) : '');
      if (held || now.contains(document.activeElement)) return;
      for (const c of charts) for (const p of c.plots) p.destroy();
      charts.clear();
      const w = whole || { ok: 0, failed: 0, dropped: 0, p50: '', p90: '', p99: '', max: '' };
      const parts = [element('h2', '', trial.trial), ...table('So far', ['succeeded', 'failed', 'dropped', 'p50 (ms)', 'p90 (ms)', 'p99 (ms)', 'max (ms)'], [[w.ok + (trial.calls ? ' of ' + trial.calls : ''), w.failed, w.dropped, w.p50, w.p90, w.p99, w.max]])];
      now.replaceChildren(...parts);
      if (rows.length > 1) {
        const f = figureOf('course', 'Over time', 's', rows, columns);
        now.append(f);
        draw(f);
      }
    };
    const ended = [];
    const hear = (name, f) => source.addEventListener(name, e => { f(JSON.parse(e.data)); paint(); });
    hear('all', a => { ended.splice(0, ended.length, ...a.done); showDone(ended); trial = a.trial; rows = trial ? trial.rows : []; whole = trial && trial.rows.length ? trial.whole : null; });
    hear('trial', t => { trial = t; rows = t.rows; whole = null; });
    hear('rows', r => { rows = rows.concat(r.rows); whole = r.whole; });
    hear('done', d => { ended.push(d); showDone(ended); trial = null; });
    source.addEventListener('report', e => {
      source.close();
      const text = JSON.parse(e.data);
      document.open();
      document.write(text);
      document.close();
    });
    let errors = 0;
    source.addEventListener('error', () => {
      if (++errors > 3) source.close(); about.textContent = 'plimsoll is gone, or left this page behind: load it again'; });
    source.addEventListener('open', () => { about.textContent = 'waiting for the first trial'; });
  }

  media.addEventListener('change', () => { for (const c of charts) c.draw(); });
  addEventListener('load', () => begin(document)); // the page is read first
  if ('live' in document.body.dataset) live(document.querySelector('main'));
  return { begin, charts, draw, lasting };
})();
