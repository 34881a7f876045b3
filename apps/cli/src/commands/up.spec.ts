import { takenPorts } from './up.js';

describe('a port that was asked for and is taken', () => {
  it('is named, with the one that is used', () => {
    expect(takenPorts({ TRIVET_NATS_PORT: '4222', TRIVET_REDIS_PORT: '6379' }, { nats: 20_001, redis: 6379 })).toEqual(['TRIVET_NATS_PORT=4222 is taken by another program; NATS uses port 20001 instead.']);
    expect(takenPorts({ TRIVET_REDIS_PORT: '6379' }, { nats: 20_001, redis: 20_002 })).toEqual(['TRIVET_REDIS_PORT=6379 is taken by another program; Redis uses port 20002 instead.']);
  });

  it('is not missed when none was asked for, a free one was, or the server is not ours', () => {
    expect(takenPorts({}, { nats: 20_001, redis: 20_002 })).toEqual([]);
    expect(takenPorts({ TRIVET_NATS_PORT: '0', TRIVET_REDIS_PORT: '' }, { nats: 20_001, redis: 20_002 })).toEqual([]);
    expect(takenPorts({ TRIVET_NATS_PORT: '4222' }, { nats: undefined, redis: 20_002 })).toEqual([]);
  });
});
