//! A reader of mp4 and gif files that is none of ours where it matters: frames are decoded by `OpenH264`'s decoder and the crate `gif`.

use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;

/// What an mp4 file says of itself, and where its frames lie.
#[derive(Debug)]
pub struct Mp4 {
    pub width: u32,
    pub height: u32,
    pub ticks_a_second: u32,
    pub duration: u32,
    pub ticks_a_frame: u32,
    pub keys: Vec<u32>,
    /// First byte and number of bytes of each frame.
    pub frames: Vec<(usize, usize)>,
    pub sequence: Vec<u8>,
    pub picture: Vec<u8>,
}

/// One decoded frame: brightness, a byte a pixel, and red, green and blue, three.
pub struct Decoded {
    pub width: usize,
    pub height: usize,
    pub luma: Vec<u8>,
    pub rgb: Vec<u8>,
}

impl Decoded {
    pub fn luma_row(&self, y: u32) -> &[u8] {
        &self.luma[y as usize * self.width..][..self.width]
    }

    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = 3 * (y as usize * self.width + x as usize);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The boxes next to each other in `bytes`: kind and content, which must fill it.
pub fn boxes(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let size = u32_at(bytes, at) as usize;
        assert!(size >= 8 && at + size <= bytes.len(), "a box of {size} bytes at {at} of {}", bytes.len());
        found.push((String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned(), &bytes[at + 8..at + size]));
        at += size;
    }
    found
}

fn inner<'a>(bytes: &'a [u8], path: &[&str]) -> &'a [u8] {
    path.iter().fold(bytes, |bytes, kind| {
        let found = boxes(bytes).into_iter().find(|(name, _)| name == kind);
        found.unwrap_or_else(|| panic!("no box {kind} of {path:?}")).1
    })
}

pub fn parse(file: &[u8]) -> Mp4 {
    assert_eq!(boxes(file)[0].0, "ftyp");
    let track = inner(file, &["moov", "trak"]);
    let header = inner(track, &["mdia", "mdhd"]);
    let table = inner(track, &["mdia", "minf", "stbl"]);
    let entry = &inner(table, &["stsd"])[8..];
    let (name, entry) = boxes(entry).remove(0);
    assert_eq!(name, "avc1");
    let described = inner(&entry[78..], &["avcC"]);
    let sequence_end = 8 + usize::from(u16::from_be_bytes([described[6], described[7]]));
    let picture_start = sequence_end + 3;

    let list = |kind: &str, from: usize, width: usize| -> Vec<Vec<u32>> {
        let bytes = &inner(table, &[kind])[from..];
        bytes.chunks_exact(4 * width).map(|row| (0..width).map(|i| u32_at(row, 4 * i)).collect()).collect()
    };
    let sizes: Vec<usize> = list("stsz", 12, 1).into_iter().map(|row| row[0] as usize).collect();
    let chunks: Vec<usize> = list("stco", 8, 1).into_iter().map(|row| row[0] as usize).collect();
    let runs = list("stsc", 8, 3);
    let times = list("stts", 8, 2);
    assert_eq!(times.len(), 1, "every frame is shown for equally long");
    assert_eq!(times[0][0] as usize, sizes.len());
    let mut frames = Vec::new();
    for (chunk, &start) in chunks.iter().enumerate() {
        let count = runs.iter().rev().find(|run| run[0] as usize <= chunk + 1).expect("a run")[1];
        let mut at = start;
        for _ in 0..count {
            let size = sizes[frames.len()];
            frames.push((at, size));
            at += size;
        }
    }
    assert_eq!(frames.len(), sizes.len(), "chunks hold all frames");
    let head = inner(track, &["tkhd"]);
    Mp4 {
        width: u32_at(head, 76) >> 16,
        height: u32_at(head, 80) >> 16,
        ticks_a_second: u32_at(header, 12),
        duration: u32_at(header, 16),
        ticks_a_frame: times[0][1],
        keys: list("stss", 8, 1).into_iter().map(|row| row[0]).collect(),
        frames,
        sequence: described[8..sequence_end].to_vec(),
        picture: described[picture_start..].to_vec(),
    }
}

/// Decodes every frame and shows it with its number.
pub fn decode(file: &[u8], mut see: impl FnMut(usize, &Decoded)) -> Mp4 {
    let film = parse(file);
    let mut decoder = Decoder::new().expect("a decoder");
    let start = [0, 0, 0, 1];
    let head = [&start[..], &film.sequence, &start, &film.picture].concat();
    assert!(decoder.decode(&head).expect("descriptions").is_none());
    for (number, &(at, size)) in film.frames.iter().enumerate() {
        let mut stream = Vec::new();
        let mut rest = &file[at..at + size];
        while !rest.is_empty() {
            let length = u32_at(rest, 0) as usize;
            stream.extend_from_slice(&start);
            stream.extend_from_slice(&rest[4..4 + length]);
            rest = &rest[4 + length..];
        }
        let frame = decoder.decode(&stream).expect("a stream").unwrap_or_else(|| panic!("frame {number} is missing"));
        let (width, height) = frame.dimensions();
        let stride = frame.strides().0;
        let luma = frame.y().chunks(stride).take(height).flat_map(|row| row[..width].to_vec()).collect();
        let rgb = rgb_of(&frame, width, height);
        see(number, &Decoded { width, height, luma, rgb });
    }
    film
}

/// BT.709 in limited range, each colour for its square of four.
fn rgb_of(frame: &impl openh264::formats::YUVSource, width: usize, height: usize) -> Vec<u8> {
    let (luma, chroma) = (frame.strides().0, frame.strides().1);
    let mut rgb = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            let at = y / 2 * chroma + x / 2;
            let l = (f64::from(frame.y()[y * luma + x]) - 16.0) / 219.0;
            let [u, v] = [frame.u()[at], frame.v()[at]].map(|c| (f64::from(c) - 128.0) / 224.0);
            rgb.extend(
                [l + 1.5748 * v, l - 0.1873 * u - 0.4681 * v, l + 1.8556 * u].map(|c| (c * 255.0).round() as u8),
            );
        }
    }
    rgb
}

/// All frames of a gif as they are seen, three bytes a pixel, and for how many hundredths of a second.
pub fn decode_gif(file: &[u8]) -> (usize, usize, Vec<(Vec<u8>, u16)>) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(file).expect("a gif");
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut seen = vec![0; 3 * width * height];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().expect("a frame") {
        for (at, pixel) in frame.buffer.chunks_exact(4).enumerate() {
            let x = usize::from(frame.left) + at % usize::from(frame.width);
            let y = usize::from(frame.top) + at / usize::from(frame.width);
            if pixel[3] == 255 {
                seen[3 * (y * width + x)..][..3].copy_from_slice(&pixel[..3]);
            }
        }
        frames.push((seen.clone(), frame.delay));
    }
    (width, height, frames)
}
