import {
  blobStoreConformance,
  evidenceStoreConformance,
  historyStoreConformance,
  indexStoreConformance,
  proxyCacheConformance,
  trustStoreConformance,
} from '@jarswarm/testkit'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Database } from '../src/database.ts'
import { LevelHistoryStore } from '../src/level-history-store.ts'
import { blobPath, flipBit, makeRoot, openTestDirectory } from './_data-directory.ts'

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

historyStoreConformance('LevelHistoryStore', async (init) => {
  const root = await makeRoot()
  const database = await Database.open(join(root, 'db'))
  return {
    store: new LevelHistoryStore({ database }, { ...init, repository: 'a'.repeat(64) }),
    other: new LevelHistoryStore({ database }, { ...init, repository: 'b'.repeat(64) }),
    close: async () => {
      await database.close()
      await rm(root, { recursive: true })
    },
  }
})

evidenceStoreConformance('FileEvidenceStore', async () => {
  const opened = await openTestDirectory()
  return {
    store: opened.directory.evidence('a'.repeat(64)),
    read: (name) => readFile(join(opened.root, 'evidence', name)),
    close: () => opened.close(),
  }
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
