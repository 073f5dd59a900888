import type { Bundle } from '../../compiler/bundle/format.ts';
import { secretNames, Secrets, shortestSecret } from '../../runtime/index.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import type { Input } from './input.ts';
import { findMissing } from './parameter-types.ts';

/** What keeps a notebook from being run as to its parameters: one that has no value, or a secret that cannot be had. */
export function findUnready(host: Host, { bundle, document, values }: Input): CommandResult | undefined {
  const missing = findMissing(values, bundle.parameters);
  if (missing !== undefined) return usage(missing.message, missing.help, 'CW901');
  return findUnreadySecret(host, bundle, secretNames(document));
}

/** What keeps secrets from being kept. @param names environment variables that hold them */
export function findUnreadySecret(host: Host, bundle: Bundle, names: readonly string[]): CommandResult | undefined {
  for (const name of names) {
    const problem = describeProblem(name, host.environment[name]);
    if (problem !== undefined) return usage(problem, `Nothing was run. Set ${name} to the secret.`, 'CW901');
  }
  const secrets = new Secrets(names, host.environment);
  const open = bundle.tasks.find(({ source }) => secrets.isIn(source));
  if (open === undefined) return undefined;
  const message = `The cell ${open.name} has the value of a secret in its text, and would be written with it.`;
  return usage(
    message,
    'Nothing was run. Give it as env:NAME wherever it is a parameter, and take it out of the notebook.',
  );
}

function describeProblem(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return `A parameter refers to the environment variable ${name}, which is not set.`;
  if (value === '') return `A parameter refers to the environment variable ${name}, which is empty.`;
  if (value.includes('\uFFFD')) return `The environment variable ${name} is not UTF-8 text.`;
  if (value.trim().length >= shortestSecret) return undefined;
  return `The environment variable ${name} has less than ${shortestSecret} characters: a secret that short cannot be kept out of outputs.`;
}
