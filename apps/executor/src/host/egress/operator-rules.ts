import { Identifier, parseJsonText, parseOrFail } from '@trivet/contracts';
import { readConfigFile } from '@trivet/service';
import { z } from 'zod';
import type { PrivatePermission } from './destination.js';
import type { Secret, Secrets } from './secrets.js';
import type { Services } from './service-name.js';

/** What the operator of an installation lets tools do beyond asking the public internet. */
export interface OperatorRules {
  privatePermissions: readonly PrivatePermission[];
  /** Headers that grants may name in `secretHeader`; they never reach a plugin. */
  secrets: Secrets;
  services: Services;
}

const ToolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64})?$/, 'must be the name of a bundled tool, or tenant/name of an uploaded one');

/** The file of `TRIVET_EGRESS_CONFIG`. */
const EgressConfig = z.strictObject({
  secrets: z
    .record(Identifier, z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/), value: z.string().regex(/^[\x20-\x7e]{8,4096}$/, 'must have 8 to 4096 printable ASCII characters'), hosts: z.array(z.string().min(1)).min(1), tools: z.array(ToolName).min(1) }))
    .optional(),
  private: z.array(z.strictObject({ tool: ToolName, host: z.string().min(1), port: z.number().int().min(1).max(65_535) })).optional(),
  services: z.record(z.string().regex(/^[a-z0-9-]{1,63}\.trivet\.internal$/, 'must end in .trivet.internal, such as orders.trivet.internal'), z.strictObject({ url: z.url({ protocol: /^https?$/ }), tools: z.array(ToolName).min(1) })).optional(),
});

export interface OperatorSettings {
  egressConfig: string | undefined;
  tavilyKey: string | undefined;
  braveKey: string | undefined;
  searxngUrl: string | undefined;
}

const SEARCH_TOOLS = ['web_search', 'web_research'];

/** @throws ConfigError, which names the file and every mistake in it */
export function readOperatorRules({ egressConfig, tavilyKey, braveKey, searxngUrl }: OperatorSettings): OperatorRules {
  const given: z.infer<typeof EgressConfig> = readConfigFile('TRIVET_EGRESS_CONFIG', egressConfig, (text) => parseOrFail(EgressConfig, parseJsonText(text, 'the file'), 'the file')) ?? {};
  const forSearch = (header: string, value: string, host: string): Secret => ({ header, value, hosts: [host], tools: SEARCH_TOOLS });
  return {
    privatePermissions: given.private ?? [],
    secrets: {
      ...(tavilyKey === undefined ? {} : { tavily: forSearch('authorization', `Bearer ${tavilyKey}`, 'api.tavily.com') }),
      ...(braveKey === undefined ? {} : { brave: forSearch('x-subscription-token', braveKey, 'api.search.brave.com') }),
      ...given.secrets,
    },
    services: { ...(searxngUrl === undefined ? {} : { 'searxng.trivet.internal': { url: searxngUrl, tools: SEARCH_TOOLS } }), ...given.services },
  };
}
