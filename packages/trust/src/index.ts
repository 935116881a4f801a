export { createRoot, ROOT_LIFE_MS, signRoot } from './create-root.ts'
export type { RoleKeys, RootInit } from './create-root.ts'
export { isEncryptedKey, MIN_PASSPHRASE_LENGTH } from './encrypted-key.ts'
export {
  EquivocationError,
  ExpiredManifestError,
  InvalidEvidenceError,
  InvalidKeyError,
  InvalidLinkError,
  InvalidManifestError,
  InvalidRootError,
  MissingRootError,
  OlderManifestError,
  RepositoryIdMismatchError,
  RollbackError,
} from './errors.ts'
export { formatEvidence, parseEvidence } from './evidence/evidence.ts'
export type { Contradiction, Evidence, EvidenceStatement } from './evidence/evidence.ts'
export { judgeEvidence } from './evidence/judge-evidence.ts'
export type { EvidenceVerdict } from './evidence/judge-evidence.ts'
export { freshnessAt } from './freshness.ts'
export type { Freshness, FreshnessReport } from './freshness.ts'
export { createSigner, formatPublicKey, generateKeyPair, keyIdOf, parsePublicKey } from './keys.ts'
export type { KeyPair, Signer } from './keys.ts'
export { formatManifest, parseManifest } from './manifest-container.ts'
export type { SignedManifest } from './manifest-container.ts'
export { mirrorListFault, toMirrorUrl } from './mirror-list.ts'
export { isPeerAddress } from './peer-address.ts'
export { fingerprintOf } from './repository-id.ts'
export type { RepositoryId } from './repository-id.ts'
export { isRepositoryName } from './repository-name.ts'
export { isOrigin } from '@jarswarm/manifest'
export type { OnlineRoleName, RoleName } from './role-name.ts'
export {
  manifestMirrors,
  manifestVersions,
  resignTimestamp,
  signManifest,
  SNAPSHOT_LIFE_MS,
  TIMESTAMP_LIFE_MS,
} from './sign-manifest.ts'
export type { ResignTimestampInit, SignedState, SignManifestInit } from './sign-manifest.ts'
export { RootProposal } from './root-proposal.ts'
export type { SignatureCount } from './root-proposal.ts'
export { readRootTerms } from './root-terms.ts'
export type { RootTerms } from './root-terms.ts'
export { formatLink, parseLink } from './swarm-link.ts'
export type { SwarmLink } from './swarm-link.ts'
export type { ManifestVersions } from './trusted-manifest.ts'
export { TrustedRepository } from './trusted-repository.ts'
export type { AcceptOptions, TrustedRecord } from './trusted-repository.ts'
export {
  AGE_LIMITS,
  MAX_CLOCK_LAG_MS,
  MAX_EVIDENCE_BYTES,
  MAX_LINK_LENGTH,
  MAX_LINK_PEERS,
  MAX_MANIFEST_BYTES,
  MAX_MIRRORS,
  MAX_PROPOSAL_BYTES,
  MAX_ROOT_BYTES,
  MAX_ROOT_LEAD,
  MAX_STALE_MS,
  TRUST_LIMITS,
} from './limits.ts'
