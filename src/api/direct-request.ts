import { IncomingMessage } from 'node:http';

/** Hears a body, piece by piece. */
export interface BodyEar {
  onChunk(chunk: Buffer): void;
  onEnd(): void;
}

/**
 * A request whose body can be taken as Node parses it, without the stream that it is otherwise put through: a buffer, three
 * events and as many turns of the queue between them, for what nearly always comes in one piece.
 *
 * Node's parser hands on a body by `push`, the method by which every stream is filled, null standing for its end; what it
 * asks of a request afterwards is whether that was read (`readableEnded`), and that the rest be thrown away (`resume`).
 */
export class DirectRequest extends IncomingMessage {
  private ear: BodyEar | undefined;

  /** From now on the body goes there; no event tells of it any more. To be called before anything of it has come. */
  takeBody(ear: BodyEar): void {
    this.ear = ear;
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (this.ear === undefined) return super.push(chunk, encoding);
    if (chunk === null) this.ear.onEnd();
    else this.ear.onChunk(chunk);
    return true;
  }

  override resume(): this {
    return this.ear === undefined ? super.resume() : this;
  }

  /** Whether somebody else reads the body, as a stream. */
  get isStreamed(): boolean {
    return this.ear === undefined;
  }
}

// Node's types have it as a field, which no getter may stand for.
Object.defineProperty(DirectRequest.prototype, 'readableEnded', {
  get(this: DirectRequest): boolean {
    return this.isStreamed ? Reflect.get(IncomingMessage.prototype, 'readableEnded', this) : this.complete;
  },
});
