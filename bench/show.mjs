import { round } from './measure.mjs';
import { FULL, needsOf } from './scale/needs.mjs';

/** What was measured, as tables of Markdown: the same text for the terminal and for docs/performance.md. */

const table = (heads, rows) => [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export function showEngine({ rows, ratios, openLoop, settings, inFlight }) {
  const lines = rows.map((row) => (row.error ? [row.name, `not measured: ${row.error}`, '', '', '', ''] : [
    row.name, row.perSecond, `${row.alone.p50} / ${row.alone.p90} / ${row.alone.p99} / ${row.alone.max}`, `${row.inFlight.p50} / ${row.inFlight.p90} / ${row.inFlight.p99} / ${row.inFlight.max}`, row.cpuUs,
    ratios[row.name] ? `${ratios[row.name].throughput}× / ${ratios[row.name].latencyAlone}×` : '',
  ]));
  const open = openLoop.error ? [] : openLoop.overBus.map((each) => [`${each.askedPerSecond} a second`, each.p50, each.p90, each.p99, each.max]);
  return [
    `Three no-op steps a workflow, each recorded before the next. ${settings}.`, '',
    table(['', `workflows/s, ${inFlight} in flight`, 'ms alone: p50 / p90 / p99 / max', `ms of ${inFlight}: p50 / p90 / p99 / max`, 'CPU µs a workflow', 'Trivet (handler) against it: throughput / latency alone'], lines), '',
    'Trivet (handler), asked at a fixed rate:', '', table(['', 'p50 ms', 'p90', 'p99', 'max'], open),
    ...(openLoop.error ? [`not measured: ${openLoop.error}`] : ['', `Over HTTP with wait, one at a time: p50 ${openLoop.overHttpAlone.p50} ms, p99 ${openLoop.overHttpAlone.p99} ms.`]),
  ].join('\n');
}

export function showGrowth({ steps, stored }) {
  const verdict = (fit) => `${fit.msMorePerTenfold} ms more for ten times as many, with a noise of ${fit.noiseMs} ms: ${fit.msMorePerTenfold <= fit.noiseMs ? 'it does not grow' : 'it grows'}.`;
  return [
    table(['steps a workflow', 'ms a step', 'CPU µs a step'], steps.rows.map((row) => [row.steps, row.msAStep, row.cpuUsAStep])), '', verdict(steps.fit), '',
    table(['workflows stored', 'p50 ms of a three-step workflow'], stored.rows.map((row) => [row.stored, row.p50Ms])), '', verdict(stored.fit),
  ].join('\n');
}

export function showTakeover({ killed, hung, orchestrator, nats, redis, peersMs }) {
  const row = (name, figures) => [name, figures.p50, figures.p90, figures.p99, figures.max, figures.count];
  return [
    table(['fault', 'p50 ms', 'p90', 'p99', 'max', 'times'], [
      row('executor killed inside a step: over the step’s own length', killed), row('executor hung inside a step', hung), row('orchestrator killed: pause of a stream of workflows', orchestrator), row('NATS killed and restarted', nats), row('Redis killed and restarted', redis),
    ]), '', `Others with their defaults, measured the same way before: ${Object.entries(peersMs).map(([name, ms]) => `${name} ${ms} ms`).join(', ')}.`,
  ].join('\n');
}

export function showExecutor({ slots, inFlight, loadAtEnd, rows, ratios, boot, memory, hostCalls, python = {} }) {
  const cases = Object.keys(rows.find((row) => row.cases)?.cases ?? {});
  const cell = (row, what) => (row.cases ? `${row.cases[what].p50} ms, ${row.cases[what].perSecond}/s, ${row.cases[what].cpuUs} µs` : `not measured: ${row.error}`);
  const against = (name, what) => (ratios[name] ? `${ratios[name][what].latency}× / ${ratios[name][what].throughput}×` : '');
  return [
    `A call on a fresh instance, ${slots} slots, load ${loadAtEnd} at the end. In each field: p50 alone, calls a second with ${inFlight} in flight (one where all runs in one thread), CPU µs a call.`, '',
    table(['', ...cases], rows.map((row) => [row.name, ...cases.map((what) => cell(row, what))])), '',
    'How many times as long as Trivet’s a call takes alone, and how many times as many calls a second Trivet makes:', '',
    table(['', ...cases], rows.filter((row) => ratios[row.name]).map((row) => [row.name, ...cases.map((what) => against(row.name, what))])), '',
    table(['a question of a plugin to its host, one of a thousand', 'µs'], Object.entries(hostCalls).map(([name, each]) => [name, each.error ?? each.usEach])), '',
    table(['Python', 'from nothing to the first result, ms', 'the next, ms'], Object.entries(python).map(([name, each]) => [name, each.error ?? each.firstMs, each.againMs ?? ''])), '',
    `A slot process is ready after p50 ${boot.p50} ms (p99 ${boot.p99}, ${boot.count} times). Private memory of an idle one, in MiB: ${Object.entries(memory).map(([when, each]) => `${when === 'booted' ? 'booted' : `after calls of ${when}`} ${each.private} (proportional share ${each.proportional})`).join(', ')}.`,
  ].join('\n');
}

export function showSafeguards({ rows }) {
  return table(['', 'workflows/s, 64 in flight', 'p50 ms alone', 'CPU µs a workflow'], rows.map((row) => [row.name, row.perSecond, row.p50Alone, Object.entries(row.cpuUs).map(([part, us]) => `${part} ${us}`).join(', ')]));
}

export function showModel({ settings, inFlight, rows, pairs, memory, firstToken }) {
  const floor = rows[0];
  const added = (row) => (row === floor || row.error ? '' : round(row.p50 - floor.p50));
  const lines = rows.map((row) => (row.error ? [row.name, `not measured: ${row.error}`, '', '', '', ''] : [row.name, `${row.p50} / ${row.p99}`, added(row), row.perSecond, `${row.p50Many} / ${row.p99Many}`, row.cpuUs]));
  const [first, last] = [memory[0], memory.at(-1)];
  return [
    `${settings}.`, '',
    table(['', 'ms alone: p50 / p99', 'added to the bare SDK, ms', `calls/s, ${inFlight} in flight`, `ms of ${inFlight}: p50 / p99`, 'CPU µs a call, of its process'], lines), '',
    `Reserve and settle, without a vendor: p50 ${pairs.p50} ms (p99 ${pairs.p99}) alone, ${pairs.perSecond} pairs a second with 256 in flight.`, '',
    `Heap after ${first.calls} streams, a tenth of them cut off: ${first.heapMib} MiB (resident ${first.rssMib}); after ${last.calls}: ${last.heapMib} MiB (resident ${last.rssMib}).`, '',
    `From the vendor's first piece to a watcher of the workflow over SSE: p50 ${firstToken.p50} ms, p99 ${firstToken.p99} ms.`,
  ].join('\n');
}

export function showScale({ replicas, orchestrators, inFlight, queued }) {
  const ofTier = (tier) => replicas.rows.filter((row) => row.tier === tier);
  const parts = Object.keys(orchestrators.rows[0].cpuUs);
  return [
    `Workflows of one step that waits ${replicas.answerMs} ms for an answer; ${replicas.atOnce} such calls at once in each process.`, '',
    table(['processes', 'executors: workflows/s', 'of possible', 'gain', 'model services: workflows/s', 'of possible', 'gain'], ofTier('executor').map((row, index) => {
      const model = ofTier('model')[index];
      return [row.count, row.perSecond, row.possible, `${row.gain}×`, model.perSecond, model.possible, `${model.gain}×`];
    })), '',
    `Workflows of three no-op steps by several orchestrators, ${orchestrators.inFlight} in flight for each, all on this machine:`, '',
    table(['orchestrators', 'workflows/s', 'shares of their CPU', ...parts.map((part) => `CPU µs: ${part}`)], orchestrators.rows.map((row) => [row.count, row.perSecond, row.shares.join(', '), ...parts.map((part) => row.cpuUs[part])])), '',
    `${inFlight.count} workflows in flight on one orchestrator: accepted at ${inFlight.acceptedPerSecond}/s; its memory ${inFlight.orchestratorMib.before} MiB before, ${inFlight.orchestratorMib.full} MiB with all of them (${inFlight.orchestratorKibEach} KiB each), Redis ${inFlight.redisKibEach} KiB each; all woke at the same moment and ended at ${inFlight.endedPerSecond}/s.`, '',
    `${queued.count} queued tasks drained at ${queued.perSecond}/s; over the second half, MiB more for each thousand (noise): ${Object.entries(queued.growth).map(([part, { mibAThousand, noiseMib }]) => `${part.replace('Mib', '')} ${mibAThousand} (${noiseMib})`).join(', ')}.`, '',
    `From the CPU time of a workflow with ${orchestrators.rows.at(-1).count} orchestrators, nothing fuller than ${FULL * 100} % (NATS with three copies; Redis without replicas):`, '',
    table(['part', 'CPU µs a workflow', 'workflows/s a core', 'cores for 1,000/s', 'cores for 100,000/s'], needsOf(orchestrators.rows.at(-1).cpuUs).map(({ part, us, mostPerSecond, cores }) => [part, us, mostPerSecond, ...cores.map((each) => each.cores)])),
  ].join('\n');
}
