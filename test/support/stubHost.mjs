// A host for the tests of the shell: says hello, answers what it is asked, dies or hangs when told to.
const send = (message) => process.send(message)
let hung = process.env.STUB_HOST === 'hang-at-start'
if (process.env.STUB_HOST === 'die-at-start') process.exit(3)
process.on('disconnect', () => process.exit(0))
process.on('message', ({ type, id, method, input }) => {
  if (hung) return
  const answer = (value) => send({ type: type === 'shell' ? 'shellAnswer' : 'answer', id, result: { ok: true, value } })
  const refuse = (message) => send({ type: 'shellAnswer', id, result: { ok: false, error: { code: 'file/missing', message, exitCode: 2, details: {} } } })
  if (type === 'shell') {
    if (method === 'registerFile') return input.path.includes('missing') ? refuse(`${input.path}: no such file.`) : answer({ file: `fil_${Buffer.from(input.path).toString('hex').slice(-20).padStart(20, '0')}`, name: input.path, bytes: 1, folder: false })
    if (method === 'registerTarget') return answer({ target: 'tgt_0123456789abcdef0123', name: input.path, download: false })
    if (method === 'targetPath') return answer({ path: '/somewhere/out.png' })
    answer({})
    if (method === 'shutdown') process.disconnect()
    return
  }
  if (input?.die) process.exit(9)
  if (input?.hang) {
    hung = true
    return
  }
  if (input?.event) send({ type: 'event', event: input.event, data: input.data })
  answer({ method, input, env: process.env })
})
if (!hung) setTimeout(() => send({ type: 'hello', contract: 1, version: '0' }), Number(process.env.STUB_HOST_DELAY ?? 0))
