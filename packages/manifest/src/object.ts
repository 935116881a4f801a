/** Most bytes of an object, which is an index node or a piece list: what a peer may make us buffer at once. */
export const MAX_OBJECT_BYTES = 1_048_576
