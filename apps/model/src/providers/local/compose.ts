import type { JsonObject, JsonValue } from '@trivet/contracts';
import { extractSentences } from './extract.js';
import { languageOf } from './language.js';
import { proseOf, sourcesOf } from './material.js';

/** What the extractor is asked; plain data, so that it can cross to its thread. */
export type Assignment =
  | { kind: 'summary'; text: string; focus?: string; sentences: number }
  | { kind: 'report'; variables: JsonObject; sentences: number };

export function carryOut(assignment: Assignment): string {
  return assignment.kind === 'summary' ? summaryOf(assignment.text, assignment.sentences, assignment.focus) : reportOf(assignment.variables, assignment.sentences);
}

export function summaryOf(text: string, sentences: number, focus?: string): string {
  const chosen = extractSentences(text, { sentences, focus });
  if (chosen.length === 0) return text.trim();
  return chosen.join(languageOf(chosen.join('')) === 'zh' ? '' : ' ');
}

/** A heading for each variable with a summary of what it holds, the goal as the title, and the sources at the end. */
export function reportOf({ goal, title, ...sections }: JsonObject, sentences: number): string {
  const heading = proseOf(title ?? goal ?? '').trim();
  const parts = Object.entries(sections).flatMap(([name, value]) => sectionOf(name, value, heading, sentences));
  const sources = sourcesOf(Object.values(sections));
  return [
    ...(heading ? [`# ${heading.replace(/\s+/g, ' ')}`] : []),
    ...parts,
    ...(sources.length > 0 ? ['## Sources', sources.map((source) => `- ${source.title}: ${source.url}`).join('\n')] : []),
  ].join('\n\n');
}

function sectionOf(name: string, value: JsonValue, focus: string, sentences: number): string[] {
  const prose = proseOf(value).trim();
  return prose ? [`## ${headingOf(name)}`, summaryOf(prose, sentences, focus || undefined)] : [];
}

/** `fundingRounds` and `funding_rounds` → Funding rounds */
function headingOf(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
