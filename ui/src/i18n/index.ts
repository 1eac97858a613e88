// t('key', {name: value}): the text in the chosen language. Components that call it follow the language by themselves.
import { lang } from '../state/view';
import { en, type Key } from './en';
import { ja } from './ja';

const dictionaries = { en, ja };

export type { Key };

export function fill(template: string, values: Record<string, string | number> = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function t(key: Key, values?: Record<string, string | number>): string {
  return fill(dictionaries[lang.value][key], values);
}

export const isKey = (text: string): text is Key => text in en;
