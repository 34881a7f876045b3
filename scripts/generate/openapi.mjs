import { REASON_HEADER, ROUTES, TENANT_HEADER, rightOf } from '@trivet/contracts';
import { stringify } from 'yaml';
import { toJsonSchemas } from './nouns.mjs';

const PATH_PARAMETERS = { id: 'Its id.', name: 'Its name.', scope: 'global, tenant, user, session or workflow.' };
const schemaOf = (name) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema) => ({ 'application/json': { schema } });

/** contracts/openapi.yaml and the same as JSON, which the orchestrator serves. */
export function generateOpenapi() {
  const document = openapi();
  return [['contracts/openapi.yaml', stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })]];
}

const openapi = () => ({
  openapi: '3.1.0',
  info: { title: 'Trivet over HTTP', version: '1.0.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }, description: 'Generated from contracts/src; do not edit.' },
  servers: [{ url: 'http://127.0.0.1:8080' }],
  security: [{ key: [] }, { session: [] }, {}],
  paths: pathsOf(ROUTES),
  components: {
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'An API key (`trv_…`). While none is configured no request needs one.' },
      session: { type: 'apiKey', in: 'cookie', name: 'trivet_session_8080', description: 'The cookie of POST /api/v1/session; the number is the port the browser asked for.' },
    },
    schemas: toJsonSchemas('draft-2020-12', (name) => `#/components/schemas/${name}`),
    responses: { Problem: { description: 'What went wrong, and how to mend it.', content: { 'application/problem+json': { schema: schemaOf('Problem') } } } },
  },
});

function pathsOf(routes) {
  const paths = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return paths;
}

function operationOf(route) {
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[{}]/g, '').split(/[/.]/).filter(Boolean).map((word) => word[0].toUpperCase() + word.slice(1)).join('')}`,
    summary: route.summary,
    'x-trivet-right': rightOf(route.method, route.path),
    ...(rightOf(route.method, route.path) === 'open' ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body)) } } : {}),
    responses: { ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, responseOf(answer)])), default: { $ref: '#/components/responses/Problem' } },
  };
}

function parametersOf(route) {
  const path = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, description: PATH_PARAMETERS[name], schema: { type: 'string' } }));
  const named = (values, place) => Object.entries(values ?? {}).map(([name, description]) => ({ name, in: place, description, schema: { type: 'string' } }));
  const tenant = route.path.startsWith('/api/') ? [{ name: TENANT_HEADER, in: 'header', description: 'The tenant, while no keys are configured; after that only the operator chooses.', schema: { type: 'string' } }] : [];
  const reason = changes(route) ? [{ name: REASON_HEADER, in: 'header', description: 'Why, encoded as in a URL; it stands in the audit. A reason in the body goes first.', schema: { type: 'string' } }] : [];
  return [...path, ...named(route.query, 'query'), ...named(route.headers, 'header'), ...tenant, ...reason];
}

const changes = ({ method, path }) => method !== 'GET' && path.startsWith('/api/');

function responseOf(answer) {
  if (answer === null) return { description: 'As the summary says.' };
  const list = /^page of (\w+)$/.exec(answer);
  const either = answer.split(' or ');
  const schema = either.length > 1 ? { anyOf: either.map(schemaOf) } : list ? { type: 'object', required: ['items', 'nextCursor'], properties: { items: { type: 'array', items: schemaOf(list[1]) }, nextCursor: { type: ['string', 'null'] } } } : schemaOf(answer);
  return { description: answer, content: json(schema) };
}
