/** The processor time of this process: unlike the time on the clock, it does not grow where others are busy as well. */

/** @returns how many milliseconds this process has worked since. */
export function startCpuClock(): () => number {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1_000;
  };
}
