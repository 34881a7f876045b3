/** A user of the NATS server for another system: what it needs, and no more. It stands in the account that the services are not in. */
export const busUser = (tenant: string): string => `# In the account PUBLIC of infra/nats/nats.conf
{ user: ${tenant}, password: $${variableOf(tenant)}_PASSWORD, permissions: {
    publish: ["trivet.v1.task.submit.${tenant}", "trivet.v1.rpc.*.*.${tenant}"]
    subscribe: ["_INBOX.>", "trivet.v1.event.${tenant}.>", "trivet.v1.delta.${tenant}.>"]
} }`;

const variableOf = (tenant: string): string => tenant.toUpperCase().replaceAll('-', '_');
