const SAFEGUARDS = {
  journal: { file: '/bus/dist/bus.js', find: 'eventMessages(tenant, workflowId, events)', put: 'eventMessages(tenant, workflowId, events.filter(({ type }) => /^workflow\\.(completed|failed)$/.test(type)))' },
  audit: { file: '/orchestrator/dist/audit/audit-trail.js', find: 'record: (entry) =>', put: 'record: async () => undefined, replaced: (entry) =>' },
  claim: { file: '/state/dist/calls/claims.js', find: 'claim: async (ref, callId, worker, options = {}) => {', put: "claim: async (ref, callId, worker, options = {}) => {\n            return { status: 'claimed', epoch: 1 };" },
};

let removed;

export function initialize(name) {
  removed = SAFEGUARDS[name];
  if (!removed) throw new Error(`There is no safeguard ${name} to take out`);
}

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith(removed.file)) return loaded;
  const source = String(loaded.source);
  if (!source.includes(removed.find)) throw new Error(`${removed.file} has no longer ${removed.find}`);
  return { ...loaded, source: source.replace(removed.find, removed.put) };
}
