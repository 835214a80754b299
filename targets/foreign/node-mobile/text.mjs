// A response that grows chunk by chunk, with its length and digest, none of them counted twice.
import { blake2b } from "@noble/hashes/blake2b";

export class Text {
  value = "";
  bytes = 0;
  #hash = blake2b.create({ dkLen: 8 });

  append(chunk) {
    this.value += chunk;
    this.bytes += Buffer.byteLength(chunk);
    this.#hash.update(Buffer.from(chunk));
    return this;
  }

  get digest() {
    return Buffer.from(this.#hash.clone().digest()).toString("hex");
  }
}
