import { SpanStatusCode, trace, type Attributes, type AttributeValue, type Context, type Exception, type Span, type SpanContext, type SpanOptions, type SpanStatus } from '@opentelemetry/api';
import { MUST_BE_KEPT } from './load-sampler.js';
import { withIds, type SpanIds } from './span-ids.js';

/** So many spans inside one are remembered; of a call that makes more, the first. */
const MOST_INSIDE = 128;

export interface LeftOutSpanParts {
  name: string;
  options: SpanOptions;
  /** The ids it gets when it is kept; random ones where they do not matter. */
  ids: SpanIds;
  /** The span whose ids travel on in place of its own: the workflow's first one, as the others do not exist. */
  follows: Span;
  /** What it is started in: its parent, when it is kept, and the workflow and service it belongs to. */
  from: Context;
}

/**
 * A span of a workflow that is not traced. It is remembered only until the outermost one of this process ends: when that failed, it is
 * recorded after all with everything inside it, and otherwise forgotten. So every failure is kept, and what goes well costs next to nothing.
 */
export class LeftOutSpan implements Span {
  private readonly outermost: LeftOutSpan;
  private readonly inside: LeftOutSpan[] = [];
  private readonly events: { name: string; attributes: Attributes; at: number }[] = [];
  private readonly attributes: Attributes;
  private readonly startedAt = nowMs();
  private status: SpanStatus | undefined;
  private endedAt: number | undefined;
  private insideCount = 0;

  constructor(private readonly parts: LeftOutSpanParts) {
    const { follows, options } = parts;
    this.attributes = { ...options.attributes };
    this.outermost = follows instanceof LeftOutSpan ? follows.outermost : this;
    if (follows instanceof LeftOutSpan && (this.outermost.insideCount += 1) <= MOST_INSIDE) follows.inside.push(this);
  }

  spanContext(): SpanContext {
    return this.parts.follows.spanContext();
  }

  setAttribute(name: string, value: AttributeValue): this {
    this.attributes[name] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes: unknown): this {
    this.events.push({ name, attributes: typeof attributes === 'object' ? { ...attributes } : {}, at: nowMs() });
    return this;
  }

  recordException(exception: Exception): void {
    const { name, message } = typeof exception === 'string' ? { name: 'Error', message: exception } : exception;
    this.addEvent('exception', { 'exception.type': name, 'exception.message': message });
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  end(): void {
    this.endedAt = nowMs();
    if (this.outermost === this && this.status?.code === SpanStatusCode.ERROR) this.keep(this.parts.from);
  }

  /** Lines of the log are kept on it, like on others. */
  isRecording(): boolean {
    return this.endedAt === undefined;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  private keep(parent: Context): void {
    const { name, options, ids } = this.parts;
    const context = parent.setValue(MUST_BE_KEPT, true);
    const span = withIds(ids, () => trace.getTracer('trivet').startSpan(name, { ...options, attributes: this.attributes, startTime: this.startedAt }, context));
    for (const event of this.events) span.addEvent(event.name, event.attributes, event.at);
    if (this.status) span.setStatus(this.status);
    for (const inner of this.inside) inner.keep(trace.setSpan(inner.parts.from, span));
    span.end(this.endedAt ?? nowMs());
  }
}

/** Milliseconds since 1970 with fractions, as OpenTelemetry takes times. */
const nowMs = (): number => performance.timeOrigin + performance.now();
