import { readFile } from 'node:fs/promises';
import { SETTINGS } from '../../config/settings.ts';
import { CodedError, messageOf } from '../errors.ts';
import { type OpmlContents, readOpml } from './opml.ts';

/**
 * The feeds of FEEDS_FILE. The file that is meant where nobody names one need not be there: installed as a package,
 * newsrank is started in whatever folder. CodedError `opml-unreadable` where it cannot be read.
 */
export async function readFeedsFile(file: string): Promise<OpmlContents> {
  try {
    return readOpml(await readFile(file, 'utf8'));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && file === SETTINGS.FEEDS_FILE.fallback) return { feeds: [], others: [], outlinesLeftOut: 0 };
    const message = `FEEDS_FILE ${file} cannot be read. ${messageOf(error)} Mend it, or set FEEDS_FILE to another file.`;
    throw new CodedError('opml-unreadable', message, { cause: error });
  }
}
