"""Columns and tables as NumPy, Arrow, pandas or Polars. None of them is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing
    import pandas
    import polars
    import pyarrow

    Values = numpy.typing.NDArray[Any]

_NULLABLE = {
    name: name.replace("int", "Int").replace("uI", "UI")
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
} | {"bool": "boolean", "float32": "Float32"}
"""Types of pandas that know a missing value."""


class Column:
    """Values of one field, one row after another.

    Attributes:
        name: The field.
        dtype: NumPy's name of the element type; `None` for text.
        shape: Shape of one row; empty for a single number.
    """

    def __init__(
        self, name: str, dtype: str | None, shape: list[int], data: bytes | list[str], valid: bytes | None
    ) -> None:
        self.name, self.dtype, self.shape = name, dtype, tuple(shape)
        self._data, self._valid = data, valid

    def __len__(self) -> int:
        if isinstance(self._data, list):
            return len(self._data)
        if self._valid is not None:
            return len(self._valid)
        return len(self._rows())

    def __repr__(self) -> str:
        return f"<ethogram.Column {self.name!r} {self.dtype or 'text'} {(len(self), *self.shape)}>"

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.column(self)

    @property
    def valid(self) -> Values:
        """One flag a row: whether anything was logged there."""
        import numpy as np

        if self._valid is None:
            return np.ones(len(self), dtype=bool)
        return np.frombuffer(self._valid, dtype=bool)

    def numpy(self) -> Values:
        """The rows as an array, as logged.

        Missing rows are NaN where floats were logged, `None` where texts were, and masked (`numpy.ma`) elsewhere.
        `valid` tells a missing row from a NaN that was logged.
        """
        import numpy as np

        rows, missing = self._rows(), ~self.valid
        if rows.dtype == object or not missing.any():
            return rows
        if rows.dtype.kind == "f":
            filled = rows.copy()
            filled[missing] = np.nan
            return filled
        return np.ma.MaskedArray(rows, np.broadcast_to(missing.reshape(-1, *[1] * (rows.ndim - 1)), rows.shape))

    def _rows(self) -> Values:
        """The rows as they came: missing ones hold nothing that was logged."""
        import numpy as np

        if isinstance(self._data, list):
            texts = np.array(self._data, dtype=object)
            texts[~self.valid] = None
            return texts
        array = np.frombuffer(self._data, dtype=np.dtype(self.dtype).newbyteorder("<"))
        if 0 in self.shape:
            rows = len(self._valid) if self._valid is not None else 0
            return array.reshape(rows, *self.shape)
        return array.reshape(-1, *self.shape)

    def __getitem__(self, rows: Any) -> Any:
        """The row, or the rows that a slice, a mask or indices choose, as `numpy` has them."""
        return self.numpy()[rows]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.numpy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Values:
        """As `numpy`, for functions of NumPy. They know no mask: integers that miss rows become floats with NaN."""
        import numpy as np

        values = self.numpy()
        if isinstance(values, np.ma.MaskedArray):
            values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
        return np.array(values, dtype=dtype, copy=copy)

    def arrow(self) -> pyarrow.Array:
        """The rows as an Arrow array: numbers, fixed-size lists (one level an axis) or texts; null where missing."""
        import pyarrow as pa

        mask = ~self.valid
        values = self._rows()
        if isinstance(self._data, list):
            return pa.array(values.tolist(), pa.string())
        if not self.shape:
            return pa.array(values, mask=mask)
        array: Any = pa.array(values.reshape(-1))
        for length in reversed(self.shape[1:]):
            array = pa.FixedSizeListArray.from_arrays(array, length)
        return pa.FixedSizeListArray.from_arrays(array, self.shape[0], mask=pa.array(mask))

    def pandas(self) -> pandas.Series[Any]:
        """The rows as a series: nullable numbers, or one array a row."""
        import pandas as pd

        values, valid = self._rows(), self.valid
        if isinstance(self._data, list):
            return pd.Series(values, name=self.name, dtype="str")
        if self.shape:
            rows: list[Any] = [row if good else None for row, good in zip(values, valid, strict=True)]
            return pd.Series(rows, name=self.name, dtype=object)
        series = pd.Series(values, name=self.name)
        if not valid.all():
            series = series.astype(_NULLABLE.get(values.dtype.name, "Float64"))
            series[~valid] = pd.NA
        return series

    def polars(self) -> polars.Series:
        """The rows as a series: numbers, arrays or texts; null where nothing was logged."""
        import polars as pl

        if isinstance(self._data, list):
            return pl.Series(self.name, self.numpy().tolist(), dtype=pl.String)
        series = pl.Series(self.name, self._rows())
        valid = self.valid
        if valid.all():
            return series
        return pl.select(pl.when(pl.Series(valid)).then(series)).to_series().alias(self.name)

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        """Hand the rows to any library that reads Arrow's C interface. Needs `pyarrow`."""
        return self.arrow().__arrow_c_array__(requested_schema)


class Table(Mapping[str, Column]):
    """Columns of one length, by name."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns = {column.name: column for column in columns}

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of columns; `rows` is the number of rows."""
        return len(self._columns)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def __repr__(self) -> str:
        return f"<ethogram.Table {self.rows} rows of {', '.join(self._columns)}>"

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.table(self)

    def numpy(self) -> dict[str, Values]:
        """All columns as arrays."""
        return {name: column.numpy() for name, column in self._columns.items()}

    def arrow(self) -> pyarrow.Table:
        """The table as an Arrow table."""
        import pyarrow as pa

        return pa.table({name: column.arrow() for name, column in self._columns.items()})

    def pandas(self) -> pandas.DataFrame:
        """The table as a data frame."""
        import pandas as pd

        return pd.DataFrame({name: column.pandas() for name, column in self._columns.items()})

    def polars(self) -> polars.DataFrame:
        """The table as a data frame."""
        import polars as pl

        return pl.DataFrame([column.polars() for column in self._columns.values()])

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the table to any library that reads Arrow's C stream interface. Needs `pyarrow`."""
        return self.arrow().__arrow_c_stream__(requested_schema)
