//! Binary columns, `application/x-ethogram-columns`: a JSON header that names columns of little-endian numbers.
//!
//! `docs/http.md` has the bytes. [`decode`] is the inverse, for tests and for clients in Rust.

use ethogram_store::Dtype;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The media type of a body of columns.
pub const COLUMNS_TYPE: &str = "application/x-ethogram-columns";

const MAGIC: &[u8; 4] = b"ETHC";
const ALIGN: usize = 8;

/// Columns on their way to a client.
#[derive(Debug, Default)]
pub struct Columns {
    header: Map<String, Value>,
    entries: Vec<Entry>,
    parts: Vec<(u64, Vec<u8>)>,
    end: u64,
}

/// One column as the header describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// For example `0/step` or `reward`.
    pub name: String,
    /// The name of a [`Dtype`], or `text`.
    pub dtype: String,
    /// Rows first.
    pub shape: Vec<usize>,
    /// Where the column starts, counted from the end of the header.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// One byte a row, 0 where nothing was logged; absent when all rows are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<Span>,
    /// The strings of a text column; null where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Vec<Option<String>>>,
}

/// A range of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Counted from the end of the header.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
}

impl Columns {
    /// No columns yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member to the header, beside `columns`.
    pub fn set(&mut self, key: &str, value: Value) {
        self.header.insert(key.to_owned(), value);
    }

    /// Adds a column of numbers. `bytes` are little-endian, `shape` has the rows first, `valid` is one flag a row.
    pub fn push(&mut self, name: &str, dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>, valid: Option<&[bool]>) {
        debug_assert_eq!(bytes.len(), dtype.size() * shape.iter().product::<usize>(), "column {name} {shape:?}");
        let span = self.place(bytes);
        let valid = valid.map(|flags| self.place(flags.iter().copied().map(u8::from).collect()));
        self.entries.push(Entry {
            name: name.to_owned(),
            dtype: dtype.name().to_owned(),
            shape,
            offset: span.offset,
            bytes: span.bytes,
            valid,
            text: None,
        });
    }

    /// Adds a column of doubles.
    pub fn push_f64(&mut self, name: &str, values: impl ExactSizeIterator<Item = f64>) {
        let rows = values.len();
        self.push(name, Dtype::Float64, vec![rows], values.flat_map(f64::to_le_bytes).collect(), None);
    }

    /// Adds a column of doubles in which `None` is marked as not logged.
    pub fn push_f64_or_missing(&mut self, name: &str, values: &[Option<f64>]) {
        let bytes = values.iter().flat_map(|value| value.unwrap_or(0.0).to_le_bytes()).collect();
        let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
        let valid = valid.contains(&false).then_some(valid);
        self.push(name, Dtype::Float64, vec![values.len()], bytes, valid.as_deref());
    }

    /// Adds a column of flags.
    pub fn push_bool(&mut self, name: &str, values: impl Iterator<Item = bool>) {
        let bytes: Vec<u8> = values.map(u8::from).collect();
        self.push(name, Dtype::Bool, vec![bytes.len()], bytes, None);
    }

    /// Adds a column of unsigned 32-bit integers.
    pub fn push_u32(&mut self, name: &str, values: impl ExactSizeIterator<Item = u32>) {
        let rows = values.len();
        self.push(name, Dtype::Uint32, vec![rows], values.flat_map(u32::to_le_bytes).collect(), None);
    }

    /// Adds a column of strings; `None` where nothing was logged.
    pub fn push_text(&mut self, name: &str, text: Vec<Option<String>>) {
        self.entries.push(Entry {
            name: name.to_owned(),
            dtype: "text".into(),
            shape: vec![text.len()],
            offset: self.end,
            bytes: 0,
            valid: None,
            text: Some(text),
        });
    }

