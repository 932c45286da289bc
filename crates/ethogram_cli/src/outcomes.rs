//! What a command says of many things, one after the other.

use serde_json::Value;

/// A line for each as it is done, or all as JSON at the end; what failed is an error, and the rest goes on.
pub struct Outcomes {
    json: bool,
    values: Vec<Value>,
    failed: bool,
}

impl Outcomes {
    /// None yet.
    pub fn new(json: bool) -> Self {
        Outcomes { json, values: Vec::new(), failed: false }
    }

    /// One more.
    pub fn tell<T>(
        &mut self,
        outcome: anyhow::Result<T>,
        value: impl FnOnce(&T) -> Value,
        text: impl FnOnce(&T) -> String,
    ) {
        match outcome {
            Ok(done) if self.json => self.values.push(value(&done)),
            Ok(done) => println!("{}", text(&done)),
            Err(error) => {
                self.failed = true;
                eprintln!("error: {}", crate::text_from_error(&error));
            }
        }
    }

    /// The code of the command: 1 when one failed.
    pub fn end(self) -> anyhow::Result<u8> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self.values)?);
        }
        Ok(u8::from(self.failed))
    }
}
