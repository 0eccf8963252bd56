/** Lambda quotas: "Container image code package size: 10 GB (maximum uncompressed image size, including all layers)". */
export const imageBytesMax = 10_737_418_240;
/** User guide, "Container image settings": ENTRYPOINT and CMD "up to 1,500" values, WORKDIR up to 1,000 characters: API reference, ImageConfig. */
export const workingDirectoryCharsMax = 1_000;
/** Files of one image (ours): a bomb of empty files would take the file system's inodes. */
export const imageEntriesMax = 1_000_000;
/** Of an image (Docker's own limit is 127). */
export const imageLayersMax = 128;
/** Linux: PATH_MAX and NAME_MAX. */
export const pathBytesMax = 4_095;
export const nameBytesMax = 255;
/** Of an extended header or a long name in a layer (ours). */
export const tarHeaderBytesMax = 1_048_576;
/** Of an image's configuration (ours; real ones have some kilobytes). */
export const configurationBytesMax = 4_194_304;
/** Unpacked layers that are kept for other images (ours). */
export const cachedLayersMax = 64;
