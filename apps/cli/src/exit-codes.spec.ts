import { ClientError } from '@trivet/client';
import { ConfigError } from './cli.config.js';
import { EXIT, exitCodeOf, UsageError } from './exit-codes.js';
import { LauncherError } from './launcher/launcher-error.js';

describe('exitCodeOf', () => {
  it.each<[string, unknown, number]>([
    ['a wrong command line', new UsageError('x'), EXIT.usage],
    ['a body the server refuses', new ClientError({ message: 'x', code: 'invalid_request', status: 400 }), EXIT.usage],
    ['an unknown id', new ClientError({ message: 'x', code: 'not_found', status: 404 }), EXIT.notFound],
    ['nobody there', new ClientError({ message: 'x', code: 'unreachable' }), EXIT.unreachable],
    ['too late', new ClientError({ message: 'x', code: 'deadline_exceeded' }), EXIT.unreachable],
    ['a refused budget', new ClientError({ message: 'x', code: 'budget_exceeded', status: 402 }), EXIT.budgetRefused],
    ['a conflict', new ClientError({ message: 'x', code: 'workflow_conflict', status: 409 }), EXIT.failed],
    ['servers that cannot be had', new LauncherError('x'), EXIT.unreachable],
    ['a wrong environment', new ConfigError(['x']), EXIT.configuration],
    ['a defect', new Error('x'), EXIT.failed],
  ])('%s', (_what, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});
