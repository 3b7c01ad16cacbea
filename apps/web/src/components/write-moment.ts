/** What is told of a moment: `short` the day and the minute, `full` the year and the second, too. */
const styles = {
  short: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  full: { dateStyle: 'medium', timeStyle: 'medium' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** An RFC 3339 text in the time of whoever looks; a text that is no time as it is. */
export function writeMoment(at: string, style: keyof typeof styles): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString('en-GB', styles[style]);
}
