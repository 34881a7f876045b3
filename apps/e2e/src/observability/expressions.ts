import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';

const INFRA = new URL('../../../../infra/', import.meta.url);
export const RULES_FILE = new URL('prometheus/rules.yml', INFRA);
const DASHBOARDS = new URL('grafana/dashboards/', INFRA);

export interface Rule {
  alert: string;
  expr: string;
  for?: string;
  annotations: { summary: string; description: string; runbook_url: string };
}

export interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

export const readRules = (): RuleFile => parse(readFileSync(RULES_FILE, 'utf8')) as RuleFile;

/** Every expression of the alerts and the dashboards, with where it stands. */
export function readExpressions(): { where: string; expr: string }[] {
  const alerts = readRules().groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expr })));
  const panels = readdirSync(DASHBOARDS).flatMap((file) => {
    const dashboard = JSON.parse(readFileSync(new URL(file, DASHBOARDS), 'utf8')) as { panels: { title: string; targets: { expr: string }[] }[] };
    return dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr })));
  });
  return [...alerts, ...panels];
}

/** The metrics an expression reads, each with the labels it selects or groups it by. Knows as much PromQL as is used here. */
export function selectorsOf(expr: string): { metric: string; labels: string[] }[] {
  const bare = expr.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const groups = [...bare.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, names = '']) => wordsOf(names));
  const read = bare.replaceAll(/\bby\s*\([^)]*\)/g, ' ');
  return [...read.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g)].flatMap(([, metric = '', rest = '']) => {
    if (rest === '(' || OPERATORS.has(metric)) return [];
    const selected = [...rest.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
    return [{ metric, labels: [...new Set([...selected, ...groups])] }];
  });
}

const OPERATORS = new Set(['and', 'or', 'unless']);
const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** What a scrape shows: of each sample's name the labels it comes with. */
export function labelsIn(exposition: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of exposition.split('\n')) {
    const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(\{.*\})? /.exec(line) ?? [];
    if (!name) continue;
    const known = found.get(name) ?? new Set<string>();
    for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}
