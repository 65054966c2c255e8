// What is done when a page has been read.

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

media.addEventListener('change', () => { for (const c of charts) c.draw(); });
addEventListener('load', () => begin(document)); // the page is read first
if ('live' in document.body.dataset) live(document.querySelector('main'));
