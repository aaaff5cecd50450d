/**
 * Where captured frames go. One call a frame and no object a frame: the arguments are all there is.
 */
export interface FrameSink {
  /**
   * One captured frame.
   *
   * @param view the buffer that holds the frame; borrowed, valid only during the call
   * @param at offset of the first captured byte in `view`
   * @param end offset behind the last captured byte
   * @param wireLength length of the frame on the wire, bytes (at least `end - at`)
   * @param us capture time, whole microseconds since 1970 (exact in a double)
   * @param ns nanoseconds beyond `us`, 0 to 999
   * @param linkType LINKTYPE_ value (https://www.tcpdump.org/linktypes.html)
   */
  frame(view: DataView, at: number, end: number, wireLength: number, us: number, ns: number, linkType: number): void;
}
