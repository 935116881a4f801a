import { hasSlice, sliceOf } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { PeerName } from '@jarswarm/ports'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { MirroredRepositoryComponents, MirroredRepositoryInit } from '../repository-init.ts'
import { policyMatcher } from '../share/mirror-policy.ts'
import { DonatedSlices } from './donated-slices.ts'
import { DonationKeeper } from './donation-keeper.ts'
import { DONATION_PACE } from './donation-pace.ts'
import { DonorBook } from './donor-book.ts'
import { DonorProof } from './donor-proof.ts'
import { SharePlanner } from './share-planner.ts'
import { SliceCensus } from './slice-census.ts'
import { SliceFiles } from './slice-files.ts'
import { SliceTrials } from './slice-trials.ts'

type Components = Pick<
  MirroredRepositoryComponents,
  'swarm' | 'records' | 'blobs' | 'clock' | 'logger'
> & { readonly random: () => number }

/** What fetching needs to know of donations: which files are pinned for them, and who else keeps a file. */
export interface DonationView {
  readonly slices: DonatedSlices
  readonly book: DonorBook
  /** Donors that say that they keep a file, those last that never showed anything; without those that lied. */
  donorsOf(path: RepositoryPath): readonly PeerName[]
}

export function assembleDonationView(
  components: Components,
  { id: repository, donationPace }: Pick<MirroredRepositoryInit, 'id' | 'donationPace'>,
): DonationView {
  const slices = new DonatedSlices(components, { repository })
  const book = new DonorBook(components, { ...donationPace, repository })
  const donorsOf = (path: RepositoryPath): readonly PeerName[] => {
    const slice = sliceOf(path)
    return book
      .donors()
      .filter((donor) => hasSlice(donor.slices, slice))
      .sort((one, other) => Number(other.proven) - Number(one.proven))
      .map(({ peer }) => peer)
  }
  return { slices, book, donorsOf }
}

/** The part that keeps this node's share. */
export function assembleDonation(
  components: Components &
    Pick<DonationView, 'slices' | 'book'> & {
      readonly tree: IndexKeeper
      readonly fetcher: BlobFetcher
      readonly isUnwanted: (entry: IndexEntry) => boolean
    },
  init: MirroredRepositoryInit,
): DonationKeeper {
  const { id: repository, name, donatedBytes, mirrorPolicy = 'none' } = init
  const pace = { ...DONATION_PACE, ...init.donationPace }
  const census = new SliceCensus(components)
  return new DonationKeeper(
    {
      ...components,
      census,
      files: new SliceFiles({ ...components, isMirrored: policyMatcher(mirrorPolicy) }),
      trials: new SliceTrials(components, pace),
      planner: new SharePlanner(pace),
      proof: new DonorProof({ ...components, census }, { repository }),
    },
    { repository, name, donatedBytes, pace },
  )
}
