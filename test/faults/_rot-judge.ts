import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { get } from 'node:https'
import { basename, join } from 'node:path'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { compareContent } from './_rot-content.ts'
import { isCutShort, isTorn } from './_rot-damage.ts'
import { EVIDENCE } from './_rot-directory.ts'
import type { RotDirectory } from './_rot-directory.ts'
import type { RotProduct } from './_rot-product.ts'
import { assertRefusal, getAll, isMendedNextTime, rottenBlobs } from './_rot-swarm.ts'

/**
 * Where damage was noticed first, or that it changed nothing. `check`: by a check, or by writing the file anew. `cut`: it took the
 * end of the journal that a kill left behind, as the kill might have, and with it what can be had again.
 */
export type RotOutcome = 'start' | 'reading' | 'check' | 'harmless' | 'cut'

export interface RotSubject {
  readonly product: RotProduct
  readonly directory: RotDirectory
}

/** Use a damaged data directory in all ways. Throws when something wrong went out, or when what changed was not noticed. */
export async function judgeDirectory(
  subject: RotSubject,
  copy: string,
  damaged: string,
): Promise<RotOutcome> {
  const { product } = subject
  const file = join(copy, damaged)
  const rotten = rottenBlobs(copy)
  const bytes = readFileSync(file)
  const noticedAt: RotOutcome[] = []
  const noticed = (where: RotOutcome, isNoticed: boolean): void => {
    if (isNoticed) noticedAt.push(where)
  }
  const node = await product.start(copy).catch((error: unknown) => {
    noticed('start', true)
    if (isMendedNextTime(error)) return product.start(copy)
    assertRefusal(error, file)
    return undefined
  })
  if (node === undefined) return 'start'
  try {
    const isReplaced = damaged.startsWith('https/') && !readFileSync(file).equals(bytes)
    noticed('start', (await product.isTold()) || isReplaced)
    await askSecurely(node.secureUrl, node.certificateFile)
    const refused = await getAll(node.url)
    noticed('reading', (await product.isTold()) || refused > 0)
    noticed('check', (await product.check()) > 0)
  } finally {
    await product.stop()
  }
  assert.deepEqual(rottenBlobs(copy), [])
  const sound = soundBytes(subject, damaged)
  const isCut = /^db\/\d+\.log$/.test(damaged) && (isCutShort(sound, bytes) || isTorn(sound, bytes))
  const { isEvidenceNew, lacks } = await judgeRest(subject, copy, {
    ...{ rotten, isCut, isNoticed: noticedAt.length > 0 },
  })
  noticed('reading', isEvidenceNew)
  return noticedAt[0] ?? (lacks ? 'cut' : 'harmless')
}

function soundBytes({ directory }: RotSubject, file: string): Uint8Array {
  return readFileSync(directory.soundFile(file))
}

/** A client that trusts the certificate that the node keeps in its directory. */
async function askSecurely(url: string, certificateFile: string): Promise<void> {
  const request = get(`${url}/-/health`, { ca: readFileSync(certificateFile) })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  assert.equal(answer.statusCode, 200)
}

interface Circumstances {
  /** Digests of blobs whose files are damaged. */
  readonly rotten: readonly string[]
  /** Whether a journal lost its end, as by a kill or a power cut. */
  readonly isCut: boolean
  readonly isNoticed: boolean
}

/**
 * Compare what the directory says now with what it said.
 *
 * @returns whether evidence was damaged, which heals by itself when it comes again, and whether anything is missing or older
 */
async function judgeRest(
  { product, directory }: RotSubject,
  copy: string,
  { rotten, isCut, isNoticed }: Circumstances,
): Promise<{ readonly isEvidenceNew: boolean; readonly lacks: boolean }> {
  const before = evidenceIn(copy)
  const { asked, content } = directory
  const now = await product.read({ dataDir: copy, asked, evidence: EVIDENCE })
  const { missing, other } = compareContent(content, now)
  // What only the index and the peers have comes again; these two must not go with it.
  const isKept = (name: string): boolean => name.startsWith('blob ') || name === 'trust'
  // A thing may go, and be had again. Nothing may say something else, but what it said before the end that was cut off.
  assert.deepEqual(isCut ? other.filter(isKept) : other, [])
  const mayGo = isNoticed ? rotten.map((digest) => `blob ${digest}`) : []
  const gone = isNoticed || isCut ? missing.filter(isKept) : missing
  assert.deepEqual(
    gone.filter((name) => !mayGo.includes(name)),
    [],
  )
  for (const digest of rotten) assert.ok(!existsSync(join(copy, 'blobs', basename(digest))))
  assert.deepEqual(evidenceIn(copy), [EVIDENCE.text])
  return {
    isEvidenceNew: before.join() !== EVIDENCE.text,
    lacks: missing.length + other.length > 0,
  }
}

function evidenceIn(copy: string): readonly string[] {
  return globSync('evidence/*', { cwd: copy }).map((name) =>
    readFileSync(join(copy, name), 'latin1'),
  )
}
