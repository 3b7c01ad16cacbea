// What runs inside the page while the dashboard is measured.

/** Runs in the page from its start: notes when the grid was painted first, and each time that it changed its height. */
export function watchGrid() {
  const painted = (report) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => report(performance.now());
      channel.port2.postMessage(null);
    });
  const seen = { firstAt: null, height: '', changes: [] };
  window.measured = seen;
  const look = () => {
    const grid = document.querySelector('.grid-extent');
    // The canvas that is shown is opaque; before the first picture none is.
    const isPainted = [...(grid?.querySelectorAll('canvas') ?? [])].some(({ style }) => style.opacity === '1');
    if (!isPainted || grid.style.height === seen.height) return;
    const isFirst = seen.height === '';
    seen.height = grid.style.height;
    painted((at) => {
      if (isFirst) seen.firstAt = at;
      else seen.changes.push(at);
    });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

/** Scrolls what the selector names by a step each frame, and back at the end, and tells how long each frame took. */
export async function scrollSteadily({ selector, axis, frames }) {
  const scroller = document.querySelector(selector);
  const [place, extent, window] =
    axis === 'down' ? ['scrollTop', 'scrollHeight', 'clientHeight'] : ['scrollLeft', 'scrollWidth', 'clientWidth'];
  scroller[place] = 0;
  await new Promise((resolve) => setTimeout(resolve, 400));
  return new Promise((resolve) => {
    const times = [];
    let step = 60;
    let before = null;
    const next = (now) => {
      if (before !== null) times.push(now - before);
      before = now;
      if (times.length === frames) return resolve(times);
      if (scroller[place] + scroller[window] >= scroller[extent] - 1) step = -60;
      else if (scroller[place] <= 0) step = 60;
      scroller[place] += step;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}
