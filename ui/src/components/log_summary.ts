// A stored document in one line. Pure.
import type { Json } from '../api/types';
import { exponentOf, formatMoney } from '../i18n/money';
import { formatMs } from '../i18n/numbers';

type Document = { [key: string]: Json };

const text = (value: Json | undefined): string => (value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

/** "¥1,200 card visa JP 423 ms": what the payment was. */
function paymentText(line: Document, lang: string): string {
  const currency = text(line.currency).toUpperCase();
  const amount = typeof line.amount === 'number' && currency ? formatMoney(line.amount, exponentOf(currency), currency, lang) : text(line.amount);
  const took = typeof line.processing_time === 'number' ? formatMs(line.processing_time, lang) : '';
  return [amount, text(line.payment_method), text(line.brand), text(line.country), text(line.provider), took].filter(Boolean).join('  ');
}

/** "POST /api/payments 502 31 ms": what was asked of the API. */
function requestText(line: Document, lang: string): string {
  const took = typeof line.response_time_ms === 'number' ? formatMs(line.response_time_ms, lang) : '';
  return [text(line.request_method), text(line.request_path), text(line.response_code), took].filter(Boolean).join('  ');
}

function anyText(line: Document): string {
  if (line.message !== undefined) return text(line.message);
  return Object.entries(line)
    .filter(([key]) => key !== '@timestamp')
    .map(([key, value]) => `${key}=${text(value)}`)
    .join(' ');
}

export interface Summary {
  event: string;
  status: string;
  what: string;
  error: string;
}

export function summarize(line: Document, lang: string): Summary {
  const status = text(line.status);
  const what = line.amount !== undefined || line.processing_time !== undefined ? paymentText(line, lang) : line.request_path !== undefined ? requestText(line, lang) : anyText(line);
  return { event: text(line.event), status, what, error: text(line.error_code) };
}
