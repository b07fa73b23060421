import { readFileSync } from 'node:fs';
import { CodedError, messageOf } from '../src/errors.ts';
import { SETTINGS, type SettingName, type Settings } from './settings.ts';

const names = Object.keys(SETTINGS) as SettingName[];

/**
 * The settings that `environment` gives, the defaults beneath. An empty variable counts as unset; of secrets, `NAME_FILE`
 * may name a file instead.
 * All mistakes are reported in one CodedError `settings-invalid`.
 */
export function loadSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const mistakes: string[] = [];
  const entries = names.map((name) => {
    const { parse, fallback, isSecret } = { isSecret: false, ...SETTINGS[name] };
    let given: string | undefined;
    try {
      given = textOf(name, environment) || fallback;
      return [name, given === undefined ? undefined : parse(given)];
    } catch (error) {
      const isShown = !isSecret && given !== undefined;
      mistakes.push(`${name} must be ${messageOf(error)}${isShown ? ` (it is "${given}")` : ''}`);
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

/** Whether npm runs this process: by a shell, which dies of the signals that npm hands it and tells nobody. */
export const isRunByNpm = (environment: NodeJS.ProcessEnv = process.env): boolean =>
  environment['npm_lifecycle_event'] !== undefined;

/** What the environment says of a setting: itself, or of a secret a file that NAME_FILE names, as orchestrators mount them. */
function textOf(name: SettingName, environment: NodeJS.ProcessEnv): string | undefined {
  const text = environment[name]?.trim();
  const file = 'isSecret' in SETTINGS[name] ? environment[`${name}_FILE`]?.trim() : undefined;
  if (!file) return text;
  if (text) throw new Error(`set once: by itself or by ${name}_FILE, not by both`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`in a file that can be read (${name}_FILE: ${messageOf(error)})`);
  }
}

/** The settings in force, a line each, as `NAME=value`; secrets are masked, the unset are marked as such. */
export function printSettings(environment: NodeJS.ProcessEnv = process.env): string {
  loadSettings(environment);
  return names
    .map((name) => {
      const { fallback, isSecret } = { isSecret: false, ...SETTINGS[name] };
      const given = textOf(name, environment) || fallback;
      if (given === undefined) return `# ${name} is not set`;
      return `${name}=${isSecret ? '********' : given}`;
    })
    .join('\n');
}
