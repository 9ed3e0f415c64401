/**
 * TCP_DEFER_ACCEPT: a listener that takes a connection when data comes, or when its SYN-ACK has gone out so often that
 * the seconds asked for are over. Linux keeps the number of times, and tells the seconds that they take: tcp(7).
 */
const FIRST_SECONDS = 1;
const MOST_SECONDS = 120;
const STEPS_MAX = 255;

/** How often the SYN-ACK goes out until `seconds` are over. */
export function acceptDelaySteps(seconds: number): number {
  if (seconds <= 0) return 0;
  let steps = 1;
  while (seconds > acceptDelayOf(steps) && steps < STEPS_MAX) steps++;
  return steps;
}

/** Seconds until the SYN-ACK has gone out `steps` times. */
export function acceptDelayOf(steps: number): number {
  let waitSeconds = FIRST_SECONDS;
  let period = steps > 0 ? waitSeconds : 0;
  for (let step = 1; step < steps; step++) {
    waitSeconds = Math.min(2 * waitSeconds, MOST_SECONDS);
    period += waitSeconds;
  }
  return period;
}
