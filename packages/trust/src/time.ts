const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/** Read `YYYY-MM-DDTHH:MM:SSZ`; undefined when the text has another form or names no moment. */
export function parseTime(text: string): number | undefined {
  if (!TIME.test(text)) return undefined
  const timeMs = Date.parse(text)
  // The round trip refuses the 30th of February, which some engines read as March.
  return !Number.isNaN(timeMs) && formatTime(timeMs) === text ? timeMs : undefined
}

/** Write a moment in whole seconds, rounded down. */
export function formatTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}
