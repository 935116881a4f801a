/**
 * The range that an address of the internet belongs to, as a bound for what one operator can do: the first three
 * numbers of an IPv4 address (a /24), or the first three groups of an IPv6 address (a /48).
 *
 * @param host an IP address as systems write it
 */
export function addressRange(host: string): string {
  return host.includes(':')
    ? expandedIpv6(host).slice(0, 3).join(':')
    : host.split('.').slice(0, 3).join('.')
}

function expandedIpv6(host: string): string[] {
  const [head = '', tail] = host.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after]
}
