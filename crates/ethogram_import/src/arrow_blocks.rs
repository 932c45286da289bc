//! Where the parts of an Arrow file lie, looked at before they are read.

use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::Block;

/// Bytes behind the footer: its length, and the letters that end a file.
const TAIL: u64 = 10;

/// Checks that the footer, and all that it names, lies within a file of `length` bytes: Arrow's reader takes memory for what is named
/// before it reads, however much that is.
///
/// # Errors
/// What was found, in words. Whatever else is wrong is left to the reader.
pub fn check(file: &mut (impl Read + Seek), length: u64) -> Result<(), String> {
    let mut tail = [0; 4];
    let Some(end) = length.checked_sub(TAIL) else { return Err(format!("{length} bytes")) };
    let io = |error: std::io::Error| error.to_string();
    file.seek(SeekFrom::Start(end)).and_then(|_| file.read_exact(&mut tail)).map_err(io)?;
    let size = u64::from(u32::from_le_bytes(tail));
    let start = end.checked_sub(size).ok_or_else(|| format!("a footer of {size} bytes in a file of {length}"))?;
    let mut footer = vec![0; size as usize];
    file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut footer)).map_err(io)?;
    file.rewind().map_err(io)?;
    let footer = arrow_ipc::root_as_footer(&footer).map_err(|error| error.to_string())?;
    let blocks = footer.recordBatches().into_iter().flatten().chain(footer.dictionaries().into_iter().flatten());
    for block in blocks {
        if bytes_to(block).is_none_or(|to| to > length) {
            let (from, head, body) = (block.offset(), block.metaDataLength(), block.bodyLength());
            return Err(format!("a part at {from} of {head} and {body} bytes in a file of {length}"));
        }
    }
    Ok(())
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
    fn a_sound_file_is_let_through() {
        let bytes = include_bytes!("../tests/data/minari-cartpole-arrow/data/1/part-0.arrow");
        let mut file = Cursor::new(bytes);
        assert_eq!(check(&mut file, bytes.len() as u64), Ok(()));
        assert_eq!(file.position(), 0);
    }
}
