//! Every size that a file of a stranger could set, with its bound.

/// How large a model, and the memory it is run in, may be. What is over a limit is an [`Error`](crate::Error) that names it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Nodes of the graph.
    pub nodes: u64,
    /// Axes of a tensor.
    pub rank: u64,
    /// Numbers in one tensor.
    pub tensor_elements: u64,
    /// Bytes of all tensors that exist at one time while the model runs, its weights left out.
    pub run_bytes: u64,
    /// Products of two numbers in one run, and as many again while the network is made ready. What takes longer is called off only between
    /// two operations.
    pub run_products: u64,
    /// Steps of a recurrent layer in one call, and turns of a loop: each becomes operations of its own.
    pub recurrent_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: 2 << 30,
            nodes: 100_000,
            rank: 8,
            tensor_elements: 1 << 29,
            run_bytes: 4 << 30,
            run_products: 1 << 40,
            recurrent_steps: 1_024,
        }
    }
}
