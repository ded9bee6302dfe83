//! The write-ahead log: segments of frames. A commit counts once its frame is durable here.

mod append;
mod files;
mod image;
mod preallocate;
mod sealed;
mod segment;
mod write_sealed;

pub(crate) use append::{Log, NEW_SEGMENT_NAME, Segments};
pub(crate) use files::{check_version, file_length, lengthen, load_segment, read_segment_header, write_at};
pub(crate) use image::{Image, Tail, advance};
pub(crate) use preallocate::PREALLOCATED_NAME;
pub(crate) use segment::{Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, create_filled};
pub(crate) use write_sealed::{NEW_SEALED_NAME, write_sealed};
