import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ApiError } from '../api/client';
import { INTERVAL_MS, poll } from './poll';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('poll', () => {
  it('asks again and again until stopped', async () => {
    let asked = 0;
    const resource = poll(async () => ++asked);
    resource.start();
    await settle();
    expect(resource.data.value).toBe(1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(resource.data.value).toBe(2);
    resource.stop();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS * 5);
    expect(asked).toBe(2);
  });

  it('keeps the last good answer through an error and forgets the error by itself', async () => {
    let answer: () => number = () => 7;
    const resource = poll(async () => answer());
    resource.start();
    await settle();
    answer = () => {
      throw new ApiError(503, 'busy', '/x');
    };
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect([resource.data.value, resource.error.value?.status]).toEqual([7, 503]);
    answer = () => 8;
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect([resource.data.value, resource.error.value]).toEqual([8, null]);
    resource.stop();
  });

  it('drops the answer to an old question', async () => {
    const answers: ((value: string) => void)[] = [];
    const resource = poll(() => new Promise<string>((resolve) => answers.push(resolve)));
    resource.start();
    resource.refresh(true);
    expect(resource.loading.value).toBe(true);
    answers[1]?.('new');
    await settle();
    answers[0]?.('old');
    await settle();
    expect([resource.data.value, resource.loading.value]).toEqual(['new', false]);
    resource.stop();
  });

  it('does not ask twice at once unless the question changed', () => {
    let asked = 0;
    const resource = poll(() => {
      ++asked;
      return new Promise<number>(() => {});
    });
    resource.refresh();
    resource.refresh();
    expect(asked).toBe(1);
    resource.refresh(true);
    expect(asked).toBe(2);
  });
});
