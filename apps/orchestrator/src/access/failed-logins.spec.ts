import { createFailedLogins } from './failed-logins.js';

describe('wrong keys of an address', () => {
  it('are refused after twenty within a minute, and again taken after it', () => {
    const logins = createFailedLogins();
    for (let index = 0; index < 20; index += 1) {
      expect(() => logins.check('10.0.0.1', 1_000)).not.toThrow();
      expect(logins.note('10.0.0.1', 1_000)).toBe(index === 19);
    }
    expect(() => logins.check('10.0.0.1', 31_000)).toThrow('20 wrong keys came from 10.0.0.1 within a minute; 20 is the limit.');
    expect(() => logins.check('10.0.0.2', 31_000)).not.toThrow();
    expect(() => logins.check('10.0.0.1', 61_000)).not.toThrow();
  });

  it('do not fill the memory', () => {
    const logins = createFailedLogins();
    for (let index = 0; index < 20; index += 1) logins.note('first', 0);
    for (let index = 0; index < 10_000; index += 1) logins.note(`address-${index}`, 0);
    expect(() => logins.check('first', 0)).not.toThrow();
  });
});
