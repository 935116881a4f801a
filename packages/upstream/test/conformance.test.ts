import { MemoryUpstream, upstreamConformance } from '@jarswarm/testkit'
import { fileListener, serve } from './_http-fixture.ts'

upstreamConformance('HttpUpstream', (files) => serve(fileListener(files)))

upstreamConformance('MemoryUpstream', (files) => {
  const upstream = new MemoryUpstream({ files })
  return Promise.resolve({
    upstream,
    setBehaviour: (behaviour) => {
      upstream.behaviour = behaviour
    },
    close: () => upstream.close(),
  })
})
