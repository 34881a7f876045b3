import type { Principal, TOOLS_USER } from './credentials.js';

/** What a bus user may publish and subscribe to; nothing else. */
export interface BusRights {
  publish: readonly string[];
  subscribe: readonly string[];
}

/** What a Redis user may touch and run; nothing else. */
export interface RedisRights {
  keys: readonly string[];
  /** Keys it may read and not write. */
  readKeys?: readonly string[];
  commands: readonly string[];
}

/** The user of everybody who connects without credentials, on loopback only. */
export const PUBLIC_USER = 'public';

/** A subject of the services that `public` may send to; the answers come back by way of the server. */
export interface PublicService {
  subject: string;
  /** More than one answer may come: several services are asked, or the answer has many parts. */
  manyAnswers?: true;
}

/**
 * Permissions bind the subject of a message, not its reply subject, and whoever answers does so with rights of his own.
 * So `public` lives in an account of its own, and these are the only ways across: its reply subject stays on its side, and
 * the services see one that the server made. One thing the server cannot forbid: a push consumer of EVENTS may name a
 * delivery subject on the services' side. What it delivers there are our own events, which no internal subject takes for
 * anything else, and intake does not answer with another event.
 */
export const PUBLIC_SERVICES: readonly PublicService[] = [
  { subject: 'trivet.v1.task.submit.*' },
  { subject: 'trivet.v1.rpc.>' },
  { subject: '$SRV.>', manyAnswers: true },
  { subject: '$JS.API.INFO' },
  { subject: '$JS.API.STREAM.INFO.EVENTS' },
  { subject: '$JS.API.STREAM.MSG.GET.EVENTS' },
  { subject: '$JS.API.DIRECT.GET.EVENTS', manyAnswers: true },
  { subject: '$JS.API.DIRECT.GET.EVENTS.>', manyAnswers: true },
  { subject: '$JS.API.CONSUMER.CREATE.EVENTS' },
  { subject: '$JS.API.CONSUMER.CREATE.EVENTS.>' },
  { subject: '$JS.API.CONSUMER.INFO.EVENTS.*' },
  { subject: '$JS.API.CONSUMER.DELETE.EVENTS.*' },
  { subject: '$JS.API.CONSUMER.MSG.NEXT.EVENTS.*', manyAnswers: true },
  { subject: '$JS.ACK.EVENTS.>' },
];

/** What `public` hears of the services' account. */
export const PUBLIC_STREAMS: readonly string[] = ['trivet.v1.event.>', 'trivet.v1.delta.>'];

/**
 * Rights on the bus, one row a user. Each has an inbox prefix of its own, so that nobody reads another's answers.
 * The services also answer requests made to them ($SRV and the orchestrator's rpc), which the server allows by `allow_responses`.
 */
export const BUS_RIGHTS: Readonly<Record<Principal | typeof PUBLIC_USER | typeof TOOLS_USER, BusRights>> = {
  // Creates the streams at boot, so it needs the whole JetStream API; answers rpc calls at whatever inbox the caller named.
  orchestrator: {
    publish: ['trivet.v1.>', '$JS.API.>', '$JS.ACK.>', '$JS.FC.>', '$SRV.>', '_INBOX.>', '_INBOX_executor.>', '_INBOX_model.>', '_INBOX_orchestrator.>'],
    subscribe: ['trivet.v1.>', '$SRV.>', '_INBOX_orchestrator.>', '$JS.EVENT.ADVISORY.>'],
  },
  // A plugin that broke out of everything else could still neither forge a model's result nor read another tenant's calls to models.
  executor: {
    publish: [
      ...pullRights('CALLS', 'executor'),
      'trivet.v1.tool.result.>',
      'trivet.v1.model.call.>',
      'trivet.v1.span.>',
      'trivet.v1.dead.CALLS',
      '$SRV.>',
      'tools.>',
    ],
    subscribe: ['_INBOX_executor.>', 'trivet.v1.call.cancel.>', 'trivet.v1.rpc.executor.>', '$SRV.>'],
  },
  // Answers a tool that waits for the model at the executor's inbox, and the orchestrator that asks for prices.
  model: {
    publish: [
      ...pullRights('CALLS', 'model'),
      'trivet.v1.model.result.>',
      'trivet.v1.delta.>',
      'trivet.v1.span.>',
      'trivet.v1.dead.CALLS',
      '$SRV.>',
      '_INBOX_executor.>',
    ],
    subscribe: ['_INBOX_model.>', 'trivet.v1.call.cancel.>', 'trivet.v1.rpc.model.>', '$SRV.>'],
  },
  // For the operator: nats --user bootstrap …
  bootstrap: { publish: ['>'], subscribe: ['>'] },
  // Services of the team that answer remote tools: they hear what is asked of tools, and answer what they were asked. No $SRV: who
  // answers there could make a dead worker look alive.
  tools: { publish: ['tools.>'], subscribe: ['tools.>', '_INBOX_tools.>'] },
  // Submit, ask, watch and read the journal; all of it across the border between the accounts.
  public: {
    publish: PUBLIC_SERVICES.map(({ subject }) => subject),
    subscribe: ['_INBOX.>', ...PUBLIC_STREAMS],
  },
};

