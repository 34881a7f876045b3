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

/**
 * The same rights for a server that others can reach (infra/nats/nats.conf): passwords come from the environment of the
 * server, and nobody is let in without one; who submits from outside has the user `public`.
 */
export function sharedNatsConfig(): string {
  return [
    '# Made by scripts/generate-infra.mjs from apps/cli/src/launcher/rights.ts; do not edit.',
    '# Each service has its own user; passwords are taken from the environment of the server.',
    'listen: "0.0.0.0:4222"',
    'http: "0.0.0.0:8222"',
    `max_payload: ${MAX_PAYLOAD}`,
    'jetstream { store_dir: "/data/jetstream" }',
    'authorization {',
    '  users: [',
    ...PRINCIPALS.map((principal) => user(principal, `$TRIVET_NATS_PASSWORD_${principal.toUpperCase()}`, BUS_RIGHTS[principal], principal !== 'bootstrap')),
    user(PUBLIC_USER, '$TRIVET_NATS_PASSWORD_PUBLIC', BUS_RIGHTS[PUBLIC_USER], false),
    '  ]',
    '}',
    '',
  ].join('\n');
}

function authorization(passwords: Passwords): string[] {
  return [
    'authorization {',
    '  users: [',
    ...PRINCIPALS.map((principal) => user(principal, quote(passwords[principal]), BUS_RIGHTS[principal], principal !== 'bootstrap')),
    // Nobody is asked for this password; the server wants every user to have one.
    user(PUBLIC_USER, quote(PUBLIC_USER), BUS_RIGHTS[PUBLIC_USER], false),
    '  ]',
    '}',
    `no_auth_user: ${PUBLIC_USER}`,
  ];
}

/** @param password as it stands in the file: a quoted text, or the name of a variable */
function user(name: string, password: string, rights: BusRights, answers: boolean): string {
  const permissions = [
    `publish: { allow: [${rights.publish.map(quote).join(', ')}] }`,
    `subscribe: { allow: [${rights.subscribe.map(quote).join(', ')}] }`,
    ...(answers ? ['allow_responses: true'] : []),
  ];
  return `    { user: ${name}, password: ${password}, permissions: { ${permissions.join(', ')} } }`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
