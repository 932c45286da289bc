//! Pictures as PNG, nothing left out: what a sprite is kept as.
//!
//! **Source** ISO/IEC 15948 (PNG), RFC 1950 and 1951 (zlib, stored blocks).

use std::io::{self, Write};

/// Most bytes of a stored block.
const BLOCK: usize = 65_535;

/// Writes rows of pixels of three bytes. **Shape** `pixels`: `[height, width, 3]`.
pub fn write_png(pixels: &[u8], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let row = 3 * width;
    let height = pixels.len() / row.max(1);
    // Each row begins with how it was filtered: not at all.
    let raw: Vec<u8> =
        pixels.chunks(row.max(1)).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    let mut packed = vec![0x78, 0x01];
    let mut blocks = raw.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend_from_slice(&(block.len() as u16).to_le_bytes());
        packed.extend_from_slice(&(!(block.len() as u16)).to_le_bytes());
        packed.extend_from_slice(block);
    }
    packed.extend_from_slice(&adler32(&raw).to_be_bytes());
    to.write_all(b"\x89PNG\r\n\x1a\n")?;
    let mut header = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(*b"IHDR", &header, to)?;
    chunk(*b"IDAT", &packed, to)?;
    chunk(*b"IEND", &[], to)
}

fn chunk(kind: [u8; 4], data: &[u8], to: &mut dyn Write) -> io::Result<()> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&kind);
    hasher.update(data);
    to.write_all(&(data.len() as u32).to_be_bytes())?;
    to.write_all(&kind)?;
    to.write_all(data)?;
    to.write_all(&hasher.finalize().to_be_bytes())
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    // So many sums fit before they must be taken modulo.
    for some in bytes.chunks(5_552) {
        for byte in some {
            a += u32::from(*byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        let mut file = Vec::new();
        write_png(&[255; 12], 2, &mut file).expect("written");
        assert!(file.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"), "{file:?}");
        assert_eq!(&file[16..24], &[0, 0, 0, 2, 0, 0, 0, 2]);
    }
}
