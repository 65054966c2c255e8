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

  const dashes = { service: [2, 3], started: [6, 4], asked: [1, 3], p50: [], p90: [6, 3], 'in the queue': [6, 3], dropped: [1, 2], failed: [2, 2] };
  const widths = { p99: 1.6, response: 2.2, service: 2.2 };

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
    switches(keys, series, off, chart.draw);
    const lively = [keys, box, read, element('p', 'hint', 'Drag to zoom, double-click for all; or arrow keys, + − 0.')];
    if (still) { still.before(...lively); still.classList.add('hidden'); } else figure.querySelector('figcaption').after(...lively);
    chart.draw();
    box.addEventListener('keydown', e => press(e, chart));
    charts.add(chart);
    observer.observe(box);
    return chart;
  }

  // switches are buttons that take lines off a chart, and show which is which.
  function switches(keys, series, off, changed) {
    const key = (id, text, mark, dash) => {
      const b = element('button');
      b.type = 'button';
      if (mark) b.append(swatch(mark, dash));
      b.append(text);
      b.setAttribute('aria-pressed', 'true');
      b.addEventListener('click', () => {
        if (off.has(id)) off.delete(id); else off.add(id);
        b.setAttribute('aria-pressed', String(!off.has(id)));
        changed();
      });
      keys.append(b);
    };
    const modes = new Map(series.map(s => [s.mode, s.look])), names = [...new Set(series.map(s => s.name))], classes = classesOf(series);
    if (modes.size > 1) for (const [mode, look] of modes) key('mode ' + mode, mode, colour(look));
    if (names.length > 1) for (const name of names) {
      const nth = classes.indexOf(name), one = line({ ...series.find(s => s.name === name), base: false });
      key('name ' + name, name, nth >= 0 ? ofClass(nth) : one.stroke === property('--bad') ? one.stroke : property('--ink'), one.dash);
    }
    if (series.some(s => s.base)) key('base', 'base');
  }

  // classesOf are the classes of errors of a chart, whose colours they have in all panels.
  const classesOf = series => [...new Set(series.filter(s => s.panel === 'errors').map(s => s.name))];

  // press moves the cursor to the middle of a place, or zooms around it.
  function press(e, chart) {
    const plot = chart.plots[0], { min, max, distr } = plot.scales.x, pieces = chart.pieces;
    const f = distr === 3 ? Math.log : v => v, g = distr === 3 ? Math.exp : v => v;
    const middle = at => g((f(Math.max(pieces[at][0], min)) + f(Math.min(pieces[at][1], max))) / 2);
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[e.key];
    if (step !== undefined) {
      const inside = pieces.map((p, i) => i).filter(i => pieces[i][1] > min && pieces[i][0] < max || pieces[i][0] >= min && pieces[i][1] <= max);
      if (!inside.length) return;
      const first = inside[0], last = inside[inside.length - 1];
      const from = chart.at === null ? (step > 0 ? first - 1 : last + 1) : chart.at;
      const at = Math.min(Math.max(from + step, first), last);
      plot.setCursor({ left: plot.valToPos(middle(at), 'x'), top: plot.over.clientHeight / 2 });
      chart.tell(at);
    } else if (e.key === '+' || e.key === '=' || e.key === '-') {
      const around = chart.at === null ? (f(min) + f(max)) / 2 : f(middle(chart.at));
      const half = (f(max) - f(min)) / 2 * (e.key === '-' ? 2 : 0.5);
      chart.reach(Math.max(g(around - half), chart.whole[0]), Math.min(g(around + half), chart.whole[1]));
    } else if (e.key === '0' || e.key === 'Escape') {
      chart.reach(...chart.whole);
    } else return;
    e.preventDefault();
  }

  // all shows everything again, wherever the zoom is.
  const all = chart => ({ dblclick: u => () => { chart.reach(...chart.whole); return null; } });

  function curve(figure) {
    const n = numbers(figure);
    const xs = n.places.map(p => 100 / (100 - Number(p)));
    const build = (box, chart) => {
      const shown = n.series.filter(s => !chart.hidden(s));
      const values = shown.map(s => s.values.map(v => v > 0 ? v : null));
      const limits = n.limits.filter(l => l.at > 0);
      const ends = [1, 2, 4, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
      return [new uPlot(options(box, 356, {
        scales: { x: { time: false, distr: 3, range: (u, low, high) => [low, high > low ? high : low * 10] }, y: logarithmic(() => [...values, limits.map(l => l.at)]) },
        axes: axes({ label: 'percentile of calls', labelSize: 18, values: (u, all) => apart(u, all).map(v => v === null ? '' : percentile(v)), splits: u => ends.filter(t => t >= u.scales.x.min * 0.999 && t <= u.scales.x.max * 1.001), filter: (u, s) => s }, {}, n.series[0].unit, 'latency'),
        series: [{}, ...shown.map(line)],
        cursor: { bind: all(chart), drag: { x: true, y: false } },
        hooks: { setCursor: [u => chart.tell(u.cursor.idx)], draw: [promised(limits)] },
      }), [xs, ...values], box)];
    };
    return show(figure, { series: n.series, build, pieces: xs.map(x => [x, x]), whole: [xs[0], Math.max(xs[xs.length - 1], 2)], named: at => 'p' + n.places[at] });
  }

  // titled writes what a panel is of into its corner.
  const titled = text => u => {
    const { ctx } = u, ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.fillStyle = property('--ink');
    ctx.font = 11 * ratio + 'px system-ui, sans-serif';
    ctx.textAlign = 'right';
    ctx.textBaseline = 'top';
    ctx.fillText(text, u.bbox.left + u.bbox.width - 4 * ratio, u.bbox.top + 2 * ratio);
    ctx.restore();
  };

  // Pieces of time have a beginning and an end, so that one beside a gap is seen: each is
  // two points, which are the piece's wherever the cursor is in it.
  const twice = values => values.flatMap(v => [v, v]);
  const pieceAt = u => u.cursor.idx === null || u.cursor.idx === undefined ? null : u.cursor.idx >> 1;

  // whose is the panel of a series: the errors of each mode stand in one of their own, one
  // class above the other.
  const whose = s => s.panel === 'errors' ? s.mode + (s.base ? ' (base)' : '') : '';

  let synced = 0;
  function course(figure, n = numbers(figure)) {
    const key = 'course' + synced++, classes = classesOf(n.series);
    const panels = [...new Map(n.series.map(s => [s.panel + ' ' + whose(s), s])).values()];
    const of = { series: n.series, named: at => 'from ' + lasting(of.pieces[at][0]) };
    // settle finds out how far it goes, which may be further than before.
    of.settle = () => {
      const xs = n.places.map(Number), end = n.until === null ? xs[xs.length - 1] + (xs.length > 1 ? xs[xs.length - 1] - xs[xs.length - 2] : 1) : n.until;
      of.pieces = xs.map((x, i) => [x, i + 1 < xs.length ? xs[i + 1] : end]);
      of.whole = [Math.min(0, xs[0]), end];
    };
    const plot = (panel, i, box, chart) => {
      const shown = n.series.filter(s => s.panel === panel.panel && whose(s) === whose(panel) && !chart.hidden(s));
      const log = panel.panel === 'response time' || panel.panel === 'lateness', stacked = panel.panel === 'errors', last = i === panels.length - 1;
      const limits = n.limits.filter(l => l.panel === panel.panel), limited = limits.map(l => l.at);
      let values;
      const fill = () => {
        values = shown.map(s => log ? s.values.map(v => v > 0 ? v : null) : s.values);
        if (stacked) for (let j = 1; j < shown.length; j++) values[j] = values[j].map((v, k) => (v || 0) + (values[j - 1][k] || 0));
        return [of.pieces.flat(), ...values.map(twice)];
      };
      const bands = stacked ? shown.slice(1).map((s, j) => ({ series: [j + 2, j + 1], fill: ofClass(classes.indexOf(s.name)) + '55' })) : [];
      shown.forEach((s, j) => {
        const low = shown.findIndex(o => o.mode === s.mode && o.base === s.base && o.name === 'p50');
        if ((s.name === 'p99' || s.name === 'p90') && low >= 0) bands.push({ series: [j + 1, low + 1], fill: colour(s.look) + '22' });
      });
      const inStack = (s, j) => stacked ? { stroke: ofClass(classes.indexOf(s.name)), dash: [], alpha: 1, width: 1.2, fill: j === 0 ? ofClass(classes.indexOf(s.name)) + '55' : undefined } : {};
      const several = stacked && panels.filter(p => p.panel === 'errors').length > 1;
      const u = new uPlot(options(box, (panel.panel === 'response time' ? 190 : panel.panel === 'lateness' ? 110 : 140) + (last ? 52 : 0), {
        scales: { x: { time: false, range: (u, low, high) => [low, high] }, y: (log ? logarithmic : fromZero)(() => [...values, limited]) },
        axes: axes({ size: last ? 34 : 8, label: last ? 'time since the trial began' : undefined, labelSize: last ? 18 : 0, values: (u, all) => all.map(v => last ? lasting(v) : '') }, {}, panel.unit, panel.panel === 'rate' ? panel.unit : stacked ? 'errors/s' : panel.panel.replace(/^seen: /, '')),
        series: [{}, ...shown.map((s, j) => ({ ...line(s), ...inStack(s, j) }))],
        bands,
        cursor: { bind: all(chart), drag: { x: true, y: false }, sync: { key, setSeries: false, scales: ['x', null] } },
        hooks: {
          setCursor: [u => { if (i === 0 || u.cursor.event) chart.tell(pieceAt(u)); }],
          draw: [promised(limits), ...(several ? [titled(whose(panel))] : [])],
          setScale: [(u, scale) => {
            if (scale !== 'x') return;
            for (const p of chart.plots) if (p !== u && (p.scales.x.min !== u.scales.x.min || p.scales.x.max !== u.scales.x.max)) p.setScale('x', { min: u.scales.x.min, max: u.scales.x.max });
          }],
        },
      }), fill(), box);
      u.fill = fill;
      return u;
    };
    of.build = (box, chart) => panels.map((panel, i) => plot(panel, i, box, chart));
    of.settle();
    return show(figure, of);
  }

  // heat draws the cells of a heat map.
  function heat(figure) {
    const table = figure.querySelector('table.numbers'), look = Number(figure.dataset.look);
    const bins = [...table.tHead.rows[0].cells].slice(1).map(h => ({ low: Number(h.dataset.low), high: Number(h.dataset.high), name: h.textContent }));
    const rows = [...table.tBodies[0].rows].map(r => ({
      from: Number(r.cells[0].textContent), to: Number(r.cells[0].dataset.until),
      cells: [...r.cells].slice(1).map((c, i) => ({ bin: i, calls: number(c.textContent), level: Number(c.dataset.level) })).filter(c => c.calls),
    }));
    const pieces = rows.map(r => [r.from, r.to]), end = rows[rows.length - 1].to;
    const top = twice(rows.map(r => r.cells.length ? bins[r.cells[r.cells.length - 1].bin].high : null));
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
        draw: [paint], setCursor: [u => chart.tell(pieceAt(u))],
      },
    }), [pieces.flat(), top], box)];
    const texts = rows.map(r => r.cells.map(c => c.calls + ' of ' + bins[c.bin].name).join(', '));
    return show(figure, { series: [{ mode: '', name: '', unit: '', look, texts }], build, pieces, whole: [Math.min(0, rows[0].from), end], named: at => 'from ' + lasting(rows[at].from) + ' to ' + lasting(rows[at].to) });
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

  // mostRows is how many rows of a trial under way are kept: of a longer one every other.
  const mostRows = 1200;

  // underWay shows a trial that goes on, in a place: its figures so far and its course.
  function underWay(place, trial) {
    const columns = [
      { name: 'ended well', panel: 'rate', unit: 'calls/s' }, { name: 'failed', panel: 'rate', unit: 'calls/s' }, { name: 'dropped', panel: 'rate', unit: 'calls/s' },
      { name: 'p50', panel: 'response time', unit: 'ms' }, { name: 'p99', panel: 'response time', unit: 'ms' }, { name: 'in flight', panel: 'in flight', unit: '' }];
    const sofar = listed('So far', ['succeeded', 'failed', 'dropped', 'p50 (ms)', 'p90 (ms)', 'p99 (ms)', 'max (ms)'], [['', '', '', '', '', '', '']]);
    const figure = figureOf('course', 'Over time', 's', [], columns), n = numbers(figure), cells = sofar[1].querySelectorAll('tbody th, tbody td');
    place.replaceChildren(element('h2', '', trial.trial), ...sofar);
    let chart = null;
    return {
      destroy: () => { if (chart) chart.destroy(); place.replaceChildren(); },
      add: (rows, whole) => {
        for (const row of rows) {
          n.places.push(row[0]);
          n.series.forEach((s, i) => { s.texts.push(row[i + 1]); s.values.push(number(row[i + 1])); });
        }
        while (n.places.length > mostRows) {
          for (const kept of [n, ...n.series]) for (const of of ['places', 'texts', 'values']) if (kept[of]) kept[of] = kept[of].filter((v, i) => i % 2 === 0);
          if (chart && chart.at !== null) chart.at >>= 1;
        }
        n.until = whole.at_s;
        [whole.ok + (trial.calls ? ' of ' + trial.calls : ''), whole.failed, whole.dropped, whole.p50, whole.p90, whole.p99, whole.max].forEach((v, i) => { cells[i].textContent = v; });
        if (chart) chart.renew();
        else if (n.places.length > 1) { place.append(figure); chart = course(figure, n); }
      },
    };
  }

  // listed is a table with its title.
  function listed(title, heads, lines) {
    const t = element('table'), head = t.createTHead().insertRow(), body = t.createTBody(), box = element('div', 'scroll');
    for (const h of heads) head.append(element('th', '', h));
    for (const line of lines) { const r = body.insertRow(); line.forEach((v, i) => r.append(element(i ? 'td' : 'th', '', String(v)))); }
    box.tabIndex = 0;
    box.append(t);
    return [element('h3', '', title), box];
  }

  // live shows what events tell while a run goes on, until one brings the report, which
  // then takes the page's place.
  function live(main) {
    const source = new EventSource('events' + location.search), about = document.querySelector('.about');
    const done = element('div'), now = element('div');
    main.append(now, done);
    let trial = null, shown = null, ended = [], errors = 0;
    const begin = t => {
      if (shown) shown.destroy();
      trial = t;
      shown = t && underWay(now, t);
      about.textContent = t ? 'trial ' + t.nth + ' of ' + t.of : 'waiting for the next trial';
      if (t && t.rows.length) add(t.rows, t.whole);
    };
    const add = (rows, whole) => {
      if (!trial) return;
      shown.add(rows, whole);
      about.textContent = 'trial ' + trial.nth + ' of ' + trial.of + (trial.length_s ? ', ' + lasting(whole.at_s) + ' of ' + lasting(trial.length_s) : '');
    };
    const showDone = () => done.replaceChildren(...(ended.length ? listed('Trials that have ended', ['trial', 'ended', 'succeeded', 'failed', 'a second', 'p50 (ms)', 'p99 (ms)'], ended.map(d => [d.trial, d.ended, d.ok, d.failed, d.per_s, d.p50, d.p99])) : []));
    const hear = (name, f) => source.addEventListener(name, e => f(JSON.parse(e.data)));
    hear('all', a => { ended = a.done; showDone(); begin(a.trial); });
    hear('trial', begin);
    hear('rows', r => add(r.rows, r.whole));
    hear('done', d => { ended.push(d); showDone(); begin(null); });
    hear('report', text => {
      source.close();
      for (const c of charts) c.destroy();
      document.open();
      document.write(text);
      document.close();
    });
    source.addEventListener('open', () => { errors = 0; });
    source.addEventListener('error', () => {
      if (++errors > 3) source.close();
      about.textContent = errors > 3 ? 'plimsoll is gone: load this page again if it comes back' : 'nothing is heard of plimsoll: asking again';
    });
  }

  media.addEventListener('change', () => { for (const c of charts) c.draw(); });
  addEventListener('load', () => begin(document)); // the page is read first
  if ('live' in document.body.dataset) live(document.querySelector('main'));
  return { begin, charts, draw, lasting };
})();
