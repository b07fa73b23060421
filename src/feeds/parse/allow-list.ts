import { htmlElementAttributes } from 'html-element-attributes';
import { svgElementAttributes } from 'svg-element-attributes';

/**
 * What may stay of other people's HTML. Elements are listed here one by one, since each is a decision: those of the HTML
 * standard, obsolete ones too, that mark text up or show a picture, a sound or a form. Left out are those that run, style,
 * embed or replace the document, that move (`blink`, `marquee`), that stand above the page (`dialog`), and whose content is
 * no markup (`title`, `xmp`, `plaintext`). `noscript` and `textarea` are harmless as sanitize.ts writes them.
 */
const ELEMENTS = words(`
  a abbr acronym address area article aside audio b bdi bdo big blockquote br button canvas caption center cite code col
  colgroup data datalist dd del details dfn dir div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5
  h6 header hgroup hr i img input ins kbd keygen label legend li main map mark menu meter multicol nav nextid nobr
  noscript ol optgroup option output p picture pre progress q rb rbc rp rt rtc ruby s samp search section select small
  source spacer span strike strong sub summary sup table tbody td textarea tfoot th thead time tr track tt u ul var
  video wbr`);
/** Of HTML's first drafts and of old browsers: no browser knows them any more. */
const FORGOTTEN_ELEMENTS = words('datagrid event-source m sound');

/** Elements without content or end tag, as the HTML standard has them. */
export const VOID_ELEMENTS: ReadonlySet<string> = new Set(
  words('area br col hr img input keygen source track wbr').filter((name) => ELEMENTS.includes(name)),
);

/** Elements that go with all they hold: it is not for people to read. */
export const SILENT_ELEMENTS: ReadonlySet<string> = new Set(words('applet script style'));

/** Elements that stand on lines of their own, whether they may stay or not. */
export const BLOCK_ELEMENTS: ReadonlySet<string> = new Set(
  words(`
  address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer
  form h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu multicol nav ol optgroup option p plaintext pre
  search section summary table tbody td tfoot th thead title tr ul xmp`),
);

/** SVG 2 without what runs, moves, loads or holds HTML; filters cost readers' machines more than they show. */
const SVG_ELEMENTS = words(`
  a circle clipPath defs desc ellipse g line linearGradient marker mask path pattern polygon polyline radialGradient rect
  stop svg switch text textPath title tspan`);

/** MathML Core and the few presentational ones of MathML 3 that are still met, without those that hold HTML. */
const MATHML_ELEMENTS = words(`
  annotation math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
  mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics`);

/**
 * Attributes that stay out though the standard gives them to elements of ours: they load several addresses, act on other
 * parts of the page, start by themselves, or send a form elsewhere.
 */
const REFUSED_ATTRIBUTES = new Set(
  words(`
  autofocus autoplay command commandfor exportparts formaction formenctype formmethod formnovalidate
  formtarget inert is nonce part ping popover popovertarget popovertargetaction sizes slot srcset`),
);

/** Attributes of elements that may not stay, on others as harmless as any; and those of no standard any more. */
const OTHER_ATTRIBUTES = words(`
  background data leftmargin marginheight marginwidth topmargin
  balance bgproperties bordercolor bordercolordark bordercolorlight bottompadding ch challenge choff datafld dataformatas
  datapagesize datasrc delay dynsrc end galleryimg gutter hidefocus icon keyparams keytype leftspacing loopcount loopend
  loopstart lowsrc methods point-size pqg prompt radiogroup repeat-max repeat-min repeat-start repeat-template replace
  rightspacing suppress template toppadding unselectable urn variable volume vrml weight xml:lang`);

const HTML_ATTRIBUTES = canonicalNames([
  ...['*', ...ELEMENTS].flatMap((element) => htmlElementAttributes[element] ?? []),
  ...OTHER_ATTRIBUTES,
]);

/** `overflow` lets a drawing cover the page around it. */
const FOREIGN_ATTRIBUTES = canonicalNames([
  ...['*', ...SVG_ELEMENTS]
    .flatMap((element) => svgElementAttributes[element] ?? [])
    .filter((name) => name !== 'overflow'),
  ...words(`
  accent accentunder align close columnalign columnlines columnspacing columnspan depth dir displaystyle encoding fence
  form frame framespacing largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize
  movablelimits notation open rowalign rowlines rowspacing rowspan rspace scriptlevel separator separators stretchy
  symmetric title voffset`),
  ...words('xlink:href xlink:show xlink:title xlink:type xml:lang xml:space'),
]);

const ALLOWED_ELEMENTS: ReadonlySet<string> = new Set([...ELEMENTS, ...FORGOTTEN_ELEMENTS]);
const FOREIGN_ELEMENTS = canonicalNames([...SVG_ELEMENTS, ...MATHML_ELEMENTS]);

/** Attributes whose value is an address. */
export const LINK_ATTRIBUTES: ReadonlySet<string> = new Set(
  words(`
  action background cite data datasrc dynsrc href icon itemid itemtype longdesc lowsrc poster profile src urn usemap
  xlink:href`),
);

/** Those that the HTML standard calls safe to hand over to a program that registers for them, as far as text links to them. */
export const LINK_SCHEMES: ReadonlySet<string> = new Set(
  words('ftp ftps geo http https irc ircs magnet mailto matrix news nntp sftp sip sms tel urn webcal xmpp'),
);

/** Whether an HTML element of that name, in lower case, may stay. */
export function isAllowedElement(name: string): boolean {
  return ALLOWED_ELEMENTS.has(name);
}

/** The name in its own letter case of an element of SVG or MathML that may stay, given in lower case. */
export function foreignElement(name: string): string | undefined {
  return FOREIGN_ELEMENTS.get(name);
}

/** The name under which an attribute, given in lower case, may stay. */
export function allowedAttribute(name: string, isForeign: boolean): string | undefined {
  return isForeign ? FOREIGN_ATTRIBUTES.get(name) : HTML_ATTRIBUTES.get(name);
}

/** By their lower case. A name that begins like an event handler is none, whatever the lists say. */
function canonicalNames(names: readonly string[]): ReadonlyMap<string, string> {
  const canonical = new Map<string, string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (!REFUSED_ATTRIBUTES.has(key) && !key.startsWith('on')) canonical.set(key, name);
  }
  return canonical;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
