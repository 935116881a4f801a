import {
  blobStoreConformance,
  indexStoreConformance,
  proxyCacheConformance,
  trustStoreConformance,
} from '@jarswarm/testkit'
import { blobPath, flipBit, openTestDirectory } from './_data-directory.ts'

blobStoreConformance('FileBlobStore', async (init) => {
  const opened = await openTestDirectory(init)
  return {
    store: opened.directory.blobs,
    passHour: () => {
      opened.passHour()
    },
    corrupt: (digest) => flipBit(blobPath(opened.root, digest)),
    close: () => opened.close(),
  }
})

indexStoreConformance('LevelIndexStore', async (repository) => {
  const opened = await openTestDirectory()
  return { store: opened.directory.index(repository), close: () => opened.close() }
})

trustStoreConformance('FileTrustStore', async () => {
  const opened = await openTestDirectory()
  return { store: opened.directory.trust, close: () => opened.close() }
})

proxyCacheConformance('LevelProxyCache', async () => {
  const opened = await openTestDirectory()
  const { directory } = opened
  return {
    cache: directory.proxyCache('a'.repeat(64)),
    other: directory.proxyCache('b'.repeat(64)),
    close: () => opened.close(),
  }
})
