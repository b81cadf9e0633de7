/** Until the device table lands: the CPU, whatever is asked for, and says so. */
export async function chooseDevice(name: string, _options: unknown): Promise<{ name: 'cpu'; fusedAttention: boolean; note?: string }> {
  return { name: 'cpu', fusedAttention: true, ...(name === 'auto' || name === 'cpu' ? {} : { note: `The device ${name} is not supported yet; running on the CPU.` }) }
}
