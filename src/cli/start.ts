import type { Command } from 'commander';
import { someOf } from '../../config/parse.ts';
import { ROLES } from '../../config/settings.ts';
import { CodedError, messageOf } from '../errors.ts';
import { openLog } from '../log.ts';
import { importApp } from './import-app.ts';
import type { Terminal } from './terminal.ts';

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
      // From the first moment on: whoever is told to stop while it starts up stops in order, too.
      const stopAsked = terminal.stopAsked();
      const { openApp } = await importApp();
      const app = await openApp(chosen, log);
      const signal = await stopAsked;
      log.info({ signal }, 'stopping: finishing what runs');
      await app.stop();
    });
}

function readRoles(text: string) {
  try {
    return someOf(ROLES)(text);
  } catch (error) {
    throw new CodedError('usage-invalid', `--roles must be ${messageOf(error)}.`);
  }
}
