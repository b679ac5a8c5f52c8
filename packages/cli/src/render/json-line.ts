/**
 * One JSON document on one line. Everything beyond ASCII is written as \uXXXX: the same document to a parser, and no
 * text from outside can steer the terminal that shows it (C1 controls, bidirectional marks, zero-width characters).
 */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? member.toString() : member));
  return `${text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
