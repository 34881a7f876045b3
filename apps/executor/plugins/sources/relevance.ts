import type { Document } from './front-matter.js';
import { rank, words, type Ranked } from './ranking.js';

/** The best documents among those that are about the query at all: a few sample pages must not answer every question. */
export function findRelevant(documents: readonly Document[], query: string, limit: number): Ranked[] {
  const terms = distinctiveTerms(query);
  return rank(documents, inItsLanguage(query), documents.length)
    .filter(({ document }) => isAbout(document, terms))
    .slice(0, limit);
}

/** Templates ask for '… overview' and '… funding' in English, whatever the language of the goal. */
function inItsLanguage(query: string): string {
  return /\p{Script=Han}/u.test(query) ? query.replaceAll(/\boverview\b/gi, '概况').replaceAll(/\bfunding\b/gi, '融资历程') : query;
}

/** The words of a query that name a subject; neither those that every question has, nor numbers and single characters. */
export function distinctiveTerms(query: string): string[] {
  const named = query.replaceAll(GENERIC_HAN, ' ');
  return [...new Set(words(named))].filter((word) => word.length > 1 && !GENERIC.has(word) && !/^\p{N}+$/u.test(word));
}

/** A term stands in the title; or the text holds most of them, and a single one more than in passing: twice, or as a name. */
function isAbout({ title, text }: Document, terms: readonly string[]): boolean {
  const titleWords = new Set(words(title));
  if (terms.some((term) => titleWords.has(term))) return true;
  const counts = countWords(text);
  const present = terms.filter((term) => counts.has(term));
  const [only] = terms;
  if (terms.length === 1 && only !== undefined) return (counts.get(only) ?? 0) > 1 || (present.length === 1 && isName(only, text));
  return present.length * 2 > terms.length;
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Written with a capital letter inside a sentence. */
function isName(term: string, text: string): boolean {
  return text.includes(` ${term.slice(0, 1).toUpperCase()}${term.slice(1)}`);
}

const GENERIC = new Set(
  `a about all also an analyse analysis analyze and any are artificial as at be brief briefly business by can companies company compare could
  describe detail details did do does explain facts find for from fund funded funding give had has have help history how i if in information
  intelligence into investment investor investors is it its latest list look market me money more my new news not of on or our out over
  overview patent patents please product products profile raised report research round rounds say search see series should show so some
  startup startups story study sum summarise summarize summary technologies technology tell than that the their them there these they this
  to today topic up us was we were what when where which who why will with would write you your ai`.split(/\s+/),
);

/** Taken out before the rest is cut into pairs, which would otherwise straddle them. The longer ones come first. */
const GENERIC_HAN = /为什么|是什么|怎么样|有哪些|人工智能|历程|历史|分析|概况|概述|概览|简介|介绍|融资|投资|资金|公司|企业|报告|研究|调查|总结|摘要|技术|专利|产品|市场|情况|信息|新闻|最新|关于|什么|怎么|如何|哪些|多少|谁|请|帮我|告诉|一下|一份|写|智能|的|是|和|与|吗|呢/g;
