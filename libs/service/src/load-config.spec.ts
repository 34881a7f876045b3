import { COMMON_VARIABLES, ConfigError, choice, defaultOf, flag, isRequired, loadConfig, nearestName, port, secretsOf, text, variable, wholeNumber, PUBLIC_VARIABLES } from './index.js';

const VARIABLES = {
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), 'The port.'),
  natsUrl: COMMON_VARIABLES.natsUrl,
  mode: variable('TRIVET_DURABILITY', choice(['strict', 'relaxed']).default('strict'), 'How.'),
  noInstall: variable('TRIVET_NO_INSTALL', flag().default(false), 'Whether.'),
  key: variable('OPENAI_API_KEY', text().min(8, 'must have 8 characters').optional(), 'A key.', { secret: true }),
};

function problemsOf(environment: Record<string, string>, variables: Parameters<typeof loadConfig>[0] = VARIABLES): readonly string[] {
  try {
    loadConfig(variables, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('gives defaults for what is unset or empty', () => {
    expect(loadConfig(VARIABLES, { TRIVET_HTTP_PORT: '', OPENAI_API_KEY: '' })).toEqual({ httpPort: 8080, natsUrl: 'nats://127.0.0.1:4222', mode: 'strict', noInstall: false, key: undefined, otel: {} });
  });

  it('reads what is set', () => {
    const config = loadConfig(VARIABLES, { TRIVET_HTTP_PORT: '0', TRIVET_NO_INSTALL: '1', TRIVET_NATS_URL: 'nats://a:1, tls://b:2', OTEL_SERVICE_NAME: 'x', OTHER: 'y' });
    expect(config).toMatchObject({ httpPort: 0, noInstall: true, natsUrl: 'nats://a:1, tls://b:2', otel: { OTEL_SERVICE_NAME: 'x' } });
    const typed: number = config.httpPort;
    expect(typed).toBe(0);
  });

  it('reports every problem together, with name, value and what it must be', () => {
    expect(problemsOf({ TRIVET_HTTP_PORT: '70000', TRIVET_DURABILITY: 'maybe', TRIVET_NATS_URL: 'localhost', TRIVET_NO_INSTALL: 'yes', TRIVET_HTP_PORT: '1', TRIVET_XYZZY_PLUGH: '1' })).toEqual([
      'TRIVET_HTP_PORT is not a variable Trivet knows. Did you mean TRIVET_HTTP_PORT?',
      'TRIVET_XYZZY_PLUGH is not a variable Trivet knows. See docs/environment.md for those it does.',
      "TRIVET_HTTP_PORT is '70000' but must be a whole number from 0 to 65535.",
      "TRIVET_NATS_URL is 'localhost' but must be a URL that begins with nats:// or tls:// or ws:// or wss://.",
      "TRIVET_DURABILITY is 'maybe' but must be one of strict, relaxed.",
      "TRIVET_NO_INSTALL is 'yes' but must be 1 or 0.",
    ]);
  });

  it('does not show the value of a secret', () => {
    expect(problemsOf({ OPENAI_API_KEY: 'short' })).toEqual(['OPENAI_API_KEY must have 8 characters.']);
  });

  it('names a required variable that is missing, and what it is for', () => {
    expect(problemsOf({}, { needed: variable('TRIVET_DATA_DIR', text(), 'The folder for data.') })).toEqual(['TRIVET_DATA_DIR is not set. The folder for data.']);
  });

  it("lets other apps' names be", () => {
    expect(problemsOf({ TRIVET_EXECUTOR_SLOTS: '4', TRIVET_NATS_PORT: '4333' })).toEqual([]);
  });

  it.each(['1.5', '-1', '1e3', ' 5', '0x10', 'NaN'])('refuses %s as a whole number', (given) => {
    expect(problemsOf({ TRIVET_HTTP_PORT: given }, { n: variable('TRIVET_HTTP_PORT', wholeNumber(), 'n.') })).toHaveLength(1);
  });
});

describe('what the documentation is made of', () => {
  it('tells the default and whether a variable is required', () => {
    expect(Object.values(VARIABLES).map(defaultOf)).toEqual(['8080', 'nats://127.0.0.1:4222', 'strict', '0', undefined]);
    expect(isRequired(VARIABLES.key)).toBe(false);
    expect(isRequired(variable('X', text(), 'x.'))).toBe(true);
  });

  it('knows the secrets of a configuration', () => {
    expect(secretsOf(VARIABLES, loadConfig(VARIABLES, { OPENAI_API_KEY: 'sk-12345678' }))).toEqual(['sk-12345678']);
  });

  it('has every common variable in the public list, sorted and once', () => {
    expect(PUBLIC_VARIABLES).toEqual(expect.arrayContaining(Object.values(COMMON_VARIABLES).map((one) => one.name)));
    expect([...PUBLIC_VARIABLES]).toEqual([...new Set(PUBLIC_VARIABLES)].toSorted());
  });

  it('finds no nearest name for something altogether different', () => {
    expect(nearestName('TRIVET_QQQQQQQQQQ', PUBLIC_VARIABLES)).toBeUndefined();
  });
});
