import { PRINCIPALS, type Passwords } from './credentials.js';
import { BUS_RIGHTS, PUBLIC_USER, type BusRights } from './rights.js';

export interface NatsConfigOptions {
  port: number;
  storeDir: string;
  /** Absent: everybody may do everything (tests). */
  passwords?: Passwords;
}

/** The largest message; larger values travel by reference. */
const MAX_PAYLOAD = '1MB';

/** The text of a nats-server configuration: loopback only, JetStream on, one user per service. */
export function natsConfig(options: NatsConfigOptions): string {
  return [
    `listen: "127.0.0.1:${options.port}"`,
    'server_name: trivet-local',
    `max_payload: ${MAX_PAYLOAD}`,
    `jetstream { store_dir: ${quote(options.storeDir)} }`,
    ...(options.passwords ? authorization(options.passwords) : []),
    '',
  ].join('\n');
}

function authorization(passwords: Passwords): string[] {
  return [
    'authorization {',
    '  users: [',
    ...PRINCIPALS.map((principal) => user(principal, passwords[principal], BUS_RIGHTS[principal], principal !== 'bootstrap')),
    user(PUBLIC_USER, undefined, BUS_RIGHTS[PUBLIC_USER], false),
    '  ]',
    '}',
    `no_auth_user: ${PUBLIC_USER}`,
  ];
}

function user(name: string, password: string | undefined, rights: BusRights, answers: boolean): string {
  const permissions = [
    `publish: { allow: [${rights.publish.map(quote).join(', ')}] }`,
    `subscribe: { allow: [${rights.subscribe.map(quote).join(', ')}] }`,
    ...(answers ? ['allow_responses: true'] : []),
  ];
  // The password of the user without credentials is never asked for; it is random-free on purpose, since the server wants one.
  return `    { user: ${name}, password: ${quote(password ?? PUBLIC_USER)}, permissions: { ${permissions.join(', ')} } }`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
