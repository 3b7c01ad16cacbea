import { AtlasError } from '@cpu-atlas/core/errors';

/**
 * The address of a running server. What was written is not repeated in the fault: people write secrets into addresses,
 * which would end up in process lists and logs.
 * @throws USAGE_INVALID
 */
export function hubAddress(option: '--hub' | '--join', text: string): URL {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (address === null || !['http:', 'https:'].includes(address.protocol))
    throw wrongAddress(option, 'is no HTTP address', 'write it like https://hub.example');
  if (address.username !== '' || address.password !== '' || address.search !== '')
    throw wrongAddress(
      option,
      'has a secret in it',
      `give the token by ${option === '--hub' ? '--token-file' : '--join-token-file'}`,
    );
  return address;
}

function wrongAddress(option: string, message: string, remedy: string): AtlasError {
  return new AtlasError('USAGE_INVALID', message, { where: option, remedy });
}
