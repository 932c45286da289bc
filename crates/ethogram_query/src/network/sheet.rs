//! An array of any shape as one sheet of cells.

/// Most cells of a side; of larger arrays neighbours share a cell.
pub const SHEET_SIDE_MAX: usize = 1_024;

/// How an array is laid out: pictures beside and below each other, one cell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Rows of pictures.
    pub down: usize,
    /// Pictures in a row.
    pub across: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Pictures that there are; places after the last stay empty.
    pub count: usize,
    /// Rows, and columns, of the sheet that share a cell.
    pub per_cell: [usize; 2],
}

impl Sheet {
    /// One number is one cell; a vector is a row; a matrix is itself. Of three axes the first is laid out as nearly square as can be, as the
    /// channels of a layer are; of four, as the weights of a convolution have them, outputs are rows of pictures and inputs their columns.
    /// Further axes go with the first.
    pub fn of(shape: &[usize]) -> Self {
        let (down, across, height, width, count) = match *shape {
            [] => (1, 1, 1, 1, 1),
            [length] => (1, 1, 1, length, 1),
            [rows, columns] => (1, 1, rows, columns, 1),
            [count, rows, columns] => {
                // Wider pictures stand in fewer columns.
                let side = ((count * rows) as f64 / columns.max(1) as f64).sqrt().ceil() as usize;
                let across = side.clamp(1, count.max(1));
                (count.div_ceil(across), across, rows, columns, count)
            }
            // Filters of one input would be one tall column.
            [outputs, 1, rows, columns] => return Self::of(&[outputs, rows, columns]),
            [ref first @ .., inputs, rows, columns] => {
                let outputs: usize = first.iter().product();
                (outputs, inputs, rows, columns, outputs * inputs)
            }
        };
        let mut sheet = Sheet { down, across, height, width, count, per_cell: [1, 1] };
        let [rows, columns] = sheet.whole();
        sheet.per_cell = [rows, columns].map(|side| side.div_ceil(SHEET_SIDE_MAX).max(1));
        sheet
    }

    /// Rows and columns before neighbours share cells.
    fn whole(&self) -> [usize; 2] {
        let side = |count: usize, length: usize| count * length + count.saturating_sub(1);
        [side(self.down, self.height), side(self.across, self.width)]
    }

    /// Rows and columns of cells.
    pub fn cells(&self) -> [usize; 2] {
        let [rows, columns] = self.whole();
        [rows.div_ceil(self.per_cell[0]), columns.div_ceil(self.per_cell[1])]
    }

    /// Lays an array out: the mean of the finite numbers of a cell, NaN where there is none. **Shape**: [`Sheet::cells`].
    pub fn lay(&self, values: &[f32]) -> Vec<f32> {
        let [rows, columns] = self.cells();
        let (mut sums, mut counts) = (vec![0.0_f64; rows * columns], vec![0_u32; rows * columns]);
        let picture = (self.height * self.width).max(1);
        for (index, values) in values.chunks(picture).enumerate().take(self.count) {
            let (top, left) = (index / self.across * (self.height + 1), index % self.across * (self.width + 1));
            for (y, row) in values.chunks(self.width.max(1)).enumerate() {
                let at = (top + y) / self.per_cell[0] * columns;
                for (x, value) in row.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    let at = at + (left + x) / self.per_cell[1];
                    sums[at] += f64::from(*value);
                    counts[at] += 1;
                }
            }
        }
        sums.iter()
            .zip(&counts)
            .map(|(sum, count)| if *count == 0 { f32::NAN } else { (sum / f64::from(*count)) as f32 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_laid_out_by_its_axes() {
        let check = |shape: &[usize], cells: [usize; 2], pictures: [usize; 2]| {
            let sheet = Sheet::of(shape);
            assert_eq!((sheet.cells(), [sheet.down, sheet.across]), (cells, pictures), "{shape:?}");
        };
        check(&[], [1, 1], [1, 1]);
        check(&[5], [1, 5], [1, 1]);
        check(&[3, 4], [3, 4], [1, 1]);
        check(&[4, 2, 2], [5, 5], [2, 2]);
        check(&[5, 2, 2], [5, 8], [2, 3]);
        check(&[2, 3, 2, 2], [5, 8], [2, 3]);
        check(&[9, 1, 3, 3], [11, 11], [3, 3]);
        check(&[2, 2, 3, 2, 2], [11, 8], [4, 3]);
        check(&[0, 3], [0, 3], [1, 1]);
        check(&[3_000, 10], [1_000, 10], [1, 1]);
    }

    #[test]
    fn filters_are_pictures_a_cell_apart() {
        let values: Vec<f32> = (0..8).map(|value| value as f32).collect();
        let found = Sheet::of(&[1, 2, 2, 2]).lay(&values);
        let shown: Vec<Option<f32>> = found.into_iter().map(|value| value.is_finite().then_some(value)).collect();
        let row = |row: [f32; 4]| [Some(row[0]), Some(row[1]), None, Some(row[2]), Some(row[3])];
        assert_eq!(shown, [row([0.0, 1.0, 4.0, 5.0]), row([2.0, 3.0, 6.0, 7.0])].concat());
    }

    #[test]
    fn neighbours_share_cells_and_what_is_no_number_counts_for_nothing() {
        let sheet = Sheet::of(&[2 * SHEET_SIDE_MAX]);
        assert_eq!((sheet.cells(), sheet.per_cell), ([1, SHEET_SIDE_MAX], [1, 2]));
        let mut values = vec![1.0; 2 * SHEET_SIDE_MAX];
        (values[1], values[2], values[3], values[5]) = (3.0, f32::NAN, f32::NAN, f32::INFINITY);
        let found = sheet.lay(&values);
        assert_eq!((found[0], found[2]), (2.0, 1.0));
        assert!(found[1].is_nan());
    }
}
