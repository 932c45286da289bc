//! The wire format of Protocol Buffers, as much as event files need: fields one after the other, nothing allocated.

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Integers and booleans.
    Varint(u64),
    /// `double` and `fixed64`.
    Eight([u8; 8]),
    /// Texts, bytes, messages and packed numbers.
    Bytes(&'a [u8]),
    /// `float` and `fixed32`.
    Four([u8; 4]),
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMessage;

/// The fields of a message, in the order of its bytes. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Of these bytes.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), NotAMessage> {
        let key = varint(&mut self.rest)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0).ok_or(NotAMessage)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Eight(take(&mut self.rest)?),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).map_err(|_| NotAMessage)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(NotAMessage)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Four(take(&mut self.rest)?),
            _ => return Err(NotAMessage),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), NotAMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Takes a number of seven bits a byte.
pub fn varint(rest: &mut &[u8]) -> Result<u64, NotAMessage> {
    let mut value = 0_u64;
    for (at, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *rest = &rest[at + 1..];
            return Ok(value);
        }
    }
    Err(NotAMessage)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], NotAMessage> {
    let (bytes, others) = rest.split_first_chunk::<N>().ok_or(NotAMessage)?;
    *rest = others;
    Ok(*bytes)
}

/// Numbers that may be packed or come one by one: those of a field's value.
pub fn varints(value: Value<'_>, mut each: impl FnMut(u64)) -> Result<(), NotAMessage> {
    match value {
        Value::Varint(number) => each(number),
        Value::Bytes(mut bytes) => {
            while !bytes.is_empty() {
                each(varint(&mut bytes)?);
            }
        }
        _ => return Err(NotAMessage),
    }
    Ok(())
}

/// As [`varints`], of `double`.
pub fn doubles(value: Value<'_>, mut each: impl FnMut(f64)) -> Result<(), NotAMessage> {
    match value {
        Value::Eight(bytes) => each(f64::from_le_bytes(bytes)),
        Value::Bytes(bytes) => {
            let (numbers, rest) = bytes.as_chunks::<8>();
            for bytes in numbers {
                each(f64::from_le_bytes(*bytes));
            }
            if !rest.is_empty() {
                return Err(NotAMessage);
            }
        }
        _ => return Err(NotAMessage),
    }
    Ok(())
}

/// As [`varints`], of `float`.
pub fn floats(value: Value<'_>, mut each: impl FnMut(f32)) -> Result<(), NotAMessage> {
    match value {
        Value::Four(bytes) => each(f32::from_le_bytes(bytes)),
        Value::Bytes(bytes) => {
            let (numbers, rest) = bytes.as_chunks::<4>();
            for bytes in numbers {
                each(f32::from_le_bytes(*bytes));
            }
            if !rest.is_empty() {
                return Err(NotAMessage);
            }
        }
        _ => return Err(NotAMessage),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_end_at_the_first_error() {
        let bytes = [0x08, 0xac, 0x02, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f, 0x0b];
        let fields: Vec<_> = Fields::of(&bytes).collect();
        let expected = [
            Ok((1, Value::Varint(300))),
            Ok((2, Value::Bytes(b"hi"))),
            Ok((3, Value::Four(1_f32.to_le_bytes()))),
            Err(NotAMessage),
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_number_that_never_ends_is_none() {
        assert_eq!(varint(&mut &[0xff; 20][..]), Err(NotAMessage));
        assert_eq!(varint(&mut &[0x80][..]), Err(NotAMessage));
    }
}
