// A list of newsrank on any page, kept up to date:
//
//     <script src="https://rank.example.com/embed.js" defer></script>
//     <news-ranking kind="popular" category="politics" limit="5">
//       <a href="https://rank.example.com/ranking">Popular articles</a>
//     </news-ranking>
//
// What stands inside is shown while there is no list. docs/box.md tells of the attributes, colours and parts. WORDS and
// SYMBOLS are put before this file when it is served (words.ts). Nothing is stored; a click is reported as what it is.

const HOME = new URL('.', document.currentScript?.src ?? location.href).href;
const POLL_EVERY = 30_000;
const MAX_LISTS = 20;
const KINDS = ['access', 'popular', 'rising'];
const PUBLISHED = /^(?:"(.+)"|(.+)) (?:ACCESS RANKING|POPULAR ARTICLE|RISING ARTICLE)$/;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; color: var(--news-ranking-color, inherit); background: var(--news-ranking-background, transparent);
    font: var(--news-ranking-font, inherit); --rule: var(--news-ranking-rule, color-mix(in srgb, currentColor 22%, transparent)) }
  :host([hidden]) { display: none }
  .title { margin: 0; padding: .45em 0; font-size: 1em; line-height: 1.3; letter-spacing: .02em;
    border-bottom: 2px solid var(--news-ranking-accent, currentColor) }
  ol { list-style: none; margin: 0; padding: 0 }
  li { display: flex; gap: .75em; padding: .6em 0; border-bottom: 1px solid var(--rule) }
  .rank { min-width: 1.3em; font-weight: 700; font-size: 1.15em; line-height: 1.25; text-align: center; color: var(--news-ranking-accent, inherit) }
  .words { min-width: 0; overflow-wrap: anywhere; line-height: 1.4 }
  a { color: inherit; text-decoration: none }
  a:hover { text-decoration: underline }
  a:focus-visible { outline: 2px solid var(--news-ranking-accent, currentColor); outline-offset: 2px; border-radius: 2px }
  p { margin: .2em 0 0; font-size: .8em; color: var(--news-ranking-muted, inherit) }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
