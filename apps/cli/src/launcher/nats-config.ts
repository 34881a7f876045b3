import { PRINCIPALS, TOOLS_USER, type Passwords, type Principal } from './credentials.js';
import { BUS_RIGHTS, PUBLIC_SERVICES, PUBLIC_STREAMS, PUBLIC_USER, type BusRights } from './rights.js';

export interface NatsConfigOptions {
  port: number;
  storeDir: string;
  /** Absent: everybody may do everything (tests). */
  passwords?: Passwords;
  /** Absent: it is alone. */
  cluster?: NatsClusterPlace;
}

/** The place of one server among several on loopback. */
export interface NatsClusterPlace {
  /** Unique in the cluster. */
  serverName: string;
  /** Where the others reach it. */
  port: number;
  /** The ports of all, its own too. */
  ports: readonly number[];
}

/** The largest message; larger values travel by reference. */
const MAX_PAYLOAD = '1MB';

/** The text of a nats-server configuration: loopback only, JetStream on, one user per service, and everybody else in another account. */
export function natsConfig(options: NatsConfigOptions): string {
  return [
    `listen: "127.0.0.1:${options.port}"`,
    `server_name: ${options.cluster?.serverName ?? 'trivet-local'}`,
    `max_payload: ${MAX_PAYLOAD}`,
    `jetstream { store_dir: ${quote(options.storeDir)} }`,
    ...(options.cluster ? [`cluster { name: trivet, listen: "127.0.0.1:${options.cluster.port}", routes: [${options.cluster.ports.map((port) => quote(`nats://127.0.0.1:${port}`)).join(', ')}] }`] : []),
    ...(options.passwords ? loopbackAccounts(options.passwords) : []),
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
    ...accounts((name) => `$TRIVET_NATS_PASSWORD_${name.toUpperCase()}`),
    '',
  ].join('\n');
}

function loopbackAccounts(passwords: Passwords): string[] {
  return [
    // Nobody is asked for the password of `public`; the server wants every user to have one.
    ...accounts((name) => quote(name === PUBLIC_USER ? PUBLIC_USER : passwords[name]), [user(TOOLS_USER, quote(passwords[TOOLS_USER]), BUS_RIGHTS[TOOLS_USER], LONGEST_TOOL)]),
    `no_auth_user: ${PUBLIC_USER}`,
  ];
}

/** The longest time limit that a manifest may name; the server itself would forget after two minutes who may be answered. */
const LONGEST_TOOL = '1h';

/**
 * The services and their streams in one account, `public` in another, and the few subjects that lead across.
 * @param others: further users of the services' account
 */
function accounts(passwordOf: (name: Principal | typeof PUBLIC_USER) => string, others: readonly string[] = []): string[] {
  return [
    'accounts {',
    '  TRIVET {',
    '    jetstream: enabled',
    '    users: [',
    ...PRINCIPALS.map((principal) => user(principal, passwordOf(principal), BUS_RIGHTS[principal], principal !== 'bootstrap')),
    ...others,
    '    ]',
    '    exports: [',
    ...PUBLIC_SERVICES.map(({ subject, manyAnswers }) => `      { service: ${quote(subject)}, response_type: ${manyAnswers ? 'Stream' : 'Singleton'}, accounts: [PUBLIC] }`),
    ...PUBLIC_STREAMS.map((subject) => `      { stream: ${quote(subject)}, accounts: [PUBLIC] }`),
    '    ]',
    '  }',
    '  PUBLIC {',
    '    users: [',
    user(PUBLIC_USER, passwordOf(PUBLIC_USER), BUS_RIGHTS[PUBLIC_USER], false),
    '    ]',
    '    imports: [',
    ...PUBLIC_SERVICES.map(({ subject }) => `      { service: { account: TRIVET, subject: ${quote(subject)} } }`),
    ...PUBLIC_STREAMS.map((subject) => `      { stream: { account: TRIVET, subject: ${quote(subject)} } }`),
    '    ]',
    '  }',
    '}',
  ];
}

/**
 * @param password as it stands in the file: a quoted text, or the name of a variable
 * @param answers whether it may answer what it was asked, or for how long
 */
function user(name: string, password: string, rights: BusRights, answers: boolean | string): string {
  const permissions = [
    `publish: { allow: [${rights.publish.map(quote).join(', ')}] }`,
    `subscribe: { allow: [${rights.subscribe.map(quote).join(', ')}] }`,
    ...(answers ? [`allow_responses: ${answers === true ? 'true' : `{ max: 1, expires: ${quote(answers)} }`}`] : []),
  ];
  return `      { user: ${name}, password: ${password}, permissions: { ${permissions.join(', ')} } }`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
