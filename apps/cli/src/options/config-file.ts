import { readFileSync } from 'node:fs';
import { AtlasError } from '@cpu-atlas/core';
import { InvalidArgumentError, type Command, type Option } from 'commander';

type Environment = Readonly<Record<string, string | undefined>>;

/** Larger files are no settings. */
const limitLength = 256 * 1024;

/**
 * Takes settings from the JSON file of `--config`. Its keys are the names of the options without dashes in front
 * (`"join": "https://hub.example"`, `"harvest": false`). An option on the command line beats the environment, the
 * environment beats the file, the file beats the defaults.
 * @throws FILE_UNREADABLE, USAGE_INVALID for a key that is no option or a value that it does not take
 */
export function applyConfigFile(command: Command, path: string, environment: Environment): void {
  const options = new Map(command.options.map((option) => [nameOf(option), option]));
  for (const [key, value] of Object.entries(readConfig(path))) {
    const option = options.get(key);
    if (option === undefined || key === 'config') {
      throw refusal(
        `${path}: ${key}`,
        'there is no such setting',
        'see cpu-atlas serve --help; write names without --',
      );
    }
    const source = command.getOptionValueSource(option.attributeName());
    if (source === 'cli' || source === 'env' || (environment[variableOf(option)] ?? '') !== '') continue;
    command.setOptionValueWithSource(option.attributeName(), valueOf(option, value, `${path}: ${key}`), 'config');
  }
}

/** `--no-harvest` is the setting `harvest`. */
function nameOf(option: Option): string {
  return option.name().replace(/^no-/, '');
}

/** All settings follow one rule: `--data-dir` is `CPU_ATLAS_DATA_DIR`. */
function variableOf(option: Option): string {
  return option.envVar ?? `CPU_ATLAS_${option.name().toUpperCase().replaceAll('-', '_')}`;
}

function readConfig(path: string): object {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AtlasError('FILE_UNREADABLE', 'the settings cannot be read', {
      where: path,
      remedy: 'check the path and the permissions',
      cause,
    });
  }
  if (text.length > limitLength)
    throw refusal(path, 'is too large for settings', 'check that it is the file you meant');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refusal(path, `is not JSON (${reason})`, 'write {"port": 4280, "join": "https://hub.example"}');
  }
  throw refusal(path, 'is no JSON object', 'write {"port": 4280, "join": "https://hub.example"}');
}

function valueOf(option: Option, value: unknown, where: string): unknown {
  if (option.isBoolean() || option.negate) {
    if (typeof value === 'boolean') return value;
    throw refusal(where, 'is neither true nor false', 'write true or false');
  }
  if (option.variadic) {
    const list = Array.isArray(value) ? value : [value];
    return list.map((one) => textOf(one, where));
  }
  const text = textOf(value, where);
  if (option.argChoices !== undefined && !option.argChoices.includes(text)) {
    throw refusal(where, `is none of ${option.argChoices.join(', ')}`, 'write one of them');
  }
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw refusal(where, cause.message, 'see cpu-atlas serve --help');
  }
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw refusal(where, 'is neither a text nor a number', 'see cpu-atlas serve --help');
}

function refusal(where: string, message: string, remedy: string): AtlasError {
  return new AtlasError('USAGE_INVALID', message, { where, remedy });
}
