/** `host:port` of a connection URL, for messages: never the user or the password. */
export function addressOf(url: string, defaultPort: number): string {
  const { hostname, port } = new URL(url);
  return `${hostname === '' ? 'localhost' : hostname}:${port === '' ? defaultPort : port}`;
}
