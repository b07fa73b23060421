/** What one feed may cost. Beyond a limit the excess is left out; the feed itself is still read. */
export const MAX_DEPTH = 256;
export const MAX_ATTRIBUTES = 256;
export const MAX_ATTRIBUTE_LENGTH = 1 << 16;
export const MAX_ENTRIES = 1000;
/** Where reading stops: no feed that people publish comes near. */
export const MAX_ELEMENTS = 400_000;
export const MAX_ITEMS_READ = 150_000;
/** Times that a document may declare namespaces, since each takes a table of names. */
export const MAX_SCOPES = 10_000;
/** Elements kept of one entry and of the channel; some of an entry's room is for what matters most. */
export const MAX_ENTRY_NODES = 256;
export const MAX_ENTRY_EXTRAS = 192;
export const MAX_CHANNEL_NODES = 1024;
/** Characters of one element's text or markup. */
export const MAX_MARKUP = 1 << 20;
/** Characters of markup made safe in a whole feed: entries after that have their summaries only. */
export const MAX_CONTENTS = 6 << 20;

export const MAX_ENTITIES = 64;
export const MAX_ENTITY_LENGTH = 1024;
/** Characters that all expansions of a document's own entities may add up to. */
export const MAX_EXPANSION = 1 << 18;

export const MAX_TITLE = 1000;
export const MAX_SUMMARY = 64 * 1024;
export const MAX_AUTHOR = 255;
export const MAX_KEYWORD = 128;
export const MAX_KEYWORDS = 64;
export const MAX_URL = 2048;
export const MAX_GUID = 2048;
export const MAX_ENCLOSURES = 32;
/**
 * Values in a JSON feed. JSON.parse cannot be interrupted: where it runs out of its thread's memory, Node ends the whole
 * process and not only the thread, so what is too much for it must never reach it.
 */
export const MAX_JSON_VALUES = 500_000;
