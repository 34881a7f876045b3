import type { z } from 'zod';
import { nearestName } from './nearest-name.js';
import { PUBLIC_VARIABLES } from './public-variables.js';
import type { Variable, Variables } from './variable.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration of an app: a property for each of its variables, and the standard OTEL_* variables as they are. */
export type ConfigOf<Of extends Variables> = { readonly [Property in keyof Of]: z.infer<Of[Property]['schema']> } & { readonly otel: Readonly<Record<string, string>> };

/** The exit status of a process whose configuration is wrong (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

/** What is wrong with the configuration: all of it, so that it is mended in one go. */
export class ConfigError extends Error {
  readonly exitCode = EXIT_CONFIG;

  constructor(readonly problems: readonly string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads an app's configuration, once, from the environment. A variable that is set but empty counts as unset.
 * @throws ConfigError with every problem: values that do not fit, required variables that are missing, and TRIVET_*
 * names that nothing reads (a typing mistake must not be silent).
 */
export function loadConfig<const Of extends Variables>(variables: Of, environment: Environment): ConfigOf<Of> {
  const problems = unknownNames(variables, environment);
  const config: Record<string, unknown> = { otel: otelVariables(environment) };
  for (const [property, one] of Object.entries(variables)) {
    const given = environment[one.name] || undefined;
    const parsed = one.schema.safeParse(given);
    if (parsed.success) config[property] = parsed.data;
    else problems.push(describeProblem(one, given, parsed.error));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config as ConfigOf<Of>;
}

/** The values of a configuration that must not appear in a log. */
export function secretsOf<const Of extends Variables>(variables: Of, config: ConfigOf<Of>): string[] {
  return Object.entries(variables).flatMap(([property, one]) => {
    const value: unknown = config[property];
    return one.secret && typeof value === 'string' ? [value] : [];
  });
}

function describeProblem(one: Variable, given: string | undefined, error: z.ZodError): string {
  if (given === undefined) return `${one.name} is not set. ${one.sentence}`;
  const expected = error.issues.map((issue) => issue.message).join('; ');
  return one.secret ? `${one.name} ${expected}.` : `${one.name} is '${given}' but ${expected}.`;
}

function unknownNames(variables: Variables, environment: Environment): string[] {
  const known = [...new Set([...PUBLIC_VARIABLES, ...Object.values(variables).map((one) => one.name)])];
  return Object.keys(environment)
    .filter((name) => name.startsWith('TRIVET_') && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `${name} is not a variable Trivet knows.${nearest ? ` Did you mean ${nearest}?` : ' See docs/environment.md for those it does.'}`;
    });
}

function otelVariables(environment: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (name.startsWith('OTEL_') && value) found[name] = value;
  return found;
}
