//! The fast inner loops. All `unsafe` code of the crate is in this folder; every entrance checks its bounds first.

mod crew;
mod eight;
mod loops;
mod math;
mod panels;
mod pool;
mod tile;
mod winograd;

pub use crew::{Crew, Crews};
pub use loops::combine;
pub use math::{apply, exponentials};
pub use panels::Panels;
pub use pool::{Frame, average_pool, average_pool_grad, max_pool, max_pool_grad};
pub use tile::{Goal, Source};
pub use winograd::{POINTS, Picture, Results, SIDE, give, take, weights_at, width};

/// What the processor can do, looked up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// 16 floats at once, 32 registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 floats at once, 16 registers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the compiler makes of plain loops; on ARM that is NEON.
    Portable,
}

impl Isa {
    /// The best of this machine, or the one that the environment variable `ETHOGRAM_ISA` names: `avx512`, `avx2` or `portable`.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| {
            let available = Isa::available();
            let capped = std::env::var("ETHOGRAM_ISA").ok();
            let picked = available.iter().find(|isa| capped.as_deref() == Some(isa.name()));
            picked.or(available.first()).copied().unwrap_or(Isa::Portable)
        })
    }

    /// As `ETHOGRAM_ISA` calls it.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
            Isa::Portable => "portable",
        }
    }

    /// All that this machine has, the best first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "nothing is added on other machines")]
        let mut found = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let fma = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
            if fma {
                found.insert(0, Isa::Avx2);
            }
            if fma && std::is_x86_feature_detected!("avx512f") {
                found.insert(0, Isa::Avx512);
            }
        }
        found
    }

    /// Results that are computed side by side at most: the width of a panel.
    pub fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => 32,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => 16,
            Isa::Portable => 16,
        }
    }
}
