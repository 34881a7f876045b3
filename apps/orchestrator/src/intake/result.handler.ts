import { Controller, Inject } from '@nestjs/common';
import { OnDelivery, type Delivery } from '@trivet/bus';
import { CONSUMERS } from '@trivet/contracts';
import { HAND_OVER, REACH, RESULTS, type Reach } from '../tokens.js';
import type { HandOver } from './hand-over.js';
import type { Results } from './results.js';

/** Results of calls, from the bus. */
@Controller()
export class ResultHandler {
  constructor(
    @Inject(RESULTS) private readonly results: Results,
    @Inject(HAND_OVER) private readonly handOver: Pick<HandOver, 'offer'>,
    @Inject(REACH) private readonly reach: Reach,
  ) {}

  @OnDelivery(CONSUMERS.results)
  async onResult(delivery: Delivery): Promise<void> {
    const ours = await this.handOver.offer(delivery);
    if (ours) await this.results.apply(ours);
    this.reach('orchestrator.after-result-before-ack');
  }
}