`);

const say = (words, what) => words.replace('{}', what ?? '');

function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === true) element.setAttribute(key, '');
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// One stream for all boxes of a page from the same server, and none while nobody looks: browsers allow six connections.
const streams = new Map();

function follow(box, server) {
  const stream = streams.get(server) ?? { boxes: new Set() };
  streams.set(server, stream);
  stream.boxes.add(box);
  reopenSoon(server, stream);
}
function unfollow(box) {
  for (const [server, stream] of streams) if (stream.boxes.delete(box)) reopenSoon(server, stream);
}
function reopenSoon(server, stream) {
  clearTimeout(stream.soon);
  stream.soon = setTimeout(() => reopen(server, stream));
}
function reopen(server, stream) {
  stream.source?.close();
  clearTimeout(stream.retry);
  const boxes = [...stream.boxes];
  if (boxes.length === 0 || document.hidden) return;
  const lists = [...new Set(boxes.map((box) => box.list))].sort().slice(0, MAX_LISTS).join();
  const limit = Math.max(...boxes.map((box) => box.wanted));
  stream.source = new EventSource(`${server}v1/stream?${new URLSearchParams({ lists, limit })}`);
  stream.source.addEventListener('list', ({ data }) => {
    const list = JSON.parse(data);
    for (const box of boxes) box.offer(list);
  });
  // Refused or given up; while the connection was only lost the browser comes back by itself.
  stream.source.addEventListener('error', ({ target }) => {
    if (target.readyState !== EventSource.CLOSED) return;
    stream.retry = setTimeout(() => {
      for (const box of boxes) void box.load();
      reopen(server, stream);
    }, POLL_EVERY);
  });
}
document.addEventListener('visibilitychange', () => {
  for (const [server, stream] of streams) {
    reopen(server, stream);
    if (!document.hidden) for (const box of stream.boxes) void box.load();
  }
});

class NewsRanking extends HTMLElement {
  static observedAttributes = [
    'kind',
    'category',
    'window',
    'limit',
    'exclude',
    'lang',
    'heading',
    'level',
    'server',
    'refresh',
  ];
  #root = this.attachShadow({ mode: 'open' });
  #shown;
  #waiting;
  #poll;
  #soon;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(make('slot'));
    for (const type of ['click', 'auxclick']) this.#root.addEventListener(type, (event) => this.#report(event));
    for (const type of ['pointerleave', 'focusout'])
      this.addEventListener(type, () => setTimeout(() => this.#settle()));
  }

  get server() {
    const named = this.getAttribute('server');
    return named ? new URL('.', new URL(`${named.replace(/\/?$/, '/')}`, document.baseURI)).href : HOME;
  }
  get kind() {
    const kind = this.getAttribute('kind');
    return KINDS.includes(kind) ? kind : 'popular';
  }
  get window() {
    return this.kind === 'access' ? (this.getAttribute('window') ?? '24h') : null;
  }
  get scope() {
    return this.getAttribute('category') || 'site';
  }
  get limit() {
    return Math.min(Math.max(Math.trunc(Number(this.getAttribute('limit'))) || 5, 1), 50);
  }
  /** One more where one may be left out. */
  get wanted() {
    return Math.min(this.limit + (this.hasAttribute('exclude') ? 1 : 0), 50);
  }
  /** As the stream names it. */
  get list() {
    return [this.kind, ...(this.scope === 'site' ? [] : [this.scope]), ...(this.window ? [this.window] : [])].join(':');
  }
  get language() {
    return /^ja\b/i.test(this.closest('[lang]')?.lang ?? '') ? 'ja' : 'en';
  }

  connectedCallback() {
    this.#start();
  }
  disconnectedCallback() {
    this.#stop();
  }
  attributeChangedCallback() {
    if (!this.isConnected) return;
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.isConnected && this.#start());
  }

  #start() {
    this.#stop();
    this.#shown = undefined;
    void this.load();
    const refresh = this.getAttribute('refresh') ?? 'stream';
    if (refresh === 'stream' && 'EventSource' in globalThis) follow(this, this.server);
    else if (refresh !== 'off') {
      const every = Math.max(Number(refresh) * 1000 || POLL_EVERY, 5000);
      this.#poll = setInterval(() => document.hidden || void this.load(), every);
    }
  }
  #stop() {
    clearInterval(this.#poll);
    unfollow(this);
  }

  async load() {
    const query = new URLSearchParams({ limit: this.wanted });
    if (this.scope !== 'site') query.set('category', this.scope);
    if (this.window) query.set('window', this.window);
    try {
      const answer = await fetch(`${this.server}v1/rankings/${this.kind}?${query}`, { credentials: 'omit' });
      if (!answer.ok) throw new Error(answer.status);
      this.offer(await answer.json());
    } catch {
      this.#fail();
    }
  }

  /** Shows the list if it is this box's and new; not under a pointer or a finger that is about to open one of it. */
  offer(list) {
    if (list.list !== this.kind || list.scope !== this.scope || (list.window?.id ?? null) !== this.window) return;
    this.#waiting = list;
    this.#settle();
  }
  #settle() {
    const list = this.#waiting;
    const isShown = this.#shown !== undefined;
    if (list === undefined || (isShown && (list.version === this.#shown || this.matches(':hover, :focus-within'))))
      return;
    this.#waiting = undefined;
    this.#shown = list.version;
    this.#root.replaceChildren(this.#section(list));
  }

  /** What is inside stays; where nothing is, a link leads to the list. */
  #fail() {
    if (this.#shown !== undefined || this.childNodes.length > 0) return;
    const link = make('a', { href: `${this.server}ranking`, part: 'link' }, WORDS[this.language].more);
    this.#root.replaceChildren(link);
  }

  #section(list) {
    const words = WORDS[this.language];
    const exclude = this.getAttribute('exclude');
    const others = list.items.filter(({ article }) => article.id !== exclude);
    const items = others.slice(0, this.limit);
    const isWhole = others.length === list.items.length;
    const level = /^[1-6]$/.test(this.getAttribute('level')) ? this.getAttribute('level') : 2;
    const rows = items.map((item, index) => this.#row(item, isWhole ? item.rank : index + 1, words));
    return make(
      'section',
      {
        part: 'box',
        lang: this.language,
        'aria-labelledby': 'title',
        itemscope: true,
        itemtype: 'https://schema.org/ItemList',
      },
      make('meta', { itemprop: 'itemListOrder', content: 'https://schema.org/ItemListOrderAscending' }),
      make('meta', { itemprop: 'numberOfItems', content: items.length }),
      make(`h${level}`, { class: 'title', id: 'title', part: 'title', itemprop: 'name' }, this.#title(list, words)),
      // Without its marks a list is none to some screen readers, unless it says so.
      rows.length === 0
        ? make('p', { part: 'empty' }, words.empty)
        : make('ol', { role: 'list', part: 'list' }, ...rows),
    );
  }

  #title({ title, list }, words) {
    const heading = this.getAttribute('heading');
    if (heading) return heading;
    const [, category, site] = PUBLISHED.exec(title) ?? [];
    const form = category === undefined ? words.site?.[list] : words.category?.[list];
    return form ? say(form, category ?? site) : title;
  }

  #row({ movement, previousRank, reads, article }, rank, words) {
    const target = this.getAttribute('target');
    const link = make(
      'a',
      {
        ...{
          href: article.url ?? `${this.server}article/${article.id}`,
          part: 'link',
          itemprop: 'url',
          'data-article': article.id,
          dir: 'auto',
        },
        ...{ target, rel: target ? 'noopener' : null, lang: /[\u3040-\u30ff]/.test(article.title) ? 'ja' : null },
      },
      make('span', { itemprop: 'name' }, article.title || '–'),
    );
    const symbol = movement === 'new' ? words.fresh : SYMBOLS[movement];
    const count = say(reads === 1 ? words.read : words.reads, reads.toLocaleString(this.language));
    return make(
      'li',
      { part: 'item', itemprop: 'itemListElement', itemscope: true, itemtype: 'https://schema.org/ListItem' },
      make('meta', { itemprop: 'position', content: rank }),
      make('span', { class: 'rank', part: 'rank' }, String(rank)),
      make(
        'div',
        { class: 'words' },
        link,
        make(
          'p',
          { part: 'meta' },
          make('span', { part: `movement ${movement}`, 'aria-hidden': 'true' }, symbol),
          make('span', { class: 'hidden' }, say(words.moved[movement], previousRank)),
          ' ',
          make('span', { part: 'reads' }, count),
        ),
      ),
    );
  }

  #report(event) {
    const link = event.target.closest?.('a[data-article]');
    if (!link || (event.type === 'auxclick' && event.button !== 1)) return;
    if (navigator.globalPrivacyControl || 'optOut' in this.dataset || 'optOut' in document.documentElement.dataset)
      return;
    const body = JSON.stringify({ article: link.dataset.article, ref: 'box' });
    const to = `${this.server}v1/views`;
    // text/plain needs no permission from another origin, and the beacon outlives the page.
    if (navigator.sendBeacon?.(to, body)) return;
    fetch(to, { method: 'POST', body, keepalive: true, mode: 'no-cors', credentials: 'omit' }).catch(() => {});
  }
}

// Two of these scripts on one page are one too many, and no harm.
if (!customElements.get('news-ranking')) customElements.define('news-ranking', NewsRanking);
