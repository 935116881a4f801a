import {
  blobStoreConformance,
  indexStoreConformance,
  trustStoreConformance,
} from '@jarswarm/testkit'
import { blobPath, flipBit, openTestDirectory } from './_data-directory.ts'

blobStoreConformance('FileBlobStore', async (init) => {
  const { directory, root, passHour, close } = await openTestDirectory(init)
  return {
    store: directory.blobs,
    passHour,
    corrupt: (digest) => flipBit(blobPath(root, digest)),
    close,
  }
})

indexStoreConformance('LevelIndexStore', async (repository) => {
  const { directory, close } = await openTestDirectory()
  return { store: directory.index(repository), close }
})

trustStoreConformance('FileTrustStore', async () => {
  const { directory, close } = await openTestDirectory()
  return { store: directory.trust, close }
})
