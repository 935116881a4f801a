// Loaded before a node (--import): what clients get comes from the disk, or from somebody else, and never from the memory of the endpoint.
import { HotBlobs } from '../../packages/endpoint/src/hot-blobs.ts'

HotBlobs.prototype.open = async function (source, entry, signal) {
  const content = await source.open(entry, { signal })
  return { kind: 'stream', source: content.source, content }
}

HotBlobs.prototype.recall = () => undefined