    /// Bytes of numbers so far, padding included; the header comes on top.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// The body.
    pub fn into_body(self) -> Vec<u8> {
        let mut header = Map::new();
        header.insert("columns".into(), serde_json::json!(self.entries));
        header.extend(self.header);
        let mut text = Value::Object(header).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(ALIGN), b' ');
        let mut body = Vec::with_capacity(ALIGN + text.len() + self.end as usize);
        body.extend_from_slice(MAGIC);
        body.extend_from_slice(&(text.len() as u32).to_le_bytes());
        body.extend_from_slice(&text);
        let start = body.len();
        for (offset, bytes) in self.parts {
            body.resize(start + offset as usize, 0);
            body.extend_from_slice(&bytes);
        }
        body.resize(start + self.end as usize, 0);
        body
    }

    fn place(&mut self, bytes: Vec<u8>) -> Span {
        let span = Span { offset: self.end, bytes: bytes.len() as u64 };
        self.end = (self.end + span.bytes).next_multiple_of(ALIGN as u64);
        self.parts.push((span.offset, bytes));
        span
    }
}

/// A body of columns, read back.
#[derive(Debug)]
pub struct Decoded {
    /// Everything of the header.
    pub header: Map<String, Value>,
    columns: Vec<DecodedColumn>,
}

/// How a column is described, its bytes, and which rows were logged.
type DecodedColumn = (Entry, Vec<u8>, Option<Vec<bool>>);

impl Decoded {
    /// Names of the columns, in order.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(entry, ..)| entry.name.as_str()).collect()
    }

    /// How the column is described.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.find(name).map(|(entry, ..)| entry)
    }

    /// The column's bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|(_, bytes, _)| bytes.as_slice())
    }

    /// Every element as a double, row after row; NaN where nothing was logged.
    pub fn f64(&self, name: &str) -> Option<Vec<f64>> {
        let (entry, bytes, valid) = self.find(name)?;
        let dtype = Dtype::from_name(&entry.dtype)?;
        let per_row = entry.shape.iter().skip(1).product::<usize>().max(1);
        let is_valid = |i: usize| valid.as_ref().is_none_or(|valid| valid[i / per_row]);
        let values = bytes.chunks_exact(dtype.size()).enumerate();
        Some(values.map(|(i, raw)| if is_valid(i) { dtype.read_f64(raw) } else { f64::NAN }).collect())
    }

    /// One flag a row; `None` when all rows are there.
    pub fn valid(&self, name: &str) -> Option<&[bool]> {
        self.find(name)?.2.as_deref()
    }

    /// The strings of a text column.
    pub fn text(&self, name: &str) -> Option<&[Option<String>]> {
        self.find(name)?.0.text.as_deref()
    }

    fn find(&self, name: &str) -> Option<&DecodedColumn> {
        self.columns.iter().find(|(entry, ..)| entry.name == name)
    }
}

