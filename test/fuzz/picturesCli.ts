// Runs the picture fuzz from a shell: node test/fuzz/picturesCli.ts [SEED [COUNT [FROM]]]; exit code 1 on a failure.
import { fuzzPictures } from './pictures.ts'

const [seed = 1, count = 1000, from = 0] = process.argv.slice(2).map(Number)
let seen = 0
const report = await fuzzPictures({
  seed, count, from,
  onCase: (result) => {
    if (result.outcome === 'failed') process.stdout.write(`seed ${seed} case ${result.number} failed: ${result.detail}\n`)
    if (++seen % 500 === 0) process.stdout.write(`${seen} of ${count}\n`)
  },
})
process.stdout.write(`${report.accepted} accepted, ${report.refused} refused, ${report.failures.length} failed, slowest ${Math.round(report.slowestMs)} ms\n`)
process.exit(report.failures.length > 0 ? 1 : 0)
