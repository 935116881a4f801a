export { Endpoint } from './endpoint.ts'
export type { EndpointComponents, EndpointInit } from './endpoint.ts'
export { EndpointListenError } from './errors.ts'
export type { NodeStatus, ProxiedStatus, ServedStatus } from './status.ts'
