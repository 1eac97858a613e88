/** The server's words in the reader's language, as far as it has them. */
export function alertText(annotations: Record<string, string>, language: string): string {
  const own = language === 'ja' ? annotations.summary_ja : undefined;
  return own || annotations.summary || annotations.description || '';
}
