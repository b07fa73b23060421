// Keeps the parts marked data-live="<fragment>" up to date: asks for each again with the ETag it has, and swaps it when
// it changed. Nothing is asked for while nobody looks.
(() => {
  const interval = Math.max(1000, Number(document.documentElement.dataset.interval) || 5000);
  const longest = 60_000;
  const handsOff = 1200;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const etags = new Map();
  let wait = interval;
  let timer;
  let pointed = { part: null, at: 0 };

  const parts = () => [...document.querySelectorAll('[data-live]')];
  const itemsOf = (part) =>
    new Map([...part.querySelectorAll('[data-article]')].map((item) => [item.dataset.article, item]));

  // A list must not move away under a pointer that is about to click.
  document.addEventListener('pointermove', (event) => {
    pointed = { part: event.target.closest?.('[data-live]'), at: performance.now() };
  });
  const isInUse = (part) => pointed.part === part && performance.now() - pointed.at < handsOff;

  const light = (item) => item.classList.add('is-fresh');

  // Rows slide from where they were; what is new or climbed is lit for a moment.
  function settle(before, part) {
    for (const [id, item] of itemsOf(part)) {
      const moved = (before.get(id) ?? item.offsetTop) - item.offsetTop;
      if (!before.has(id) || (moved > 0 && part.matches('.box'))) light(item);
      if (moved === 0 || calm.matches) continue;
      item.animate([{ transform: `translateY(${moved}px)` }, { transform: 'none' }], {
        duration: 500,
        easing: 'ease-out',
      });
    }
  }

  // What is the same in the part that comes: a button by its id, a link by where it leads.
  const selectorOf = ({ id, attributes }) =>
    id ? `#${CSS.escape(id)}` : attributes.href && `a[href="${CSS.escape(attributes.href.value)}"]`;

  function swap(old, html, { lit = true } = {}) {
    const holder = document.createElement('template');
    holder.innerHTML = html;
    const part = holder.content.querySelector('[data-live]');
    if (!part) return;
    const before = new Map([...itemsOf(old)].map(([id, item]) => [id, item.offsetTop]));
    const focused = old.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    old.replaceWith(part);
    if (focused) part.querySelector(focused)?.focus({ preventScroll: true });
    if (lit) settle(before, part);
    watchPictures(part);
  }

  async function fetchPart(url) {
    const etag = etags.get(url);
    const response = await fetch(url, etag ? { headers: { 'if-none-match': etag } } : { cache: 'no-cache' });
    if (response.status === 304) return null;
    if (!response.ok) throw new Error(String(response.status));
    if (response.headers.get('etag')) etags.set(url, response.headers.get('etag'));
    return response.text();
  }

  async function refresh(part) {
    if (isInUse(part)) return;
    const url = part.dataset.live;
    const html = await fetchPart(url);
    if (html === null || !part.isConnected || part.dataset.live !== url) return;
    if (isInUse(part)) etags.delete(url);
    else swap(part, html);
  }

  async function tick() {
    clearTimeout(timer);
    if (document.visibilityState !== 'visible') return;
    const results = await Promise.allSettled(parts().map(refresh));
    const isFailing = results.some((result) => result.status === 'rejected');
    wait = isFailing ? Math.min(wait * 2, longest) : interval;
    timer = setTimeout(tick, wait);
  }

  // Tabs are links to a page of their own; with scripts they change only their box.
  document.addEventListener('click', async (event) => {
    const tab = event.target.closest?.('a[data-fragment]');
    if (!tab || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const part = tab.closest('[data-live]');
    try {
      etags.delete(tab.dataset.fragment);
      swap(part, await fetchPart(tab.dataset.fragment), { lit: false });
      history.replaceState(history.state, '', tab.href);
    } catch {
      location.assign(tab.href);
    }
  });

  // A picture that cannot be had leaves no hole.
  function drop(picture) {
    picture.closest('.has-picture')?.classList.remove('has-picture');
    (picture.closest('figure') ?? picture.closest('.picture') ?? picture).hidden = true;
  }
  function watchPictures(root) {
    for (const picture of root.querySelectorAll('main img')) {
      if (picture.complete && picture.naturalWidth === 0 && picture.currentSrc) drop(picture);
    }
  }
  document.addEventListener('error', (event) => event.target.tagName === 'IMG' && drop(event.target), true);

  // What is wider than its column can be scrolled by keyboard.
  const tables = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute('tabindex', '0');
      else target.removeAttribute('tabindex');
    }
  });
  for (const table of document.querySelectorAll('.story-text table')) tables.observe(table);

  watchPictures(document);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void tick();
    else clearTimeout(timer);
  });
  timer = setTimeout(tick, interval);
})();
