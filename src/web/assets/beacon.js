// Reports, once, that this article was opened by somebody who can see it. Keeps nothing: no cookie, no storage.
(() => {
  const article = document.querySelector('[data-article].story')?.dataset.article;
  if (!article) return;

  // Links in the lists end in #box. It is taken off the address, so that a copied link does not carry it on.
  const fromBox = location.hash === '#box';
  if (fromBox) history.replaceState(history.state, '', location.pathname + location.search);

  const report = () => {
    const body = JSON.stringify(fromBox ? { article, ref: 'box' } : { article });
    // text/plain needs no permission from another origin, and the beacon outlives the page.
    if (navigator.sendBeacon?.('/v1/views', body)) return;
    fetch('/v1/views', { method: 'POST', body, keepalive: true }).catch(() => {});
  };

  const whenVisible = () => {
    if (document.visibilityState === 'visible') return report();
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', look);
      report();
    };
    document.addEventListener('visibilitychange', look);
  };

  if (document.prerendering) document.addEventListener('prerenderingchange', whenVisible, { once: true });
  else whenVisible();
})();
