/** Names under which Nest injects what main.ts has built. */
export const BUS = Symbol('bus');
export const API_KEYS = Symbol('api-keys');
export const ERASING = Symbol('erasing');
export const GUARD = Symbol('guard');
export const KNOWN_KEYS = Symbol('known-keys');
export const SESSIONS = Symbol('sessions');
export const TENANTS = Symbol('tenants');
export const INTAKE = Symbol('intake');
export const RUNNER = Symbol('runner');
export const RESULTS = Symbol('results');
export const REACH = Symbol('reach');
export const QUERIES = Symbol('queries');
export const ACCOUNTS = Symbol('accounts');
export const LEDGER = Symbol('ledger');
export const AUDIT = Symbol('audit');
export const AUDIT_LOG = Symbol('audit-log');
export const DEAD_LETTERS = Symbol('dead-letters');
export const OVERVIEW = Symbol('overview');
export const USAGE_COUNTS = Symbol('usage-counts');
export const HTTP_HOST = Symbol('http-host');
export const NATS_URL = Symbol('nats-url');
export const LIVENESS = Symbol('liveness');
export const DISPATCHER = Symbol('dispatcher');
export const WATCHES = Symbol('watches');
export const CONTROLS = Symbol('controls');
export const APPROVALS = Symbol('approvals');
export const SCHEDULES = Symbol('schedules');
export const POLICIES = Symbol('policies');
export const GATEKEEPER = Symbol('gatekeeper');
export const FACTS = Symbol('facts');
export const FILES = Symbol('files');
export const TOOLS = Symbol('tools');
export const UPLOAD = Symbol('upload');
export const PROMPTS = Symbol('prompts');
export const TEMPLATES = Symbol('templates');

/** A named place where a test may kill this process; costs nothing otherwise. */
export type Reach = (label: string) => void;
