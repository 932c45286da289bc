//! Sounds: WAV files of 16 bits a sample, which is what W&B and TensorBoard write.

use ethogram_store::{Array, Dtype};
use serde_json::{Map, Value};

/// Largest file of a sound.
pub const BYTES_MAX: u64 = 16 << 20;

/// Samples by channels from −1 to 1 as `float32`, and how many a second. The error says what is wrong.
pub fn samples(encoded: &[u8]) -> Result<(Array, u32), String> {
    let sound = head(encoded)?;
    let numbers = sound.data.as_chunks::<2>().0;
    let data = numbers.iter().flat_map(|&pair| (f32::from(i16::from_le_bytes(pair)) / 32_768.0).to_le_bytes());
    let array = Array::new(Dtype::Float32, sound.shape(), data.collect()).map_err(|error| error.to_string())?;
    Ok((array, sound.rate))
}

/// Bytes of the array that [`samples`] gives.
pub fn bytes(encoded: &[u8]) -> Result<u64, String> {
    Ok(head(encoded)?.data.len() as u64 * 2)
}

/// What is kept beside samples.
pub fn told(rate: u32, caption: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([("sample_rate".to_owned(), rate.into()), ("caption".to_owned(), caption.into())])
}

/// What a file says of itself.
struct Sound<'a> {
    rate: u32,
    channels: usize,
    /// Whole samples of all channels.
    data: &'a [u8],
}

impl Sound<'_> {
    fn shape(&self) -> Vec<usize> {
        vec![self.data.len() / (2 * self.channels), self.channels]
    }
}

fn head(encoded: &[u8]) -> Result<Sound<'_>, String> {
    const OTHER: &str = "no WAV of 16 bits a sample";
    if encoded.len() as u64 > BYTES_MAX {
        return Err(format!("{} bytes, over the limit of {BYTES_MAX}", encoded.len()));
    }
    let mut rest = match encoded.split_at_checked(12) {
        Some((head, rest)) if head.starts_with(b"RIFF") && head.ends_with(b"WAVE") => rest,
        _ => return Err(OTHER.into()),
    };
    let (mut rate, mut channels) = (0, 0);
    while let Some((name, after)) = rest.split_at_checked(8) {
        let told = u32::from_le_bytes([name[4], name[5], name[6], name[7]]) as usize;
        let length = told.min(after.len());
        let chunk = &after[..length];
        match &name[..4] {
            b"fmt " if length >= 16 => {
                let number = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
                // 1 are plain samples; 0xfffe says more of them behind.
                if !matches!(number(0), 1 | 0xfffe) || number(14) != 16 || number(2) == 0 {
                    return Err(OTHER.into());
                }
                channels = usize::from(number(2));
                rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
            }
            b"data" if channels > 0 => {
                let frame = 2 * channels;
                return Ok(Sound { rate, channels, data: &chunk[..length / frame * frame] });
            }
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(told.saturating_add(told % 2)..).unwrap_or_default();
    }
    Err(OTHER.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(bits: u16, channels: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend([1, 0]);
        bytes.extend(channels.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn samples_are_between_minus_one_and_one() {
        let file = wav(16, 2, &[0, 0x80, 0, 0x40, 0, 0, 0xff, 0x7f, 9]);
        let (array, rate) = samples(&file).expect("a sound");
        assert_eq!((array.shape(), rate), (&[2, 2][..], 8_000));
        assert_eq!(array.to_f64(), [-1.0, 0.5, 0.0, 32_767.0 / 32_768.0]);
        assert_eq!(bytes(&file), Ok(array.data().len() as u64));
    }

    #[test]
    fn a_cut_file_gives_what_is_there_and_others_say_what_they_are_not() {
        let file = wav(16, 1, &[1, 0, 2, 0]);
        assert_eq!(samples(&file[..file.len() - 1]).expect("a sound").0.shape(), [1, 1]);
        for (cut, _) in file.iter().enumerate().take(file.len() - 4) {
            let _ = samples(&file[..cut]);
        }
        for other in [wav(8, 1, &[0; 4]), wav(16, 0, &[0; 4]), b"OggS".to_vec(), vec![]] {
            assert_eq!(samples(&other), Err("no WAV of 16 bits a sample".into()));
        }
    }
}
