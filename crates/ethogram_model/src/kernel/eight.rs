//! Eight numbers by plain loops, with the names that vector instructions have: what they are where there are none.

/// As long as the narrowest registers that are used.
pub type Eight = [f32; 8];

#[inline]
fn each(f: impl Fn(usize) -> f32) -> Eight {
    std::array::from_fn(f)
}

#[inline]
pub fn zero() -> Eight {
    [0.0; 8]
}

#[inline]
pub fn repeat(x: f32) -> Eight {
    [x; 8]
}

/// # Safety
///
/// Eight numbers are there.
#[inline]
#[expect(unsafe_code, reason = "stands for a vector instruction, which takes an address")]
pub unsafe fn load(from: *const f32) -> Eight {
    // SAFETY: as this function demands.
    unsafe { from.cast::<Eight>().read_unaligned() }
}

/// # Safety
///
/// There is room for eight numbers.
#[inline]
#[expect(unsafe_code, reason = "stands for a vector instruction, which takes an address")]
pub unsafe fn store(to: *mut f32, x: Eight) {
    // SAFETY: as this function demands.
    unsafe { to.cast::<Eight>().write_unaligned(x) }
}

#[inline]
pub fn add(x: Eight, y: Eight) -> Eight {
    each(|at| x[at] + y[at])
}

#[inline]
pub fn sub(x: Eight, y: Eight) -> Eight {
    each(|at| x[at] - y[at])
}

#[inline]
pub fn mul(x: Eight, y: Eight) -> Eight {
    each(|at| x[at] * y[at])
}

/// The larger; `y` where either is no number.
#[inline]
pub fn max(x: Eight, y: Eight) -> Eight {
    each(|at| if x[at] > y[at] { x[at] } else { y[at] })
}

/// x y + z, rounded twice.
#[inline]
pub fn fma(x: Eight, y: Eight, z: Eight) -> Eight {
    each(|at| x[at] * y[at] + z[at])
}

/// z − x y, rounded twice.
#[inline]
pub fn fnma(x: Eight, y: Eight, z: Eight) -> Eight {
    each(|at| z[at] - x[at] * y[at])
}
