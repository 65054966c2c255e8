// The kinds of charts: percentile curves, courses over time, heat maps.

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
      axes: axes({ label: n.series.some(s => s.name === 'gap') ? 'percentile' : 'percentile of calls', labelSize: 18, values: (u, all) => apart(u, all).map(v => v === null ? '' : percentile(v)), splits: u => ends.filter(t => t >= u.scales.x.min * 0.999 && t <= u.scales.x.max * 1.001), filter: (u, s) => s }, {}, n.series[0].unit, 'latency'),
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
  const kinds = n.series.map(s => s.panel); // from above to below
  const panels = [...new Map(n.series.map(s => [s.panel + ' ' + whose(s), s])).values()].sort((a, b) => kinds.indexOf(a.panel) - kinds.indexOf(b.panel));
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
    const seen = panel.panel.startsWith('seen: ') ? panel.panel.slice(6) : ''; // of monitors, whose names may be long
    const u = new uPlot(options(box, (panel.panel === 'response time' ? 190 : panel.panel === 'lateness' ? 110 : 140) + (last ? 52 : 0), {
      scales: { x: { time: false, range: (u, low, high) => [low, high] }, y: (log ? logarithmic : fromZero)(() => [...values, limited]) },
      axes: axes({ size: last ? 34 : 8, label: last ? 'time since the trial began' : undefined, labelSize: last ? 18 : 0, values: (u, all) => all.map(v => last ? lasting(v) : '') }, {}, panel.unit, panel.panel === 'rate' || seen ? panel.unit : stacked ? 'errors/s' : panel.panel),
      series: [{}, ...shown.map((s, j) => ({ ...line(s), ...inStack(s, j) }))],
      bands,
      cursor: { bind: all(chart), drag: { x: true, y: false }, sync: { key, setSeries: false, scales: ['x', null] } },
      hooks: {
        setCursor: [u => { if (i === 0 || u.cursor.event) chart.tell(pieceAt(u)); }],
        draw: [promised(limits), ...(several || seen ? [titled(seen || whose(panel))] : [])],
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
