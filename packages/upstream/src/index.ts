export { HealthTracker } from './health-tracker.ts'
export type { HealthTrackerComponents, TrackedRequest } from './health-tracker.ts'
export { HttpUpstream } from './http-upstream.ts'
export type { HttpUpstreamComponents, HttpUpstreamInit } from './http-upstream.ts'
