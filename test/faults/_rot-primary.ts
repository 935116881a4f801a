import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { createSigner, TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import { readPublished } from '../../packages/publisher/test/_reader.ts'
import { deploy } from './_deployed.ts'
import { copyOf, filesIn } from './_rot-directory.ts'
import type { RotOutcome } from './_rot-judge.ts'
import type { RotProduct } from './_rot-product.ts'

/** Deployed before each of the publishes of a sound primary. */
const VERSIONS = [
  [1, 2, 3, 100],
  [4, 5],
]
const DEPLOYED_SECONDS = 1_750_000_000
/** Deployed after the damage. */
const NEXT_VERSION = 6

type Published = NonNullable<Awaited<ReturnType<typeof readPublished>>>

/** A sound state directory with its published tree, and copies of both to damage. */
export class RotPrimary {
  readonly #work: string
  readonly #published: Published
  readonly #repository: RepositoryId
  readonly #product: RotProduct

  private constructor(
    product: RotProduct,
    work: string,
    sound: { readonly repository: RepositoryId; readonly published: Published },
  ) {
    this.#product = product
    this.#work = work
    this.#repository = sound.repository
    this.#published = sound.published
  }

  static async create(test: Pick<TestContext, 'after'>, product: RotProduct): Promise<RotPrimary> {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-rot-primary-'))
    test.after(() => {
      rmSync(work, { recursive: true })
    })
    const { state, tree } = placesIn(join(work, 'sound'))
    mkdirSync(tree, { recursive: true })
    const origin = 'http://127.0.0.1:9/'
    const { id } = await initRepository({ stateDir: state, name: 'sample', origin })
    for (const versions of VERSIONS) {
      for (const version of versions) await deploy(tree, version)
      setTimes(tree)
      await publishTree({ stateDir: state, treeDir: tree })
    }
    const published = await readPublished(tree)
    assert.ok(published)
    return new RotPrimary(product, work, { repository: id, published })
  }

  /** Files of state and tree that hold something, by their names; the releases themselves are what is published. */
  files(): readonly string[] {
    const patterns = ['state/**/*', 'tree/.jarswarm/**/*', 'tree/**/*.jar']
    return filesIn(join(this.#work, 'sound'), patterns)
  }

  /** A copy of the sound primary, in place of the one before. */
  copy(): string {
    return copyOf(join(this.#work, 'sound'))
  }

  /**
   * Publish one more release from a damaged primary. It may refuse, in plain words; a reader may find a file of the tree damaged,
   * which peers have. But whatever is signed must go on from what was signed before, and be whole.
   */
  async judge(copy: string, damaged: string): Promise<RotOutcome> {
    const { state, tree } = placesIn(copy)
    const before = readFileSync(join(copy, damaged))
    await deploy(tree, NEXT_VERSION)
    const refusal = await this.#publish({ state, tree, recheck: false })
    const isKept = isSameKey(join(copy, damaged), join(this.#work, 'sound', damaged))
    const found = await this.#read(tree, damaged)
    if (refusal !== undefined) return 'start'
    if (found === undefined || !isKept) return 'reading'
    assert.equal(found.seq, this.#published.seq + 1)
    if (!isAsItWas(join(copy, damaged), before)) return 'check'
    if (!isRelease(damaged)) return 'harmless'
    // Size and time are as they were, so that nobody had to look.
    assert.ok(await this.#publish({ state, tree, recheck: true }), 'found nothing')
    return 'check'
  }

  /** @returns what it refused: a file, or everything, by the code of the error */
  async #publish(what: Parameters<RotProduct['publish']>[0]): Promise<string | undefined> {
    try {
      return (await this.#product.publish(what)) > 0 ? 'a file' : undefined
    } catch (error) {
      return documentedCode(error)
    }
  }

  /** @returns undefined when a reader finds the damaged file; any other one is a failure */
  async #read(tree: string, damaged: string): Promise<Published | undefined> {
    try {
      const found = await readPublished(tree)
      if (found !== undefined) this.#assertFollows(found, tree)
      return found
    } catch (error) {
      assert.ok(damaged.startsWith('tree/'), error instanceof Error ? error.stack : String(error))
      return undefined
    }
  }

  /** Nothing that was published is gone or says something else, and who trusts the head before trusts this one. */
  #assertFollows(found: Published, tree: string): void {
    const { files, history, seq } = this.#published
    assert.ok(found.seq >= seq)
    assert.deepEqual(found.history.slice(0, history.length), history)
    for (const [path, says] of files) {
      if (path.endsWith('maven-metadata.xml')) continue
      assert.equal(found.files.get(path), says, path)
    }
    const published = join(tree, '.jarswarm')
    const sound = placesIn(join(this.#work, 'sound')).tree
    const first = readFileSync(join(sound, '.jarswarm', 'roots', '1.root.json'))
    const trusted = TrustedRepository.create(this.#repository, first)
    for (const place of [join(sound, '.jarswarm'), published]) {
      trusted.accept(readFileSync(join(place, 'manifest')), Date.now())
    }
  }
}

function placesIn(directory: string): { readonly state: string; readonly tree: string } {
  return { state: join(directory, 'state'), tree: join(directory, 'tree') }
}

/** Whole seconds, which a copy can have, too: the publisher reads a file again whose time is another. */
function setTimes(tree: string): void {
  for (const name of globSync('org/**/*.*', { cwd: tree })) {
    utimesSync(join(tree, name), DEPLOYED_SECONDS, DEPLOYED_SECONDS)
  }
}

function isRelease(file: string): boolean {
  return file.startsWith('tree/') && !file.startsWith('tree/.jarswarm/')
}

/** An error that leaves the publisher has a code; one without it is a crash. */
function documentedCode(error: unknown): string {
  assert.ok(error instanceof Error && 'code' in error, error instanceof Error ? error.stack : '')
  assert.match(String(error.code), /^ERR_[A-Z_]+$/, error.stack)
  assert.notEqual(error.name, 'TypeError', error.stack)
  return String(error.code)
}

/** Whether a private key, if it is one, is still the same; another one signs nothing that the root allows. */
function isSameKey(file: string, sound: string): boolean {
  if (!file.endsWith('.pem')) return true
  try {
    return (
      createSigner(readFileSync(file, 'utf8')).keyId ===
      createSigner(readFileSync(sound, 'utf8')).keyId
    )
  } catch (error) {
    documentedCode(error)
    return false
  }
}

function isAsItWas(file: string, bytes: Uint8Array): boolean {
  try {
    return sha256(readFileSync(file)) === sha256(bytes)
  } catch {
    // Replaced under another name, as what belongs to the state before.
    return false
  }
}
