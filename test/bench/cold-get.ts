import { Agent, request } from 'undici'
import { median } from '../_percentile.ts'
import type { Bench, Row } from './_row.ts'
import { timed } from './_measure.ts'
import { startBenchSwarm } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'

const JAR_BYTES = 50_000
const ONE_BY_ONE = 200
const MANY = 1_000
const CONNECTIONS = 16

async function get(url: string, dispatcher: Agent): Promise<void> {
  const { statusCode, body } = await request(url, { dispatcher })
  const bytes = await body.arrayBuffer()
  if (statusCode !== 200) {
    throw new Error(
      `Cannot measure ${url}: ${String(statusCode)} ${new TextDecoder().decode(bytes)}`,
    )
  }
}

/** Get all `urls` over a fixed number of connections; milliseconds for all of them. */
async function getAll(urls: readonly string[], dispatcher: Agent): Promise<number> {
  const queue = [...urls]
  const worker = async (): Promise<void> => {
    for (let url = queue.pop(); url !== undefined; url = queue.pop()) await get(url, dispatcher)
  }
  return timed(() => Promise.all(Array.from({ length: CONNECTIONS }, worker)))
}

async function measure(tree: string): Promise<readonly Row[]> {
  const jars = writeTree(tree, { jars: ONE_BY_ONE + MANY, sizeBytes: JAR_BYTES })
  const swarm = await startBenchSwarm(tree, 2 * jars.length)
  const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  try {
    const asker = swarm.url(swarm.asker)
    const few = jars.slice(0, ONE_BY_ONE)
    const many = jars.slice(ONE_BY_ONE)
    const each = async (base: string): Promise<number> => {
      const times: number[] = []
      for (const jar of few) times.push(await timed(() => get(base + jar, dispatcher)))
      return median(times)
    }
    const coldMs = await each(asker)
    const warmMs = await each(asker)
    const rate = async (base: string): Promise<number> => {
      const urls = many.map((jar) => base + jar)
      return (1_000 * MANY) / (await getAll(urls, dispatcher))
    }
    const coldRate = await rate(asker)
    const directRate = await rate(swarm.url(swarm.holder))
    return [
      {
        bench: 'cold-get',
        what: '50 KB artifact that one connected peer holds, median',
        value: coldMs,
        unit: 'ms',
        beside: { what: 'the same from the own store', value: warmMs },
        target: 'at most 5 ms over the round trip',
      },
      {
        bench: 'cold-get',
        what: `${String(MANY)} different ones over ${String(CONNECTIONS)} connections`,
        value: coldRate,
        unit: '/s',
        beside: { what: "the same from the holder's own endpoint", value: directRate },
        target: 'at least 300 /s',
      },
    ]
  } finally {
    await dispatcher.close()
    await swarm.stop()
  }
}

export const coldGet: Bench = {
  name: 'cold-get',
  about: 'artifacts that the asked node lacks and one connected peer holds, its origin dead',
  run: () => withTemporary(measure),
}
