// What the page and the worker that decodes say to each other about one frame.

export interface Frame {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  planarConfiguration: number;
  bitsAllocated: number;
  bitsStored: number;
  pixelRepresentation: number;
  photometric: string;
  photometricInterpretation: string;
  slope: number;
  intercept: number;
  red: number[]; // palette, values of 8 bits
  green: number[];
  blue: number[];
  paletteFrom: number;
  modality?: Table; // instead of slope and intercept
}

// A look-up table of the data set: its first value is for whatever is not above first (PS3.3 C.11.1.1.1).
export interface Table { first: number; bits: number; values: Uint16Array<ArrayBuffer> }

export interface Job {
  id: number;
  bytes: ArrayBuffer;
  syntax: string;
  frame: Frame;
  codecs: Record<string, string>; // addresses of WebAssembly
}

export interface Decoded {
  pixels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  least: number;
  most: number;
}
