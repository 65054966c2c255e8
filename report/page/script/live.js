// A run while it goes on.

// mostRows is how many rows of a trial under way are kept: of a longer one every other.
const mostRows = 1200;

// underWay shows a trial that goes on, in a place: its figures so far and its course.
function underWay(place, trial) {
  const columns = [
    { name: 'ended well', panel: 'rate', unit: 'calls/s' }, { name: 'failed', panel: 'rate', unit: 'calls/s' }, { name: 'dropped', panel: 'rate', unit: 'calls/s' },
    { name: 'p50', panel: 'response time', unit: 'ms' }, { name: 'p90', panel: 'response time', unit: 'ms' }, { name: 'p99', panel: 'response time', unit: 'ms' }, { name: 'in flight', panel: 'in flight', unit: '' }];
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