/** Commands of every client connection: log in, name itself, look alive, ask what replicas have, and see how durable the server is (each service checks that at boot). */
const CONNECTION_COMMANDS = ['+auth', '+hello', '+ping', '+echo', '+select', '+quit', '+reset', '+wait', '+info', '+time', '+client|id', '+client|setname', '+client|getname', '+command', '+cluster|slots', '+cluster|shards', '+config|get'];
const SCRIPT_COMMANDS = ['+eval', '+evalsha', '+script|load', '+script|exists'];
/** Everything that reads or writes keys one names, scripts included; nothing that looks around, administers or empties. */
const KEY_COMMANDS = ['+@string', '+@hash', '+@set', '+@sortedset', '+@list', '+@keyspace', '+@transaction', '-scan', '-randomkey', '-dbsize'];
const WORKER_COMMANDS = [...KEY_COMMANDS, '-@dangerous', '-@admin', ...CONNECTION_COMMANDS, ...SCRIPT_COMMANDS];

/** Keys of a worker: the claims of every partition and the calls it holds, its presence, and large values by their digest. */
const WORKER_KEYS = ['{w*}:claim:*', '{w*}:held:*', '{workers}:*', 'blob:*'];
/** The executor registers the tools that come with it, reads what tenants uploaded, and keeps what tools want kept of their workflow or for their tenant. */
const TOOL_KEYS = ['{catalog}:*', '{files}:*', '{w*}:kv:*', '{w*}:snapshots:*', '{memory}:*'];
/** What tenants' policies say of tools is decided by the orchestrator and held to by the executor. */
const POLICY_KEYS = ['{limits}:policies'];
const LEDGER_KEYS = ['{ledger}:*'];
/** The model service announces the prompts that come with it, and reads what tenants uploaded. */
const PROMPT_KEYS = ['{prompts}:bundled'];
const UPLOADED_PROMPT_KEYS = ['{prompts}:*'];

/** Rights in Redis, one row a service. Nobody else can log in: the default user is off. */
export const REDIS_RIGHTS: Readonly<Record<'orchestrator' | 'executor' | 'model', RedisRights>> = {
  orchestrator: { keys: ['*'], commands: ['+@all'] },
  executor: { keys: [...WORKER_KEYS, ...TOOL_KEYS], readKeys: POLICY_KEYS, commands: WORKER_COMMANDS },
  model: { keys: [...WORKER_KEYS, ...LEDGER_KEYS, ...PROMPT_KEYS], readKeys: UPLOADED_PROMPT_KEYS, commands: WORKER_COMMANDS },
};

/** What pulling one durable consumer takes: look it up, ask for messages, acknowledge. */
function pullRights(stream: string, durable: string): string[] {
  return [
    '$JS.API.INFO',
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.>`,
  ];
}
