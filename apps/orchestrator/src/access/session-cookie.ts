const NAME = 'trivet_session';
/** The digits of the port in a Host. */
const PORT = /:(\d{1,5})$/;

/** Cookies know hosts and no ports, so the port is in the name: two stacks on one machine keep their sessions apart. */
const nameFor = (host: string | undefined): string => `${NAME}_${PORT.exec(host ?? '')?.[1] ?? 'default'}`;

/** The id of the session a browser sends, if any. */
export function readCookie({ cookie, host }: { cookie?: string | undefined; host?: string | undefined }): string | undefined {
  const prefix = `${nameFor(host)}=`;
  const found = cookie?.split(';').map((each) => each.trim()).find((each) => each.startsWith(prefix));
  return found?.slice(prefix.length) || undefined;
}

/** @param id '' takes the cookie away */
export function writeCookie(id: string, { host, maxAgeS, secure }: { host: string | undefined; maxAgeS: number; secure: boolean }): string {
  return `${nameFor(host)}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
}
