import { CLOUD_EVENT_PREFIX, CONSUMERS, EVENT_TYPES, HEADERS, STREAMS, SUBJECTS } from '@trivet/contracts';
import { stringify } from 'yaml';
import { eventSchemaName, toJsonSchemas } from './nouns.mjs';

const PARAMETERS = {
  tenant: 'The tenant; `default` where no keys are configured.',
  workflowId: 'The workflow; chosen by the submitter or given by Trivet.',
  callId: 'The call the tokens belong to.',
  noun: 'What the fact or request is about: task, workflow, step, call …',
  fact: 'What happened, in the past tense.',
  verb: 'What is asked for, in the imperative.',
  stream: 'The stream the message could not be handled from.',
};

const HEADER_SENTENCES = {
  [HEADERS.workflowId]: 'The workflow; required on every internal subject that names one. It never chooses the id of a submitted task.',
  [HEADERS.tenant]: 'To a remote tool: for which tenant it works.',
  [HEADERS.traceparent]: 'W3C trace context.',
  [HEADERS.tracestate]: 'W3C trace context.',
  [HEADERS.messageId]: 'De-duplication by the broker, and the id of a submitted task that names no other.',
  [HEADERS.contentType]: 'application/cloudevents+json for a structured CloudEvent; plain JSON otherwise.',
  [HEADERS.serviceError]: 'On an answer: what went wrong.',
  [HEADERS.serviceErrorCode]: 'On an answer: its HTTP status.',
  [HEADERS.deadReason]: 'On a dead letter: why it could not be handled.',
  [HEADERS.deadAttempts]: 'On a dead letter: how often it was tried.',
};

const document = () => ({
  asyncapi: '3.1.0',
  info: {
    title: 'Trivet on the bus',
    version: '1.0.0',
    license: { name: 'Apache-2.0' },
    description: `Generated from contracts/src; do not edit.\n\nBodies are plain JSON, attributes travel in headers. CloudEvents 1.0 is understood in binary mode (headers \`${CLOUD_EVENT_PREFIX}*\`) and structured mode.\n\n${describeStreams()}`,
  },
  servers: { local: { host: '127.0.0.1:4222', protocol: 'nats', description: 'NATS 2.12 or newer with JetStream.' } },
  channels: mapValues(SUBJECTS, channel),
  operations: Object.fromEntries(Object.entries(SUBJECTS).flatMap(([name, entry]) => [
    [`send-${name}`, operation(name, 'send', entry.from, entry)],
    [`receive-${name}`, operation(name, 'receive', entry.to, entry)],
  ])),
  components: { messages: messages(), schemas: toJsonSchemas('draft-7', (name) => `#/components/schemas/${name}`) },
});

/** contracts/asyncapi.yaml: every subject with its messages, who sends it, who receives it, and where it is kept. */
export const generateAsyncapi = () => [['contracts/asyncapi.yaml', stringify(document(), { lineWidth: 0, aliasDuplicateObjects: false })]];

function channel(entry, name) {
  const parameters = [...entry.subject.matchAll(/<(\w+)>/g)].map(([, parameter]) => [parameter, { description: PARAMETERS[parameter] }]);
  return {
    address: entry.subject.replaceAll('<', '{').replaceAll('>', '}'),
    title: name,
    description: `${entry.purpose} From ${entry.from} to ${entry.to}. ${entry.stream ? `Kept in the stream ${entry.stream}.` : 'Core NATS: gone when nobody listens.'}`,
    ...(parameters.length > 0 ? { parameters: Object.fromEntries(parameters) } : {}),
    'x-trivet': { purpose: entry.purpose, from: entry.from, to: entry.to, stream: entry.stream },
    messages: Object.fromEntries(messageNames(name).map((message) => [message, { $ref: `#/components/messages/${message}` }])),
  };
}

const operation = (name, action, who, entry) => ({
  action,
  channel: { $ref: `#/channels/${name}` },
  summary: `${who}: ${entry.purpose}`,
});

function messages() {
  const headers = { type: 'object', properties: mapValues(HEADER_SENTENCES, (description) => ({ type: 'string', description })) };
  return Object.fromEntries(Object.entries(SUBJECTS).flatMap(([name, entry]) =>
    messageNames(name).map((message) => [message, {
      name: message,
      title: entry.purpose,
      contentType: 'application/json',
      headers,
      payload: payload(name, entry, message),
    }])));
}

/** The facts share a channel; each is a message of its own. */
const messageNames = (name) => (name === 'event' ? EVENT_TYPES.map(eventSchemaName) : [name]);

function payload(name, entry, message) {
  if (name === 'event') return { $ref: `#/components/schemas/${message}` };
  const id = entry.schema?.meta()?.id;
  if (id) return { $ref: `#/components/schemas/${id}` };
  return { description: name === 'rpc' ? 'The body of the HTTP route of the same name; an error is a Problem.' : 'The message as it was.' };
}

function describeStreams() {
  const streams = Object.entries(STREAMS).map(([name, stream]) => `- \`${name}\` (${stream.retention}, ${stream.storage}, at most ${stream.maxAgeMs / 3_600_000} h): ${stream.purpose}`);
  const consumers = Object.values(CONSUMERS).map((consumer) => `- \`${consumer.durable}\` on \`${consumer.stream}\`, filter \`${consumer.filter}\`: ${consumer.purpose}`);
  return ['Streams:', '', ...streams, '', 'Durable consumers (their names are part of the contract):', '', ...consumers].join('\n');
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
