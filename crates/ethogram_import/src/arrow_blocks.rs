//! Where the parts of an Arrow file lie, looked at before they are read.

use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::Block;

/// Bytes behind the footer: its length, and the letters that end a file.
const TAIL: u64 = 10;
/// Most bytes that the parts of an episode take once they are unpacked.
pub const UNPACKED_BYTES_MAX: u64 = 2 << 30;

/// Longest footer that is read.
const FOOTER_BYTES_MAX: u64 = 64 << 20;
/// Length and sign before the description of a part.
const PREFIX: u64 = 8;

/// Checks that the footer, and all that it names, lies within a file of `length` bytes: Arrow's reader takes memory for what is named
/// before it reads, however much that is. Gives the bytes of all parts as they are in memory: what is packed says what it unpacks to, and
/// parts may lie over each other.
///
/// # Errors
/// What was found, in words. Whatever else is wrong is left to the reader.
pub fn check(file: &mut (impl Read + Seek), length: u64) -> Result<u64, String> {
    let mut tail = [0; 4];
    let Some(end) = length.checked_sub(TAIL) else { return Err(format!("{length} bytes")) };
    let io = |error: std::io::Error| error.to_string();
    file.seek(SeekFrom::Start(end)).and_then(|_| file.read_exact(&mut tail)).map_err(io)?;
    let size = u64::from(u32::from_le_bytes(tail));
    let start = end.checked_sub(size).ok_or_else(|| format!("a footer of {size} bytes in a file of {length}"))?;
    if size > FOOTER_BYTES_MAX {
        return Err(format!("a footer of {size} bytes, over the limit of {FOOTER_BYTES_MAX}"));
    }
    let mut footer = vec![0; size as usize];
    file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut footer)).map_err(io)?;
    let footer = arrow_ipc::root_as_footer(&footer).map_err(|error| error.to_string())?;
    let blocks = footer.recordBatches().into_iter().flatten().chain(footer.dictionaries().into_iter().flatten());
    let mut unpacked = 0_u64;
    for block in blocks {
        if bytes_to(block).is_none_or(|to| to > length) {
            let (from, head, body) = (block.offset(), block.metaDataLength(), block.bodyLength());
            return Err(format!("a part at {from} of {head} and {body} bytes in a file of {length}"));
        }
        unpacked = unpacked.saturating_add(unpacked_bytes(file, block)?);
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(format!("more than {UNPACKED_BYTES_MAX} bytes once it is unpacked, the limit of an episode"));
        }
    }
    file.rewind().map_err(io)?;
    Ok(unpacked)
}

/// Bytes that a part takes once it is read, by what it says itself. One that cannot be made sense of is left to the reader.
fn unpacked_bytes(file: &mut (impl Read + Seek), block: &Block) -> Result<u64, String> {
    let io = |error: std::io::Error| error.to_string();
    let (offset, head) = (block.offset() as u64, block.metaDataLength() as u64);
    let mut message = vec![0; head as usize];
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut message)).map_err(io)?;
    let own = head + block.bodyLength() as u64;
    // Files of long ago have no sign before the length.
    let prefix = if message.first_chunk() == Some(&[0xff; 4]) { PREFIX } else { PREFIX / 2 };
    let message = message.get(prefix as usize..).and_then(|message| arrow_ipc::root_as_message(message).ok());
    let batch = message.and_then(|message| {
        message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch().and_then(|batch| batch.data()))
    });
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(own) };
    let mut unpacked = own;
    for buffer in batch.buffers().into_iter().flatten() {
        let (Ok(from), Ok(length)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
            return Err("a buffer before its part".into());
        };
        let within = from.checked_add(length).is_some_and(|to| to <= block.bodyLength() as u64);
        if !within {
            return Err(format!("a buffer at {from} of {length} bytes in a part of {}", block.bodyLength()));
        }
        let mut claimed = [0; 8];
        if length >= 8 {
            file.seek(SeekFrom::Start(offset + head + from)).and_then(|_| file.read_exact(&mut claimed)).map_err(io)?;
        }
        // What is less than none says that it is not packed.
        let claimed = i64::from_le_bytes(claimed);
        unpacked = unpacked.saturating_add(u64::try_from(claimed).unwrap_or(length));
    }
    Ok(unpacked)
}

/// Where a block ends; `None` for what cannot be.
fn bytes_to(block: &Block) -> Option<u64> {
    let parts = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()];
    parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_add(u64::try_from(part).ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::check;

    #[test]
    fn what_lies_beyond_the_end_is_named_before_memory_is_taken() {
        // Found by fuzzing: 2 kB that made the reader take 1.9 GB.
        let bytes = include_bytes!("../tests/data/arrow-beyond-its-end.arrow");
        let found = check(&mut Cursor::new(bytes), bytes.len() as u64).expect_err("outside");
        assert!(found.starts_with("a part at ") && found.ends_with(" in a file of 2014"), "{found}");
        let mut long = bytes.to_vec();
        let at = long.len() - 10;
        long[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let found = check(&mut Cursor::new(&long), long.len() as u64).expect_err("a footer of 4 GB");
        assert_eq!(found, "a footer of 4294967295 bytes in a file of 2014");
        assert_eq!(check(&mut Cursor::new(b"ARROW1"), 6), Err("6 bytes".to_owned()));
    }

    #[test]
    fn what_would_unpack_to_too_much_is_refused_before_it_is_unpacked() {
        use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
        use arrow_ipc::CompressionType;
        use arrow_ipc::writer::{FileWriter, IpcWriteOptions};

        let numbers: ArrayRef = std::sync::Arc::new(UInt8Array::from(vec![0; 1 << 20]));
        let batch = RecordBatch::try_from_iter([("observations", numbers)]).expect("a batch");
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).expect("zstd");
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a file");
        writer.write(&batch).expect("written");
        let bytes = writer.into_inner().expect("a file");
        assert!(bytes.len() < 10_000, "{}", bytes.len());
        let unpacked = check(&mut Cursor::new(&bytes), bytes.len() as u64).expect("a sound file");
        assert!((1 << 20..1 << 21).contains(&unpacked), "{unpacked}");
        // What a buffer says that it unpacks to stands before it.
        let honest = (1_u64 << 20).to_le_bytes();
        let mut places = (0..bytes.len() - 8).filter(|&at| bytes[at..at + 8] == honest);
        let refused = places.any(|at| {
            let mut bomb = bytes.clone();
            bomb[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
            let found = check(&mut Cursor::new(&bomb), bomb.len() as u64);
            found.is_err_and(|why| why.contains("once it is unpacked"))
        });
        assert!(refused);
    }

    #[test]
    fn a_sound_file_is_let_through() {
        let bytes = include_bytes!("../tests/data/minari-cartpole-arrow/data/1/part-0.arrow");
        let mut file = Cursor::new(bytes);
        let unpacked = check(&mut file, bytes.len() as u64).expect("sound");
        assert!(unpacked > 1_000 && unpacked < 100 * bytes.len() as u64, "{unpacked}");
        assert_eq!(file.position(), 0);
    }
}
