import { readCookie, writeCookie } from './session-cookie.js';

describe('the cookie of a session', () => {
  it('is read back as it was written, whatever stands beside it', () => {
    const host = '127.0.0.1:8080';
    const written = writeCookie('abc', { host, maxAgeS: 60, secure: false });
    expect(written).toBe('trivet_session_8080=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=60');
    expect(readCookie({ cookie: `other=1; ${written.split(';')[0]}; last=2`, host })).toBe('abc');
  });

  it('is secure where the request was', () => {
    expect(writeCookie('', { host: 'trivet.example', maxAgeS: 0, secure: true })).toBe('trivet_session_default=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure');
  });

  it('is not that of another port', () => {
    expect(readCookie({ cookie: 'trivet_session_8080=abc', host: 'localhost:9090' })).toBeUndefined();
    expect(readCookie({ host: 'localhost' })).toBeUndefined();
    expect(readCookie({ cookie: 'trivet_session_9090=', host: 'localhost:9090' })).toBeUndefined();
  });
});
