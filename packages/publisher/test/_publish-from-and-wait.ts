// Publishes from an HTTP origin in a process of its own. Arguments: state directory, out directory, URL, paths.
import { publishFrom } from '../src/index.ts'

const [stateDir = '', outDir = '', url = '', ...paths] = process.argv.slice(2)

async function* lines(): AsyncGenerator<string> {
  for (const path of paths) yield await Promise.resolve(path)
}

await publishFrom({ stateDir, outDir, url, paths: lines(), version: '0.0.0', concurrency: 1 })