/// Reads a body of columns.
///
/// **Errors**: a text that says which part is not as `docs/http.md` has it.
pub fn decode(body: &[u8]) -> Result<Decoded, String> {
    let (Some(magic), Some(length)) = (body.get(..4), body.get(4..8)) else {
        return Err(format!("a body of columns has at least 8 bytes, found {}", body.len()));
    };
    if magic != MAGIC {
        return Err(format!("expected the magic ETHC, found {magic:?}"));
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
    if !length.is_multiple_of(ALIGN) {
        return Err(format!("header length {length} is no multiple of {ALIGN}"));
    }
    let text = body.get(8..8 + length).ok_or_else(|| format!("header of {length} bytes is cut off"))?;
    let header: Map<String, Value> = serde_json::from_slice(text).map_err(|error| format!("header: {error}"))?;
    let entries = header.get("columns").cloned().ok_or("header has no member columns")?;
    let entries: Vec<Entry> = serde_json::from_value(entries).map_err(|error| format!("columns: {error}"))?;
    let data = &body[8 + length..];
    let cut = |name: &str, offset: u64, bytes: u64| {
        if !offset.is_multiple_of(ALIGN as u64) {
            return Err(format!("column {name:?} starts at {offset}, which is no multiple of {ALIGN}"));
        }
        let end = offset.checked_add(bytes).ok_or_else(|| format!("column {name:?} ends beyond any body"))?;
        let range = data.get(offset as usize..end as usize);
        range.ok_or_else(|| format!("column {name:?} reaches to {end}, the body has {}", data.len()))
    };
    let claimed = |entry: &Entry| entry.bytes.saturating_add(entry.valid.as_ref().map_or(0, |span| span.bytes));
    let claimed = entries.iter().map(claimed).fold(0, u64::saturating_add);
    if claimed > data.len() as u64 {
        return Err(format!("columns of {claimed} bytes, the body has {}: each has bytes of its own", data.len()));
    }
    let mut columns = Vec::with_capacity(entries.len());
    for entry in entries {
        check_sizes(&entry)?;
        let bytes = cut(&entry.name, entry.offset, entry.bytes)?.to_vec();
        let valid = match entry.valid {
            None => None,
            Some(span) => Some(cut(&entry.name, span.offset, span.bytes)?.iter().map(|&flag| flag != 0).collect()),
        };
        columns.push((entry, bytes, valid));
    }
    Ok(Decoded { header, columns })
}

fn check_sizes(entry: &Entry) -> Result<(), String> {
    let name = &entry.name;
    if let Some(dtype) = Dtype::from_name(&entry.dtype) {
        let expected = entry.shape.iter().try_fold(dtype.size(), |bytes, &n| bytes.checked_mul(n));
        if expected != usize::try_from(entry.bytes).ok() {
            return Err(format!("column {name:?} of {dtype} {:?} has {} bytes", entry.shape, entry.bytes));
        }
    }
    let rows = entry.shape.first().copied().unwrap_or(1) as u64;
    match entry.valid {
        Some(span) if span.bytes != rows => Err(format!("column {name:?} has {rows} rows and {} flags", span.bytes)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_as_they_were_sent() {
        let mut columns = Columns::new();
        columns.push_f64("0/step", [1.0, f64::NAN].into_iter());
        columns.push("pixels", Dtype::Uint8, vec![3, 1], vec![7, 0, 9], Some(&[true, false, true]));
        columns.push_text("note", vec![Some("a \"b\"".into()), None]);
        columns.push_f64_or_missing("seed", &[Some(-1.0), None]);
        columns.push_bool("ended", [false, true].into_iter());
        columns.set("first", 12.into());
        let body = columns.into_body();
        assert_eq!(body.len() % 8, 0, "the body ends on a boundary");

        let decoded = decode(&body).expect("columns");
        assert_eq!(decoded.names(), ["0/step", "pixels", "note", "seed", "ended"]);
        let values = |name: &str| format!("{:?}", decoded.f64(name).expect(name));
        assert_eq!(values("0/step"), "[1.0, NaN]");
        assert_eq!(values("pixels"), "[7.0, NaN, 9.0]");
        assert_eq!(decoded.entry("pixels").expect("entry").shape, [3, 1]);
        assert_eq!(decoded.text("note").expect("text"), [Some("a \"b\"".into()), None]);
        assert_eq!(decoded.valid("seed"), Some([true, false].as_slice()));
        assert_eq!(decoded.valid("ended"), None);
        assert_eq!(decoded.header["first"], 12);
    }

    #[test]
    fn the_smallest_body_is_sixteen_bytes_of_header() {
        assert_eq!(Columns::new().into_body(), b"ETHC\x10\0\0\0{\"columns\":[]}  ");
    }

    #[test]
    fn bytes_that_many_columns_claim_are_refused_before_they_are_copied() {
        let entry = r#"{"name":"x","dtype":"uint8","shape":[64],"offset":0,"bytes":64}"#;
        let header = format!(r#"{{"columns":[{entry},{entry}]}}"#);
        let header = format!("{header:<width$}", width = header.len().next_multiple_of(ALIGN));
        let body = [b"ETHC", (header.len() as u32).to_le_bytes().as_slice(), header.as_bytes(), &[0; 64]].concat();
        let error = decode(&body).map(|_| ()).expect_err("one span, twice");
        assert!(error.contains("columns of 128 bytes, the body has 64"), "{error}");
    }

    #[test]
    fn a_body_cut_or_flipped_anywhere_never_panics() {
        let mut columns = Columns::new();
        columns.push_f64_or_missing("a", &[Some(1.0), None]);
        let body = columns.into_body();
        let padding = 6;
        for end in 0..body.len() - padding {
            assert!(decode(&body[..end]).is_err(), "cut at {end}");
        }
        for at in 0..body.len() {
            let mut flipped = body.clone();
            flipped[at] ^= 0x11;
            let _ = decode(&flipped).map(|decoded| (decoded.f64("a"), decoded.valid("a").map(<[bool]>::len)));
        }
    }
}
