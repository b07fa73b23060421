/** `host:port` of each server that a connection URL names, for messages: never the user or the password. */
export function addressOf(url: string, defaultPort: number): string {
  const addresses = serverUrls(url).map((server) => {
    const { hostname, port } = new URL(server);
    return `${hostname === '' ? 'localhost' : hostname}:${port === '' ? defaultPort : port}`;
  });
  return addresses.join(', ');
}

/**
 * The URL of each server that a connection URL names: `redis://:secret@a:1,b:2` stands for `redis://:secret@a:1` and
 * `redis://:secret@b:2`, which no URL can say by itself.
 */
export function serverUrls(url: string): string[] {
  const [, before = '', hosts = '', after = ''] = /^(\w+:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s.exec(url) ?? [];
  return hosts.includes(',') ? hosts.split(',').map((host) => `${before}${host.trim()}${after}`) : [url];
}
