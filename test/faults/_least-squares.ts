/** A straight line through points. */
export interface Line {
  /** Rise of `y` for one of `x`. */
  readonly slope: number
  readonly mean: number
}

/**
 * Fit a line by least squares.
 *
 * @param points at least two, of different `x`
 */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const mean = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (!(spread > 0))
    throw new RangeError(`Cannot fit a line: found ${String(count)} points of one x`)
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - mean), 0) / spread
  return { slope, mean }
}
