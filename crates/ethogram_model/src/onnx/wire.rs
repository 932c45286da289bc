//! The wire format of protocol buffers: tagged fields, one after the other.

use crate::error::{Error, Result};

/// One field's value, still encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire<'a> {
    /// A number of variable length.
    Varint(u64),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32([u8; 4]),
}

/// Reads the fields of one message in order.
pub struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// `bytes` are the whole message.
    pub fn new(bytes: &'a [u8]) -> Self {
        Fields { bytes, at: 0 }
    }

    /// Number and value of the next field; `None` at the end of the message.
    pub fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed()?),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| self.malformed("a length beyond memory"))?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Fixed32(self.fixed()?),
            _ => return Err(self.malformed("a field of an unknown kind")),
        };
        Ok(Some((tag >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else { return Err(self.malformed("a number cut short")) };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.malformed("a number cut short"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else { return Err(self.malformed("a field that reaches beyond its message")) };
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { what, at: self.at }
    }
}

impl<'a> Wire<'a> {
    /// Bytes of a text or message.
    pub fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Wire::Bytes(bytes) => Ok(bytes),
            _ => Err(Error::Malformed { what: "a number where a message was expected", at: 0 }),
        }
    }

    /// A text; what is not UTF-8 is replaced.
    pub fn text(self) -> Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// An integer.
    pub fn int(self) -> Result<i64> {
        match self {
            // Negative numbers travel as ten bytes of two's complement.
            Wire::Varint(value) => Ok(value.cast_signed()),
            _ => Err(Error::Malformed { what: "something else where an integer was expected", at: 0 }),
        }
    }

    /// A float.
    pub fn float(self) -> Result<f32> {
        match self {
            Wire::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(Error::Malformed { what: "something else where a float was expected", at: 0 }),
        }
    }

    /// Appends one integer, or many packed ones.
    pub fn ints_into(self, list: &mut Vec<i64>) -> Result<()> {
        if let Wire::Bytes(bytes) = self {
            let mut packed = Fields::new(bytes);
            while packed.at < bytes.len() {
                list.push(packed.varint()?.cast_signed());
            }
            return Ok(());
        }
        list.push(self.int()?);
        Ok(())
    }

    /// Appends one float, or many packed ones.
    pub fn floats_into(self, list: &mut Vec<f32>) -> Result<()> {
        if let Wire::Bytes(bytes) = self {
            let (chunks, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                return Err(Error::Malformed { what: "packed floats cut short", at: bytes.len() });
            }
            list.extend(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)));
            return Ok(());
        }
        list.push(self.float()?);
        Ok(())
    }

    /// Appends one double, or many packed ones.
    pub fn doubles_into(self, list: &mut Vec<f64>) -> Result<()> {
        match self {
            Wire::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(Error::Malformed { what: "packed doubles cut short", at: bytes.len() });
                }
                list.extend(chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)));
                Ok(())
            }
            Wire::Fixed64(bytes) => {
                list.push(f64::from_le_bytes(bytes));
                Ok(())
            }
            _ => Err(Error::Malformed { what: "something else where a double was expected", at: 0 }),
        }
    }
}
