const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats a time. Formats are kept, because creating one takes long. */
export function formatTime(
  date: Date,
  options: Intl.DateTimeFormatOptions,
  locales: readonly string[],
): string {
  const key = JSON.stringify([locales, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat([...locales], options);
  formats.set(key, format);
  return format.format(date);
}
