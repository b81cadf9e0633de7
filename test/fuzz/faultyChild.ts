// Stands in for checkpointsChild.ts in the watchdog's own test: case 1 crashes, case 3 never answers, case 4 reports a fault.
const [, from, to] = process.argv.slice(2, 5).map(Number) as [number, number, number]
for (let number = from; number < to; number++) {
  if (number === 1) process.exit(3)
  for (; number === 3;);
  process.send!({ number, outcome: number === 4 ? 'failed' : 'refused', detail: `case ${number}` })
  await new Promise((resolve) => setTimeout(resolve, 20))
}
process.disconnect()
