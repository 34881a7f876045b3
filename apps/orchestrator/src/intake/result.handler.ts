import { Controller, Inject } from '@nestjs/common';
import { OnDelivery, type Delivery } from '@trivet/bus';
import { CONSUMERS } from '@trivet/contracts';
import { REACH, RESULTS, type Reach } from '../tokens.js';
import type { Results } from './results.js';

/** Results of calls, from the bus. */
@Controller()
export class ResultHandler {
  constructor(
    @Inject(RESULTS) private readonly results: Pick<Results, 'take'>,
    @Inject(REACH) private readonly reach: Reach,
  ) {}

  @OnDelivery(CONSUMERS.results)
  async onResult(delivery: Delivery): Promise<void> {
    await this.results.take(delivery);
    this.reach('orchestrator.after-result-before-ack');
  }
}
