import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';
import { addViewsAudit } from './views-audit.ts';
import { addViewsImport } from './views-import.ts';
import { addViewsRevoke } from './views-revoke.ts';

/** The verbs of `newsrank views`. */
export function addViews(program: Command, terminal: Terminal): void {
  const views = program
    .command('views')
    .description('import what was read from logs, take an attack out, check the counts');
  addViewsImport(views, terminal);
  addViewsRevoke(views, terminal);
  addViewsAudit(views, terminal);
}
