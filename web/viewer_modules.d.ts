// The decoders of Cornerstone's image loader, which tools/assets_viewer.mjs finds; they come without types of use here.
declare module 'decoders/*' {
  import type { Frame } from './viewer_frame';
  type Out = Promise<{ pixelData: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array }>;
  const decode: (a: Frame | Uint8Array, b: Frame | Uint8Array) => Out;
  export default decode;
}
