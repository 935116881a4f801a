export { Endpoint } from './endpoint.ts'
export type { EndpointComponents, EndpointInit } from './endpoint.ts'
export { EndpointListenError } from './errors.ts'
export type { NodeStatus, ServedStatus } from './status.ts'
