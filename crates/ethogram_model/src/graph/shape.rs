//! What shape an operation's result has.

/// The shape that both can be repeated to, by NumPy's rule; `None` when there is none.
pub fn broadcast_shapes(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let length = |shape: &[usize], axis: usize| {
        let missing = rank - shape.len();
        if axis < missing { 1 } else { shape[axis - missing] }
    };
    (0..rank)
        .map(|axis| match (length(left, axis), length(right, axis)) {
            (l, r) if l == r => Some(l),
            (1, r) => Some(r),
            (l, 1) => Some(l),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &[usize], right: &[usize], expected: Option<&[usize]>) {
        assert_eq!(broadcast_shapes(left, right).as_deref(), expected, "{left:?} {right:?}");
    }

    #[test]
    fn broadcasts_as_numpy() {
        check(&[2, 3], &[3], Some(&[2, 3]));
        check(&[2, 1, 4], &[3, 1], Some(&[2, 3, 4]));
        check(&[], &[5], Some(&[5]));
        check(&[0, 1], &[1, 3], Some(&[0, 3]));
        check(&[2], &[3], None);
    }
}
