import type { Command } from 'commander';
import { someOf } from '../../config/parse.ts';
import { ROLES } from '../../config/settings.ts';
import { CodedError, messageOf } from '../errors.ts';
import { openLog } from '../log.ts';
import { importApp } from './import-app.ts';
import type { Terminal } from './terminal.ts';
import { untilStopped } from './until-stopped.ts';

export function addStart(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('run the workers and the API until stopped')
    .option('--roles <roles>', `what this process does: all, or some of ${ROLES.join(',')}`)
    .option('--print-config', 'print the settings in force, secrets masked, and exit')
    .action(async (options: { roles?: string; printConfig?: true }) => {
      if (options.printConfig) return terminal.print(terminal.settingsInForce());
      const settings = terminal.settings();
      const chosen = options.roles === undefined ? settings : { ...settings, ROLES: readRoles(options.roles) };
      const log = openLog(settings.LOG_LEVEL);
      const open = async (stopping: AbortSignal) => (await importApp()).openApp(chosen, log, { stopping });
      await untilStopped(terminal, open, {
        onStop: (signal) => log.info({ signal }, 'stopping: finishing what runs'),
      });
    });
}

function readRoles(text: string) {
  try {
    return someOf(ROLES)(text);
  } catch (error) {
    throw new CodedError('usage-invalid', `--roles must be ${messageOf(error)}.`);
  }
}
