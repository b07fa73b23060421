import { CodedError, messageOf } from '../src/errors.ts';
import { SETTINGS, type SettingName, type Settings } from './settings.ts';

const names = Object.keys(SETTINGS) as SettingName[];

/**
 * The settings that `environment` gives, the defaults beneath. An empty variable counts as unset.
 * All mistakes are reported in one CodedError `settings-invalid`.
 */
export function loadSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const mistakes: string[] = [];
  const entries = names.map((name) => {
    const { parse, fallback, isSecret } = { isSecret: false, ...SETTINGS[name] };
    const given = environment[name]?.trim() || fallback;
    try {
      return [name, given === undefined ? undefined : parse(given)];
    } catch (error) {
      mistakes.push(`${name} must be ${messageOf(error)}${isSecret ? '' : ` (it is "${given}")`}`);
      return [name, undefined];
    }
  });
  const settings = Object.fromEntries(entries) as Settings;
  if (mistakes.length === 0 && settings.POLL_MIN_INTERVAL > settings.POLL_MAX_INTERVAL) {
    mistakes.push('POLL_MIN_INTERVAL must not be longer than POLL_MAX_INTERVAL');
  }
  if (mistakes.length > 0) throw new CodedError('settings-invalid', `${mistakes.join('; ')}.`);
  return settings;
}

/** The settings in force, a line each, as `NAME=value`; secrets are masked, the unset are marked as such. */
export function printSettings(environment: NodeJS.ProcessEnv = process.env): string {
  loadSettings(environment);
  return names
    .map((name) => {
      const { fallback, isSecret } = { isSecret: false, ...SETTINGS[name] };
      const given = environment[name]?.trim() || fallback;
      if (given === undefined) return `# ${name} is not set`;
      return `${name}=${isSecret ? '********' : given}`;
    })
    .join('\n');
}
