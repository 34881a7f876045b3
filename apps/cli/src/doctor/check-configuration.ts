import { COMMON_VARIABLES, ConfigError, loadConfig, url, variable, wholeNumber } from '@trivet/service';
import type { Examination, Finding } from './examine.js';

/** What the services read and this program does not: a service would refuse to start on a mistake in one of these. */
const READ_BY_SERVICES = {
  ...COMMON_VARIABLES,
  executorSlots: variable('TRIVET_EXECUTOR_SLOTS', wholeNumber({ min: 1, max: 256 }).optional(), 'Read by the executor.'),
  openaiBaseUrl: variable('OPENAI_BASE_URL', url(['http:', 'https:']).optional(), 'Read by the model service.'),
  anthropicBaseUrl: variable('ANTHROPIC_BASE_URL', url(['http:', 'https:']).optional(), 'Read by the model service.'),
  geminiBaseUrl: variable('GEMINI_BASE_URL', url(['http:', 'https:']).optional(), 'Read by the model service.'),
} as const;

/** A value that does not fit; the sentence is the one the service itself would end with. */
export async function checkConfiguration({ environment }: Pick<Examination, 'environment'>): Promise<Finding[]> {
  try {
    loadConfig(READ_BY_SERVICES, environment);
    return [{ found: 'Configuration: every variable of the services can be read' }];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((what) => ({ what, mend: `correct ${what.split(' ')[0]}, or unset it; docs/environment.md has every variable` }));
  }
}
