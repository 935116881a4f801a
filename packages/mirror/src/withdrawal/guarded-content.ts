import type { ArtifactContent } from '@jarswarm/ports'

/**
 * Content that breaks off as soon as its file is not to be given any more: no chunk leaves after that. The connection to
 * the client is then reset, so that it takes no part for the whole.
 *
 * @param check throws once the file is not to be given
 */
export function guardedContent(content: ArtifactContent, check: () => void): ArtifactContent {
  return {
    ...content,
    async *read(range, options) {
      for await (const chunk of content.read(range, options)) {
        check()
        yield chunk
      }
    },
  }
}
