export async function writeComparisonSheet(..._a: unknown[]): Promise<void> { throw new Error('not here yet') }
