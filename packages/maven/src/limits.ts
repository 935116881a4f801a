import type { FormatLimits } from './format-limit.ts'

const PATHS = {
  MAX_PATH_BYTES: {
    value: 1_024,
    unit: 'bytes of a repository path',
    why: 'no real one comes near, and each is part of URLs and of the index',
  },
  MAX_PATH_SEGMENTS: {
    value: 32,
    unit: 'segments of a repository path',
    why: 'no real one comes near, and nobody makes us walk a ladder',
  },
  MAX_SEGMENT_BYTES: {
    value: 255,
    unit: 'bytes of a segment',
    why: 'what file systems take',
  },
} satisfies FormatLimits

const POMS = {
  MAX_XML_BYTES: {
    value: 1_048_576,
    unit: 'bytes of a POM that is read',
    why: 'the largest BOMs are below, and one this large takes 0.1 s; larger ones are given to clients, and nothing is fetched ahead after them',
  },
  MAX_XML_DEPTH: {
    value: 32,
    unit: 'elements within one another',
    why: 'POMs need about 8, plug-in configurations a few more',
  },
  MAX_XML_TAGS: {
    value: 100_000,
    unit: 'tags of a document, opening and closing ones',
    why: 'each becomes an object in memory',
  },
  MAX_TEXT_CHARS: {
    value: 512,
    unit: 'characters of a name, a version or a property',
    why: 'longer ones are none; properties that name properties must not double their way up',
  },
  MAX_DEPENDENCIES: {
    value: 8_000,
    unit: 'dependencies of a POM, and as many managed ones',
    why: 'the largest BOMs in use name about 4 000',
  },
  MAX_PROPERTIES: {
    value: 4_000,
    unit: 'properties of a POM that are kept',
    why: 'the largest BOMs in use have some hundreds',
  },
  MAX_EXCLUSIONS: {
    value: 200,
    unit: 'exclusions of a dependency that are kept',
    why: 'each is compared with each dependency below',
  },
  MAX_PARENTS: {
    value: 16,
    unit: 'parents of a POM in a chain',
    why: 'real chains have up to 7',
  },
  MAX_IMPORT_DEPTH: {
    value: 8,
    unit: 'BOMs that import one another',
    why: 'real chains have up to 4',
  },
  MAX_POMS_PER_MODEL: {
    value: 128,
    unit: 'POMs read to understand one',
    why: 'one POM may name thousands of BOMs',
  },
  MAX_PROPERTY_DEPTH: {
    value: 16,
    unit: 'properties that name one another',
    why: 'circles end',
  },
  MAX_INTERVALS: {
    value: 32,
    unit: 'intervals of a version range',
    why: 'each is compared with each version',
  },
  MAX_VERSIONS: {
    value: 10_000,
    unit: 'versions of a project that are kept, the last ones',
    why: 'projects with nightly builds have some thousands',
  },
  MAX_SNAPSHOT_FILES: {
    value: 200,
    unit: 'files of a snapshot that are kept',
    why: 'one for each classifier and extension',
  },
  MAX_CLOSURE_POMS: {
    value: 1_000,
    unit: 'POMs in one closure',
    why: 'a hint must not turn into a crawl; the largest applications have about 600',
  },
  MAX_CLOSURE_DEPTH: {
    value: 32,
    unit: 'dependencies in a chain',
    why: 'real chains reach about 12, and circles end',
  },
  MAX_RELOCATIONS: {
    value: 8,
    unit: 'relocations in a chain',
    why: 'real chains have one or two, and circles end',
  },
} satisfies FormatLimits

export const MAX_PATH_BYTES: number = PATHS.MAX_PATH_BYTES.value
export const MAX_PATH_SEGMENTS: number = PATHS.MAX_PATH_SEGMENTS.value
export const MAX_SEGMENT_BYTES: number = PATHS.MAX_SEGMENT_BYTES.value

export const MAX_XML_BYTES: number = POMS.MAX_XML_BYTES.value
export const MAX_XML_DEPTH: number = POMS.MAX_XML_DEPTH.value
export const MAX_XML_TAGS: number = POMS.MAX_XML_TAGS.value
export const MAX_TEXT_CHARS: number = POMS.MAX_TEXT_CHARS.value
export const MAX_DEPENDENCIES: number = POMS.MAX_DEPENDENCIES.value
export const MAX_PROPERTIES: number = POMS.MAX_PROPERTIES.value
export const MAX_EXCLUSIONS: number = POMS.MAX_EXCLUSIONS.value
export const MAX_PARENTS: number = POMS.MAX_PARENTS.value
export const MAX_IMPORT_DEPTH: number = POMS.MAX_IMPORT_DEPTH.value
export const MAX_POMS_PER_MODEL: number = POMS.MAX_POMS_PER_MODEL.value
export const MAX_PROPERTY_DEPTH: number = POMS.MAX_PROPERTY_DEPTH.value
export const MAX_INTERVALS: number = POMS.MAX_INTERVALS.value
export const MAX_VERSIONS: number = POMS.MAX_VERSIONS.value
export const MAX_SNAPSHOT_FILES: number = POMS.MAX_SNAPSHOT_FILES.value
export const MAX_CLOSURE_POMS: number = POMS.MAX_CLOSURE_POMS.value
export const MAX_CLOSURE_DEPTH: number = POMS.MAX_CLOSURE_DEPTH.value
export const MAX_RELOCATIONS: number = POMS.MAX_RELOCATIONS.value

/** Bounds of repository paths. */
export const PATH_LIMITS: FormatLimits = PATHS

/** Bounds of POMs, of metadata and of what is concluded from them. */
export const POM_LIMITS: FormatLimits = POMS
