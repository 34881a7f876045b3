/** Every header that travels on the bus; nothing else is set without a change of the contract. */
export const HEADERS = {
  workflowId: 'X-Workflow-ID',
  /** To a remote tool: for which tenant it works. */
  tenant: 'X-Trivet-Tenant',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  messageId: 'Nats-Msg-Id',
  contentType: 'Content-Type',
  serviceError: 'Nats-Service-Error',
  serviceErrorCode: 'Nats-Service-Error-Code',
  deadReason: 'Trivet-Dead-Reason',
  deadAttempts: 'Trivet-Dead-Attempts',
} as const;

/** Attributes of a CloudEvents 1.0 message in binary mode carry this prefix. */
export const CLOUD_EVENT_PREFIX = 'ce-';

/** Why a change over HTTP is made, URL-encoded; it stands in the audit. */
export const REASON_HEADER = 'X-Trivet-Reason';

/** Chooses the tenant over HTTP, and only while no keys are configured. */
export const TENANT_HEADER = HEADERS.tenant;
export const DEFAULT_TENANT = 'default';
