import {
  blobStoreConformance,
  evidenceStoreConformance,
  historyStoreConformance,
  indexStoreConformance,
  proxyCacheConformance,
  MemoryBlobStore,
  MemoryEvidenceStore,
  MemoryHistoryStore,
  MemoryIndexStore,
  MemoryProxyCache,
  MemoryTrustStore,
  trustStoreConformance,
} from '@jarswarm/testkit'

blobStoreConformance('MemoryBlobStore', (init) => {
  const store = new MemoryBlobStore(init)
  return Promise.resolve({
    store,
    passHour: () => undefined,
    corrupt: (digest) => {
      store.corrupt(digest)
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  })
})

indexStoreConformance('MemoryIndexStore', (repository) =>
  Promise.resolve({ store: new MemoryIndexStore(repository), close: () => Promise.resolve() }),
)

historyStoreConformance('MemoryHistoryStore', (init) =>
  Promise.resolve({
    store: new MemoryHistoryStore(init),
    other: new MemoryHistoryStore(init),
    close: () => Promise.resolve(),
  }),
)

evidenceStoreConformance('MemoryEvidenceStore', () => {
  const store = new MemoryEvidenceStore()
  return Promise.resolve({
    store,
    read: (name) => Promise.resolve(store.files.get(name) ?? new Uint8Array()),
    close: () => Promise.resolve(),
  })
})

trustStoreConformance('MemoryTrustStore', () =>
  Promise.resolve({ store: new MemoryTrustStore(), close: () => Promise.resolve() }),
)

proxyCacheConformance('MemoryProxyCache', () =>
  Promise.resolve({
    cache: new MemoryProxyCache(),
    other: new MemoryProxyCache(),
    close: () => Promise.resolve(),
  }),
)
