/**
 * The window at a loss that one loss every so many packets leaves as it found it. CUBIC comes to it slowly: a
 * relative distance x shrinks by 0.7 x³ a loss, since the curve is flat there. So it is found from both sides:
 * a window below it grows from one loss to the next, one above it shrinks.
 */

const HALVINGS = 9;

/**
 * @param least below the settled value @param most above it, of whatever sets the window at the first loss
 * @param windowsAtLosses of a run that starts with such a value: at the first loss and at the second
 */
export function settle(
  least: number,
  most: number,
  windowsAtLosses: (start: number) => readonly number[],
): number {
  let low = least;
  let high = most;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    const [first = 0, second = 0] = windowsAtLosses(middle);
    if (second > first) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
