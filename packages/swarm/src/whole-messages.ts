import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'

/**
 * Let each message of a connection go to its socket in one piece. By itself an encrypted message is a list of buffers (length,
 * headers, content, tag), and each of them a system call on either side and perhaps a packet, which costs more than to
 * copy them together.
 *
 * @returns the same factory, whose encrypters do so
 */
export function wholeMessages<Components>(
  createEncrypter: (components: Components) => ConnectionEncrypter,
): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const encrypter = createEncrypter(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    // Not an encrypter around it: libp2p also asks this one for what it is and needs.
    encrypter.secureInbound = (connection, options) =>
      secureInbound(sendingWhole(connection), options)
    encrypter.secureOutbound = (connection, options) =>
      secureOutbound(sendingWhole(connection), options)
    return encrypter
  }
}

/** The library has no setting for it, and only here a connection passes by before anything was sent encrypted. */
function sendingWhole(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  connection.send = (data) => send(data.subarray())
  return connection
}
