/** `combined` reads the common format as well, line by line, and `common` the combined. */
export const FORMATS = ['combined', 'common', 'jsonl', 'csv'] as const;
export type Format = (typeof FORMATS)[number];
