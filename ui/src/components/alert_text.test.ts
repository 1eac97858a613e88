import { describe, expect, it } from 'vitest';
import { alertText } from './alert_text';

describe('the words of an alert', () => {
  const annotations = { summary: 'Payments are down', summary_ja: '決済が止まっています', description: 'more' };

  it('are Japanese for a Japanese reader, where the server has them', () => {
    expect(alertText(annotations, 'ja')).toBe('決済が止まっています');
    expect(alertText({ summary: 'Payments are down' }, 'ja')).toBe('Payments are down');
  });

  it('are English otherwise, the description if there is no summary', () => {
    expect(alertText(annotations, 'en')).toBe('Payments are down');
    expect(alertText({ description: 'more' }, 'en')).toBe('more');
    expect(alertText({}, 'en')).toBe('');
  });
});
