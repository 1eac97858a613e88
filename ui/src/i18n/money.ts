// Money: integer minor units and a currency. Amounts of two currencies never meet in one number.

/** 123456 with exponent 2 in USD → "$1,234.56"; with exponent 0 in JPY → "¥123,456". Exact up to 10^15 minor units. */
export function formatMoney(minorUnits: number, exponent: number, currency: string, lang: string): string {
  return format(minorUnits, exponent, currency, { minimumFractionDigits: exponent, maximumFractionDigits: exponent }, lang);
}

/** For axes: "¥12K", "￥1.2万". */
export function formatMoneyCompact(minorUnits: number, exponent: number, currency: string, lang: string): string {
  return format(minorUnits, exponent, currency, { notation: 'compact', maximumFractionDigits: 1, minimumFractionDigits: 0 }, lang);
}

function format(minorUnits: number, exponent: number, currency: string, options: Intl.NumberFormatOptions, lang: string): string {
  // The quotient is the double nearest to the decimal, and is printed with `exponent` digits, so no cent is lost.
  const amount = minorUnits / 10 ** exponent;
  if (!/^[A-Z]{3}$/.test(currency)) return `${new Intl.NumberFormat(lang, options).format(amount)} ${currency}`.trim();
  return new Intl.NumberFormat(lang, { style: 'currency', currency, ...options }).format(amount);
}

const EXPONENT_0 = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const EXPONENT_3 = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

/** ISO 4217's exponent, for log lines, which carry the currency alone. */
export const exponentOf = (currency: string): number => (EXPONENT_0.has(currency) ? 0 : EXPONENT_3.has(currency) ? 3 : 2);
