import { findOtlpProblems } from './otlp-schema.js';

const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', name: 'tool.call', kind: 5, startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000000000001', attributes: [{ key: 'a', value: { intValue: 1 } }], status: { code: 2 }, flags: 257, links: [] };
const exported = (change: object): unknown => ({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'x' } }] }, scopeSpans: [{ scope: { name: 'trivet' }, spans: [{ ...span, ...change }] }] }] });

describe('findOtlpProblems', () => {
  it('finds none in what the specification shows', () => {
    expect(findOtlpProblems(exported({}))).toEqual([]);
    expect(findOtlpProblems(exported({ parentSpanId: '00f067aa0ba902b8', events: [{ timeUnixNano: 1700000000, name: 'log', attributes: [{ key: 'b', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 1.5 }] } } }] }] }))).toEqual([]);
  });

  it.each([
    ['a field that is not known', { colour: 'red' }, 'request.resourceSpans[0].scopeSpans[0].spans[0].colour is no field of Span'],
    ['an id in base64', { traceId: 'S/kvNXezTaajzpKdDg5HNg==' }, 'traceId is "S/kvNXezTaajzpKdDg5HNg==" and not bytes'],
    ['an id of noughts', { spanId: '0000000000000000' }, 'spanId is'],
    ['a parent that is empty', { parentSpanId: '' }, 'parentSpanId is ""'],
    ['an enum by its name', { kind: 'SPAN_KIND_CONSUMER' }, 'which SpanKind does not have'],
    ['a kind there is none of', { kind: 9 }, 'kind is 9'],
    ['two values in one', { attributes: [{ key: 'a', value: { intValue: 1, boolValue: true } }] }, 'has more than one value'],
    ['an end before the start', { endTimeUnixNano: '1699999999999999999' }, 'ends before it starts'],
    ['a span without a name', { name: undefined }, 'has no name'],
    ['events that are no list', { events: {} }, 'events is not a list'],
    ['a fraction', { droppedEventsCount: 0.5 }, 'droppedEventsCount is 0.5 and not uint32'],
  ])('finds %s', (_, change, problem) => {
    expect(findOtlpProblems(exported(change)).join('\n')).toContain(problem);
  });
});
