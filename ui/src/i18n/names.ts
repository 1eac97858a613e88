// Names of things that have a code: countries, payment methods.

const displayNames = new Map<string, Intl.DisplayNames>();

/** "JP" → "Japan", 日本; what is no known code is given back as it is; "" → `unknown`. */
export function countryName(code: string, lang: string, unknown: string): string {
  if (!code) return unknown;
  if (!/^[A-Z]{2}$/.test(code)) return code;
  let names = displayNames.get(lang);
  if (!names) displayNames.set(lang, (names = new Intl.DisplayNames(lang, { type: 'region', fallback: 'code' })));
  return names.of(code) ?? code;
}
