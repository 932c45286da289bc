//! What the child logs at each tick; whoever verifies it makes it again.

/// Shape of the rendered picture.
pub const PICTURE_SHAPE: [usize; 3] = [210, 160, 3];
/// Steps of an episode.
pub const EPISODE_LENGTH: u64 = 150;

/// The picture of a tick: a square that moves over stripes.
pub fn picture(tick: u64) -> Vec<u8> {
    let [height, width, channels] = PICTURE_SHAPE;
    let mut pixels = vec![0; height * width * channels];
    let stripe = (tick / 97 % 200) as u8;
    for (y, row) in pixels.chunks_exact_mut(width * channels).enumerate() {
        row.fill(stripe + (y / 30) as u8);
    }
    let (top, left) = ((tick * 3 % 200) as usize, (tick * 7 % 150) as usize);
    for row in pixels.chunks_exact_mut(width * channels).skip(top).take(8) {
        row[left * channels..(left + 8) * channels].copy_from_slice(&[250; 24]);
    }
    // Every picture is another, whatever the square does.
    pixels[..8].copy_from_slice(&tick.to_le_bytes());
    pixels
}

/// The scalars of a tick.
pub fn scalars(tick: u64) -> [(&'static str, f64); 3] {
    let time = tick as f64;
    [("tick", time), ("losses/td_loss", (time * 0.37).sin()), ("charts/return", time * 0.001)]
}

/// The reward of a tick.
pub fn reward(tick: u64) -> f32 {
    (tick % 7) as f32 * 0.25
}

/// The observation of a tick.
pub fn observation(tick: u64) -> [f32; 4] {
    let time = tick as f32;
    [time, time * 0.5, -time, (time * 0.01).cos()]
}
