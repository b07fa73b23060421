// Reports that this page was read, once somebody can see it. Keeps nothing: no cookie, no storage, no name for the reader.
//
//     <script src="https://rank.example.com/beacon.js" defer></script>
//
// data-article: the article's id in newsrank, where the page has no canonical link. data-opt-out, here or on <html> and at
// any time before the page is seen: nothing is reported. Nor is it where the browser says Global Privacy Control, although
// what is counted is no data on persons: who asks for less is given it. data-to: another place to report to.
(() => {
  const script = document.currentScript;
  const to = new URL(script.dataset.to ?? 'v1/views', script.src).href;

  // Links in newsrank's lists end in #box. It is taken off the address, so that a copied link does not carry it on.
  let isFromBox = location.hash === '#box' && !document.getElementById('box');
  if (isFromBox) history.replaceState(history.state, '', location.pathname + location.search);

  const report = () => {
    const isOptedOut = [script, document.documentElement].some(({ dataset }) => 'optOut' in dataset);
    if (isOptedOut || navigator.globalPrivacyControl) return;
    const { article } = script.dataset;
    const canonical = document.querySelector('link[rel~="canonical"]')?.href;
    const view = article ? { article } : { url: canonical || location.href.split('#')[0] };
    const body = JSON.stringify(isFromBox ? { ...view, ref: 'box' } : view);
    isFromBox = false;
    // text/plain needs no permission from another origin, and the beacon outlives the page.
    if (navigator.sendBeacon?.(to, body)) return;
    fetch(to, { method: 'POST', body, keepalive: true, mode: 'no-cors', credentials: 'omit' }).catch(() => {});
  };

  const whenVisible = () => {
    if (document.prerendering) document.addEventListener('prerenderingchange', whenVisible, { once: true });
    else if (document.visibilityState === 'visible') report();
    else document.addEventListener('visibilitychange', whenVisible, { once: true });
  };

  // The canonical link may stand behind this script.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', whenVisible, { once: true });
  else whenVisible();
  // Back again, to a page that the browser had kept: without that it would have been loaded anew, and reported. Who comes
  // back within the half-hour is counted once in either case.
  addEventListener('pageshow', ({ persisted }) => persisted && whenVisible());
})();
