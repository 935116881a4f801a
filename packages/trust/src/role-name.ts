/** The four TUF roles. No other is ever trusted. */
export type RoleName = 'root' | 'timestamp' | 'snapshot' | 'targets'

export const ROLE_NAMES: readonly RoleName[] = ['root', 'timestamp', 'snapshot', 'targets']

/** The roles whose keys are at hand on every publish. */
export type OnlineRoleName = Exclude<RoleName, 'root'>

export const ONLINE_ROLE_NAMES: readonly OnlineRoleName[] = ['timestamp', 'snapshot', 'targets']
