/** The bytes under a DataView, made once for each view: a capture hands out the same one for many packets. */
export class ViewBytes {
  #view: DataView | null = null;
  #bytes = new Uint8Array(0);

  of(view: DataView): Uint8Array {
    if (view !== this.#view) {
      this.#view = view;
      this.#bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
    }
    return this.#bytes;
  }
}
